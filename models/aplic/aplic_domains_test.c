/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of domains, delegation, and of the configuration registers. */
#include "aplic/aplic_bench.h"

static void refused(struct aplic_config c, const char *word)
{
    struct vd_error err;
    assert_null(aplic_create(&c, &b.host, &err));
    assert_non_null(strstr(err.text, word));
}

static void APLIC_D1_tree(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.sources = 1024;
    refused(c, "1023");
    c = usual_config();
    c.domains[ROOT].machine = false;
    refused(c, "root");
    c = usual_config();
    c.domains[S2].parent = S;
    refused(c, "machine");
    c = usual_config();
    c.domains[S].parent = S2;
    refused(c, "before");
    c = usual_config();
    c.num_domains = 9;
    refused(c, "domains");
    c = usual_config();
    c.harts = 16385;
    refused(c, "harts");
    c = usual_config();
    c.guests = 64;
    refused(c, "guests");
    c = usual_config();
    c.iprio_bits = 9;
    refused(c, "iprio");
    c = usual_config();
    c.msi = c.direct = false;
    refused(c, "neither");
}

static void APLIC_D1_all_sources(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.sources = 1023;
    rebuild(&c);
    for (uint32_t i = 1; i <= 1023; i++) {
        route(ROOT, i, EDGE1, direct_target(i % HARTS, 1 + i % 255));
        aplic_wire(dut, i, true);
        assert_true(pending(ROOT, i));
        assert_true(input(ROOT, i));
        assert_int_equal(get(ROOT, TARGET(i)), direct_target(i % HARTS, 1 + i % 255));
        put(ROOT, CLRIPNUM, i);
        for (uint32_t w = 0; w < 32; w++)
            assert_int_equal(get(ROOT, SETIP + 4 * w), 0);
    }
    aplic_wire(dut, 0, true);
    aplic_wire(dut, 1024, true);
}

static bool all_zero(uint32_t domain, uint32_t source)
{
    return get(domain, SOURCECFG(source)) == 0 && get(domain, TARGET(source)) == 0 &&
           !pending(domain, source) && !enabled(domain, source) && !input(domain, source);
}

static void APLIC_D2_not_delegated_is_zero(void **state)
{
    (void)state;
    route(S, 7, LEVEL1, direct_target(1, 3));
    aplic_wire(dut, 7, true);
    put(S, SETIPNUM, 7);
    assert_true(all_zero(S, 7));
    delegate(7, 0);
    route(S, 7, DETACHED, direct_target(1, 3));
    put(S, SETIPNUM, 7);
    assert_int_equal(get(S, SOURCECFG(7)), DETACHED);
    assert_true(pending(S, 7) && enabled(S, 7));
    assert_int_equal(get(S, TARGET(7)), direct_target(1, 3));
    assert_int_equal(get(ROOT, SOURCECFG(7)), D);
    assert_int_equal(get(ROOT, TARGET(7)), 0);
    assert_false(pending(ROOT, 7) || enabled(ROOT, 7));
    assert_true(all_zero(M2, 7));
}

static void APLIC_D2_through_two_levels(void **state)
{
    (void)state;
    delegate(9, 1);
    put(S2, SOURCECFG(9), EDGE1);
    assert_int_equal(get(S2, SOURCECFG(9)), 0);
    put(M2, SOURCECFG(9), D | 0);
    put(S2, SOURCECFG(9), EDGE1);
    assert_int_equal(get(S2, SOURCECFG(9)), EDGE1);
    aplic_wire(dut, 9, true);
    assert_true(pending(S2, 9));
    assert_false(pending(M2, 9) || pending(ROOT, 9));
}

static void APLIC_D3_withdrawn_source_reads_zero(void **state)
{
    (void)state;
    delegate(9, 1);
    put(M2, SOURCECFG(9), D | 0);
    route(S2, 9, EDGE1, direct_target(2, 5));
    aplic_wire(dut, 9, true);
    put(ROOT, SOURCECFG(9), INACTIVE);
    assert_true(all_zero(S2, 9));
    assert_true(all_zero(M2, 9));
    delegate(9, 1);
    assert_true(all_zero(M2, 9));
    put(M2, SOURCECFG(9), D | 0);
    assert_true(all_zero(S2, 9));
    put(S2, SOURCECFG(9), EDGE1);
    assert_false(pending(S2, 9) || enabled(S2, 9));
    delegate(9, 0);
    assert_true(all_zero(M2, 9));
}

