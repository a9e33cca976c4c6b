/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes become register accesses, input levels, steps of time and snapshots.  The oracle: paired
 * views of the same bits agree, inactive sources read zero, level sources are never pending with a
 * low input, and a snapshot changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "aplic/aplic.h"
#include "support/bench.h"

enum { SOURCES = 35, HARTS = 2, DOMAINS = 4, OP_BYTES = 6, WORDS = 2 };
enum { DM = 1 << 2, IE = 1 << 8, D = 1 << 10, CYCLE = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bench b;
static struct vd_host_ops ops;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void ignore_wire(void *ctx, uint32_t line, bool level)
{
    (void)ctx;
    (void)level;
    require(line % 16384 < HARTS && line / 16384 < DOMAINS);
}

/* MSIs come back to setipnum_le of the root, in the same call. */
static bool into_itself(void *ctx, struct vd_txn *txn)
{
    struct vd_txn inner = *txn;
    inner.addr = 0x2000;
    txn->status = (uint8_t)aplic_access(*(struct aplic **)ctx, 0, &inner);
    return true;
}

static struct aplic *build(const uint8_t *seed, uint64_t poison)
{
    struct aplic_config c = {
        .sources = SOURCES,
        .harts = HARTS,
        .guests = 3,
        .msi = true,
        .direct = true,
        .iprio_bits = 3,
        .num_domains = DOMAINS,
        .domains = {{true, 0}, {false, 0}, {true, 0}, {false, 2}},
        .poison = poison,
        .source_to_msi_cycles = seed[0] & 3,
        .source_to_line_cycles = seed[0] >> 4 & 3,
        .register_to_line_cycles = seed[0] >> 2 & 3,
        .msi_interval_cycles = seed[0] >> 6,
        .cycle_ps = CYCLE,
    };
    struct aplic *a = aplic_create(&c, &b.host, NULL);
    require(a != NULL);
    return a;
}

static uint32_t get(struct aplic *a, uint32_t domain, uint32_t offset)
{
    struct vd_txn txn = bench_read(offset, 4);
    txn.attrs = VD_DEBUG;
    require(aplic_access(a, domain, &txn) == VD_OK);
    return (uint32_t)txn.data[0];
}

/* What software sees of a domain. */
struct view {
    bool msi;
    uint32_t ip[WORDS + 1], input[WORDS + 1], ie[WORDS + 1];
    uint32_t cfg[SOURCES + 1], target[SOURCES + 1];
};

static void look(struct aplic *a, uint32_t domain, struct view *v)
{
    v->msi = get(a, domain, 0) & DM;
    for (uint32_t word = 0; word <= WORDS; word++) {
        v->ip[word] = get(a, domain, 0x1c00 + 4 * word);
        v->input[word] = get(a, domain, 0x1d00 + 4 * word);
        v->ie[word] = get(a, domain, 0x1e00 + 4 * word);
    }
    for (uint32_t i = 1; i <= SOURCES; i++) {
        v->cfg[i] = get(a, domain, 4 * i);
        v->target[i] = get(a, domain, 0x3000 + 4 * i);
    }
}

static bool bit_of(const uint32_t words[], uint32_t i)
{
    return words[i / 32] >> i % 32 & 1;
}

static void check_source(const struct view *v, uint32_t i)
{
    bool ip = bit_of(v->ip, i), input = bit_of(v->input, i);
    uint32_t cfg = v->cfg[i], target = v->target[i];
    bool level = cfg == 6 || cfg == 7;
    if (cfg & D || cfg == 0)
        require(!ip && !bit_of(v->ie, i) && !input && target == 0);
    if (cfg == 1)
        require(!input);
    if (level)
        require(!ip || input);
    if (level && !v->msi)
        require(ip == input);
    if (cfg && !(cfg & D) && !v->msi)
        require((target & 0xff) >= 1 && (target & 0xff) <= 7 && (target & 0x3ff00) == 0);
    require(target >> 18 < HARTS && (cfg & 0xfffff800) == 0 && cfg != 2 && cfg != 3);
}

static void check_topi(struct aplic *a, uint32_t domain, const struct view *v, uint32_t hart)
{
    uint32_t best = 0;
    uint32_t threshold = get(a, domain, 0x4008 + 32 * hart);
    for (uint32_t i = 1; i <= SOURCES && !v->msi; i++) {
        uint32_t priority = v->target[i] & 0xff;
        bool asks = bit_of(v->ip, i) && bit_of(v->ie, i) && v->target[i] >> 18 == hart;
        if (asks && (!threshold || priority < threshold) && (!best || priority < (best & 0xff)))
            best = i << 16 | priority;
    }
    require(get(a, domain, 0x4018 + 32 * hart) == best);
    require(get(a, domain, 0x401c + 32 * hart) == best);
}

static void check(struct aplic *a)
{
    static struct view v;
    for (uint32_t d = 0; d < DOMAINS; d++) {
        bool big_endian = !(get(a, d, 0) >> 31);
        if (big_endian)
            continue;
        look(a, d, &v);
        for (uint32_t i = 1; i <= SOURCES; i++)
            check_source(&v, i);
        for (uint32_t hart = 0; hart < HARTS; hart++)
            check_topi(a, d, &v, hart);
        require(v.ip[WORDS] == 0 && (v.ip[0] & 1) == 0);
    }
}

static struct aplic *through_snapshot(struct aplic *a, const uint8_t *seed)
{
    size_t size = aplic_save(a, NULL, 0);
    uint8_t *before = malloc(size), *after = malloc(size);
    require(before && after);
    aplic_save(a, before, size);
    aplic_destroy(a);
    a = build(seed, 0);
    require(aplic_restore(a, before, size));
    aplic_save(a, after, size);
    require(!memcmp(before, after, size));
    free(before);
    free(after);
    return a;
}

static uint32_t offset_from(const uint8_t *op)
{
    static const uint32_t bases[] = {0x0000, 0x1bc0, 0x1c00, 0x1cdc, 0x1d00, 0x1ddc,
                                     0x1e00, 0x1edc, 0x1f00, 0x1fdc, 0x2000, 0x2004,
                                     0x3000, 0x4000, 0x0000, 0x3000};
    uint32_t base = bases[op[1] & 15];
    bool indexed = (base & 0xff) == 0 || base == 0x1bc0;
    return base + (indexed ? op[2] % (SOURCES + 2) * 4 : 0);
}

static struct aplic *perform(struct aplic *a, const uint8_t *op, const uint8_t *seed)
{
    uint32_t domain = op[0] >> 4 & 3;
    uint32_t value = op[3] | (uint32_t)op[4] << 8 | (uint32_t)(op[5] & 0x1f) << 18;
    struct vd_txn txn = bench_write(offset_from(op), op[5] == 0xff ? 2 : 4, value);
    switch (op[0] & 7) {
    case 0:
    case 1:
    case 2:
        aplic_access(a, domain, &txn);
        break;
    case 3:
        txn.cmd = VD_READ;
        aplic_access(a, domain, &txn);
        break;
    case 4:
    case 5:
        aplic_wire(a, op[1] % (SOURCES + 2), op[2] & 1);
        break;
    case 6:
        bench_run(&b, op[1] * 10u);
        break;
    default:
        return through_snapshot(a, seed);
    }
    return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct aplic *a = NULL;
    bench_init_ram(&b, 0x80000000, 4096);
    ops = *b.host.ops;
    ops.wire = ignore_wire;
    b.host.ops = &ops;
    b.hook = into_itself;
    b.hook_ctx = &a;
    a = build(data, data[0] & 8 ? 3 : 0);
    for (size_t i = 1; i + OP_BYTES <= size && i < 600; i += OP_BYTES) {
        a = perform(a, data + i, data);
        bench_forget(&b);
    }
    check(a);
    aplic_destroy(a);
    require(b.num_events == 0);
    bench_done(&b);
    return 0;
}
