/* SPDX-License-Identifier: BSD-2-Clause */
/* Corners: tables, full widths, every source. */
#include "aplic/aplic_bench.h"
#include "support/tables.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void APLIC_D6_registers(void **state)
{
    (void)state;
    static const struct table_reg expected[] = {
        {"domaincfg 0+4*1 4 reset 0x80000000: BE 0 WARL, DM 2 WARL, IE 8 RW, order 31:24 RO"},
        {"sourcecfg 4+4*1023 4: SM 2:0 WARL, Child_Index 9:0 WLRL, D 10 RW"},
        {"mmsiaddrcfg 7104+4*1 4: Low_Base_PPN 31:0 WARL"},
        {"mmsiaddrcfgh 7108+4*1 4: High_Base_PPN 11:0 WARL, LHXW 15:12 WARL, HHXW 18:16 WARL, LHXS "
         "22:20 WARL, HHXS 28:24 WARL, L 31 RW1S"},
        {"smsiaddrcfg 7112+4*1 4: Low_Base_PPN 31:0 WARL"},
        {"smsiaddrcfgh 7116+4*1 4: High_Base_PPN 11:0 WARL, LHXS 22:20 WARL"},
        {"setip 7168+4*32 4: sources 31:0 RW1S"},
        {"setipnum 7388+4*1 4: source 31:0 WO"},
        {"in_clrip 7424+4*32 4: sources 31:0 RW1C"},
        {"clripnum 7644+4*1 4: source 31:0 WO"},
        {"setie 7680+4*32 4: sources 31:0 RW1S"},
        {"setienum 7900+4*1 4: source 31:0 WO"},
        {"clrie 7936+4*32 4: sources 31:0 RW1C"},
        {"clrienum 8156+4*1 4: source 31:0 WO"},
        {"setipnum_le 8192+4*1 4: source 31:0 WO"},
        {"setipnum_be 8196+4*1 4: source 31:0 WO"},
        {"genmsi 12288+4*1 4: EIID 10:0 WARL, Busy 12 RO, Hart_Index 31:18 WLRL"},
        {"target 12292+4*1023 4: IPRIO 7:0 WARL, EIID 10:0 WARL, Guest_Index 17:12 WLRL, "
         "Hart_Index 31:18 WLRL"},
        {"idelivery 16384+32*16384 4: idelivery 0 WARL"},
        {"iforce 16388+32*16384 4: iforce 0 WARL"},
        {"ithreshold 16392+32*16384 4: ithreshold 7:0 WLRL"},
        {"topi 16408+32*16384 4: priority 7:0 RO, identity 25:16 RO"},
        {"claimi 16412+32*16384 4: priority 7:0 RO, identity 25:16 RO"},
    };
    uint32_t count;
    const struct vd_reg *found = aplic_regs(&count);
    assert_true(table_regs_are(found, count, expected, COUNT(expected)));
}

static void parameters(void **state)
{
    (void)state;
    static const struct table_param expected[] = {
        {offsetof(struct aplic_config, sources), "sources u32 96 1..1023"},
        {offsetof(struct aplic_config, msi), "msi bool 1 0..1"},
        {offsetof(struct aplic_config, direct), "direct bool 1 0..1"},
        {offsetof(struct aplic_config, iprio_bits), "iprio_bits u32 8 1..8"},
        {offsetof(struct aplic_config, poison), "poison u64 0 0..0xffffffffffffffff"},
        {offsetof(struct aplic_config, source_to_msi_cycles),
         "source_to_msi u32 4 0..100000 cycles"},
        {offsetof(struct aplic_config, source_to_line_cycles),
         "source_to_line u32 3 0..100000 cycles"},
        {offsetof(struct aplic_config, msi_interval_cycles), "msi_interval u32 5 0..100000 cycles"},
    };
    uint32_t count;
    const struct vd_param *params = aplic_params(&count);
    assert_true(table_params_are(params, count, expected, COUNT(expected)));
}

