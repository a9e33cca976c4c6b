/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of files, identities and memory pages, named after the rule. */
#include "imsic/imsic_bench.h"

static void IMSIC_P1_files(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.guests = 64;
    struct vd_error err;
    assert_null(imsic_create(&c, &b.host, &err));
    assert_non_null(strstr(err.text, "63"));
    c.guests = 63;
    rebuild(c);
    for (uint32_t file = M_FILE; file <= 1 + 63; file++)
        msi(file, 1 + file);
    for (uint32_t file = M_FILE; file <= 1 + 63; file++) {
        assert_true(pending(file, 1 + file));
        set_csr(file, EIP + (1 + file) / 64 * 2, 0);
        assert_true(nothing_pending(file));
    }
    c.machine_file = false;
    rebuild(c);
    msi(M_FILE, 3);
    enable(M_FILE, 3);
    assert_false(pending(M_FILE, 3));
    assert_int_equal(topei(M_FILE), 0);
}

static void IMSIC_P2_identities(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.guest_ids = 63;
    c.ids = 2047;
    rebuild(c);
    msi(S_FILE, 2047);
    msi(G1, 63);
    msi(G1, 64);
    assert_true(pending(S_FILE, 2047));
    assert_int_equal(csr(G1, EIP), VD_BIT(63));
    assert_int_equal(csr(G1, EIP + 2), 0);
}

static void IMSIC_P3_lower_identity_first(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        static const uint32_t identity[] = {40, 5, 100, 64};
        msi(S_FILE, identity[i]);
        enable(S_FILE, identity[i]);
    }
    static const uint32_t order[] = {5, 40, 64, 100, 0};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(topei(S_FILE), top(order[i]));
        port.ops->claim(port.ctx, S_FILE);
    }
}

static void IMSIC_P4_coalesce(void **state)
{
    (void)state;
    enable(G1, 9);
    msi_at(G1, 0, 9, 71);
    msi_at(G1, 0, 9, 72);
    assert_int_equal(bench_record(&b, VD_REC_msi_record, 0)->c, 0);
    assert_int_equal(bench_record(&b, VD_REC_msi_record, 1)->c, 1);
    assert_int_equal(bench_record(&b, VD_REC_msi_record, 1)->serial, 72);
    port.ops->claim(port.ctx, G1);
    assert_int_equal(topei(G1), 0);
    assert_int_equal(bench_record(&b, VD_REC_msi_claim, 0)->serial, 71);
}

static void IMSIC_P5_reset_values(void **state)
{
    (void)state;
    for (uint32_t file = M_FILE; file <= G3; file++) {
        assert_int_equal(csr(file, EIDELIVERY), 0);
        assert_int_equal(csr(file, EITHRESHOLD), 0);
        assert_int_equal(csr(file, EIE), 0);
    }
    struct imsic_config c = plain;
    c.direct = true;
    c.poison = 42;
    rebuild(c);
    assert_int_equal(csr(M_FILE, EIDELIVERY), 0x40000000);
    assert_int_equal(csr(S_FILE, EIDELIVERY), 0x40000000);
    assert_true(csr(G1, EIDELIVERY) <= 1);
    assert_true(csr(S_FILE, EITHRESHOLD) <= N);
    uint64_t eip = csr(S_FILE, EIP), eie = csr(S_FILE, EIE);
    assert_int_not_equal(eip, 0);
    assert_int_not_equal(eie, 0);
    assert_int_equal((eip | eie) & 1, 0);
    assert_int_not_equal(eip, csr(G1, EIP));
    set_csr(S_FILE, EIP, 0);
    imsic_reset(m);
    assert_int_equal(csr(S_FILE, EIP), eip);
}

static void IMSIC_P6_reveal(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.poison = 7;
    rebuild(c);
    uint64_t s = csr(S_FILE, EIE), g = csr(G2, EIE);
    set_csr(M_FILE, EIE, 6);
    set_csr(S_FILE, EIE, 6);
    set_csr(G2, EIE, 6);
    imsic_reveal(m, false);
    assert_int_equal(csr(S_FILE, EIE), s);
    assert_int_equal(csr(G2, EIE), 6);
    imsic_reveal(m, true);
    assert_int_equal(csr(G2, EIE), g);
    assert_int_equal(csr(M_FILE, EIE), 6);
}

static void IMSIC_M1_whole_value(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0, N + 1, 0x805, 0x10005, 0x80000001, 0xffffffff};
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(msi_at(S_FILE, 0, bad[i], 100 + i), VD_OK);
        assert_true(nothing_pending(S_FILE));
        const struct vd_record *rec = bench_record(&b, VD_REC_msi_drop, i);
        assert_non_null(rec);
        assert_int_equal(rec->a, bad[i] ? VD_DROP_identity_range : VD_DROP_identity_zero);
        assert_int_equal(rec->b, VD_FILE(HART, S_FILE));
        assert_int_equal(rec->c, bad[i]);
        assert_int_equal(rec->serial, 100 + i);
    }
    assert_int_equal(bench_count(&b, VD_REC_msi_record), 0);
    msi(S_FILE, N);
    assert_true(pending(S_FILE, N));
}

