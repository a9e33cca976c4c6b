/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of the CSR side, named after the rule. */
#include "imsic/imsic_bench.h"

static void IMSIC_R1_bits_that_do_not_exist(void **state)
{
    (void)state;
    for (uint32_t select = EIP; select < 0x100; select += 2) {
        set_csr(G1, select, UINT64_MAX);
        uint32_t w = select % 64 / 2;
        uint64_t expected = w == 0 ? ~UINT64_C(1) : w < 2 ? UINT64_MAX : 0;
        assert_int_equal(csr(G1, select), expected);
        set_csr(G1, select, 0);
        assert_int_equal(csr(G1, select), 0);
    }
    set_csr(G1, EIP, VD_BIT(40));
    set_csr(G1, EIP + 1, UINT64_MAX);
    assert_int_equal(csr(G1, EIP), VD_BIT(40));
    assert_int_equal(csr(G1, EIP + 1), 0);
}

static void IMSIC_R1_reserved_selects(void **state)
{
    (void)state;
    static const uint32_t reserved[] = {0x71, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78,
                                        0x79, 0x7a, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f};
    for (uint32_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        set_csr(S_FILE, reserved[i], UINT64_MAX);
        assert_int_equal(csr(S_FILE, reserved[i]), 0);
    }
    assert_int_equal(csr(S_FILE, EIDELIVERY), 0);
    assert_int_equal(csr(S_FILE, EITHRESHOLD), 0);
    assert_true(nothing_pending(S_FILE));
    assert_int_equal(bench_count(&b, VD_REC_file_state), 0);
}

static void IMSIC_R1_word_of_identity(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.ids = 2047;
    rebuild(c);
    for (uint32_t identity = 1; identity <= 2047; identity++) {
        msi(S_FILE, identity);
        assert_int_equal(csr(S_FILE, EIP + identity / 64 * 2), VD_BIT(identity % 64));
        set_csr(S_FILE, EIE + identity / 64 * 2, VD_BIT(identity % 64));
        assert_int_equal(topei(S_FILE), top(identity));
        port.ops->claim(port.ctx, S_FILE);
        assert_true(nothing_pending(S_FILE));
        set_csr(S_FILE, EIE + identity / 64 * 2, 0);
    }
}

static void IMSIC_R2_csrs_keeps_concurrent_msi(void **state)
{
    (void)state;
    msi(G1, 10);
    set_csr(G1, EIP, csr(G1, EIP) | VD_BIT(20));
    assert_int_equal(csr(G1, EIP), VD_BIT(10) | VD_BIT(20));
    assert_int_equal(bench_count(&b, VD_REC_eip_set), 1);
    assert_int_equal(bench_record(&b, VD_REC_eip_set, 0)->b, 20);
    assert_int_equal(bench_record(&b, VD_REC_eip_set, 0)->a, VD_FILE(HART, G1));
    assert_int_equal(bench_count(&b, VD_REC_eip_clear), 0);
}

static void IMSIC_R3_csr_effects_are_immediate(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.write_to_line_cycles = 10;
    rebuild(c);
    deliver(S_FILE);
    enable(S_FILE, 9);
    set_csr(S_FILE, EIP, VD_BIT(9));
    assert_true(b.lines[VD_LINE_SEIP]);
    assert_int_equal(topei(S_FILE), top(9));
    set_csr(S_FILE, EITHRESHOLD, 9);
    assert_false(b.lines[VD_LINE_SEIP]);
    assert_int_equal(topei(S_FILE), 0);
    set_csr(S_FILE, EITHRESHOLD, 10);
    assert_true(b.lines[VD_LINE_SEIP]);
    set_csr(S_FILE, EIE, 0);
    assert_false(b.lines[VD_LINE_SEIP]);
    set_csr(S_FILE, EIE, VD_BIT(9));
    port.ops->claim(port.ctx, S_FILE);
    assert_false(b.lines[VD_LINE_SEIP]);
    assert_int_equal(b.now, 0);
}

