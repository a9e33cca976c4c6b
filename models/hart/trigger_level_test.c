/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug triggers: in which mode one is on, for accesses of which size, and what is left when none
 * is. */
#include "hart/exec_rig.h"
#include "hart/trigger.h"

static const enum vd_mode modes[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};
static const uint64_t enables[] = {1 << 9, 1 << 7, 1 << 6, 1 << 12, 1 << 11};

static struct rig *with_trigger(unsigned type, uint64_t enabled, uint64_t tdata2)
{
    struct rig *r = rig_new(NULL);
    r->hart->st.csr.mstatus |= MSTATUS_MIE;
    csr_poke(r->hart, CSR_tdata2, tdata2);
    csr_poke(r->hart, CSR_tdata1, (uint64_t)type << TDATA1_TYPE_LSB | enabled);
    return r;
}

/* [debug csr-etrigger]: traps from the modes that it names. */
static void traps_from_other_modes(void **state)
{
    (void)state;
    for (unsigned from = 0; from < 5; from++)
        for (unsigned enabled = 0; enabled < 5; enabled++)
            for (uint64_t interrupt = 0; interrupt < 2; interrupt++) {
                struct rig *r = with_trigger(interrupt ? TRIGGER_ITRIGGER : TRIGGER_ETRIGGER,
                                             enables[enabled], 1 << 8);
                bool fires = trigger_trapped(r->hart, modes[from], interrupt << 63 | 8);
                assert_int_equal(fires, from == enabled);
                assert_int_equal((r->hart->st.csr.tdata1[0] & TRAP_HIT) != 0, fires);
                rig_free(r);
                r = with_trigger(interrupt ? TRIGGER_ITRIGGER : TRIGGER_ETRIGGER, enables[enabled],
                                 1 << 8);
                assert_false(trigger_trapped(r->hart, modes[from], (interrupt ^ 1) << 63 | 8));
                assert_false(trigger_trapped(r->hart, modes[from], interrupt << 63 | 7));
                rig_free(r);
            }
}

/* An instruction that began under a trigger which is gone is not counted for the next. */
static void nothing_is_left_of_a_trigger_that_is_gone(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool before = i & 1, another = i & 2;
        uint64_t icount = enables[0] | 4 << ICOUNT_COUNT_LSB;
        struct rig *r = with_trigger(TRIGGER_ICOUNT, before ? enables[0] | 100 << 10 : 0, 0);
        csr_poke(r->hart, CSR_tselect, 1);
        if (another)
            csr_poke(r->hart, CSR_tdata1,
                     (uint64_t)TRIGGER_MCONTROL6 << TDATA1_TYPE_LSB | 1 << 6 | TRIGGER_LOAD);
        csr_poke(r->hart, CSR_tselect, 0);
        EMIT(r, csrrw, 0, 0, 0, CSR_tdata1);
        EMIT(r, csrrw, 0, 6, 0, CSR_tdata1);
        for (unsigned k = 0; k < 8; k++)
            EMIT(r, addi, 5, 5, 0, 1);
        r->hart->st.x[6] = (uint64_t)TRIGGER_ICOUNT << TDATA1_TYPE_LSB | icount;
        while (r->hart->st.traps == 0 && r->hart->st.x[5] < 8)
            rig_run(r, 1);
        assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
        assert_int_equal(r->hart->st.x[5], 4);
        rig_free(r);
    }
}

/* What is kept behind the last trigger is none, whatever it looks like. */
static void there_are_no_more_triggers(void **state)
{
    (void)state;
    uint64_t like_one = (uint64_t)TRIGGER_ICOUNT << TDATA1_TYPE_LSB | enables[0] | 100 << 10;
    struct rig *r = with_trigger(TRIGGER_ICOUNT, enables[0] | 100 << 10, like_one);
    for (unsigned i = 0; i < 8; i++)
        EMIT(r, addi, 5, 5, 0, 1);
    rig_step(r, 4);
    assert_true(r->hart->st.csr.tdata1[0] == like_one - (4 << 10));
    assert_true(r->hart->st.csr.tdata2[0] == like_one);
    rig_free(r);
}

