/* SPDX-License-Identifier: BSD-2-Clause */
/* The entropy source: fills buffers from a generator that starts at the machine's seed, so that two
 * runs get the same bytes. */
#include <string.h>

#include "virtio/state.h"

/* The most that one buffer gets: "one or more bytes" is what the driver may count on. */
enum { BYTES_MAX = 4096 };

enum rng_step { STEP_FILL, STEP_END };

static uint64_t features(const struct virtio *v)
{
    (void)v;
    return 0;
}

static uint32_t config(const struct virtio *v, uint8_t bytes[64])
{
    (void)v;
    (void)bytes;
    return 0;
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void seed(struct virtio *v)
{
    uint64_t state = v->config.seed;
    for (unsigned i = 0; i < 4; i++)
        v->st->rng.word[i] = splitmix(&state);
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* xoshiro256** */
static uint64_t next(uint64_t s[4])
{
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

/* A reset of the device does not repeat the bytes it gave before; its first one seeds it. */
static void reset(struct virtio *v)
{
    const uint64_t *w = v->st->rng.word;
    if (!(w[0] | w[1] | w[2] | w[3]))
        seed(v);
    v->st->rng.step = STEP_FILL;
}

static void begin(struct virtio *v)
{
    v->st->rng.step = STEP_FILL;
}

static void fill(struct virtio *v)
{
    struct virtio_chain *c = &v->st->chain;
    uint32_t size = c->writable_bytes < BYTES_MAX ? (uint32_t)c->writable_bytes : BYTES_MAX;
    for (uint32_t at = 0; at < size; at += 8)
        virtqueue_put_word(v, at, 8, next(v->st->rng.word));
    c->written = size;
    v->st->rng.step = STEP_END;
    dma_move_list(&v->dma, VD_WRITE, c->readable, 0, size);
}

/* A driver MUST NOT give the device anything to read. */
static bool serve(struct virtio *v)
{
    if (v->st->chain.readable || !v->st->chain.writable_bytes) {
        virtio_fail(v);
        return false;
    }
    if (v->st->rng.step == STEP_FILL)
        fill(v);
    return !dma_busy(&v->dma);
}

const struct virtio_ops virtio_rng_ops = {
    .features = features, .config = config, .begin = begin, .serve = serve, .reset = reset};
