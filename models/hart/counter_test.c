/* SPDX-License-Identifier: BSD-2-Clause */
/* The hardware performance counters: what they count, in which modes, and what happens at the end.
 */
#include "hart/counter.h"
#include "hart/exec_rig.h"

#define OF    VD_BIT(63)
#define MINH  VD_BIT(62)
#define SINH  VD_BIT(61)
#define UINH  VD_BIT(60)
#define VSINH VD_BIT(59)
#define VUINH VD_BIT(58)

static uint64_t get(struct rig *r, uint32_t number)
{
    uint64_t value = 0;
    assert_true(csr_peek(r->hart, number, &value));
    return value;
}

static void set(struct rig *r, uint32_t number, uint64_t value)
{
    assert_true(csr_poke(r->hart, number, value));
}

/* Six rounds of a load, a store, an atomic, a branch back and one that is not taken. */
static struct rig *busy(const struct hart_config *config)
{
    struct rig *r = rig_new(config);
    EMIT(r, ld, 5, 6, 0, 0);
    EMIT(r, sd, 0, 6, 5, 8);
    EMIT(r, amoadd_d, 5, 6, 7, 0);
    EMIT(r, beq, 0, 7, 0, 8);
    EMIT(r, addi, 7, 7, 0, -1);
    EMIT(r, bne, 0, 7, 0, -20);
    EMIT(r, ecall, 0, 0, 0, 0);
    r->end = TRAP_AT;
    EMIT(r, wfi, 0, 0, 0, 0);
    r->hart->st.x[6] = DATA_AT;
    r->hart->st.x[7] = 6;
    return r;
}

static void events_are_counted(void **state)
{
    (void)state;
    static const struct {
        unsigned event;
        uint64_t functional, inorder;
    } rows[] = {
        {COUNTER_CYCLES, 38, 0},       {COUNTER_INSTRUCTIONS, 37, 37}, {COUNTER_BRANCHES, 12, 12},
        {COUNTER_MISPREDICTS, 0, 3},   {COUNTER_LOADS, 12, 12},        {COUNTER_STORES, 12, 12},
        {COUNTER_ICACHE_MISSES, 0, 2}, {COUNTER_DCACHE_MISSES, 0, 1},  {COUNTER_EXCEPTIONS, 1, 1},
        {COUNTER_INTERRUPTS, 0, 0},    {COUNTER_ITLB_MISSES, 0, 0},    {COUNTER_DTLB_MISSES, 0, 0},
    };
    for (unsigned timing = 0; timing < 2; timing++) {
        for (unsigned step = 1; step < 40; step += 7) {
            struct hart_config config = {0};
            if (timing)
                config.timing = rig_inorder();
            struct rig *r = busy(&config);
            for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                set(r, CSR_mhpmevent3 + (uint32_t)i, rows[i].event);
            while (!r->hart->st.asleep)
                rig_run(r, step);
            for (size_t i = timing ? 1 : 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                uint64_t expected = timing ? rows[i].inorder : rows[i].functional;
                uint64_t counted = get(r, CSR_mhpmcounter3 + (uint32_t)i);
                if (counted != expected)
                    fail_msg("event %u, timing %u, slices of %u: %lu, not %lu", rows[i].event,
                             timing, step, counted, expected);
            }
            rig_free(r);
        }
    }
}

static void counting_changes_no_cycle(void **state)
{
    (void)state;
    struct hart_config config = {.timing = rig_inorder()};
    struct rig *a = busy(&config), *b = busy(&config);
    for (uint32_t i = 0; i < 12; i++)
        set(b, CSR_mhpmevent3 + i, i + 1);
    rig_run(a, 200);
    rig_run(b, 200);
    assert_int_equal(a->hart->st.cycles, b->hart->st.cycles);
    assert_int_equal(a->hart->st.instret, b->hart->st.instret);
    assert_int_equal(a->hart->st.pc, b->hart->st.pc);
    rig_free(a);
    rig_free(b);
}

