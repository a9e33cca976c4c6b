/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows whose time depends on data: loads, branches and divisions, each of them; and the fast ways
 * of loads and stores, whose pages are known. */
#include "hart/exec_rig.h"

/* Executes one instruction at an address; the cycles that it took. */
static uint64_t time_of(struct rig *r, uint64_t at)
{
    uint64_t before = r->hart->st.cycles;
    hart_set(r->hart, HART_REG_PC, at);
    rig_step(r, 1);
    return r->hart->st.cycles - before;
}

static const struct access {
    uint16_t code;
    uint8_t size;
    bool is_signed, is_float, is_store;
} accesses[] = {
    {INSN_lb, 1, true, false, false},   {INSN_lh, 2, true, false, false},
    {INSN_lw, 4, true, false, false},   {INSN_ld, 8, false, false, false},
    {INSN_lbu, 1, false, false, false}, {INSN_lhu, 2, false, false, false},
    {INSN_lwu, 4, false, false, false}, {INSN_flh, 2, false, true, false},
    {INSN_flw, 4, false, true, false},  {INSN_fld, 8, false, true, false},
    {INSN_sb, 1, false, false, true},   {INSN_sh, 2, false, false, true},
    {INSN_sw, 4, false, false, true},   {INSN_sd, 8, false, false, true},
    {INSN_fsh, 2, false, true, true},   {INSN_fsw, 4, false, true, true},
    {INSN_fsd, 8, false, true, true},
};

static uint64_t extended(const struct access *a, uint64_t value)
{
    value &= vd_mask(0, 8u * a->size);
    if (a->is_float)
        return a->size == 8 ? value : value | UINT64_MAX << 8 * a->size;
    return a->is_signed ? vd_sign_extend(value, 8u * a->size) : value;
}

static void check_access(struct rig *r, const struct access *a, uint64_t pattern)
{
    struct hart_state *st = &r->hart->st;
    uint64_t at = DATA_AT + 0x100, old = ~pattern;
    bench_poke(&r->bench, at, 8, a->is_store ? old : pattern);
    st->x[6] = DATA_AT;
    st->x[7] = st->f[7] = pattern;
    st->x[5] = st->f[5] = 0;
    uint64_t cycles = time_of(r, RAM_AT + 4);
    uint64_t mask = vd_mask(0, 8u * a->size);
    if (a->is_store)
        assert_true(bench_peek(&r->bench, at, 8) == ((pattern & mask) | (old & ~mask)));
    else
        assert_true((a->is_float ? st->f[5] : st->x[5]) == extended(a, pattern));
    bool timed = r->hart->cfg.timing.dcache_lines != 0, load = !a->is_store;
    assert_int_equal(cycles, 1 + (timed && load ? 11 : 0)); /* the line was dropped */
    assert_int_equal(time_of(r, RAM_AT + 4), 1);
}

static void known_pages(void **state)
{
    (void)state;
    static const uint64_t patterns[] = {UINT64_C(0x8182838485868788), UINT64_C(0x7172737475767778)};
    struct hart_config config = {.timing = {.dcache_lines = 2, .dcache_miss = 11}};
    for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++)
        for (unsigned variant = 0; variant < 4; variant++) {
            const struct access *a = &accesses[i];
            struct rig *r = rig_new(variant & 1 ? &config : NULL);
            EMIT(r, sd, 0, 6, 0, 0); /* both tags of the page */
            rig_emit(r, rig_encode((enum insn_code)a->code, 5, 6, 7, 0x100), 4);
            EMIT(r, ld, 9, 6, 0, 0x180); /* the same line of the cache */
            r->hart->st.x[6] = DATA_AT;
            bench_poke(&r->bench, DATA_AT + 0x100, 8, patterns[variant >> 1]);
            time_of(r, RAM_AT + 4); /* the page is not known yet */
            if (!a->is_store)
                assert_true((a->is_float ? r->hart->st.f[5] : r->hart->st.x[5]) ==
                            extended(a, patterns[variant >> 1]));
            time_of(r, RAM_AT);
            time_of(r, RAM_AT + 8);
            check_access(r, a, patterns[variant >> 1]);
            rig_free(r);
        }
}