static void APLIC_D3_same_delegation_keeps_the_child(void **state)
{
    (void)state;
    delegate(9, 0);
    route(S, 9, EDGE1, direct_target(2, 5));
    aplic_wire(dut, 9, true);
    delegate(9, 0);
    assert_int_equal(get(S, SOURCECFG(9)), EDGE1);
    assert_true(pending(S, 9) && enabled(S, 9));
    assert_int_equal(get(S, TARGET(9)), direct_target(2, 5));
}

static void APLIC_D4_level_at_delegation_is_seen(void **state)
{
    (void)state;
    aplic_wire(dut, 9, true);
    delegate(9, 0);
    put(S, SOURCECFG(9), LEVEL1);
    assert_true(input(S, 9));
    assert_true(pending(S, 9));
    put(S, SOURCECFG(9), LEVEL0);
    assert_false(input(S, 9) || pending(S, 9));
}

static void APLIC_D5_hart_index_range(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.harts = 16384;
    rebuild(&c);
    put(ROOT, DOMAINCFG, IE);
    route(ROOT, 3, EDGE1, direct_target(16383, 9));
    put(ROOT, IDELIVERY(16383), 1);
    assert_int_equal(get(ROOT, TARGET(3)), direct_target(16383, 9));
    aplic_wire(dut, 3, true);
    assert_int_equal(get(ROOT, TOPI(16383)), 3 << 16 | 9);
    assert_true(line(ROOT, 16383));
}

static void APLIC_D6_region(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    assert_int_equal(aplic_size(&c), 0x5000);
    c.harts = 129;
    assert_int_equal(aplic_size(&c), 0x6000);
    c.harts = 16384;
    assert_int_equal(aplic_size(&c), 0x4000 + 512 * 1024);
    c.direct = false;
    assert_int_equal(aplic_size(&c), 0x4000);
}

static void APLIC_R0_refused_accesses(void **state)
{
    (void)state;
    static const unsigned sizes[] = {1, 2, 8, 16};
    put(ROOT, SOURCECFG(1), DETACHED);
    for (uint32_t i = 0; i < 4; i++) {
        struct vd_txn txn = bench_write(SETIPNUM, sizes[i], 1);
        assert_int_equal(aplic_access(dut, ROOT, &txn), VD_DENIED);
        txn = bench_read(CLAIMI(0), sizes[i]);
        assert_int_equal(aplic_access(dut, ROOT, &txn), VD_DENIED);
    }
    struct vd_txn txn = bench_write(SETIPNUM + 2, 4, 1);
    assert_int_equal(aplic_access(dut, ROOT, &txn), VD_DENIED);
    txn = bench_write(SETIPNUM, 4, 1);
    txn.attrs = VD_ATOMIC;
    assert_int_equal(aplic_access(dut, ROOT, &txn), VD_DENIED);
    txn.attrs = 0;
    txn.cmd = VD_OR;
    assert_int_equal(aplic_access(dut, ROOT, &txn), VD_DENIED);
    txn.cmd = VD_WRITE;
    assert_int_equal(aplic_access(dut, DOMAINS, &txn), VD_DENIED);
    assert_false(pending(ROOT, 1));
}

static void APLIC_R0_reserved_bytes(void **state)
{
    (void)state;
    static const uint32_t reserved[] = {0x1000, 0x1bbc, 0x1bd0, 0x1c80, 0x1ce0, 0x1d80, 0x1de0,
                                        0x1e80, 0x1fe0, 0x2008, 0x2ffc, 0x400c, 0x4010, 0x4014};
    for (uint32_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        put(ROOT, reserved[i], UINT32_MAX);
        assert_int_equal(get(ROOT, reserved[i]), 0);
    }
    assert_int_equal(get(ROOT, DOMAINCFG), 0x80000000);
}

static void APLIC_R1_domaincfg(void **state)
{
    (void)state;
    for (uint32_t d = ROOT; d < DOMAINS; d++) {
        assert_int_equal(get(d, DOMAINCFG), 0x80000000);
        put(d, DOMAINCFG, UINT32_MAX & ~(uint32_t)BE);
        assert_int_equal(get(d, DOMAINCFG), 0x80000000 | IE | DM);
        put(d, DOMAINCFG, 0);
        assert_int_equal(get(d, DOMAINCFG), 0x80000000);
    }
    struct aplic_config c = usual_config();
    c.msi = false;
    rebuild(&c);
    put(ROOT, DOMAINCFG, IE | DM);
    assert_int_equal(get(ROOT, DOMAINCFG), 0x80000000 | IE);
    c = usual_config();
    c.direct = false;
    rebuild(&c);
    assert_int_equal(get(ROOT, DOMAINCFG), 0x80000000 | DM);
    put(ROOT, DOMAINCFG, IE);
    assert_int_equal(get(ROOT, DOMAINCFG), 0x80000000 | DM | IE);
}

