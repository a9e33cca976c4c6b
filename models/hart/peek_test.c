/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hart tells of what it is about to do. */
#include "hart/exec_rig.h"
#include "hart/interrupt.h"

/* In every mode, with the bytes that it touches. */
static void accesses_are_foreseen(void **state)
{
    (void)state;
    enum { NOTHING, READS, WRITES, BOTH };
    static const struct {
        uint32_t bits;
        int64_t at;
        uint32_t size;
        uint8_t how;
        bool guest;
    } cases[] = {
        {0xff850283, -8, 1, READS, false},   /* lb t0, -8(a0) */
        {0xff853283, -8, 8, READS, false},   /* ld t0, -8(a0) */
        {0x00856283, 8, 4, READS, false},    /* lwu t0, 8(a0) */
        {0x00052287, 0, 4, READS, false},    /* flw ft5, (a0) */
        {0x00053287, 0, 8, READS, false},    /* fld ft5, (a0) */
        {0xfe551fa3, -1, 2, WRITES, false},  /* sh t0, -1(a0) */
        {0x00553427, 8, 8, WRITES, false},   /* fsd ft5, 8(a0) */
        {0x00004508, 8, 4, READS, false},    /* c.lw a0, 8(a0) */
        {0x0000e108, 0, 8, WRITES, false},   /* c.sd a0, 0(a0) */
        {0x1005232f, 0, 4, READS, false},    /* lr.w t1, (a0) */
        {0x1875332f, 0, 8, WRITES, false},   /* sc.d t1, t2, (a0) */
        {0x0c75232f, 0, 4, BOTH, false},     /* amoswap.w.aq t1, t2, (a0) */
        {0x6c0542f3, 0, 8, READS, true},     /* hlv.d t0, (a0) */
        {0x62554073, 0, 1, WRITES, true},    /* hsv.b t0, (a0) */
        {0x0045200f, -8, 64, WRITES, false}, /* cbo.zero (a0), whose block begins 8 bytes before */
        {0x0015200f, 0, 0, NOTHING, false},  /* cbo.clean (a0) */
        {0x00150513, 0, 0, NOTHING, false},  /* addi a0, a0, 1 */
        {0x00000000, 0, 0, NOTHING, false},
    };
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        size_t row = i / 2;
        struct rig *r = rig_new(NULL);
        struct hart_access a;
        rig_emit(r, cases[row].bits, 4);
        r->hart->st.x[10] = DATA_AT + 8;
        r->hart->st.virt = i & 1;
        bool does = hart_peek_access(r->hart, &a);
        if (does != (cases[row].how != NOTHING) ||
            (does && (a.va != DATA_AT + 8 + (uint64_t)cases[row].at || a.size != cases[row].size ||
                      a.reads != (cases[row].how & READS) ||
                      a.writes != (bool)(cases[row].how & WRITES) || a.guest != cases[row].guest)))
            fail_msg("row %zu", row);
        r->hart->st.virt = false;
        rig_free(r);
    }
}

static bool same_place(struct rig *a, struct rig *b)
{
    static uint8_t places[2][1 << 14];
    size_t size = hart_place(a->hart, NULL, 0);
    assert_in_range(size, 1, sizeof(places[0]));
    memset(places, 0x55, sizeof(places));
    assert_int_equal(hart_place(a->hart, places[0], sizeof(places[0])), size);
    assert_int_equal(hart_place(b->hart, places[1], sizeof(places[1])), size);
    return memcmp(places[0], places[1], size) == 0;
}

/* A loop that traps comes back to its place; registers, CSRs and modes make another one. */
/* Pointer masking, of the mode that the access is made for; none of HLVX. */
static void accesses_are_foreseen_where_they_go(void **state)
{
    (void)state;
    static const struct {
        uint16_t code, decides; /* which CSR has PMM */
        bool masked;
    } rows[] = {
        {INSN_ld, CSR_mseccfg, true},       {INSN_sd, CSR_mseccfg, true},
        {INSN_amoadd_d, CSR_mseccfg, true}, {INSN_cbo_zero, CSR_mseccfg, true},
        {INSN_ld, CSR_senvcfg, false},      {INSN_hlv_d, CSR_senvcfg, true},
        {INSN_hsv_d, CSR_senvcfg, true},    {INSN_hlv_d, CSR_mseccfg, false},
        {INSN_hlvx_hu, CSR_senvcfg, false},
    };
    const uint64_t tag = UINT64_C(0x1234) << 48;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_complete(false);
        struct hart_access access;
        csr_poke(r->hart, rows[i].decides, UINT64_C(3) << ENVCFG_PMM_LSB);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 5, 6, 7, 0), 4);
        r->hart->st.x[6] = DATA_AT | tag;
        assert_true(hart_peek_access(r->hart, &access));
        assert_true(access.va == (rows[i].masked ? DATA_AT : DATA_AT | tag));
        rig_free(r);
    }
}