/* Two-bit counters from "not taken", which stop at both ends. */
static void branches_learn(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        int64_t taken[2], other[2];
    } rows[] = {
        {INSN_beq, {5, 5}, {5, 6}},   {INSN_bne, {5, 6}, {5, 5}},    {INSN_blt, {-1, 1}, {1, -1}},
        {INSN_bge, {1, -1}, {-1, 1}}, {INSN_bltu, {1, -1}, {-1, 1}}, {INSN_bgeu, {-1, 1}, {1, -1}},
    };
    static const bool taken[] = {1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1};
    static const bool wrong[] = {1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0};
    struct hart_config config = {
        .timing = {.predictor_entries = 16, .mispredict = 5, .branch_taken = 2}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(&config);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 0, 6, 7, 64), 4);
        for (unsigned k = 0; k < sizeof(taken); k++) {
            const int64_t *values = taken[k] ? rows[i].taken : rows[i].other;
            r->hart->st.x[6] = (uint64_t)values[0];
            r->hart->st.x[7] = (uint64_t)values[1];
            assert_int_equal(time_of(r, RAM_AT), 1 + (taken[k] ? 2 : 0) + (wrong[k] ? 5 : 0));
            assert_int_equal(r->hart->st.pc, RAM_AT + (taken[k] ? 64 : 4));
        }
        rig_free(r);
    }
}

/* Bits of the quotient at most, and three; at least the base. */
static void divisions_take_their_bits(void **state)
{
    (void)state;
    static const uint16_t codes[] = {INSN_div,  INSN_divu,  INSN_rem,  INSN_remu,
                                     INSN_divw, INSN_divuw, INSN_remw, INSN_remuw};
    static const struct {
        uint64_t dividend, divisor, cycles;
    } rows[] = {{0, 1, 4},        {1, 1, 4},        {6, 1, 5},       {7, 2, 4},       {8, 2, 5},
                {1 << 30, 1, 33}, {1 << 30, 0, 34}, {2, 1 << 20, 4}, {1 << 20, 3, 22}};
    struct hart_config config = {.timing = {.div_base = 4, .div_bit = 1}};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct rig *r = rig_new(&config);
        rig_emit(r, rig_encode((enum insn_code)codes[i], 5, 6, 7, 0), 4);
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
            r->hart->st.x[6] = rows[k].dividend;
            r->hart->st.x[7] = rows[k].divisor;
            assert_int_equal(time_of(r, RAM_AT), rows[k].cycles);
        }
        rig_free(r);
    }
}

enum { X5 = 5 };