static void APLIC_R1_big_endian(void **state)
{
    (void)state;
    put(ROOT, DOMAINCFG, BE | DM);
    assert_int_equal(get(ROOT, DOMAINCFG), __builtin_bswap32(0x80000000 | BE | DM));
    put(ROOT, SOURCECFG(4), __builtin_bswap32(EDGE1));
    assert_int_equal(get(ROOT, SOURCECFG(4)), __builtin_bswap32(EDGE1));
    put(ROOT, SETIPNUM, __builtin_bswap32(4));
    assert_int_equal(get(ROOT, SETIP), __builtin_bswap32(1 << 4));
    put(ROOT, CLRIPNUM, __builtin_bswap32(4));
    assert_int_equal(get(ROOT, SETIP), 0);
    put(ROOT, SETIPNUM_LE, 4);
    assert_int_equal(get(ROOT, SETIP), __builtin_bswap32(1 << 4));
    put(ROOT, CLRIPNUM, __builtin_bswap32(4));
    put(ROOT, SETIPNUM_BE, __builtin_bswap32(4));
    assert_int_equal(get(ROOT, SETIP), __builtin_bswap32(1 << 4));
    assert_int_equal(get(S, DOMAINCFG), 0x80000000);
    put(ROOT, DOMAINCFG, 0);
    assert_int_equal(get(ROOT, DOMAINCFG), 0x80000000);
}

/* (x << 24 | x) means the same in either byte order. */
static void APLIC_R1_write_in_unknown_order(void **state)
{
    (void)state;
    for (uint32_t before = 0; before < 2; before++) {
        for (uint32_t x = 0; x < 2; x++) {
            put(ROOT, DOMAINCFG, before);
            put(ROOT, DOMAINCFG, (DM | x) << 24 | DM | x);
            uint32_t value = get(ROOT, DOMAINCFG);
            assert_int_equal(x ? __builtin_bswap32(value) : value, 0x80000000 | DM | x);
            put(ROOT, DOMAINCFG, 0);
        }
    }
}

static void APLIC_R2_sourcecfg(void **state)
{
    (void)state;
    static const uint32_t legal[] = {0, 1, 0, 0, 4, 5, 6, 7};
    for (uint32_t mode = 0; mode < 8; mode++) {
        put(ROOT, SOURCECFG(5), 0xfffffbf8 | mode);
        assert_int_equal(get(ROOT, SOURCECFG(5)), legal[mode]);
    }
    put(ROOT, SOURCECFG(5), D | 1);
    assert_int_equal(get(ROOT, SOURCECFG(5)), D | 1);
    put(ROOT, SOURCECFG(5), 0xfffff800 | D | 1);
    assert_int_equal(get(ROOT, SOURCECFG(5)), D | 1);
    put(ROOT, SOURCECFG(5), D | 2);
    assert_int_equal(get(ROOT, SOURCECFG(5)) & 0x3ff & ~1u, 0);
    put(ROOT, SOURCECFG(SOURCES + 1), EDGE1);
    assert_int_equal(get(ROOT, SOURCECFG(SOURCES + 1)), 0);
    delegate(5, 0);
    put(S, SOURCECFG(5), EDGE1);
    put(S, SOURCECFG(5), D | EDGE1);
    assert_int_equal(get(S, SOURCECFG(5)), 0);
}

static void APLIC_R3_inactive_is_zero(void **state)
{
    (void)state;
    put(ROOT, TARGET(5), direct_target(1, 9));
    put(ROOT, SETIENUM, 5);
    put(ROOT, SETIPNUM, 5);
    aplic_wire(dut, 5, true);
    assert_true(all_zero(ROOT, 5));
    put(ROOT, SOURCECFG(5), EDGE1);
    assert_false(pending(ROOT, 5) || enabled(ROOT, 5));
    assert_int_equal(get(ROOT, TARGET(5)), direct_target(0, 1));
    put(ROOT, SETIENUM, 5);
    put(ROOT, SETIPNUM, 5);
    put(ROOT, TARGET(5), direct_target(1, 9));
    put(ROOT, SOURCECFG(5), INACTIVE);
    assert_true(all_zero(ROOT, 5));
    put(ROOT, SOURCECFG(5), EDGE1);
    assert_false(pending(ROOT, 5) || enabled(ROOT, 5));
    assert_int_equal(get(ROOT, TARGET(5)), direct_target(0, 1));
    put(ROOT, SOURCECFG(5), INACTIVE);
    put(ROOT, DOMAINCFG, DM);
    put(ROOT, SOURCECFG(5), EDGE1);
    assert_int_equal(get(ROOT, TARGET(5)), 0);
}