static void IMSIC_R4_signal(void **state)
{
    (void)state;
    static const uint32_t lines[] = {VD_LINE_MEIP, VD_LINE_SEIP, VD_LINE_HGEIP + 1,
                                     VD_LINE_HGEIP + 2, VD_LINE_HGEIP + 3};
    for (uint32_t file = M_FILE; file <= G3; file++) {
        msi(file, 33);
        assert_false(b.lines[lines[file]]);
        enable(file, 33);
        assert_false(b.lines[lines[file]]);
        deliver(file);
        assert_true(b.lines[lines[file]]);
        set_csr(file, EIDELIVERY, 0);
        assert_false(b.lines[lines[file]]);
        deliver(file);
        set_csr(file, EITHRESHOLD, 33);
        assert_false(b.lines[lines[file]]);
        set_csr(file, EITHRESHOLD, 34);
        assert_true(b.lines[lines[file]]);
        for (uint32_t line = 0; line < 128; line++)
            assert_int_equal(b.lines[line], line == lines[file]);
        set_csr(file, EIDELIVERY, 0);
    }
}

static void IMSIC_R4_eidelivery_values(void **state)
{
    (void)state;
    static const uint64_t bad[] = {2, 3, 0x40000000, 0x40000001, 0x80000000, UINT64_C(1) << 32};
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        deliver(S_FILE);
        set_csr(S_FILE, EIDELIVERY, bad[i]);
        assert_int_equal(csr(S_FILE, EIDELIVERY), 1);
    }
}

static void IMSIC_R4_delivery_from_aplic(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.direct = true;
    rebuild(c);
    imsic_wire(m, S_FILE, true);
    assert_true(b.lines[VD_LINE_SEIP]);
    imsic_wire(m, S_FILE, false);
    assert_false(b.lines[VD_LINE_SEIP]);
    enable(S_FILE, 4);
    msi(S_FILE, 4);
    assert_false(b.lines[VD_LINE_SEIP]);
    deliver(S_FILE);
    assert_true(b.lines[VD_LINE_SEIP]);
    imsic_wire(m, S_FILE, true);
    set_csr(S_FILE, EIDELIVERY, 0);
    assert_false(b.lines[VD_LINE_SEIP]);
    set_csr(S_FILE, EIDELIVERY, 0x40000000);
    assert_true(b.lines[VD_LINE_SEIP]);
    imsic_reset(m);
    assert_true(b.lines[VD_LINE_SEIP]);
    set_csr(G1, EIDELIVERY, 0x40000000);
    assert_int_equal(csr(G1, EIDELIVERY), 0);
    imsic_wire(m, G1, true);
    assert_false(b.lines[VD_LINE_HGEIP + 1]);
}

static void IMSIC_R4_threshold_values(void **state)
{
    (void)state;
    for (uint64_t value = 0; value <= N; value++) {
        set_csr(S_FILE, EITHRESHOLD, value);
        assert_int_equal(csr(S_FILE, EITHRESHOLD), value);
    }
    set_csr(S_FILE, EITHRESHOLD, N + 1);
    assert_true(csr(S_FILE, EITHRESHOLD) <= N);
    set_csr(S_FILE, EITHRESHOLD, (UINT64_C(1) << 32) + 3);
    assert_true(csr(S_FILE, EITHRESHOLD) <= N);
}

static void IMSIC_R5_eip_is_read_write(void **state)
{
    (void)state;
    msi_at(S_FILE, 0, 12, 31);
    set_csr(S_FILE, EIP, VD_BIT(3));
    assert_int_equal(csr(S_FILE, EIP), VD_BIT(3));
    assert_int_equal(bench_record(&b, VD_REC_eip_set, 0)->b, 3);
    assert_int_equal(bench_record(&b, VD_REC_eip_clear, 0)->b, 12);
    assert_int_equal(bench_record(&b, VD_REC_eip_clear, 0)->serial, 31);
    enable(S_FILE, 3);
    enable(S_FILE, 12);
    msi(S_FILE, 12);
    port.ops->claim(port.ctx, S_FILE);
    port.ops->claim(port.ctx, S_FILE);
    assert_int_equal(bench_record(&b, VD_REC_msi_claim, 0)->serial, 0);
    assert_int_equal(bench_record(&b, VD_REC_msi_claim, 1)->serial, 0);
}

