/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes become accesses, steps of time and snapshots.  The oracle: a bank in array mode reads as
 * its bytes, whatever is refused leaves the bytes alone, and a snapshot changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "pflash/pflash.h"
#include "support/bench.h"

enum { SIZE = PFLASH_BLOCK, OP_BYTES = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bench b;
static uint8_t bytes[SIZE];
static bool is_readable;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool disk_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    (void)ctx;
    require(offset <= SIZE && size <= SIZE - offset);
    memcpy(data, bytes + offset, size);
    return true;
}

static bool disk_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    (void)ctx;
    require(offset <= SIZE && size <= SIZE - offset);
    memcpy(bytes + offset, data, size);
    return true;
}

static const struct vd_disk_ops ops = {.read = disk_read, .write = disk_write};

static void hear(void *ctx, bool readable)
{
    (void)ctx;
    is_readable = readable;
}

static struct pflash *build(uint8_t seed)
{
    struct pflash_config c = {
        .program_cycles = seed & 3, .erase_cycles = seed >> 2 & 3, .cycle_ps = 100};
    struct vd_disk array = {.ops = &ops, .size = SIZE, .read_only = seed & 0x80};
    struct pflash *f = pflash_create(&c, &array, &b.host, NULL);
    require(f != NULL);
    pflash_connect(f, hear, NULL);
    is_readable = true;
    return f;
}

static void access(struct pflash *f, const uint8_t *op)
{
    struct vd_txn txn =
        bench_read((op[1] | op[2] << 8 | op[3] << 16) % (SIZE + 64), 1u << op[0] % 4);
    txn.data[0] = op[4] | (uint64_t)op[5] << 8;
    txn.data[0] |= txn.data[0] << 16 | txn.data[0] << 32;
    txn.cmd = op[0] & 0x10 ? VD_READ : VD_WRITE;
    enum vd_status status = pflash_access(f, &txn);
    require(status == VD_OK || status == VD_DENIED);
    if (status == VD_OK && txn.cmd == VD_READ && is_readable)
        require(memcmp(txn.data, bytes + txn.addr, txn.size) == 0);
}

static struct pflash *through_snapshot(struct pflash *f, uint8_t seed)
{
    size_t size = pflash_save(f, NULL, 0);
    void *saved = malloc(size), *again = malloc(size);
    require(saved && again);
    pflash_save(f, saved, size);
    pflash_destroy(f);
    f = build(seed);
    require(pflash_restore(f, saved, size));
    pflash_save(f, again, size);
    require(memcmp(saved, again, size) == 0);
    free(saved);
    free(again);
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    bench_init_ram(&b, 0x80000000, 4096);
    memset(bytes, 0xff, SIZE);
    struct pflash *f = build(data[0]);
    for (size_t at = 1; at + OP_BYTES <= size; at += OP_BYTES) {
        const uint8_t *op = data + at;
        if (op[0] < 0xe0)
            access(f, op);
        else if (op[0] < 0xf0)
            bench_run(&b, op[1]);
        else if (op[0] < 0xf8)
            f = through_snapshot(f, data[0]);
        else
            pflash_reset(f);
    }
    pflash_destroy(f);
    bench_done(&b);
    return 0;
}