static void mcountinhibit_stops_a_counter(void **state)
{
    (void)state;
    struct rig *r = busy(NULL);
    set(r, CSR_mhpmevent3, COUNTER_INSTRUCTIONS);
    rig_run(r, 10);
    assert_int_equal(get(r, CSR_mhpmcounter3), 10);
    set(r, CSR_mcountinhibit, VD_BIT(3));
    rig_run(r, 5);
    assert_int_equal(get(r, CSR_mhpmcounter3), 10);
    set(r, CSR_mcountinhibit, 0);
    rig_run(r, 3);
    assert_int_equal(get(r, CSR_mhpmcounter3), 13);
    rig_free(r);
}

static void an_unknown_event_selects_none(void **state)
{
    (void)state;
    struct rig *r = busy(NULL);
    set(r, CSR_mhpmevent3, COUNTER_EVENTS);
    assert_int_equal(get(r, CSR_mhpmevent3), 0);
    rig_run(r, 5);
    assert_int_equal(get(r, CSR_mhpmcounter3), 0);
    rig_free(r);
}

/* Ten cycles in each mode, with one filter at a time. */
static void mhpmevent_inh_op(void **state)
{
    (void)state;
    static const struct {
        uint64_t filter;
        enum vd_mode mode;
    } rows[] = {{MINH, VD_MODE_M},
                {SINH, VD_MODE_S},
                {UINH, VD_MODE_U},
                {VSINH, VD_MODE_VS},
                {VUINH, VD_MODE_VU}};
    for (unsigned filter = 0; filter < 5; filter++) {
        for (unsigned mode = 0; mode < 5; mode++) {
            struct rig *r = rig_new(NULL);
            set(r, CSR_mhpmevent3, COUNTER_CYCLES | rows[filter].filter);
            set(r, CSR_mcyclecfg, rows[filter].filter);
            set(r, CSR_minstretcfg, rows[filter].filter);
            set(r, CSR_pmpaddr0, ~UINT64_C(0));
            set(r, CSR_pmpcfg0, 0x1f);
            set(r, CSR_mepc, RAM_AT);
            uint64_t mode_bits = rows[mode].mode;
            set(r, CSR_mstatus,
                (mode_bits & 3) << 11 | (mode_bits >= VD_MODE_VU ? MSTATUS_MPV : 0));
            r->hart->exc = (struct hart_exception){0};
            assert_true(trap_mret(r->hart, 0));
            assert_int_equal(hart_mode(r->hart), mode_bits);
            for (unsigned i = 0; i < 20; i++)
                EMIT(r, addi, 5, 5, 0, 1);
            uint64_t cycles = get(r, CSR_mcycle), instret = get(r, CSR_minstret);
            uint64_t hpm = get(r, CSR_mhpmcounter3);
            rig_run(r, 10);
            uint64_t expected = filter == mode ? 0 : 10;
            assert_int_equal(get(r, CSR_mhpmcounter3) - hpm, expected);
            assert_int_equal(get(r, CSR_mcycle) - cycles, expected); /* mcyclecfg_op */
            assert_int_equal(get(r, CSR_minstret) - instret, expected);
            rig_free(r);
        }
    }
}

/* U-mode instructions only, over a trap and back: the faulting one and the handler do not count. */
static void instret_exception_and_xret(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    set(r, CSR_pmpaddr0, ~UINT64_C(0));
    set(r, CSR_pmpcfg0, 0x1f);
    set(r, CSR_minstretcfg, MINH);
    set(r, CSR_mepc, RAM_AT);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, ecall, 0, 0, 0, 0);
    r->end = TRAP_AT;
    rig_emit(r, rig_encode(INSN_csrrw, 0, 7, 0, CSR_mepc), 4);
    EMIT(r, mret, 0, 0, 0, 0);
    r->hart->st.x[7] = RAM_AT;
    set(r, CSR_mstatus, 0);
    assert_true(trap_mret(r->hart, 0));
    rig_run(r, 4 * 5); /* addi, ecall, csrrw, mret */
    assert_int_equal(get(r, CSR_minstret), 5);
    rig_free(r);
}

/* --- overflow --- */