/* The cost of a load of x5 or f5 by what the next two instructions read. */
static void loads_are_waited_for(void **state)
{
    (void)state;
    static const struct {
        uint16_t load, code;
        uint8_t rd, rs1, rs2, rs3;
        uint8_t first, second; /* cost if that is the next instruction, and the one after */
    } rows[] = {
        {INSN_ld, INSN_add, 1, X5, 2, 0, 3, 2},       {INSN_ld, INSN_add, 1, 2, X5, 0, 3, 2},
        {INSN_ld, INSN_add, X5, 2, 3, 0, 1, 1},       {INSN_ld, INSN_addi, 1, X5, 0, 0, 3, 2},
        {INSN_ld, INSN_lui, 1, 0, 0, 0, 1, 1},        {INSN_ld, INSN_sd, 0, 6, X5, 0, 3, 2},
        {INSN_ld, INSN_sd, 0, X5, 2, 0, 3, 2},        {INSN_ld, INSN_fadd_d, 1, X5, X5, 0, 1, 1},
        {INSN_ld, INSN_fmadd_d, 1, X5, X5, X5, 1, 1}, {INSN_ld, INSN_fmv_d_x, 1, X5, 0, 0, 3, 2},
        {INSN_ld, INSN_fsd, 0, X5, 2, 0, 3, 2},       {INSN_ld, INSN_fsd, 0, 6, X5, 0, 1, 1},
        {INSN_ld, INSN_fld, 1, X5, 0, 0, 3, 2},       {INSN_fld, INSN_fadd_d, 1, X5, 2, 0, 3, 2},
        {INSN_fld, INSN_fadd_d, 1, 2, X5, 0, 3, 2},   {INSN_fld, INSN_fmadd_d, 1, 2, 3, X5, 3, 2},
        {INSN_fld, INSN_fmadd_d, 1, 2, 3, 4, 1, 1},   {INSN_fld, INSN_add, 1, X5, X5, 0, 1, 1},
        {INSN_fld, INSN_fsd, 0, 6, X5, 0, 3, 2},      {INSN_fld, INSN_fsd, 0, X5, 2, 0, 1, 1},
        {INSN_fld, INSN_fmv_x_d, 1, X5, 0, 0, 3, 2},  {INSN_fld, INSN_feq_d, 1, 2, X5, 0, 3, 2},
        {INSN_fld, INSN_fmv_d_x, 1, X5, 0, 0, 1, 1},  {INSN_fld, INSN_fdiv_d, 1, X5, 2, 0, 3, 2},
        {INSN_ld, INSN_beq, 0, X5, 2, 0, 3, 2},       {INSN_ld, INSN_jal, 1, 0, 0, 0, 1, 1},
    };
    struct hart_config config = {.timing = {.load = 3}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (unsigned distance = 0; distance < 3; distance++) {
            struct rig *r = rig_new(&config);
            rig_emit(r, rig_encode((enum insn_code)rows[i].load, 5, 6, 0, 0), 4);
            for (unsigned k = 0; k < distance; k++)
                EMIT(r, addi, 20, 20, 0, 1);
            struct insn_format f = insn_format((enum insn_code)rows[i].code);
            uint32_t bits =
                rig_encode((enum insn_code)rows[i].code, rows[i].rd, rows[i].rs1, rows[i].rs2, 64);
            if (f.rs3 != INSN_NO_FIELD)
                bits |= (uint32_t)rows[i].rs3 << f.rs3;
            rig_emit(r, bits, 4);
            EMIT(r, jal, 0, 0, 0, 0);
            r->hart->st.x[6] = DATA_AT;
            uint64_t cost = distance == 0 ? rows[i].first : distance == 1 ? rows[i].second : 1;
            if (time_of(r, RAM_AT) != cost)
                fail_msg("row %zu, distance %u", i, distance);
            rig_free(r);
        }
}

/* What hides the wait, where nobody waits, and what a load is that nobody can wait for. */
static void loads_that_are_not_waited_for(void **state)
{
    (void)state;
    struct hart_config config = {.timing = {.load = 4, .mul = 3, .amo = 2}};
    static const struct {
        uint16_t load, between;
        uint8_t rd, cost;
        uint64_t at;
    } rows[] = {
        {INSN_ld, INSN_addi, 5, 3, RAM_AT},         {INSN_ld, INSN_mul, 5, 1, RAM_AT},
        {INSN_ld, INSN_ld, 5, 3, RAM_AT},           {INSN_ld, INSN_fld, 5, 3, RAM_AT},
        {INSN_ld, INSN_hlv_d, 5, 3, RAM_AT},        {INSN_ld, INSN_amoadd_d, 5, 1, RAM_AT},
        {INSN_ld, INSN_beq, 5, 1, RAM_AT},          {INSN_ld, INSN_ecall, 5, 1, RAM_AT},
        {INSN_ld, INSN_fence, 5, 3, RAM_AT},        {INSN_ld, INSN_addi, 0, 1, RAM_AT},
        {INSN_fld, INSN_addi, 0, 3, RAM_AT},        {INSN_ld, INSN_addi, 5, 3, RAM_AT + 0xff4},
        {INSN_ld, INSN_addi, 5, 1, RAM_AT + 0xff8}, {INSN_ld, INSN_addi, 5, 1, RAM_AT + 0xff6},
        {INSN_ld, INSN_addi, 5, 1, RAM_AT + 0xffc}, {INSN_ld, INSN_addi, 5, 1, RAM_AT + 0xffe},
        {INSN_fld, INSN_mul, 0, 1, RAM_AT + 0xffe}, {INSN_lw, INSN_addi, 5, 3, RAM_AT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(&config);
        unsigned rd = rows[i].rd;
        r->end = rows[i].at;
        rig_emit(r, rig_encode((enum insn_code)rows[i].load, rd, 6, 0, 0), 4);
        rig_emit(r, rig_encode((enum insn_code)rows[i].between, 9, 6, 20, 8), 4);
        if (rows[i].load == INSN_fld)
            EMIT(r, fsd, 0, 6, rd, 0);
        else
            EMIT(r, add, 8, rd, rd, 0);
        r->hart->st.x[6] = DATA_AT;
        if (time_of(r, rows[i].at) != rows[i].cost)
            fail_msg("row %zu", i);
        rig_free(r);
    }
}

/* Through x1 and x5, which calls leave their return addresses in. */
static void returns_are_predicted(void **state)
{
    (void)state;
    struct hart_config config = {.timing = {.jump = 2, .mispredict = 5, .predictor_entries = 16}};
    for (unsigned rs1 = 1; rs1 < 32; rs1++)
        for (unsigned rd = 0; rd < 2; rd++) {
            struct rig *r = rig_new(&config);
            rig_emit(r, rig_encode(INSN_jalr, rd, rs1, 0, 0), 4);
            r->hart->st.x[rs1] = RAM_AT + 0x100;
            assert_int_equal(time_of(r, RAM_AT), rs1 == 1 || rs1 == 5 ? 2 : 7);
            assert_int_equal(r->hart->st.pc, RAM_AT + 0x100);
            rig_free(r);
        }
}

/* Without C too, where a jump to bit 1 of an address is an exception and others are none. */
static void returns_without_compressed_instructions(void **state)
{
    (void)state;
    struct hart_config config = {
        .extensions = vd_mask(0, HART_EXT_COUNT) &
                      ~(VD_BIT(HART_EXT_C) | VD_BIT(HART_EXT_Zcb) | VD_BIT(HART_EXT_Zcmop))};
    for (unsigned i = 0; i < 16; i++) {
        struct rig *r = rig_new(&config);
        unsigned rs1 = i & 4 ? 1 : 6, rd = i & 8 ? 7 : 0;
        uint64_t target = RAM_AT + 0x100 + i % 4;
        rig_emit(r, rig_encode(INSN_jalr, rd, rs1, 0, 0), 4);
        r->hart->st.x[rs1] = target;
        rig_run(r, 1);
        assert_int_equal(r->hart->st.traps, (target & 2) != 0);
        assert_int_equal(r->hart->st.pc, target & 2 ? TRAP_AT : target & ~UINT64_C(1));
        rig_free(r);
    }
}

/* Jumps that are not predicted, one after the other, to blocks that are known. */
static void what_was_waited_for_is_over(void **state)
{
    (void)state;
    struct hart_config config = {.timing = {.jump = 2, .mispredict = 5, .predictor_entries = 16}};
    struct rig *r = rig_new(&config);
    EMIT(r, jalr, 0, 6, 0, 0);
    r->end = RAM_AT + 0x100;
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, jalr, 0, 7, 0, 0);
    r->hart->st.x[6] = RAM_AT + 0x100;
    r->hart->st.x[7] = RAM_AT;
    for (unsigned i = 1; i <= 20; i++) {
        rig_run(r, 7 + 1 + 7);
        assert_int_equal(r->hart->st.instret, 3 * i);
        assert_int_equal(r->hart->st.x[5], i);
        assert_int_equal(r->hart->st.cycles, 15 * i);
    }
    rig_run(r, 15 * 50);
    assert_int_equal(r->hart->st.instret, 3 * 70);
    rig_free(r);
}

/* What the decoder makes: hints, jumps to where no instruction can be, the first floating-point
 * instruction, code written over while it runs. */
static struct rig *made(const struct hart_config *config, unsigned which)
{
    struct hart_config without = *config;
    without.extensions = vd_mask(0, HART_EXT_COUNT) &
                         ~(VD_BIT(HART_EXT_C) | VD_BIT(HART_EXT_Zcb) | VD_BIT(HART_EXT_Zcmop));
    struct rig *r = rig_new(which == 1 ? &without : config);
    struct hart_state *st = &r->hart->st;
    EMIT(r, addi, 5, 5, 0, 1);
    if (which == 0)
        EMIT(r, slti, 0, 10, 0, 0x561);
    else if (which == 1)
        EMIT(r, jal, 1, 0, 0, 6);
    else if (which == 2)
        EMIT(r, fmv_d_x, 1, 5, 0, 0);
    else
        EMIT(r, sw, 0, 6, 7, 12); /* the next but one */
    EMIT(r, addi, 5, 5, 0, 2);
    EMIT(r, addi, 5, 5, 0, 4);
    EMIT(r, ecall, 0, 0, 0, 0);
    st->csr.mstatus &= ~MSTATUS_FS;
    st->csr.mstatus |= MSTATUS_FS & -MSTATUS_FS; /* Initial */
    st->x[6] = RAM_AT;
    st->x[7] = rig_encode(INSN_addi, 5, 5, 0, 64);
    st->x[10] = 77;
    while (st->traps == 0)
        rig_run(r, 1);
    return r;
}

static void both_loops_agree_on_what_the_decoder_makes(void **state)
{
    (void)state;
    static const uint64_t sums[] = {7, 1, 7, 67};
    struct hart_config plain = {.cycle_ps = NS};
    struct hart_config timed = {.cycle_ps = NS, .timing = rig_inorder()};
    for (unsigned which = 0; which < 4; which++) {
        struct rig *a = made(&plain, which), *b = made(&timed, which);
        const struct hart_state *s = &a->hart->st, *t = &b->hart->st;
        assert_int_equal(s->x[5], sums[which]);
        assert_memory_equal(s->x, t->x, sizeof(s->x));
        assert_true(s->csr.mstatus == t->csr.mstatus && s->csr.mcause == t->csr.mcause);
        assert_true(s->csr.mtval == t->csr.mtval && s->csr.mepc == t->csr.mepc);
        assert_int_equal(s->instret, t->instret);
        assert_int_equal(a->bench.num_records, b->bench.num_records);
        rig_free(a);
        rig_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_pages),
        cmocka_unit_test(branches_learn),
        cmocka_unit_test(divisions_take_their_bits),
        cmocka_unit_test(loads_are_waited_for),
        cmocka_unit_test(loads_that_are_not_waited_for),
        cmocka_unit_test(returns_are_predicted),
        cmocka_unit_test(returns_without_compressed_instructions),
        cmocka_unit_test(what_was_waited_for_is_over),
        cmocka_unit_test(both_loops_agree_on_what_the_decoder_makes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
