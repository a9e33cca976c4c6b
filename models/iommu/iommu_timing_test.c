/* SPDX-License-Identifier: BSD-2-Clause */
/* Unloaded latencies against the additive table that open RTL follows: L is the memory latency. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LATENCIES = 7 };
static const unsigned latencies[LATENCIES] = {1, 2, 5, 10, 20, 50, 100};

enum { CYCLE = 1000 };

struct setup {
    const char *name;
    unsigned ddt_levels;
    unsigned first;   /* levels of the first stage, 0: Bare */
    unsigned second;  /* levels of the second stage, 0: Bare */
    unsigned level2;  /* level of the second stage's leaves */
    unsigned process; /* levels of the process directory, 0: none */
    bool msi;
    bool warm_context;     /* the device and process contexts are cached */
    bool warm;             /* everything is */
    unsigned fixed, per_l; /* expected: fixed + per_l * L */
};

/* Latency by the table: hit 2; non-leaf directory entries L+1; device context L+9; process context
 * L+4; a walk of n reads 1 + n(L+1), n = a(b+1)+b; MSI PTE 1+(L+1) alone. */
static const struct setup setups[] = {
    {"hit", 1, 3, 0, 0, 0, false, false, true, 2, 0},
    {"both stages Bare, context cached", 1, 0, 0, 0, 0, false, true, false, 2, 0},
    {"1LVL, both Bare", 1, 0, 0, 0, 0, false, false, false, 2 + 9, 1},
    {"2LVL, both Bare", 2, 0, 0, 0, 0, false, false, false, 2 + 1 + 9, 2},
    {"3LVL, both Bare", 3, 0, 0, 0, 0, false, false, false, 2 + 2 + 9, 3},
    {"1LVL, Sv39", 1, 3, 0, 0, 0, false, false, false, 2 + 9 + 1 + 3, 4},
    {"Sv39, context cached", 1, 3, 0, 0, 0, false, true, false, 2 + 1 + 3, 3},
    {"Sv48, context cached", 1, 4, 0, 0, 0, false, true, false, 2 + 1 + 4, 4},
    {"Sv57, context cached", 1, 5, 0, 0, 0, false, true, false, 2 + 1 + 5, 5},
    {"Sv39x4, context cached", 1, 0, 3, 0, 0, false, true, false, 2 + 1 + 3, 3},
    {"1LVL, Sv39 and Sv39x4, 4K/4K", 1, 3, 3, 0, 0, false, false, false, 2 + 9 + 1 + 15, 16},
    {"Sv39 and Sv39x4, 4K/4K, context cached", 1, 3, 3, 0, 0, false, true, false, 2 + 1 + 15, 15},
    {"Sv39 and Sv39x4, 2M second stage", 1, 3, 3, 1, 0, false, true, false, 2 + 1 + 11, 11},
    {"1LVL, PD8, Bare", 1, 0, 0, 0, 1, false, false, false, 2 + 9 + 4, 2},
    {"1LVL, PD17, Bare", 1, 0, 0, 0, 2, false, false, false, 2 + 9 + 1 + 4, 3},
    {"1LVL, PD20, Sv39", 1, 3, 0, 0, 3, false, false, false, 2 + 9 + 2 + 4 + 1 + 3, 7},
    {"MSI flat, context cached", 1, 0, 3, 0, 0, true, true, false, 2 + 1 + 1, 1},
    {"MSI flat, 1LVL", 1, 0, 3, 0, 0, true, false, false, 2 + 9 + 1 + 1, 2},
    {"MSI flat, 3LVL", 3, 0, 3, 0, 0, true, false, false, 2 + 2 + 9 + 1 + 1, 4},
    {"MSI flat after Sv39 and Sv39x4", 1, 3, 3, 0, 0, true, true, false, 2 + 1 + 12 + 1, 13},
    {"MSI hit", 1, 0, 3, 0, 0, true, false, true, 2, 0},
};

enum { DEVICE = 5, PROCESS = 3, IOVA = 0x40000000, WARMER = 0x50000000, MSI_PAGE = 0x60000000 };

static uint64_t mode_of(unsigned levels)
{
    return levels ? (uint64_t)(levels + 5) << 60 : 0;
}

static void map_guest_ram(struct testbed *t, uint64_t root, const struct setup *s)
{
    uint64_t size = UINT64_C(4096) << 9 * s->level2;
    for (uint64_t a = 0x80000000; a < 0x80400000; a += size)
        bed_map(t, root, s->second, true, a, a, s->level2, RWXAD | U);
    bed_map(t, root, s->second, true, IOVA, 0x80000000, s->level2, RWXAD | U);
    bed_map(t, root, s->second, true, WARMER, 0x80000000, s->level2, RWXAD | U);
}

static void build_first(struct testbed *t, uint64_t root, const struct setup *s)
{
    uint64_t target = s->second ? IOVA : 0x80000000;
    bed_map(t, root, s->first, false, IOVA, s->msi ? MSI_PAGE : target, 0, RWXAD | U);
    bed_map(t, root, s->first, false, WARMER, target, 0, RWXAD | U);
}