static void mhpmevent_of_op(void **state)
{
    (void)state;
    static const unsigned events[] = {COUNTER_CYCLES, COUNTER_INSTRUCTIONS, COUNTER_LOADS};
    for (unsigned i = 0; i < 3; i++) {
        struct rig *r = busy(NULL);
        set(r, CSR_mhpmevent3, events[i]);
        set(r, CSR_mhpmcounter3, UINT64_C(0) - 6);
        /* The sixth cycle; as if an instruction had written, one instruction more; the third round.
         */
        static const uint64_t expected[] = {6, 7, 15};
        uint64_t at = 0;
        while (at == 0 && r->hart->st.cycles < 40) {
            rig_run(r, 1);
            bench_run(&r->bench, r->hart->st.cycles * 1000 + 1 - r->bench.now);
            if (get(r, CSR_mip) & VD_BIT(13))
                at = r->hart->st.cycles;
        }
        assert_int_equal(at, expected[i]);
        assert_true(get(r, CSR_mhpmevent3) >> 63);
        assert_int_equal(get(r, CSR_scountovf), VD_BIT(3));
        /* OF is set: no second request; the counter goes on. */
        set(r, CSR_mip, 0);
        set(r, CSR_mhpmcounter3, UINT64_C(0) - 1);
        rig_run(r, 10);
        bench_run(&r->bench, 100000);
        assert_int_equal(get(r, CSR_mip) & VD_BIT(13), 0);
        assert_true(get(r, CSR_mhpmcounter3) < 12);
        rig_free(r);
    }
}

static void count_overflow_trigger(void **state)
{
    (void)state;
    struct rig *r = busy(NULL);
    set(r, CSR_mhpmevent3, COUNTER_CYCLES);
    set(r, CSR_mhpmcounter3, ~UINT64_C(0));
    set(r, CSR_mhpmcounter3, 0); /* a write is no overflow */
    rig_run(r, 3);
    bench_run(&r->bench, 3000);
    assert_int_equal(get(r, CSR_scountovf), 0);
    rig_free(r);
}

static void LCOFIP_op(void **state)
{
    (void)state;
    struct rig *r = busy(NULL);
    for (unsigned i = 0; i < 40; i++)
        bench_poke(&r->bench, RAM_AT + 4 * i, 4, rig_encode(INSN_addi, 5, 5, 0, 1));
    set(r, CSR_mideleg, VD_BIT(13));
    set(r, CSR_mie, VD_BIT(13));
    set(r, CSR_pmpaddr0, ~UINT64_C(0));
    set(r, CSR_pmpcfg0, 0x1f);
    set(r, CSR_stvec, TRAP_AT);
    set(r, CSR_mepc, RAM_AT);
    set(r, CSR_mstatus, UINT64_C(1) << 11 | MSTATUS_MPIE | MSTATUS_SIE);
    assert_true(trap_mret(r->hart, 0));
    set(r, CSR_mhpmevent3, COUNTER_INSTRUCTIONS);
    set(r, CSR_mhpmcounter3, UINT64_C(0) - 5);
    for (unsigned i = 0; i < 7; i++) {
        rig_run(r, 1);
        bench_run(&r->bench, r->hart->st.cycles * 1000 + 1 - r->bench.now);
    }
    assert_true(get(r, CSR_scause) == (VD_BIT(63) | 13));
    assert_int_equal(get(r, CSR_sepc), RAM_AT + 6 * 4); /* one more: see above */
    assert_true(get(r, CSR_sip) & VD_BIT(13));
    set(r, CSR_sip, 0); /* software clears it */
    assert_int_equal(get(r, CSR_mip) & VD_BIT(13), 0);
    rig_free(r);
}

static void vsip_vsie_lcofi(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    set(r, CSR_mideleg, VD_BIT(13));
    set(r, CSR_hideleg, VD_BIT(13));
    set(r, CSR_mip, VD_BIT(13));
    assert_true(get(r, CSR_vsip) & VD_BIT(13));
    set(r, CSR_vsie, VD_BIT(13));
    assert_true(get(r, CSR_mie) & VD_BIT(13));
    set(r, CSR_hideleg, 0);
    assert_int_equal(get(r, CSR_vsip) & VD_BIT(13), 0);
    rig_free(r);
    struct hart_config config = {.extensions = VD_BIT(HART_EXT_S) | VD_BIT(HART_EXT_H) |
                                               VD_BIT(HART_EXT_Zicntr) | VD_BIT(HART_EXT_Zihpm) |
                                               VD_BIT(HART_EXT_Sscofpmf)};
    for (unsigned with = 0; with < 2; with++) {
        config.extensions |= with ? VD_BIT(HART_EXT_Shlcofideleg) : 0;
        r = rig_new(&config);
        set(r, CSR_mideleg, VD_BIT(13));
        set(r, CSR_hideleg, VD_BIT(13));
        assert_int_equal(get(r, CSR_hideleg) & VD_BIT(13), with ? VD_BIT(13) : 0);
        rig_free(r);
    }
}