/* What an attribute does not say is a plain write. */
static void APLIC_R0_other_attributes(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        put(ROOT, SOURCECFG(1), DETACHED);
        struct vd_txn txn = bench_write(SETIPNUM, 4, 1);
        txn.attrs = 1u << bit;
        txn.status = VD_POISON;
        bool atomic = txn.attrs == VD_ATOMIC, quiet = txn.attrs == VD_DEBUG;
        assert_int_equal(aplic_access(dut, ROOT, &txn), atomic ? VD_DENIED : VD_OK);
        assert_int_equal(txn.status, atomic ? VD_DENIED : VD_OK);
        assert_int_equal(pending(ROOT, 1), !atomic && !quiet);
        put(ROOT, SOURCECFG(1), INACTIVE);
    }
    struct vd_txn txn = bench_read(UINT64_C(0x100000000) + SOURCECFG(1), 4);
    assert_int_equal(aplic_access(dut, ROOT, &txn), VD_DENIED);
    txn.addr = 0x4000000;
    assert_int_equal(aplic_access(dut, ROOT, &txn), VD_OK);
    assert_int_equal(aplic_access(dut, DOMAINS, &txn), VD_DENIED);
}

/* Everything that can be high is, and write-only registers read 0 all the same. */
static void APLIC_R6_and_R7_and_R8_read_zero(void **state)
{
    (void)state;
    static const uint32_t zero[] = {SETIPNUM, CLRIPNUM,  SETIENUM,    CLRIE,      CLRIE + 4,
                                    CLRIENUM, CLRIE + 8, SETIPNUM_LE, SETIPNUM_BE};
    for (uint32_t i = 1; i <= SOURCES; i++) {
        put(ROOT, SOURCECFG(i), LEVEL1);
        put(ROOT, SETIENUM, i);
        aplic_wire(dut, i, true);
    }
    for (uint32_t k = 0; k < 4; k++) {
        uint32_t all = k == 0 ? 0xfffffffe : k == 3 ? 0x1f : UINT32_MAX;
        assert_int_equal(get(ROOT, SETIP + 4 * k), all);
        assert_int_equal(get(ROOT, IN_CLRIP + 4 * k), all);
        assert_int_equal(get(ROOT, SETIE + 4 * k), all);
    }
    for (unsigned i = 0; i < COUNT(zero); i++)
        assert_int_equal(get(ROOT, zero[i]), 0);
}

/* One source at a time, by word and by number: it and no other. */
static void APLIC_R6_and_R7_and_R8_every_source(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.sources = 1023;
    rebuild(&c);
    for (uint32_t i = 1; i <= 1023; i++)
        put(ROOT, SOURCECFG(i), DETACHED);
    for (uint32_t i = 1; i <= 1023; i++) {
        uint32_t word = i / 32 * 4, bit = 1u << i % 32;
        put(ROOT, SETIP + word, bit);
        put(ROOT, SETIE + word, bit);
        assert_int_equal(get(ROOT, SETIP + word), bit);
        assert_int_equal(get(ROOT, SETIE + word), bit);
        assert_int_equal(get(ROOT, TOPI(0)), i << 16 | 1);
        put(ROOT, IN_CLRIP + word, bit);
        put(ROOT, CLRIE + word, bit);
        put(ROOT, SETIPNUM, i);
        put(ROOT, SETIENUM, i);
        assert_int_equal(get(ROOT, SETIP + word), bit);
        assert_int_equal(get(ROOT, SETIE + word), bit);
        put(ROOT, CLRIPNUM, i);
        put(ROOT, CLRIENUM, i);
        assert_int_equal(get(ROOT, SETIP + word), 0);
        assert_int_equal(get(ROOT, SETIE + word), 0);
    }
}

static void APLIC_R4_every_input(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.sources = 1023;
    rebuild(&c);
    for (uint32_t i = 1; i <= 1023; i++)
        put(ROOT, SOURCECFG(i), EDGE1);
    for (uint32_t i = 1; i <= 1023; i++) {
        aplic_wire(dut, i, true);
        assert_int_equal(get(ROOT, IN_CLRIP + i / 32 * 4), 1u << i % 32);
        aplic_wire(dut, i, false);
    }
}