/* A bit that software sets has no serial, whatever it had before. */
static void IMSIC_R5_serial_goes_with_the_bit(void **state)
{
    (void)state;
    enable(S_FILE, 12);
    msi_at(S_FILE, 0, 12, 31);
    set_csr(S_FILE, EIP, 0);
    set_csr(S_FILE, EIP, VD_BIT(12));
    port.ops->claim(port.ctx, S_FILE);
    assert_int_equal(bench_record(&b, VD_REC_eip_set, 0)->serial, 0);
    assert_int_equal(bench_record(&b, VD_REC_msi_claim, 0)->serial, 0);
    msi_at(S_FILE, 0, 12, 32);
    port.ops->claim(port.ctx, S_FILE);
    set_csr(S_FILE, EIP, VD_BIT(12));
    port.ops->claim(port.ctx, S_FILE);
    assert_int_equal(bench_record(&b, VD_REC_msi_claim, 1)->serial, 32);
    assert_int_equal(bench_record(&b, VD_REC_eip_set, 1)->serial, 0);
    assert_int_equal(bench_record(&b, VD_REC_msi_claim, 2)->serial, 0);
}

static void IMSIC_R5_file_state_records(void **state)
{
    (void)state;
    deliver(G1);
    deliver(G1);
    set_csr(G1, EITHRESHOLD, 7);
    set_csr(G1, EIE + 2, 0x10);
    set_csr(G1, EIE + 2, 0x10);
    assert_int_equal(bench_count(&b, VD_REC_file_state), 3);
    static const uint64_t expected[3][2] = {{EIDELIVERY, 1}, {EITHRESHOLD, 7}, {EIE + 2, 0x10}};
    for (uint32_t i = 0; i < 3; i++) {
        const struct vd_record *rec = bench_record(&b, VD_REC_file_state, i);
        assert_int_equal(rec->a, VD_FILE(HART, G1));
        assert_int_equal(rec->b, expected[i][0]);
        assert_int_equal(rec->c, expected[i][1]);
    }
}

static void TOPEI_1_value(void **state)
{
    (void)state;
    assert_int_equal(topei(S_FILE), 0);
    msi(S_FILE, 100);
    assert_int_equal(topei(S_FILE), 0);
    enable(S_FILE, 100);
    assert_int_equal(topei(S_FILE), 0x640064);
    set_csr(S_FILE, EITHRESHOLD, 100);
    assert_int_equal(topei(S_FILE), 0);
    set_csr(S_FILE, EITHRESHOLD, 101);
    assert_int_equal(topei(S_FILE), 0x640064);
    msi(S_FILE, 2);
    enable(S_FILE, 2);
    assert_int_equal(topei(S_FILE), top(2));
    set_csr(S_FILE, EITHRESHOLD, 1);
    assert_int_equal(topei(S_FILE), 0);
}

static void TOPEI_2_not_gated_by_eidelivery(void **state)
{
    (void)state;
    msi(G3, 5);
    enable(G3, 5);
    assert_int_equal(csr(G3, EIDELIVERY), 0);
    assert_int_equal(topei(G3), top(5));
    port.ops->claim(port.ctx, G3);
    assert_true(nothing_pending(G3));
}

static void TOPEI_3_claim(void **state)
{
    (void)state;
    msi_at(S_FILE, 0, 8, 55);
    msi_at(S_FILE, 0, 4, 56);
    enable(S_FILE, 8);
    port.ops->claim(port.ctx, S_FILE);
    assert_false(pending(S_FILE, 8));
    assert_true(pending(S_FILE, 4));
    const struct vd_record *rec = bench_record(&b, VD_REC_msi_claim, 0);
    assert_int_equal(rec->a, VD_FILE(HART, S_FILE));
    assert_int_equal(rec->b, 8);
    assert_int_equal(rec->serial, 55);
    assert_int_equal(topei(S_FILE), 0);
    port.ops->claim(port.ctx, S_FILE);
    assert_true(pending(S_FILE, 4));
    assert_int_equal(bench_count(&b, VD_REC_msi_claim), 1);
}