static void scountovf_read_access(void **state)
{
    (void)state;
    static const struct {
        enum vd_mode mode;
        uint64_t mcounteren, hcounteren, seen;
    } rows[] = {{VD_MODE_M, 0, 0, 0x28}, {VD_MODE_S, 0, 0, 0},     {VD_MODE_S, 8, 0, 8},
                {VD_MODE_VS, 8, 0, 0},   {VD_MODE_VS, 0x28, 8, 8}, {VD_MODE_VS, 8, 0x28, 8}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(NULL);
        set(r, CSR_mhpmevent3, OF);
        set(r, CSR_mhpmevent3 + 2, OF);
        set(r, CSR_mcounteren, rows[i].mcounteren);
        set(r, CSR_hcounteren, rows[i].hcounteren);
        r->hart->st.priv = (uint8_t)(rows[i].mode & 3);
        r->hart->st.virt = rows[i].mode >= VD_MODE_VU;
        uint64_t seen = 0;
        assert_int_equal(csr_execute(r->hart, CSR_scountovf, CSR_RS, 0, true, false, &seen),
                         CSR_OK);
        assert_int_equal(seen, rows[i].seen);
        rig_free(r);
    }
}

/* Nothing waits for what comes after the last picosecond. */
static void an_overflow_behind_the_end_of_time(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    set(r, CSR_mhpmevent3, COUNTER_CYCLES);
    r->hart->st.cycles = 1000;
    uint64_t left = VD_NEVER / NS - 1000;
    for (unsigned i = 0; i < 3; i++) {
        set(r, CSR_mhpmcounter3, 0 - (left - i));
        assert_int_equal(r->hart->overflow.slot != 0, i > 0);
    }
    rig_free(r);
}

/* Nobody runs the hart, and time goes on all the same. */
static void an_overflow_of_a_hart_that_stands_still(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    set(r, CSR_mhpmevent3, COUNTER_CYCLES);
    set(r, CSR_mhpmcounter3, ~UINT64_C(0));
    vd_time start = r->bench.now;
    assert_false(bench_settle(&r->bench, 50));
    assert_true(r->bench.now > start + 40 * r->hart->cfg.cycle_ps);
    assert_int_equal(get(r, CSR_mhpmevent3), COUNTER_CYCLES);
    rig_free(r);
}

static void counters_without_overflow_interrupts(void **state)
{
    (void)state;
    struct hart_config config = {.extensions =
                                     vd_mask(0, HART_EXT_COUNT) & ~VD_BIT(HART_EXT_Sscofpmf)};
    struct rig *r = busy(&config);
    set(r, CSR_mhpmevent3, COUNTER_CYCLES);
    set(r, CSR_mhpmcounter3, UINT64_C(0) - 6);
    rig_run(r, 10);
    bench_run(&r->bench, 20000);
    set(r, CSR_mcountinhibit, VD_BIT(3));
    assert_true(get(r, CSR_mhpmcounter3) < 20);
    assert_int_equal(r->hart->st.csr.mip_soft, 0);
    assert_int_equal(get(r, CSR_mhpmevent3), COUNTER_CYCLES);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_counted),
        cmocka_unit_test(counting_changes_no_cycle),
        cmocka_unit_test(mcountinhibit_stops_a_counter),
        cmocka_unit_test(an_unknown_event_selects_none),
        cmocka_unit_test(mhpmevent_inh_op),
        cmocka_unit_test(instret_exception_and_xret),
        cmocka_unit_test(mhpmevent_of_op),
        cmocka_unit_test(count_overflow_trigger),
        cmocka_unit_test(LCOFIP_op),
        cmocka_unit_test(vsip_vsie_lcofi),
        cmocka_unit_test(scountovf_read_access),
        cmocka_unit_test(an_overflow_behind_the_end_of_time),
        cmocka_unit_test(an_overflow_of_a_hart_that_stands_still),
        cmocka_unit_test(counters_without_overflow_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
