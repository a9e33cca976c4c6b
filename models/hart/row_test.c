/* SPDX-License-Identifier: BSD-2-Clause */
/* Every row of insn.def, one by one: what it does does not depend on the run loop; those that round
 * take their rounding mode from where it is. */
#include "hart/exec_rig.h"

/* rs1 is an address for what needs one, mscratch the CSR, rd an even register; FS is Initial. */
static struct rig *executed(enum insn_code code, const struct hart_config *config)
{
    struct rig *r = rig_new(config);
    struct hart_state *st = &r->hart->st;
    uint32_t bits = rig_encode(code, 10, 6, 8, 0x12345000 + CSR_mscratch);
    if (insn_format(code).rs3 != INSN_NO_FIELD)
        bits |= 7u << insn_format(code).rs3;
    rig_emit(r, bits, 4);
    for (unsigned i = 1; i < 32; i++)
        st->x[i] = UINT64_C(0x123456789abcde) * i;
    st->x[6] = DATA_AT;
    st->csr.menvcfg = ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE;
    st->csr.mstatus = (st->csr.mstatus & ~MSTATUS_FS) | (MSTATUS_FS & -MSTATUS_FS);
    st->csr.mscratch = 0x1234;
    st->csr.mepc = RAM_AT + 0x100;
    st->f[6] = UINT64_C(0x3ff1234567890abc);
    st->f[7] = UINT64_C(0xbfe1111111111111);
    st->f[8] = UINT64_C(0x4008765432100000);
    for (unsigned at = 0; at < 64; at += 8)
        bench_poke(&r->bench, DATA_AT + 0x340 + at, 8, UINT64_C(0x8081828384858687) + at);
    bench_poke(&r->bench, DATA_AT, 8, UINT64_C(0x8182838485868788));
    rig_step(r, 1);
    return r;
}

static bool same(const struct rig *a, const struct rig *b)
{
    const struct hart_state *s = &a->hart->st, *t = &b->hart->st;
    return memcmp(s->x, t->x, sizeof(s->x)) == 0 && memcmp(s->f, t->f, sizeof(s->f)) == 0 &&
           s->pc == t->pc && s->traps == t->traps && s->instret == t->instret &&
           s->priv == t->priv && s->asleep == t->asleep && s->csr.fflags == t->csr.fflags &&
           s->csr.mcause == t->csr.mcause && s->csr.mtval == t->csr.mtval &&
           s->csr.mscratch == t->csr.mscratch && s->csr.mstatus == t->csr.mstatus &&
           s->reservation_valid == t->reservation_valid &&
           memcmp(a->bench.ram, b->bench.ram, a->bench.ram_size) == 0;
}

static void both_loops_agree(void **state)
{
    (void)state;
    struct hart_config config = {.timing = rig_inorder()};
    for (unsigned code = 0; code < INSN_COUNT; code++) {
        struct rig *a = executed((enum insn_code)code, NULL);
        struct rig *b = executed((enum insn_code)code, &config);
        if (!same(a, b))
            fail_msg("%s depends on the run loop", insn_format((enum insn_code)code).name);
        rig_free(a);
        rig_free(b);
    }
}

/* What writes an f register or can raise a flag; of what goes to x, that is not a move of bits or a
 * classification. */
static bool can_change_float_state(enum insn_code code)
{
    const char *name = insn_format(code).name;
    switch (insn_class(code)) {
    case CLASS_FP:
    case CLASS_FP_DIV:
    case CLASS_FP_LOAD:
    case CLASS_FP_FROM_X:
        return true;
    case CLASS_FP_TO_X:
        return strncmp(name, "fmv_x_", 6) != 0 && strncmp(name, "fclass_", 7) != 0;
    default:
        return false;
    }
}

/* [priv norm:mstatus_fs_op] */
static void the_first_result_makes_FS_dirty(void **state)
{
    (void)state;
    for (unsigned code = 0; code < INSN_COUNT; code++) {
        struct rig *r = executed((enum insn_code)code, NULL);
        bool dirty = (r->hart->st.csr.mstatus & MSTATUS_FS) == MSTATUS_FS;
        if (dirty != can_change_float_state((enum insn_code)code))
            fail_msg("FS after %s", insn_format((enum insn_code)code).name);
        rig_free(r);
    }
}

static bool goes_through(struct rig *r, uint32_t bits, uint8_t frm)
{
    uint64_t traps = r->hart->st.traps;
    hart_set(r->hart, HART_REG_PC, r->end);
    rig_emit(r, bits, 4);
    r->end += 4; /* no instruction before, which would have been decoded together with this one */
    r->hart->st.csr.frm = frm;
    r->hart->st.f[5] = r->hart->st.x[5] = 0;
    rig_step(r, 1);
    bool trapped = r->hart->st.traps != traps;
    if (trapped)
        assert_int_equal(r->hart->st.csr.mcause, CAUSE_ILLEGAL_INSTRUCTION);
    return !trapped;
}

/* [unpriv ext:f]: 5 and 6 are reserved, 7 is frm, of which 5 to 7 are reserved. */
static void rounding_modes(void **state)
{
    (void)state;
    for (unsigned code = 0; code < INSN_COUNT; code++) {
        struct insn_format f = insn_format((enum insn_code)code);
        if (f.rm == INSN_NO_FIELD)
            continue;
        struct rig *r = rig_new(NULL);
        struct hart_state *st = &r->hart->st;
        uint32_t bits = rig_encode((enum insn_code)code, 5, 6, 7, 0);
        st->x[6] = UINT64_C(0x7fffffffffffff);
        st->f[6] = UINT64_C(0x3ff123456789abcd);
        st->f[7] = UINT64_C(0x4000000000000001);
        for (uint8_t rm = 0; rm < 5; rm++) {
            assert_true(goes_through(r, bits | (uint32_t)rm << f.rm, 5));
            uint64_t in_f = st->f[5], in_x = st->x[5];
            assert_true(goes_through(r, bits | 7u << f.rm, rm));
            if (st->f[5] != in_f || st->x[5] != in_x)
                fail_msg("%s depends on where rounding mode %u is", f.name, rm);
        }
        for (uint8_t rm = 5; rm < 8; rm++) {
            assert_false(goes_through(r, bits | 7u << f.rm, rm));
            assert_int_equal(goes_through(r, bits | (uint32_t)rm << f.rm, 0), rm == 7);
        }
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_loops_agree),
        cmocka_unit_test(the_first_result_makes_FS_dirty),
        cmocka_unit_test(rounding_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