static void APLIC_R8_enable_only_active(void **state)
{
    (void)state;
    put(ROOT, SOURCECFG(3), EDGE1);
    put(ROOT, SOURCECFG(40), EDGE1);
    put(ROOT, SETIE, UINT32_MAX);
    put(ROOT, SETIE + 4, UINT32_MAX);
    assert_int_equal(get(ROOT, SETIE), 1 << 3);
    assert_int_equal(get(ROOT, SETIE + 4), 1 << 8);
    put(ROOT, CLRIE, ~(1u << 3));
    assert_int_equal(get(ROOT, SETIE), 1 << 3);
    put(ROOT, CLRIE, 1 << 3);
    assert_int_equal(get(ROOT, SETIE), 0);
    put(ROOT, CLRIENUM, 41);
    assert_int_equal(get(ROOT, SETIE + 4), 1 << 8);
    put(ROOT, CLRIENUM, 40);
    assert_int_equal(get(ROOT, SETIE + 4), 0);
    static const uint32_t ignored[] = {0, 4, 101, 1024, 0x10003, UINT32_MAX};
    for (uint32_t i = 0; i < 6; i++)
        put(ROOT, SETIENUM, ignored[i]);
    for (uint32_t w = 0; w < 32; w++)
        assert_int_equal(get(ROOT, SETIE + 4 * w), 0);
    put(ROOT, SETIENUM, 3);
    assert_int_equal(get(ROOT, SETIE), 1 << 3);
    for (uint32_t w = 0; w < 32; w++)
        assert_int_equal(get(ROOT, CLRIE + 4 * w), 0);
    assert_int_equal(get(ROOT, SETIENUM) | get(ROOT, CLRIENUM), 0);
}

static void APLIC_R11_target_direct(void **state)
{
    (void)state;
    put(ROOT, SOURCECFG(5), EDGE1);
    put(ROOT, TARGET(5), 0x0003ff00 | direct_target(3, 0x7f));
    assert_int_equal(get(ROOT, TARGET(5)), direct_target(3, 0x7f));
    put(ROOT, TARGET(5), direct_target(2, 0));
    assert_int_equal(get(ROOT, TARGET(5)), direct_target(2, 1));
    put(ROOT, TARGET(5), direct_target(HARTS, 7));
    assert_true(get(ROOT, TARGET(5)) >> 18 < HARTS);
    for (uint32_t bits = 1; bits <= 8; bits++) {
        struct aplic_config c = usual_config();
        c.iprio_bits = bits;
        rebuild(&c);
        put(ROOT, SOURCECFG(5), EDGE1);
        put(ROOT, TARGET(5), 0xff);
        assert_int_equal(get(ROOT, TARGET(5)), (1u << bits) - 1);
        put(ROOT, TARGET(5), 0xff << bits & 0xff);
        assert_int_equal(get(ROOT, TARGET(5)), 1);
    }
}

static void APLIC_R11_target_msi(void **state)
{
    (void)state;
    delegate(6, 0);
    for (uint32_t d = ROOT; d <= S; d++)
        put(d, DOMAINCFG, DM);
    put(ROOT, SOURCECFG(5), EDGE1);
    put(S, SOURCECFG(6), EDGE1);
    put(ROOT, TARGET(5), msi_target(3, 2, 0x7ff) | 0x800);
    assert_int_equal(get(ROOT, TARGET(5)), msi_target(3, 0, 0x7ff));
    put(S, TARGET(6), msi_target(3, GUESTS, 0x7ff) | 0x800);
    assert_int_equal(get(S, TARGET(6)), msi_target(3, GUESTS, 0x7ff));
    put(S, TARGET(6), msi_target(1, GUESTS + 1, 9));
    assert_true((get(S, TARGET(6)) >> 12 & 0x3f) <= GUESTS);
    struct aplic_config c = usual_config();
    c.guests = 0;
    rebuild(&c);
    delegate(6, 0);
    put(S, DOMAINCFG, DM);
    put(S, SOURCECFG(6), EDGE1);
    put(S, TARGET(6), msi_target(1, 1, 9));
    assert_int_equal(get(S, TARGET(6)), msi_target(1, 0, 9));
}