static uint64_t build_pdt(struct testbed *t, const struct setup *s, uint64_t fsc)
{
    static const unsigned shifts[] = {0, 8, 17};
    uint64_t root = bed_pages(t, 1), table = root;
    for (unsigned level = s->process - 1; level > 0; level--) {
        uint64_t next = bed_pages(t, 1);
        bench_poke(&t->b, table + (PROCESS >> shifts[level]) * 8u, 8, next >> 12 << 10 | 1);
        table = next;
    }
    bench_poke(&t->b, table + PROCESS * 16, 8, 1);
    bench_poke(&t->b, table + PROCESS * 16 + 8, 8, fsc);
    return (uint64_t)s->process << 60 | root >> 12;
}

static void build(struct testbed *t, const struct setup *s)
{
    struct bed_dc dc = {.tc = 1};
    bed_start(t, s->ddt_levels + 1);
    if (s->first) {
        uint64_t root = bed_pages(t, 1);
        build_first(t, root, s);
        dc.fsc = mode_of(s->first) | root >> 12;
    }
    if (s->second) {
        uint64_t root = bed_pages(t, 4);
        map_guest_ram(t, root, s);
        dc.iohgatp = mode_of(s->second) | root >> 12;
    }
    if (s->process) {
        dc.fsc = build_pdt(t, s, dc.fsc);
        dc.tc |= 1 << 5;
    }
    if (s->msi) {
        uint64_t table = bed_pages(t, 1);
        bench_poke(&t->b, table, 8, IMSIC_WINDOW >> 12 << 10 | 7);
        dc.msiptp = UINT64_C(1) << 60 | table >> 12;
        dc.pattern = MSI_PAGE >> 12;
    }
    bed_dc(t, DEVICE, &dc);
}

static struct vd_txn request(const struct setup *s, uint64_t iova)
{
    struct vd_txn txn = bench_write(iova, 4, 1);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    if (s->process) {
        txn.attrs |= VD_PROCESS_ID;
        txn.process_id = PROCESS;
    }
    return txn;
}

/* From the request's arrival to the translated write's departure. */
static uint64_t measure(struct testbed *t, const struct setup *s, uint64_t iova, uint64_t latency)
{
    bench_run(&t->b, 1000 * CYCLE);
    vd_time start = t->b.now;
    uint32_t writes = t->b.num_writes;
    struct vd_txn txn = request(s, iova);
    assert_int_equal(iommu_submit(t->m, &txn), VD_PENDING);
    bed_settle(t);
    assert_int_equal(t->b.num_writes, writes + 1);
    return (t->b.now - start) / CYCLE - latency;
}

static uint64_t latency_of(const struct setup *s, uint64_t latency)
{
    const struct iommu_config config = {.timing = inorder, .cycle_ps = CYCLE};
    struct testbed t;
    bed_open(&t, &config);
    build(&t, s);
    t.b.latency = latency * CYCLE;
    uint64_t iova = s->msi && !s->first ? MSI_PAGE : IOVA;
    if (s->warm)
        measure(&t, s, iova, latency);
    if (s->warm_context)
        measure(&t, s, WARMER, latency);
    uint64_t got = measure(&t, s, iova, latency);
    bed_close(&t);
    return got;
}

static void additive_table(void **state)
{
    (void)state;
    unsigned wrong = 0;
    printf("%-42s %4s %9s %5s\n", "case", "L", "expected", "got");
    for (unsigned i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
        for (unsigned k = 0; k < sizeof(latencies) / sizeof(latencies[0]); k++) {
            const struct setup *s = &setups[i];
            unsigned expected = s->fixed + s->per_l * latencies[k];
            unsigned got = (unsigned)latency_of(s, latencies[k]);
            printf("%-42s %4u %9u %5u%s\n", s->name, latencies[k], expected, got,
                   got == expected ? "" : "  WRONG");
            wrong += got != expected;
        }
    }
    assert_int_equal(wrong, 0);
}

/* The figures that the source quotes at L=10. */
static void figures_at_10(void **state)
{
    (void)state;
    static const struct {
        unsigned setup, cycles;
    } quoted[] = {{0, 2}, {5, 55}, {6, 36}, {10, 187}, {11, 168}, {16, 14}, {17, 33}, {18, 55}};
    for (unsigned i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++)
        assert_int_equal(latency_of(&setups[quoted[i].setup], 10), quoted[i].cycles);
}

static void open_timed(struct testbed *t, uint64_t latency, unsigned fctl)
{
    const struct iommu_config config = {.timing = inorder, .cycle_ps = CYCLE, .vector_bits = 2};
    bed_open(t, &config);
    bed_set(t, REG_OFFSET_FCTL, 4, fctl);
    bed_start(t, 2);
    t->b.latency = latency * CYCLE;
}

/* Runs cycle by cycle until `over` holds; the cycles since start. */
static uint64_t cycles_until(struct testbed *t, bool (*over)(struct testbed *t), vd_time start)
{
    for (unsigned i = 0; i < 10000 && !over(t); i++)
        bench_run(&t->b, CYCLE);
    return (t->b.now - start) / CYCLE;
}

static bool any_write(struct testbed *t)
{
    return t->b.num_writes > 0;
}