static void IDC_2_priorities(void **state)
{
    (void)state;
    static const uint32_t priorities[] = {1, 2, 0x7e, 0x7f, 0x80, 0x81, 0xfe, 0xff};
    for (unsigned i = 0; i < 8; i++)
        for (unsigned j = 0; j < 8; j++) {
            route(ROOT, 5, DETACHED, direct_target(1, priorities[i]));
            route(ROOT, 70, DETACHED, direct_target(1, priorities[j]));
            put(ROOT, SETIPNUM, 5);
            put(ROOT, SETIPNUM, 70);
            uint32_t best = j < i ? 70 : 5;
            uint32_t priority = priorities[j < i ? j : i];
            assert_int_equal(get(ROOT, TOPI(1)), best << 16 | priority);
            assert_int_equal(get(ROOT, TOPI(0)), 0);
            for (unsigned k = 0; k < 8; k++) {
                put(ROOT, ITHRESHOLD(1), priorities[k]);
                assert_int_equal(get(ROOT, TOPI(1)),
                                 priority < priorities[k] ? best << 16 | priority : 0);
            }
            put(ROOT, ITHRESHOLD(1), 0);
        }
}

/* The last hart of the largest APLIC, in its last domain. */
static void IDC_1_last_hart(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.harts = 16384;
    rebuild(&c);
    delegate(7, 0);
    route(S, 7, DETACHED, direct_target(16383, 200));
    put(S, IDELIVERY(16383), 1);
    put(S, DOMAINCFG, IE);
    put(S, SETIPNUM, 7);
    assert_true(line(S, 16383));
    assert_int_equal(get(S, CLAIMI(16383)), 7 << 16 | 200);
    assert_int_equal(edges, 2);
}

/* The address of every combination of fields, against the formula of [aia AdvPLIC-MSIAddrs]. */
static void APLIC_R13_all_fields(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.harts = 16384;
    c.guests = 63;
    c.num_domains = 2;
    for (unsigned i = 0; i < 256; i += 5) {
        uint32_t lhxw = i & 1 ? 15 : i % 15, hhxw = i & 2 ? 7 : i % 7, lhxs = i & 4 ? 7 : i % 7;
        uint32_t hhxs = i & 8 ? 31 : i % 31, slhxs = i & 16 ? 7 : i % 5;
        uint32_t hart = i & 32 ? 16383 : i * 61, guest = i & 64 ? 63 : i % 63;
        uint32_t high = i & 128 ? 0xfff : 0xa5, base = i & 1 ? 0x80000000 : 0x12340000;
        uint64_t group = hart >> lhxw & ((1u << hhxw) - 1), low = hart & ((1u << lhxw) - 1);
        uint64_t page = (uint64_t)high << 32 | base | group << (hhxs + 12);
        rebuild(&c);
        put(ROOT, MMSIADDRCFG, base);
        put(ROOT, MMSIADDRCFGH, high | lhxw << 12 | hhxw << 16 | lhxs << 20 | hhxs << 24);
        put(ROOT, SMSIADDRCFG, base);
        put(ROOT, SMSIADDRCFGH, high | slhxs << 20);
        delegate(9, 0);
        put(ROOT, DOMAINCFG, DM | IE);
        put(S, DOMAINCFG, DM | IE);
        route(ROOT, 8, DETACHED, msi_target(hart, guest, 0x7ff));
        route(S, 9, DETACHED, msi_target(hart, guest, 0x400 + i));
        put(ROOT, SETIPNUM, 8);
        put(S, SETIPNUM, 9);
        put(S, GENMSI, hart << 18 | 0x7ff);
        bench_settle(&b, 100);
        assert_int_equal(b.num_writes, 3);
        assert_int_equal(b.writes[0].addr, (page | low << lhxs) << 12);
        assert_int_equal(b.writes[0].data[0], 0x7ff);
        assert_int_equal(b.writes[1].addr, (page | low << slhxs | guest) << 12);
        assert_int_equal(b.writes[1].data[0], 0x400 + i);
        assert_int_equal(b.writes[2].addr, (page | low << slhxs) << 12);
    }
}

static void APLIC_R2_children(void **state)
{
    (void)state;
    static const struct {
        uint32_t written, read;
    } rows[] = {{D, D},         {D | 1, D | 1},  {D | 2, 0},     {D | 0x200, 0},  {D | 0x3ff, 0},
                {D | 0x101, 0}, {0xfffff800, 0}, {D | 0x800, D}, {0xfffffbff, 7}, {2, 0},
                {3, 0},         {0x3fc, EDGE1},  {0x1000 | 5, 5}};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        put(ROOT, SOURCECFG(3), rows[i].written);
        assert_int_equal(get(ROOT, SOURCECFG(3)), rows[i].read);
        put(ROOT, SOURCECFG(3), 0);
    }
}

