/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits of configurations and snapshots, and what reset leaves to a seed. */
#include "aplic/state.h"

#include "aplic/aplic_bench.h"
#include "support/memory.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* The generator that the README names, high half of each state. */
static uint64_t seed;

static uint32_t next(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 32);
}

static void poison_source(uint32_t domain, uint32_t source, uint32_t children)
{
    uint32_t cfg = 0;
    if (children && next() & 1)
        cfg = D | next() % children;
    else
        cfg = next() & 7;
    put(domain, SOURCECFG(source), cfg);
    uint32_t now = get(domain, SOURCECFG(source));
    if (!now || now & D)
        return;
    put(domain, TARGET(source), next());
    if (next() & 1)
        put(domain, SETIENUM, source);
    if (next() & 1)
        put(domain, SETIPNUM, source);
}

/* A seed is what software could have written, in a fixed order. */
static void RESET_1_seed(void **state)
{
    (void)state;
    static const uint32_t children[] = {2, 0, 1, 0};
    struct aplic_config c = usual_config();
    c.iprio_bits = 5;
    for (unsigned i = 1; i < 5; i++) {
        c.poison = i;
        rebuild(&c);
        size_t size = aplic_save(dut, NULL, 0);
        struct aplic_state *got = malloc(size), *expected = malloc(size);
        aplic_save(dut, got, size);
        c.poison = 0;
        rebuild(&c);
        seed = i;
        for (uint32_t d = 0; d < DOMAINS; d++)
            for (uint32_t s = 1; s <= SOURCES; s++)
                poison_source(d, s, children[d]);
        for (uint32_t d = 0; d < DOMAINS; d++)
            for (uint32_t hart = 0; hart < HARTS; hart++) {
                put(d, IDELIVERY(hart), next());
                put(d, IFORCE(hart), next());
                put(d, ITHRESHOLD(hart), next());
            }
        aplic_save(dut, expected, size);
        assert_memory_equal(got, expected, size);
        free(got);
        free(expected);
    }
}

static void APLIC_D1_configurations(void **state)
{
    (void)state;
    static const struct {
        struct aplic_config config;
        const char *text; /* NULL: it is good */
    } rows[] = {
        {{.msi = true, .sources = 1023}, NULL},
        {{.msi = true, .sources = 1024}, "aplic: sources is 1024; 1 to 1023 are possible"},
        {{.msi = true, .harts = 16384}, NULL},
        {{.msi = true, .harts = 16385}, "aplic: harts is 16385; 1 to 16384 are possible"},
        {{.msi = true, .guests = 63}, NULL},
        {{.msi = true, .guests = 64}, "aplic: guests is 64; 0 to 63 are possible"},
        {{.direct = true, .iprio_bits = 8}, NULL},
        {{.direct = true, .iprio_bits = 9}, "aplic: iprio_bits is 9; 1 to 8 are possible"},
        {{.msi = false}, "aplic: neither msi nor direct delivery is supported"},
        {{.msi = true, .num_domains = 9}, "aplic: 9 domains; 1 to 8 are possible"},
        {{.msi = true, .num_domains = 1, .domains = {{true, 0}}}, NULL},
        {{.msi = true, .num_domains = 1, .domains = {{false, 0}}},
         "aplic: domain 0 must be the root, at machine level"},
        {{.msi = true, .num_domains = 1, .domains = {{true, 1}}},
         "aplic: domain 0 must be the root, at machine level"},
        {{.msi = true, .num_domains = 2, .domains = {{true, 0}, {false, 1}}},
         "aplic: the parent of domain 1 must come before it"},
        {{.msi = true, .num_domains = 3, .domains = {{true, 0}, {false, 0}, {false, 1}}},
         "aplic: the parent of domain 2 must be at machine level"},
        {{.msi = true,
          .num_domains = 8,
          .domains = {{true, 0},
                      {true, 0},
                      {true, 1},
                      {true, 2},
                      {true, 3},
                      {true, 4},
                      {true, 5},
                      {true, 6}}},
         NULL},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct vd_error err = {.text = ""};
        struct aplic *made = aplic_create(&rows[i].config, &b.host, &err);
        assert_int_equal(made != NULL, rows[i].text == NULL);
        assert_string_equal(err.text, rows[i].text ? rows[i].text : "");
        aplic_destroy(made);
    }
}

static struct aplic_state *good, *bad;

/* Whether a snapshot with one thing changed is taken. */
#define AFTER(change)       (memcpy(bad, good, good->size), change, aplic_restore(dut, bad, good->size))
#define TAKES(change)       assert_true(AFTER(bad->change))
#define REFUSES(change)     assert_false(AFTER(bad->change))
#define IDC_TAKES(change)   assert_true(AFTER(aplic_idcs(bad)[i].change))
#define IDC_REFUSES(change) assert_false(AFTER(aplic_idcs(bad)[i].change))