static bool two_writes(struct testbed *t)
{
    return t->b.num_writes > 1;
}

static bool answered(struct testbed *t)
{
    return t->num_answers > 0;
}

static bool wired(struct testbed *t)
{
    return t->b.lines[0];
}

static void row(const char *name, unsigned l, vd_time expected, vd_time got)
{
    printf("%-40s %6u %9llu %5llu\n", name, l, (unsigned long long)expected,
           (unsigned long long)got);
    assert_int_equal(got, expected);
}

/* IOFENCE.C alone writes at L+3 after the doorbell; every command before it adds L+4. */
static void command_queue(void **state)
{
    (void)state;
    static const char *const names[] = {"fence alone", "fence after 1 command",
                                        "fence after 2 commands", "fence after 3 commands"};
    for (unsigned n = 0; n < 4 * LATENCIES; n++) {
        unsigned before = n / LATENCIES, l = latencies[n % LATENCIES];
        struct testbed t;
        open_timed(&t, l, 2);
        uint64_t target = bed_pages(&t, 1);
        for (unsigned i = 0; i < before; i++)
            bench_poke(&t.b, t.cq + 16 * i, 8, 1);
        bench_poke(&t.b, t.cq + 16 * before, 8, 2 | 1 << 10 | UINT64_C(7) << 32);
        bench_poke(&t.b, t.cq + 16 * before + 8, 8, target >> 2);
        vd_time start = t.b.now;
        bed_set(&t, REG_OFFSET_CQT, 4, before + 1);
        /* The log has the write's arrival, L after it was sent. */
        row(names[before], l, l + 3 + before * (l + 4), cycles_until(&t, any_write, start) - l);
        bed_close(&t);
    }
}

static void fault(struct testbed *t, uint64_t latency, unsigned fctl)
{
    open_timed(t, latency, fctl);
    uint64_t root = bed_pages(t, 1);
    bed_map(t, root, 3, false, IOVA, 0, 0, 0);
    bed_map(t, root, 3, false, IOVA, 0, 1, 0);
    const struct bed_dc dc = {.tc = 1, .fsc = UINT64_C(8) << 60 | root >> 12};
    bed_dc(t, DEVICE, &dc);
    bed_set(t, REG_OFFSET_MSI_CFG, 8, IMSIC_WINDOW);
    bench_forget(&t->b);
    struct vd_txn txn = bench_read(IOVA, 4);
    txn.requester = DEVICE;
    iommu_submit(t->m, &txn);
}

/* One device context and two PTEs read: record at 15+3L, error response one later, wire at 19+4L,
 * message at 21+4L. */
static void fault_path(void **state)
{
    (void)state;
    for (unsigned k = 0; k < LATENCIES; k++) {
        unsigned l = latencies[k];
        struct testbed t;
        fault(&t, l, 2);
        row("error response", l, 16 + 3 * l, cycles_until(&t, answered, 0));
        row("fault record", l, 15 + 3 * l, cycles_until(&t, any_write, 0) - l);
        row("wire of a fault", l, 19 + 4 * l, cycles_until(&t, wired, 0));
        bed_close(&t);
        fault(&t, l, 0);
        row("message of a fault", l, 21 + 4 * l, cycles_until(&t, two_writes, 0) - l);
        bed_close(&t);
    }
}

static void mrif_path(void **state)
{
    (void)state;
    struct testbed t;
    uint64_t caps = 0x10 | 1 << 17 | 3 << 22 | UINT64_C(56) << 32;
    const struct iommu_config config = {.capabilities = caps, .timing = inorder, .cycle_ps = CYCLE};
    for (unsigned k = 0; k < LATENCIES; k++) {
        unsigned l = latencies[k];
        bed_open(&t, &config);
        bed_start(&t, 2);
        uint64_t table = bed_pages(&t, 1), root = bed_pages(&t, 4), mrif = bed_pages(&t, 1);
        const struct bed_dc dc = {.tc = 1,
                                  .iohgatp = UINT64_C(8) << 60 | root >> 12,
                                  .msiptp = UINT64_C(1) << 60 | table >> 12,
                                  .pattern = MSI_PAGE >> 12};
        bed_dc(&t, DEVICE, &dc);
        bench_poke(&t.b, table, 8, mrif >> 9 << 7 | 3);
        bench_poke(&t.b, table + 8, 8, IMSIC_WINDOW >> 12 << 10 | 9);
        bench_forget(&t.b);
        t.b.latency = l * CYCLE;
        vd_time start = t.b.now;
        struct vd_txn txn = bench_write(MSI_PAGE, 4, 70);
        txn.requester = DEVICE;
        txn.attrs = VD_POSTED;
        iommu_submit(t.m, &txn);
        row("MRIF write-back", l, 17 + 3 * l, cycles_until(&t, any_write, start) - l);
        row("notice MSI", l, 19 + 4 * l, cycles_until(&t, two_writes, start) - l);
        bed_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(additive_table), cmocka_unit_test(figures_at_10),
        cmocka_unit_test(command_queue),  cmocka_unit_test(fault_path),
        cmocka_unit_test(mrif_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