static void TOPEI_4_claims_what_was_read(void **state)
{
    (void)state;
    for (uint32_t identity = 1; identity <= N; identity++) {
        msi(G1, identity);
        enable(G1, identity);
    }
    for (uint32_t identity = 1; identity <= N; identity++) {
        uint32_t value = topei(G1);
        port.ops->claim(port.ctx, G1);
        assert_int_equal(value, top(identity));
        assert_int_equal(bench_record(&b, VD_REC_msi_claim, identity - 1)->b, identity);
    }
}

static void TOPEI_5_reading_does_not_claim(void **state)
{
    (void)state;
    msi(S_FILE, 6);
    enable(S_FILE, 6);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(topei(S_FILE), top(6));
    assert_true(pending(S_FILE, 6));
    assert_int_equal(bench_count(&b, VD_REC_msi_claim), 0);
}

static void TOPEI_6_new_top_after_claim(void **state)
{
    (void)state;
    deliver(S_FILE);
    enable(S_FILE, 70);
    enable(S_FILE, 3);
    msi(S_FILE, 70);
    msi(S_FILE, 3);
    port.ops->claim(port.ctx, S_FILE);
    assert_int_equal(topei(S_FILE), top(70));
    assert_true(b.lines[VD_LINE_SEIP]);
    port.ops->claim(port.ctx, S_FILE);
    assert_int_equal(topei(S_FILE), 0);
    assert_false(b.lines[VD_LINE_SEIP]);
    assert_int_equal(b.wire_edges, 2);
}

static void GUEST_1_signals_of_all_guest_files(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.guests = 63;
    rebuild(c);
    for (uint32_t g = 1; g <= 63; g++) {
        deliver(1 + g);
        enable(1 + g, g);
        msi(1 + g, g);
        assert_true(b.lines[VD_LINE_HGEIP + g]);
    }
    for (uint32_t g = 63; g >= 1; g--) {
        port.ops->claim(port.ctx, 1 + g);
        for (uint32_t i = 1; i <= 63; i++)
            assert_int_equal(b.lines[VD_LINE_HGEIP + i], i < g);
    }
    assert_false(b.lines[VD_LINE_SEIP] || b.lines[VD_LINE_MEIP]);
}

static void GUEST_9_kvm_save_and_clear(void **state)
{
    (void)state;
    deliver(G2);
    enable(G2, 5);
    msi_at(G2, 0, 5, 1);
    uint64_t delivery = csr(G2, EIDELIVERY);
    set_csr(G2, EIDELIVERY, 0);
    assert_false(b.lines[VD_LINE_HGEIP + 2]);
    uint64_t dump = csr(G2, EIP);
    set_csr(G2, EIP, 0);
    assert_int_equal(dump, VD_BIT(5));
    assert_int_equal(delivery, 1);
    assert_int_equal(topei(G2), 0);
}

/* Old file G1, new file G2; an MSI arrives at every place where it must not be lost. */
static void migrate(uint32_t before_retarget, uint32_t after_retarget)
{
    uint64_t delivery = csr(G1, EIDELIVERY), threshold = csr(G1, EITHRESHOLD);
    set_csr(G1, EIDELIVERY, 0);
    msi(G1, before_retarget);
    set_csr(G2, EIDELIVERY, 0);
    set_csr(G2, EIP, 0);
    set_csr(G2, EIP + 2, 0);
    msi(G2, after_retarget);
    for (uint32_t w = 0; w < 2; w++) {
        uint64_t eip = csr(G1, EIP + 2 * w), eie = csr(G1, EIE + 2 * w);
        set_csr(G2, EIP + 2 * w, csr(G2, EIP + 2 * w) | eip);
        set_csr(G2, EIE + 2 * w, eie);
    }
    set_csr(G2, EITHRESHOLD, threshold);
    set_csr(G2, EIDELIVERY, delivery);
}