static void snapshot_out_of_range(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.iprio_bits = 5;
    rebuild(&c);
    size_t size = aplic_save(dut, NULL, 0);
    good = malloc(size);
    bad = malloc(size);
    delegate(4, 1);
    delegate(5, 1);
    put(M2, SOURCECFG(5), EDGE1);
    bench_run(&b, CYCLE);
    assert_int_equal(aplic_save(dut, good, size - 1), size);
    assert_int_equal(aplic_save(dut, good, size), size);
    TAKES(wire[0] = UINT64_MAX);
    REFUSES(ip[0] = 1 << 4);
    REFUSES(ie[0] = 1 << 4);
    REFUSES(ip[0] = 1 << 1);
    REFUSES(ie[15] = VD_BIT(63));
    REFUSES(source[1].target = 1);
    REFUSES(source[4].target = 1);
    TAKES(source[5].target = 31);
    REFUSES(source[5].target = 32);
    REFUSES(source[5].target = 0);
    REFUSES(source[5].target = HARTS << 18 | 1);
    TAKES(source[5].target = (HARTS - 1) << 18 | 1);
    REFUSES(armed[0] = 1 << 5);
    REFUSES(source[5].owner = ROOT);
    REFUSES(source[4].owner = M2);
    REFUSES(source[5].sourcecfg[ROOT] = D | 2);
    REFUSES(source[5].sourcecfg[S] = EDGE1);
    REFUSES(source[5].sourcecfg[DOMAINS] = EDGE1);
    REFUSES(source[5].sourcecfg[7] = EDGE1);
    REFUSES(source[5].sourcecfg[M2] = 2);
    REFUSES(sources++);
    REFUSES(sources--);
    TAKES(wire[1] = VD_BIT(SOURCES % 64 + 1));
    REFUSES(ip[1] = VD_BIT(SOURCES % 64 + 1));
    REFUSES(ie[1] = VD_BIT(SOURCES % 64 + 1));
    REFUSES(armed[1] = VD_BIT(SOURCES % 64 + 1));
    REFUSES(ie[2] = 1);
    REFUSES(source[0].sourcecfg[ROOT] = EDGE1);
    TAKES(domain[0].domaincfg = IE | DM | BE);
    REFUSES(domain[7].domaincfg = 2);
    TAKES(domain[3].genmsi = (HARTS - 1) << 18);
    REFUSES(domain[3].genmsi = HARTS << 18);
    TAKES(domain[3].genmsi_at = 5 * CYCLE);
    REFUSES(domain[4].genmsi_at = 5 * CYCLE);
    TAKES(stalled.extempore = DOMAINS);
    REFUSES(stalled.extempore = DOMAINS + 1);
    for (unsigned i = 0; i < DOMAINS * HARTS; i += DOMAINS * HARTS - 1) {
        IDC_TAKES(idelivery = 1);
        IDC_REFUSES(idelivery = 2);
        IDC_TAKES(iforce = 1);
        IDC_REFUSES(iforce = 2);
        IDC_TAKES(line = 1);
        IDC_REFUSES(line = 2);
        IDC_TAKES(ithreshold = 31);
        IDC_REFUSES(ithreshold = 32);
        IDC_TAKES(line_at = CYCLE);
        IDC_REFUSES(line_at = CYCLE - 1);
    }
    REFUSES(size++);
    REFUSES(size--);
    TAKES(size = good->size);
    assert_int_equal(b.num_events, 0);
    free(good);
    free(bad);
}

/* Registers that are not there keep nothing of what was written. */
static void APLIC_R12_leaves_no_trace(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.msi = false;
    rebuild(&c);
    size_t size = aplic_save(dut, NULL, 0);
    void *before = malloc(size), *after = malloc(size);
    aplic_save(dut, before, size);
    for (uint32_t d = 0; d < DOMAINS; d++)
        for (uint32_t at = MMSIADDRCFG; at <= SMSIADDRCFGH; at += 4)
            put(d, at, UINT32_MAX);
    aplic_save(dut, after, size);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);
}

/* Wires that are not there, too. */
static void APLIC_D1_no_such_source(void **state)
{
    (void)state;
    size_t size = aplic_save(dut, NULL, 0);
    void *before = malloc(size), *after = malloc(size);
    aplic_save(dut, before, size);
    aplic_wire(dut, 0, true);
    aplic_wire(dut, SOURCES + 1, true);
    aplic_save(dut, after, size);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);
}

