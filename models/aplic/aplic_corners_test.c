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
        {offsetof(struct aplic_config, register_to_line_cycles),
         "register_to_line u32 1 0..100000 cycles"},
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
    for (unsigned delivery = 0; delivery < 2; delivery++) {
        for (unsigned i = 0; i < COUNT(zero); i++)
            assert_int_equal(get(ROOT, zero[i]), 0);
        put(ROOT, DOMAINCFG, DM);
        put(ROOT, GENMSI, 3 << 18 | 0x7ff);
    }
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
        assert_int_equal(get(ROOT, SETIP + word), 0);
        assert_int_equal(get(ROOT, SETIE + word), 0);
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

/* A delegation that ends leaves nothing below, whichever child it was. */
static void APLIC_D3_every_child(void **state)
{
    (void)state;
    for (uint32_t child = 0; child < 2; child++)
        for (uint32_t source = 1; source <= SOURCES; source += SOURCES - 1) {
            uint32_t domain = child ? M2 : S;
            delegate(source, child);
            put(domain, SOURCECFG(source), EDGE1);
            if (child) {
                put(M2, SOURCECFG(source), D);
                put(S2, SOURCECFG(source), EDGE0);
            }
            put(ROOT, SOURCECFG(source), EDGE1);
            delegate(source, child);
            assert_int_equal(get(domain, SOURCECFG(source)), 0);
            put(M2, SOURCECFG(source), D);
            assert_int_equal(get(S2, SOURCECFG(source)), 0);
            put(ROOT, SOURCECFG(source), 0);
        }
}

/* Eight domains, one below the other, and an MSI out of the last. */
static void APLIC_D1_longest_chain(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.num_domains = 8;
    for (uint32_t d = 0; d < 8; d++)
        c.domains[d] = (struct aplic_domain_config){true, d ? d - 1 : 0};
    rebuild(&c);
    for (uint32_t d = 0; d < 7; d++)
        put(d, SOURCECFG(9), D);
    put(7, DOMAINCFG, DM | IE);
    route(7, 9, DETACHED, msi_target(1, 0, 5));
    put(7, SETIPNUM, 9);
    bench_settle(&b, 10);
    assert_int_equal(b.num_writes, 1);
    assert_int_equal(b.writes[0].data[0], 5);
    put(7, SOURCECFG(9), 0);
    put(0, SOURCECFG(9), EDGE1);
    assert_int_equal(get(7, SOURCECFG(9)), 0);
}

/* An index that does not exist leaves the old one, in all its bits and no others. */
static void APLIC_R11_kept_indices(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.guests = 40;
    rebuild(&c);
    delegate(9, 0);
    put(S, DOMAINCFG, DM);
    put(S, SOURCECFG(9), DETACHED);
    for (uint32_t guest = 0; guest <= 40; guest++)
        for (uint32_t hart = 0; hart < HARTS; hart++) {
            put(S, TARGET(9), msi_target(hart, guest, 3));
            put(S, TARGET(9), msi_target(0, 41 + guest % 22, 0x7ff));
            assert_int_equal(get(S, TARGET(9)), msi_target(0, guest, 0x7ff));
            put(S, TARGET(9), msi_target(hart, guest, 3));
            put(S, TARGET(9), msi_target(HARTS, 0, 3));
            assert_int_equal(get(S, TARGET(9)), msi_target(hart, 0, 3));
        }
}

/* The first and the last source are of the domain as well. */
static void APLIC_R11_mode_change_of_the_outermost(void **state)
{
    (void)state;
    route(ROOT, 1, DETACHED, direct_target(2, 77));
    route(ROOT, SOURCES, DETACHED, direct_target(2, 77));
    put(ROOT, SETIPNUM, 1);
    put(ROOT, SETIPNUM, SOURCES);
    put(ROOT, DOMAINCFG, DM);
    assert_int_equal(get(ROOT, TARGET(1)), 0);
    assert_int_equal(get(ROOT, TARGET(SOURCES)), 0);
    put(ROOT, DOMAINCFG, DM | IE);
    bench_settle(&b, 10);
    assert_int_equal(b.num_writes, 2);
}

static void APLIC_R1_byte_order_without_msis(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.msi = false;
    rebuild(&c);
    put(ROOT, DOMAINCFG, BE | DM | IE);
    assert_int_equal(get(ROOT, DOMAINCFG), __builtin_bswap32(0x80000000 | BE | IE));
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
        RULE(APLIC_D3_every_child),
        RULE(APLIC_D1_longest_chain),
        RULE(APLIC_R11_kept_indices),
        RULE(APLIC_R11_mode_change_of_the_outermost),
        RULE(APLIC_R1_byte_order_without_msis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