static void MIG_1_msis_survive(void **state)
{
    (void)state;
    deliver(G1);
    set_csr(G1, EIE, ~UINT64_C(1));
    set_csr(G1, EIE + 2, UINT64_MAX);
    msi(G1, 3);
    migrate(40, 100);
    static const uint32_t order[] = {3, 40, 100, 0};
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(topei(G2), top(order[i]));
        assert_int_equal(b.lines[VD_LINE_HGEIP + 2], order[i] != 0);
        port.ops->claim(port.ctx, G2);
    }
}

static void MIG_2_no_duplicate(void **state)
{
    (void)state;
    deliver(G1);
    set_csr(G1, EIE, ~UINT64_C(1));
    migrate(40, 40);
    assert_int_equal(topei(G2), top(40));
    port.ops->claim(port.ctx, G2);
    assert_int_equal(topei(G2), 0);
}

/* What no register is at is 0, however full its neighbours are. */
static void IMSIC_R1_nothing_beside_the_arrays(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.ids = 2047;
    rebuild(c);
    for (uint32_t w = 0; w < 32; w++) {
        set_csr(S_FILE, EIP + 2 * w, UINT64_MAX);
        set_csr(S_FILE, EIE + 2 * w, UINT64_MAX);
    }
    for (uint32_t select = 0; select < 0x200; select++) {
        bool array = select >= EIP && select < 0x100 && select % 2 == 0;
        uint64_t first = select == EIP || select == EIE;
        assert_int_equal(csr(S_FILE, select), array ? ~first : 0);
    }
}

/* Of all that is pending the last MSI alone is not seen yet. */
static void defect_rmw_split_in_every_word(void **state)
{
    (void)state;
    static const uint32_t identities[] = {1, 62, 63, 64, 65, 70, 126, 127};
    struct imsic_config c = plain;
    c.defect = IMSIC_DEFECT_RMW_SPLIT;
    for (unsigned i = 0; i < 8; i++)
        for (unsigned later = 0; later < 2; later++) {
            rebuild(c);
            bench_run(&b, later * 100000);
            for (uint32_t id = 1; id <= N; id++)
                if (id != identities[i])
                    msi(S_FILE, id);
            msi(S_FILE, identities[i]);
            for (uint32_t id = 1; id <= N; id++)
                assert_int_equal(pending(S_FILE, id), id != identities[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(IMSIC_R1_bits_that_do_not_exist),
        RULE(IMSIC_R1_reserved_selects),
        RULE(IMSIC_R1_nothing_beside_the_arrays),
        RULE(IMSIC_R1_word_of_identity),
        RULE(IMSIC_R2_csrs_keeps_concurrent_msi),
        RULE(IMSIC_R3_csr_effects_are_immediate),
        RULE(IMSIC_R4_signal),
        RULE(IMSIC_R4_eidelivery_values),
        RULE(IMSIC_R4_delivery_from_aplic),
        RULE(IMSIC_R4_threshold_values),
        RULE(IMSIC_R5_eip_is_read_write),
        RULE(IMSIC_R5_serial_goes_with_the_bit),
        RULE(IMSIC_R5_file_state_records),
        RULE(TOPEI_1_value),
        RULE(TOPEI_2_not_gated_by_eidelivery),
        RULE(TOPEI_3_claim),
        RULE(TOPEI_4_claims_what_was_read),
        RULE(TOPEI_5_reading_does_not_claim),
        RULE(TOPEI_6_new_top_after_claim),
        RULE(GUEST_1_signals_of_all_guest_files),
        RULE(GUEST_9_kvm_save_and_clear),
        RULE(MIG_1_msis_survive),
        RULE(MIG_2_no_duplicate),
        RULE(defect_rmw_split_in_every_word),
    };
    return cmocka_run_group_tests_name("imsic CSRs", tests, NULL, NULL);
}