/* Software that lets an MSI come back as the next one. */
static unsigned bounces;

static bool bounce(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    txn->status = VD_OK;
    if (bounces-- > 0)
        put(ROOT, SETIPNUM, 3);
    return true;
}

static void APLIC_R15_time_of_a_loop(void **state)
{
    (void)state;
    static const uint32_t cycles[] = {0, 1, 4};
    for (unsigned i = 0; i < 3; i++) {
        struct aplic_config c = usual_config();
        c.source_to_msi_cycles = cycles[i];
        rebuild(&c);
        put(ROOT, DOMAINCFG, DM | IE);
        route(ROOT, 3, DETACHED, msi_target(0, 0, 3));
        b.hook = bounce;
        bounces = 3;
        put(ROOT, SETIPNUM, 3);
        assert_true(bench_settle(&b, 100));
        assert_int_equal(b.num_writes, 4);
        assert_int_equal(b.now / CYCLE, cycles[i] ? 4 * cycles[i] : 3);
    }
}

/* A level that drops takes its MSI along, and the event for it. */
static void APLIC_L3_nothing_left_to_do(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.source_to_msi_cycles = 4;
    rebuild(&c);
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 1, LEVEL1, msi_target(0, 0, 3));
    aplic_wire(dut, 1, true);
    assert_int_equal(b.num_events, 1);
    aplic_wire(dut, 1, false);
    assert_int_equal(b.num_events, 0);
    put(ROOT, DOMAINCFG, DM);
    aplic_wire(dut, 1, true);
    assert_int_equal(b.num_events, 0);
    put(ROOT, DOMAINCFG, DM | IE); /* the first source is looked at as well */
    assert_int_equal(b.num_events, 1);
    aplic_destroy(dut);
    assert_int_equal(b.num_events, 0);
    dut = aplic_create(&c, &b.host, NULL);
    put(ROOT, IDELIVERY(0), 1);
}

static void destroyed_with_a_line_due(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.source_to_line_cycles = 4;
    rebuild(&c);
    for (uint32_t hart = 0; hart < HARTS; hart++) {
        put(ROOT, IDELIVERY(hart), 1);
        put(ROOT, IFORCE(hart), 1);
    }
    put(ROOT, DOMAINCFG, IE);
    assert_int_equal(b.num_events, HARTS);
    aplic_destroy(dut);
    assert_int_equal(b.num_events, 0);
    dut = aplic_create(&c, &b.host, NULL);
}

/* [aia AdvPLIC-reg-domaincfg]: edge sources say nothing of levels when the mode changes. */
static void APLIC_R11_mode_change_is_quiet(void **state)
{
    (void)state;
    put(ROOT, DOMAINCFG, DM);
    put(ROOT, SOURCECFG(1), EDGE1);
    put(ROOT, SOURCECFG(2), LEVEL1);
    aplic_wire(dut, 2, true);
    put(ROOT, CLRIPNUM, 2);
    bench_forget(&b);
    put(ROOT, DOMAINCFG, 0);
    assert_int_equal(bench_count(&b, VD_REC_aplic_level), 1);
    assert_int_equal(bench_record(&b, VD_REC_aplic_level, 0)->a, 2);
    assert_true(pending(ROOT, 2));
    assert_false(pending(ROOT, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(APLIC_D6_registers),
        RULE(parameters),
        RULE(APLIC_R0_other_attributes),
        RULE(APLIC_R6_and_R7_and_R8_read_zero),
        RULE(APLIC_R6_and_R7_and_R8_every_source),
        RULE(APLIC_R4_every_input),
        RULE(IDC_2_priorities),
        RULE(IDC_1_last_hart),
        RULE(APLIC_R13_all_fields),
        RULE(APLIC_R2_children),
        RULE(APLIC_R15_time_of_a_loop),
        RULE(APLIC_L3_nothing_left_to_do),
        RULE(destroyed_with_a_line_due),
        RULE(APLIC_R11_mode_change_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
