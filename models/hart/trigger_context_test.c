/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug triggers that are on in one context only [debug csr-textra64]. */
#include "hart/exec_rig.h"
#include "hart/trigger.h"

#define TYPE(type)      ((uint64_t)(type) << TDATA1_TYPE_LSB)
#define SVALUE(n)       ((uint64_t)(n) << TEXTRA_SVALUE_LSB)
#define SBYTEMASK(n)    ((uint64_t)(n) << TEXTRA_SBYTEMASK_LSB)
#define MH(value, kind) ((uint64_t)(value) << TEXTRA_MHVALUE_LSB | (uint64_t)(kind) << 48)
#define ASID(n)         ((uint64_t)(n) << 44)

static void csr_textra64(void **state)
{
    (void)state;
    static const struct {
        uint64_t without, written, read;
    } rows[] = {
        {0, ONES, 0xfff801fffffffffc},
        {0, 0x7fffe0000000000, 0x7f8000000000000},
        {0, MH(5, 5) | 1, MH(5, 5) | 1},
        {0, MH(5, 3) | 3, MH(5, 0)},
        {VD_BIT(HART_EXT_H), MH(5, 4) | 2, MH(5, 4) | 2},
        {VD_BIT(HART_EXT_H), MH(5, 5), MH(5, 0)},
        {VD_BIT(HART_EXT_H), MH(5, 2), MH(5, 0)},
        {VD_BIT(HART_EXT_S) | VD_BIT(HART_EXT_H), 0xfff801ffffffffff, 0xfff8000000000000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(NULL);
        uint64_t value;
        r->hart->cfg.extensions &= ~rows[i].without;
        csr_poke(r->hart, CSR_tselect, 2);
        csr_poke(r->hart, CSR_tdata3, rows[i].written);
        csr_peek(r->hart, CSR_tdata3, &value);
        if (value != rows[i].read)
            fail_msg("row %zu: %lx", i, value);
        csr_poke(r->hart, CSR_tselect, 1);
        csr_peek(r->hart, CSR_tdata3, &value);
        assert_int_equal(value, 0);
        csr_poke(r->hart, CSR_mcontext, ONES);
        csr_peek(r->hart, CSR_mcontext, &value);
        assert_int_equal(value, rows[i].without ? 0x1fff : 0x3fff);
        rig_free(r);
    }
}

static const struct {
    enum vd_mode mode;
    uint64_t tdata3, scontext, mcontext, satp, vsatp, hgatp;
    bool on;
} rows[] = {
    {VD_MODE_S, SVALUE(5) | 1, 5, 0, 0, 0, 0, true},
    {VD_MODE_S, SVALUE(5) | 1, 4, 0, 0, 0, 0, false},
    {VD_MODE_S, SVALUE(5), 4, 0, 0, 0, 0, true},
    {VD_MODE_VS, SVALUE(5) | 1, 5, 0, 0, 0, 0, true},
    {VD_MODE_S, SVALUE(0x3ffffffff) | 1, 0x3ffffffff, 0, 0, 0, 0, true},
    {VD_MODE_S, SVALUE(0x300000000) | 1, 0x100000000, 0, 0, 0, 0, false},
    {VD_MODE_S, SVALUE(0x300000000) | SBYTEMASK(16) | 1, 0x100000000, 0, 0, 0, 0, true},
    {VD_MODE_S, SVALUE(0x123) | SBYTEMASK(1) | 1, 0x145, 0, 0, 0, 0, true},
    {VD_MODE_S, SVALUE(0x123) | SBYTEMASK(2) | 1, 0x145, 0, 0, 0, 0, false},
    {VD_MODE_S, SVALUE(0x123) | SBYTEMASK(2) | 1, 0x923, 0, 0, 0, 0, true},
    {VD_MODE_S, SVALUE(0x123) | SBYTEMASK(31) | 1, 0x3fffff923, 0, 0, 0, 0, true},
    {VD_MODE_S, SVALUE(0x10007) | 2, 0, 0, ASID(7), 0, 0, true},
    {VD_MODE_S, SVALUE(7) | SBYTEMASK(1) | 2, 0, 0, ASID(8), ASID(7), 0, false},
    {VD_MODE_U, SVALUE(7) | 2, 0, 0, ASID(7), ASID(8), 0, true},
    {VD_MODE_M, SVALUE(7) | 2, 0, 0, ASID(7), ASID(8), 0, true},
    {VD_MODE_VS, SVALUE(7) | 2, 0, 0, ASID(8), ASID(7), 0, true},
    {VD_MODE_VU, SVALUE(7) | 2, 0, 0, ASID(7), ASID(8), 0, false},
    {VD_MODE_M, MH(5, 4), 0, 5, 0, 0, 0, true},
    {VD_MODE_M, MH(5, 4), 0, 0x2005, 0, 0, 0, true},
    {VD_MODE_M, MH(5, 4), 0, 4, 0, 0, 0, false},
    {VD_MODE_S, MH(5, 1), 0, 10, 0, 0, 0, true},
    {VD_MODE_S, MH(5, 1), 0, 11, 0, 0, 0, false},
    {VD_MODE_S, MH(5, 5), 0, 11, 0, 0, 0, true},
    {VD_MODE_S, MH(5, 5), 0, 10, 0, 0, 0, false},
    {VD_MODE_VS, MH(5, 2), 0, 0, 0, 0, ASID(10), true},
    {VD_MODE_VS, MH(5, 6), 0, 0, 0, 0, ASID(11), true},
    {VD_MODE_VS, MH(5, 6), 0, 0, 0, 0, ASID(10), false},
    {VD_MODE_VS, MH(5, 2), 0, 10, 0, 0, 0, false},
    {VD_MODE_VS, MH(5, 0), 0, 0, 0, 0, 0, true},
    {VD_MODE_S, MH(5, 4) | SVALUE(6) | 1, 6, 5, 0, 0, 0, true},
    {VD_MODE_S, MH(5, 4) | SVALUE(6) | 1, 6, 4, 0, 0, 0, false},
    {VD_MODE_S, MH(5, 4) | SVALUE(6) | 1, 7, 5, 0, 0, 0, false},
};

/* The types of triggers, each by what makes it fire. */
enum { ADDRESS, COUNT, TRAPS, KINDS };

static struct rig *with_trigger(size_t row, unsigned kind)
{
    static const uint64_t tdata1[KINDS] = {
        [ADDRESS] = TYPE(TRIGGER_MCONTROL6) | 1 << 6 | 3 << 3 | 3 << 23 | TRIGGER_EXECUTE,
        [COUNT] = TYPE(TRIGGER_ICOUNT) | 1 << 9 | 3 << 6 | 3 << 25 | 1 << ICOUNT_COUNT_LSB,
        [TRAPS] = TYPE(TRIGGER_ETRIGGER) | 1 << 9 | 3 << 6 | 3 << 11,
    };
    struct rig *r = rig_new(NULL);
    struct hart_state *st = &r->hart->st;
    csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
    csr_poke(r->hart, CSR_tdata3, rows[row].tdata3);
    csr_poke(r->hart, CSR_tdata2, kind == TRAPS ? 1 << 8 : RAM_AT);
    csr_poke(r->hart, CSR_tdata1, tdata1[kind]);
    csr_poke(r->hart, CSR_scontext, rows[row].scontext);
    csr_poke(r->hart, CSR_hcontext, rows[row].mcontext);
    st->csr.mstatus |= MSTATUS_MIE | MSTATUS_SIE;
    st->csr.vsstatus |= MSTATUS_SIE;
    st->csr.satp = rows[row].satp;
    st->csr.vsatp = rows[row].vsatp;
    st->csr.hgatp = rows[row].hgatp;
    st->priv = (uint8_t)(rows[row].mode & 3);
    st->virt = rows[row].mode >= VD_MODE_VU;
    mmu_context(r->hart);
    return r;
}

static void Sdtrig_contexts(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS * sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned kind = i % KINDS;
        struct rig *r = with_trigger(i / KINDS, kind);
        EMIT(r, addi, 5, 5, 0, 1);
        EMIT(r, addi, 5, 5, 0, 1);
        bool fires;
        if (kind == TRAPS) {
            fires = trigger_trapped(r->hart, rows[i / KINDS].mode, 8);
        } else {
            rig_step(r, kind == COUNT ? 2 : 1);
            fires = r->hart->st.traps != 0;
        }
        if (fires != rows[i / KINDS].on)
            fail_msg("row %zu, kind %u", i / KINDS, kind);
        rig_free(r);
    }
}

/* A count is kept until its context is back. */
static void Sdtrig_icount_waits_for_its_context(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    r->hart->st.csr.mstatus |= MSTATUS_MIE;
    for (unsigned i = 0; i < 4; i++)
        EMIT(r, addi, 5, 5, 0, 1);
    csr_poke(r->hart, CSR_tdata3, MH(3, 4));
    csr_poke(r->hart, CSR_tdata1,
             TYPE(TRIGGER_ICOUNT) | 1 << 9 | 1 << ICOUNT_COUNT_LSB | ICOUNT_PENDING);
    rig_step(r, 2);
    assert_int_equal(r->hart->st.traps, 0);
    csr_poke(r->hart, CSR_mcontext, 3);
    rig_step(r, 1);
    assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
    assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 8);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csr_textra64),
        cmocka_unit_test(Sdtrig_contexts),
        cmocka_unit_test(Sdtrig_icount_waits_for_its_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