static void nor_do_they_trap(void **state)
{
    (void)state;
    for (uint64_t interrupt = 0; interrupt < 2; interrupt++) {
        unsigned type = interrupt ? TRIGGER_ITRIGGER : TRIGGER_ETRIGGER;
        uint64_t like_one = (uint64_t)type << TDATA1_TYPE_LSB | enables[0];
        struct rig *r = with_trigger(type, enables[0], like_one);
        r->hart->st.csr.frm = 7; /* behind the last tdata2 */
        r->hart->st.csr.fflags = 0x1f;
        for (uint64_t code = 0; code < 4; code++)
            assert_false(trigger_trapped(r->hart, VD_MODE_M, interrupt << 63 | code));
        assert_true(r->hart->st.csr.tdata2[0] == like_one);
        rig_free(r);
    }
}

/* [debug csr-mcontrol6]: size 0 is any, 5 is 64 bits. */
static void Sdtrig_sizes_of_accesses(void **state)
{
    (void)state;
    static const enum insn_code codes[] = {INSN_lbu, INSN_lh, INSN_lw, INSN_ld};
    static const uint64_t sizes[] = {1, 2, 3, 5};
    for (unsigned i = 0; i < 4; i++) {
        for (uint64_t size = 0; size < 8; size++) {
            uint64_t control = 1 << 6 | TRIGGER_LOAD | size << MCONTROL6_SIZE_LSB;
            struct rig *r = with_trigger(TRIGGER_MCONTROL6, control, DATA_AT);
            rig_emit(r, rig_encode(codes[i], 5, 6, 0, 0), 4);
            r->hart->st.x[6] = DATA_AT;
            bool legal = size <= 3 || size == 5; /* or any */
            rig_step(r, 1);
            assert_int_equal(r->hart->st.traps, !legal || size == 0 || size == sizes[i]);
            rig_free(r);
        }
    }
}

/* Bit 11 is the chain of mcontrol6 alone: of a count it is a bit, of a trap trigger a mode. */
static void others_are_not_chained(void **state)
{
    (void)state;
    static const unsigned types[] = {TRIGGER_ICOUNT, TRIGGER_ETRIGGER, TRIGGER_ITRIGGER};
    for (unsigned i = 0; i < 3; i++) {
        struct rig *r = with_trigger(types[i], 1 << 11, 0);
        csr_poke(r->hart, CSR_tselect, 1);
        csr_poke(r->hart, CSR_tdata2, RAM_AT + 4);
        csr_poke(r->hart, CSR_tdata1,
                 (uint64_t)TRIGGER_MCONTROL6 << TDATA1_TYPE_LSB | 1 << 6 | TRIGGER_EXECUTE);
        EMIT(r, addi, 5, 5, 0, 1);
        EMIT(r, addi, 5, 5, 0, 1);
        rig_step(r, 2);
        assert_int_equal(r->hart->st.traps, 1);
        assert_int_equal(r->hart->st.x[5], 1);
        rig_free(r);
    }
}

/* An instruction is no access of itself: not even where every other one is meant. */
static void every_address_but_one(void **state)
{
    (void)state;
    uint64_t control = 1 << 6 | TRIGGER_EXECUTE | MATCH_NOT << MCONTROL6_MATCH_LSB;
    struct rig *r = with_trigger(TRIGGER_MCONTROL6, control, RAM_AT);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, addi, 5, 5, 0, 1);
    rig_step(r, 1);
    assert_int_equal(r->hart->st.traps, 0);
    rig_step(r, 1);
    assert_int_equal(r->hart->st.traps, 1);
    assert_int_equal(r->hart->st.x[5], 1);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traps_from_other_modes),
        cmocka_unit_test(nothing_is_left_of_a_trigger_that_is_gone),
        cmocka_unit_test(there_are_no_more_triggers),
        cmocka_unit_test(nor_do_they_trap),
        cmocka_unit_test(Sdtrig_sizes_of_accesses),
        cmocka_unit_test(others_are_not_chained),
        cmocka_unit_test(every_address_but_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