static void APLIC_R11_target_after_mode_change(void **state)
{
    (void)state;
    put(ROOT, SOURCECFG(5), EDGE1);
    put(ROOT, TARGET(5), direct_target(1, 200));
    put(ROOT, DOMAINCFG, DM);
    assert_int_equal(get(ROOT, TARGET(5)) & 0x800, 0);
    put(ROOT, TARGET(5), msi_target(1, 0, 0));
    put(ROOT, DOMAINCFG, 0);
    assert_in_range(get(ROOT, TARGET(5)) & 0xff, 1, 255);
    assert_int_equal(get(ROOT, TARGET(5)) & 0x3ff00, 0);
}

static void APLIC_R12_address_registers(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset, mask;
    } rows[] = {{MMSIADDRCFG, UINT32_MAX},
                {SMSIADDRCFG, UINT32_MAX},
                {SMSIADDRCFGH, 0x00700fff},
                {MMSIADDRCFGH, 0x9f77ffff}};
    for (uint32_t d = S; d < DOMAINS; d++)
        for (uint32_t i = 0; i < 4; i++)
            put(d, rows[i].offset, UINT32_MAX);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(get(ROOT, rows[i].offset), 0);
        put(ROOT, rows[i].offset, UINT32_MAX);
        assert_int_equal(get(ROOT, rows[i].offset), rows[i].mask);
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(get(S, rows[i].offset), 0);
        assert_int_equal(get(S2, rows[i].offset), 0);
        assert_int_equal(get(M2, rows[i].offset), rows[i].mask);
    }
}

static void APLIC_R12_lock(void **state)
{
    (void)state;
    set_msi_addresses();
    assert_int_equal(get(M2, MMSIADDRCFGH), 0x80002000);
    put(ROOT, MMSIADDRCFGH, 0x80003000);
    static const uint32_t values[] = {0x24000, 0x80003000, 0x28000, 0x00200000};
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 4; i++)
            assert_int_equal(get(ROOT, MMSIADDRCFG + 4 * i), values[i]);
        for (uint32_t i = 0; i < 4; i++)
            put(ROOT, MMSIADDRCFG + 4 * i, round ? 0 : UINT32_MAX);
    }
    aplic_reset(dut);
    put(ROOT, MMSIADDRCFG, 5);
    assert_int_equal(get(ROOT, MMSIADDRCFG), 5);
    assert_int_equal(get(ROOT, MMSIADDRCFGH), 0);
}

static void APLIC_R12_not_implemented(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.msi = false;
    rebuild(&c);
    for (uint32_t i = 0; i < 4; i++) {
        put(ROOT, MMSIADDRCFG + 4 * i, UINT32_MAX);
        assert_int_equal(get(ROOT, MMSIADDRCFG + 4 * i), 0);
        assert_int_equal(get(M2, MMSIADDRCFG + 4 * i), 0);
    }
    c = usual_config();
    c.num_domains = 1;
    rebuild(&c);
    set_msi_addresses();
    assert_int_equal(get(ROOT, MMSIADDRCFG), 0x24000);
    assert_int_equal(get(ROOT, SMSIADDRCFG) | get(ROOT, SMSIADDRCFGH), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(APLIC_D1_tree),
        RULE(APLIC_D1_all_sources),
        RULE(APLIC_D2_not_delegated_is_zero),
        RULE(APLIC_D2_through_two_levels),
        RULE(APLIC_D3_withdrawn_source_reads_zero),
        RULE(APLIC_D3_same_delegation_keeps_the_child),
        RULE(APLIC_D4_level_at_delegation_is_seen),
        RULE(APLIC_D5_hart_index_range),
        RULE(APLIC_D6_region),
        RULE(APLIC_R0_refused_accesses),
        RULE(APLIC_R0_reserved_bytes),
        RULE(APLIC_R1_domaincfg),
        RULE(APLIC_R1_big_endian),
        RULE(APLIC_R1_write_in_unknown_order),
        RULE(APLIC_R2_sourcecfg),
        RULE(APLIC_R3_inactive_is_zero),
        RULE(APLIC_R8_enable_only_active),
        RULE(APLIC_R11_target_direct),
        RULE(APLIC_R11_target_msi),
        RULE(APLIC_R11_target_after_mode_change),
        RULE(APLIC_R12_address_registers),
        RULE(APLIC_R12_lock),
        RULE(APLIC_R12_not_implemented),
    };
    return cmocka_run_group_tests_name("aplic domains", tests, NULL, NULL);
}