static void clocks_and_counters_are_no_place(void **state)
{
    (void)state;
    struct rig *a = rig_new(NULL), *b = rig_new(NULL);
    struct rig *both[] = {a, b};
    for (int i = 0; i < 2; i++) {
        both[i]->hart->st.csr.mtvec = RAM_AT;
        EMIT(both[i], ecall, 0, 0, 0, 0);
        rig_run(both[i], 20);
    }
    assert_true(same_place(a, b));
    rig_run(b, 21);
    assert_true(a->hart->st.cycles != b->hart->st.cycles);
    assert_true(hart_counts(a->hart).traps != hart_counts(b->hart).traps);
    assert_true(same_place(a, b));
    b->hart->st.x[31] = 1;
    assert_false(same_place(a, b));
    b->hart->st.x[31] = 0;
    b->hart->st.csr.mscratch = 1;
    assert_false(same_place(a, b));
    b->hart->st.csr.mscratch = 0;
    b->hart->st.f[31] = 1;
    assert_false(same_place(a, b));
    b->hart->st.f[31] = 0;
    b->hart->st.virt = true;
    assert_false(same_place(a, b));
    b->hart->st.virt = false;
    b->hart->st.asleep = true;
    assert_false(same_place(a, b));
    b->hart->st.asleep = false;
    b->hart->st.lines = VD_BIT(INT_MTI);
    assert_false(same_place(a, b));
    rig_free(a);
    rig_free(b);
}

/* [priv norm:mstatus_xie_intr_en_dis] */
static void enabled_interrupts_stop_it(void **state)
{
    (void)state;
    const uint64_t m = VD_BIT(INT_MTI), s = VD_BIT(INT_STI), vs = VD_BIT(INT_VSTI);
    static const struct {
        uint8_t priv;
        bool virt, asleep, mie, sie, by_m, by_s, by_vs;
    } cases[] = {
        {PRV_M, false, false, false, true, false, false, false},
        {PRV_M, false, false, true, true, true, false, false},
        {PRV_S, false, false, false, false, true, false, false},
        {PRV_S, false, false, false, true, true, true, true},
        {PRV_U, false, false, false, false, true, true, true},
        {PRV_S, true, false, false, false, true, true, true},
        {PRV_M, false, true, false, false, true, true, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rig *r = rig_new(NULL);
        struct hart_state *st = &r->hart->st;
        st->csr.mie = m | s | vs;
        st->csr.mideleg = s;
        st->csr.mstatus |= (cases[i].mie ? MSTATUS_MIE : 0) | (cases[i].sie ? MSTATUS_SIE : 0);
        st->priv = cases[i].priv;
        st->virt = cases[i].virt;
        st->asleep = cases[i].asleep;
        assert_int_equal(hart_interruptible(r->hart), (cases[i].by_m ? m : 0) |
                                                          (cases[i].by_s ? s : 0) |
                                                          (cases[i].by_vs ? vs : 0));
        rig_free(r);
    }
}

static void reads_of_what_changes_by_itself_are_counted(void **state)
{
    (void)state;
    static const struct {
        uint32_t csr;
        bool live;
    } cases[] = {{CSR_cycle, true},     {CSR_time, true},  {CSR_mcycle, true},
                 {CSR_mip, true},       {CSR_sip, true},   {CSR_stopi, true},
                 {CSR_mtopi, true},     {CSR_hgeip, true}, {CSR_vsip, true},
                 {CSR_mstatus, false},  {CSR_mie, false},  {CSR_mscratch, false},
                 {CSR_stimecmp, false}, {CSR_hvip, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rig *r = rig_new(NULL);
        EMIT(r, csrrs, 5, 0, 0, cases[i].csr);
        rig_step(r, 1);
        assert_int_equal(hart_counts(r->hart).traps, 0);
        assert_int_equal(hart_counts(r->hart).live_reads, cases[i].live);
        rig_free(r);
    }
}

static void reservations_and_timers_are_told(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    r->hart->st.x[10] = DATA_AT;
    EMIT(r, lr_w, 5, 10, 0, 0);
    EMIT(r, sc_w, 5, 10, 0, 0);
    assert_false(hart_reserves(r->hart));
    rig_step(r, 1);
    assert_true(hart_reserves(r->hart));
    rig_step(r, 1);
    assert_false(hart_reserves(r->hart));
    assert_int_equal(hart_num_timers(r->hart), 0);
    csr_poke(r->hart, CSR_menvcfg, ENVCFG_STCE);
    csr_poke(r->hart, CSR_stimecmp, 1000000);
    assert_int_equal(hart_num_timers(r->hart), 1);
    csr_poke(r->hart, CSR_henvcfg, ENVCFG_STCE);
    csr_poke(r->hart, CSR_vstimecmp, 1000000);
    assert_int_equal(hart_num_timers(r->hart), 2);
    csr_poke(r->hart, CSR_stimecmp, 0);
    assert_int_equal(hart_num_timers(r->hart), 1);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accesses_are_foreseen),
        cmocka_unit_test(accesses_are_foreseen_where_they_go),
        cmocka_unit_test(clocks_and_counters_are_no_place),
        cmocka_unit_test(enabled_interrupts_stop_it),
        cmocka_unit_test(reads_of_what_changes_by_itself_are_counted),
        cmocka_unit_test(reservations_and_timers_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