/* The last source is looked at as all are, and there is none behind it. */
static void snapshot_of_so_many_sources(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {1,   5,   62,  63,  64,  65,   126,
                                       127, 128, 191, 192, 200, 1022, 1023};
    for (unsigned k = 0; k < COUNT(numbers); k++) {
        struct aplic_config c = usual_config();
        uint32_t last = c.sources = numbers[k];
        rebuild(&c);
        size_t size = aplic_save(dut, NULL, 0);
        good = malloc(size);
        bad = malloc(size);
        for (uint32_t s = 1; s <= last; s++) {
            put(ROOT, SOURCECFG(s), EDGE1);
            put(ROOT, SETIPNUM, s);
            put(ROOT, SETIENUM, s);
        }
        aplic_save(dut, good, size);
        TAKES(wire[0] = 0);
        REFUSES(source[last].target = UINT32_MAX);
        for (uint32_t s = last + 1; s < 64 * APLIC_WORDS; s++) {
            REFUSES(ip[s / 64] |= VD_BIT(s % 64));
            REFUSES(armed[s / 64] |= VD_BIT(s % 64));
        }
        for (uint32_t d = 0; d < DOMAINS && last < 1023; d++) {
            for (uint32_t hart = 0; hart < HARTS; hart++)
                put(d, IDELIVERY(hart), 1);
            assert_int_equal(get(d, SOURCECFG(last + 1)), 0);
        }
        free(good);
        free(bad);
    }
}

/* A line of any domain falls with a reset, and one that was due does with a snapshot. */
static void RESET_1_lines_of_every_domain(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.source_to_line_cycles = 4;
    c.register_to_line_cycles = 4;
    rebuild(&c);
    size_t size = aplic_save(dut, NULL, 0);
    void *due = malloc(size);
    for (uint32_t d = 0; d < DOMAINS; d++)
        for (uint32_t hart = 0; hart < HARTS; hart++) {
            put(d, IDELIVERY(hart), 1);
            put(d, IFORCE(hart), 1);
            put(d, DOMAINCFG, IE);
        }
    aplic_save(dut, due, size);
    bench_run(&b, 4 * CYCLE);
    for (uint32_t d = 0; d < DOMAINS; d++)
        for (uint32_t hart = 0; hart < HARTS; hart++)
            assert_true(line(d, hart));
    aplic_reset(dut);
    for (uint32_t d = 0; d < DOMAINS; d++)
        for (uint32_t hart = 0; hart < HARTS; hart++)
            assert_false(line(d, hart));
    rebuild(&c);
    assert_true(aplic_restore(dut, due, size));
    bench_run(&b, 4 * CYCLE);
    for (uint32_t d = 0; d < DOMAINS; d++)
        for (uint32_t hart = 0; hart < HARTS; hart++)
            assert_true(line(d, hart));
    aplic_save(dut, due, size);
    assert_true(aplic_restore(dut, due, size));
    assert_int_equal(b.num_events, 0); /* nothing is due any more */
    free(due);
}

/* One hart, the root and a supervisor domain, cycles of 1 ns. */
static void defaults(void **state)
{
    (void)state;
    struct aplic_config c = {.msi = true, .direct = true, .source_to_msi_cycles = 4};
    c.domains[0].parent = 1;
    c.domains[1].machine = true;
    rebuild(&c);
    put(ROOT, IDELIVERY(0), 1);
    put(ROOT, IDELIVERY(1), 1);
    assert_int_equal(get(ROOT, IDELIVERY(0)), 1);
    assert_int_equal(get(ROOT, IDELIVERY(1)), 0);
    struct vd_txn txn = bench_read(DOMAINCFG, 4);
    assert_int_equal(aplic_access(dut, 1, &txn), VD_OK);
    assert_int_equal(aplic_access(dut, 2, &txn), VD_DENIED);
    put(ROOT, SMSIADDRCFG, 0x28000);
    assert_int_equal(get(ROOT, SMSIADDRCFG), 0x28000); /* there is a supervisor domain */
    assert_int_equal(get(1, MMSIADDRCFGH), 0);
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 3, DETACHED, msi_target(0, 0, 3));
    put(ROOT, SETIPNUM, 3);
    bench_run(&b, 3999);
    assert_int_equal(b.num_writes, 0);
    bench_run(&b, 1);
    assert_int_equal(b.num_writes, 1);
}

static void out_of_memory(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    for (uint32_t n = 1; n <= 3; n++) {
        struct vd_error err = {.text = ""};
        memory_fails_in = n;
        assert_null(aplic_create(&c, &b.host, &err));
        assert_string_equal(err.text, "aplic: out of memory");
    }
    size_t size = aplic_save(dut, NULL, 0);
    void *saved = malloc(size);
    aplic_save(dut, saved, size);
    memory_fails_in = 1;
    assert_int_equal(aplic_restore(dut, saved, size), false);
    assert_int_equal(memory_fails_in, 0);
    assert_true(aplic_restore(dut, saved, size));
    free(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(RESET_1_seed),
        RULE(APLIC_D1_configurations),
        RULE(snapshot_out_of_range),
        RULE(APLIC_R12_leaves_no_trace),
        RULE(APLIC_D1_no_such_source),
        RULE(snapshot_of_so_many_sources),
        RULE(RESET_1_lines_of_every_domain),
        RULE(defaults),
        RULE(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