static void IMSIC_M1_page_layout(void **state)
{
    (void)state;
    assert_int_equal(msi_at(S_FILE, 4, __builtin_bswap32(17), 0), VD_OK);
    assert_true(pending(S_FILE, 17));
    msi_at(S_FILE, 4, 18, 0);
    assert_false(pending(S_FILE, 18));
    for (uint32_t offset = 8; offset < 4096; offset += 4)
        assert_int_equal(msi_at(S_FILE, offset, 19, 0), VD_OK);
    assert_false(pending(S_FILE, 19));
    assert_int_equal(bench_record(&b, VD_REC_msi_drop, 1)->a, VD_DROP_offset);
    assert_int_equal(bench_record(&b, VD_REC_msi_drop, 1)->c, 8);
    for (uint32_t offset = 0; offset < 4096; offset += 4) {
        struct vd_txn txn = bench_read(offset, 4);
        txn.data[0] = 0xdead;
        assert_int_equal(imsic_access(m, S_FILE, &txn), VD_OK);
        assert_int_equal(txn.data[0], 0);
    }
}

static void IMSIC_M1_little_endian_only(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.big_endian = false;
    rebuild(c);
    assert_int_equal(msi_at(S_FILE, 4, __builtin_bswap32(17), 0), VD_OK);
    assert_true(nothing_pending(S_FILE));
    assert_int_equal(bench_record(&b, VD_REC_msi_drop, 0)->a, VD_DROP_offset);
}

static void refused(struct vd_txn txn)
{
    assert_int_equal(imsic_access(m, S_FILE, &txn), VD_DENIED);
    assert_true(nothing_pending(S_FILE));
}

static void IMSIC_M2_simple_accesses_only(void **state)
{
    (void)state;
    for (unsigned size = 1; size <= 64; size++) {
        if (size == 4)
            continue;
        refused(bench_write(0, size, 3));
        refused(bench_read(0, size));
    }
    for (uint64_t offset = 1; offset < 4; offset++) {
        refused(bench_write(offset, 4, 3));
        refused(bench_read(offset, 4));
    }
    uint32_t drops = bench_count(&b, VD_REC_msi_drop);
    assert_int_equal(drops, 63 + 3);
    assert_int_equal(bench_record(&b, VD_REC_msi_drop, 0)->a, VD_DROP_size);
    struct vd_txn txn = bench_write(0, 4, 3);
    txn.attrs = VD_ATOMIC;
    refused(txn);
    txn.attrs = 0;
    txn.cmd = VD_OR;
    refused(txn);
    txn.cmd = VD_CAS;
    refused(txn);
    txn = bench_read(0, 4);
    txn.attrs = VD_ATOMIC;
    refused(txn);
    assert_int_equal(bench_count(&b, VD_REC_msi_drop), drops + 3);
}

static void IMSIC_M3_holes(void **state)
{
    (void)state;
    for (uint32_t file = G3 + 1; file < 256; file++) {
        struct vd_txn txn = bench_read(0, 4);
        txn.data[0] = 1;
        assert_int_equal(imsic_access(m, file, &txn), VD_OK);
        assert_int_equal(txn.data[0], 0);
        assert_int_equal(msi_at(file, 0, 5, file), VD_OK);
        assert_int_equal(bench_record(&b, VD_REC_msi_drop, 2 * (file - G3 - 1))->a,
                         VD_DROP_no_file);
        struct vd_txn wide = bench_write(0, 8, 5);
        assert_int_equal(imsic_access(m, file, &wide), VD_DENIED);
    }
    assert_int_equal(bench_count(&b, VD_REC_msi_record), 0);
    for (uint32_t file = M_FILE; file <= G3; file++)
        assert_true(nothing_pending(file));
}

static void IMSIC_M4_order_of_one_file(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.write_to_line_cycles = 4;
    rebuild(c);
    for (uint32_t i = 0; i < 50; i++) {
        msi_at(G2, 0, 1 + i * 7 % 100, 200 + i);
        bench_run(&b, 300);
    }
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(bench_record(&b, VD_REC_msi_record, i)->serial, 200 + i);
}

static void IMSIC_M5_pages_are_separate(void **state)
{
    (void)state;
    msi(M_FILE, 7);
    assert_true(pending(M_FILE, 7));
    for (uint32_t file = S_FILE; file <= G3; file++)
        assert_true(nothing_pending(file));
    assert_int_equal(bench_record(&b, VD_REC_msi_record, 0)->a, VD_FILE(HART, M_FILE));
}

static void IMSIC_L1_number_of_identities(void **state)
{
    (void)state;
    static const uint32_t bad[] = {1, 62, 64, 65, 126, 128, 2048, 2111};
    struct vd_error err;
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct imsic_config c = plain;
        c.ids = bad[i];
        assert_null(imsic_create(&c, &b.host, &err));
        assert_non_null(strstr(err.text, "ids"));
        c = plain;
        c.guest_ids = bad[i];
        assert_null(imsic_create(&c, &b.host, &err));
    }
    for (uint32_t ids = 63; ids <= 2047; ids += 64) {
        struct imsic_config c = plain;
        c.ids = ids;
        rebuild(c);
        msi(S_FILE, ids);
        msi(S_FILE, ids + 1);
        assert_int_equal(bench_count(&b, VD_REC_msi_record), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(IMSIC_P1_files),
        RULE(IMSIC_P2_identities),
        RULE(IMSIC_P3_lower_identity_first),
        RULE(IMSIC_P4_coalesce),
        RULE(IMSIC_P5_reset_values),
        RULE(IMSIC_P6_reveal),
        RULE(IMSIC_M1_whole_value),
        RULE(IMSIC_M1_page_layout),
        RULE(IMSIC_M1_little_endian_only),
        RULE(IMSIC_M2_simple_accesses_only),
        RULE(IMSIC_M3_holes),
        RULE(IMSIC_M4_order_of_one_file),
        RULE(IMSIC_M5_pages_are_separate),
        RULE(IMSIC_L1_number_of_identities),
    };
    return cmocka_run_group_tests_name("imsic pages", tests, NULL, NULL);
}
