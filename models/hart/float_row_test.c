/* SPDX-License-Identifier: BSD-2-Clause */
/* Floating-point instructions as the run loops execute them; float_test knows the arithmetic. */
#include "hart/exec_rig.h"
#include "hart/float.h"

static const struct vector {
    uint16_t code;
    uint64_t a, b, c;
    uint8_t rm;
    uint64_t result;
    uint8_t flags;
} vectors[] = {
#define FLOAT(name, a, b, c, rm, result, flags) {INSN_##name, a, b, c, rm, result, flags},
#include "hart/float_vectors.def"
#undef FLOAT
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

/* rd 5, rs1 6, rs2 7, rs3 8, and the rounding mode if the instruction has one. */
static uint32_t encode(const struct vector *v, unsigned rm)
{
    struct insn_format f = insn_format((enum insn_code)v->code);
    uint32_t bits = rig_encode((enum insn_code)v->code, 5, 6, 7, 0);
    if (f.rs3 != INSN_NO_FIELD)
        bits |= 8u << f.rs3;
    return f.rm == INSN_NO_FIELD ? bits : bits | rm << f.rm;
}

static void check(struct rig *r, const struct vector *v)
{
    struct hart_state *st = &r->hart->st;
    enum insn_class class = insn_class((enum insn_code)v->code);
    st->x[6] = st->f[6] = v->a;
    st->f[7] = v->b;
    st->f[8] = v->c;
    st->csr.frm = v->rm;
    st->csr.fflags = 0;
    rig_step(r, 1);
    uint64_t got = class == CLASS_FP_TO_X ? st->x[5] : st->f[5];
    if (got != v->result || st->csr.fflags != v->flags)
        fail_msg("%s(%#lx, %#lx): %#lx, flags %#x", insn_format((enum insn_code)v->code).name, v->a,
                 v->b, got, st->csr.fflags);
}

static void known_answers(void **state)
{
    (void)state;
    for (unsigned timing = 0; timing < 2; timing++) {
        struct hart_config config = {.timing = timing ? rig_inorder() : (struct hart_timing){0}};
        struct rig *r = rig_new(&config);
        for (size_t i = 0; i < VECTORS; i++) {
            rig_emit(r, encode(&vectors[i], vectors[i].rm), 4);
            rig_emit(r, encode(&vectors[i], 7), 4); /* dynamic: frm */
        }
        for (size_t i = 0; i < 2 * VECTORS; i++)
            check(r, &vectors[i / 2]);
        assert_int_equal(r->hart->st.traps, 0);
        rig_free(r);
    }
}

static void loads_box_and_stores_do_not_look(void **state)
{
    (void)state;
    for (unsigned timing = 0; timing < 2; timing++) {
        struct hart_config config = {.timing = timing ? rig_inorder() : (struct hart_timing){0}};
        struct rig *r = rig_new(&config);
        for (unsigned again = 0; again < 2; again++) { /* the page becomes known */
            EMIT(r, flw, 1, 6, 0, 1);
            EMIT(r, fld, 2, 6, 0, 0);
            EMIT(r, fsw, 0, 6, 2, 16);
            EMIT(r, fsd, 0, 6, 1, 25);
        }
        r->hart->st.x[6] = DATA_AT;
        bench_poke(&r->bench, DATA_AT, 8, UINT64_C(0x1122334455667788));
        rig_step(r, 8);
        assert_true(r->hart->st.f[1] == UINT64_C(0xffffffff44556677));
        assert_true(r->hart->st.f[2] == UINT64_C(0x1122334455667788));
        assert_int_equal(bench_peek(&r->bench, DATA_AT + 16, 8), 0x55667788);
        assert_true(bench_peek(&r->bench, DATA_AT + 25, 8) == UINT64_C(0xffffffff44556677));
        rig_free(r);
    }
}

static void faults_change_nothing(void **state)
{
    (void)state;
    static const uint16_t codes[] = {INSN_flw, INSN_fld, INSN_flh, INSN_fsw, INSN_fsd, INSN_fsh};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct rig *r = rig_new(NULL);
        rig_emit(r, rig_encode((enum insn_code)codes[i], 5, 6, 7, 0), 4);
        r->hart->st.x[6] = 0x1000; /* nothing is there */
        r->hart->st.f[5] = 5;
        rig_step_to_trap(r, i < 3 ? CAUSE_LOAD_ACCESS_FAULT : CAUSE_STORE_ACCESS_FAULT, 0x1000,
                         RAM_AT);
        assert_int_equal(r->hart->st.f[5], 5);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(loads_box_and_stores_do_not_look),
        cmocka_unit_test(faults_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
