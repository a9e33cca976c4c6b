/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart from outside: what it is made of, what a debugger sees, and what it says is wrong. */
#include "hart/exec_rig.h"
#include "support/memory.h"

static void refused(const struct hart_config *config, const char *word)
{
    struct bench b;
    struct vd_error err = {.text = ""};
    bench_init(&b);
    assert_null(hart_create(config, &b.host, NULL, &err));
    if (!strstr(err.text, word))
        fail_msg("\"%s\" does not speak of %s", err.text, word);
    bench_done(&b);
}

#define WITH(...)                                                                                  \
    &(struct hart_config)                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void wrong_configurations_are_refused(void **state)
{
    (void)state;
    refused(WITH(.extensions = VD_BIT(HART_EXT_D)), "d needs f");
    refused(WITH(.extensions = VD_BIT(HART_EXT_H)), "h needs s");
    refused(WITH(.extensions = VD_BIT(HART_EXT_Ssaia)), "ssaia needs s");
    refused(WITH(.extensions = VD_BIT(HART_EXT_Zacas)), "zacas needs a");
    refused(WITH(.satp_mode = 11), "satp_mode");
    refused(WITH(.pmp_entries = 65), "pmp_entries");
    refused(WITH(.geilen = 64), "guest files");
    refused(WITH(.reset_pc = 0x1002), "reset_pc");
    refused(WITH(.timing = {.icache_lines = 3}), "icache_lines");
    refused(WITH(.timing = {.dcache_lines = 5}), "dcache_lines");
    refused(WITH(.timing = {.predictor_entries = 6}), "predictor_entries");
    hart_destroy(NULL);
}

static void out_of_memory(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    struct hart_config config = {.index = 3, .timing = rig_inorder()};
    struct hart *made = NULL;
    uint32_t n = 0;
    while (!made) {
        struct vd_error err = {.text = ""};
        memory_fails_in = ++n;
        made = hart_create(&config, &r->bench.host, NULL, &err);
        assert_string_equal(err.text, made ? "" : "hart 3: out of memory");
    }
    assert_true(n > 15); /* of each allocation in turn */
    memory_fails_in = 0;
    hart_destroy(made);
    rig_free(r);
}

/* The loop that keeps time is there as soon as one figure that it needs is not what functional has.
 */
static void any_figure_asks_for_time(void **state)
{
    (void)state;
    uint32_t count;
    const struct vd_param *params = hart_params(&count);
    for (uint32_t i = HART_EXT_COUNT; i < count; i++) {
        struct hart_config config = {0};
        if (params[i].offset < offsetof(struct hart_config, timing))
            continue;
        struct rig *r = rig_new(&config);
        assert_false(r->hart->timing_on);
        config = r->hart->cfg;
        rig_free(r);
        uint32_t *field = (uint32_t *)((char *)&config + params[i].offset);
        *field += 1;
        const char *elsewhere[] = {
            "trap_entry",  "trap_exit",   "wfi_wake",         "interrupt_sync", "fence",
            "fence_i",     "sfence",      "tlb_walk",         "tlb_read",       "uncached",
            "icache_miss", "dcache_miss", "predictor_entries"};
        bool expected = true;
        for (size_t k = 0; k < sizeof(elsewhere) / sizeof(elsewhere[0]); k++)
            expected &= strcmp(params[i].name, elsewhere[k]) != 0;
        r = rig_new(&config);
        if (r->hart->timing_on != expected)
            fail_msg("%s: %d", params[i].name, r->hart->timing_on);
        rig_free(r);
    }
}

/* As many of everything as there can be; reset puts the clock back too. */
static void the_largest_hart(void **state)
{
    (void)state;
    struct hart_config config = {
        .pmp_entries = 64, .geilen = 63, .satp_mode = 10, .tlb_entries = 4096};
    struct rig *r = rig_new(&config);
    uint64_t value;
    assert_true(csr_peek(r->hart, CSR_pmpaddr0 + 63, &value));
    EMIT(r, jal, 0, 0, 0, 0);
    rig_run(r, 100);
    assert_true(hart_runner(r->hart)->time >= 100 * NS);
    hart_reset(r->hart);
    assert_int_equal(hart_runner(r->hart)->time, 0);
    assert_false(hart_runner(r->hart)->asleep);
    rig_free(r);
}

static void a_debugger_reads_and_writes_everything(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    uint64_t value;
    for (uint32_t reg = 0; reg < HART_REG_CSR0; reg++) {
        assert_true(hart_set(r->hart, reg, 0x1001 + reg));
        assert_true(hart_get(r->hart, reg, &value));
        uint64_t expected = reg == 0 ? 0 : reg == HART_REG_PC ? 0x1020 : 0x1001 + reg;
        assert_int_equal(value, expected);
    }
    assert_int_equal(r->hart->st.x[31], 0x1020);
    assert_int_equal(r->hart->st.f[31], 0x1001 + 64);
    assert_true(hart_set(r->hart, HART_REG_CSR0 + CSR_mscratch, 77));
    assert_true(hart_get(r->hart, HART_REG_CSR0 + CSR_mscratch, &value));
    assert_int_equal(value, 77);
    assert_int_equal(r->hart->st.csr.mscratch, 77);
    /* What does not exist, and what M-mode may not. */
    assert_false(hart_get(r->hart, HART_REG_CSR0 + 0x7c0, &value));
    assert_false(hart_set(r->hart, HART_REG_CSR0 + 0x7c0, 1));
    assert_false(hart_get(r->hart, HART_REG_CSR0 + 4096, &value));
    rig_free(r);
}

static void counts_are_those_of_the_program(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    for (unsigned i = 0; i < 5; i++)
        EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, ecall, 0, 0, 0, 0);
    rig_step(r, 6);
    struct hart_counts counts = hart_counts(r->hart);
    assert_int_equal(counts.instructions, 5);
    assert_int_equal(counts.cycles, 6);
    assert_int_equal(counts.traps, 1);
    assert_int_equal(counts.interrupts, 0);
    csr_poke(r->hart, CSR_mie, VD_BIT(INT_MSI));
    csr_poke(r->hart, CSR_mstatus, MSTATUS_MIE);
    hart_wire(r->hart, VD_LINE_MSIP, true);
    rig_run(r, 1);
    assert_int_equal(hart_counts(r->hart).interrupts, 1);
    rig_free(r);
}

static void returns_are_counted(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, mret, 0, 0, 0, 0);
    r->hart->st.csr.mstatus |= MSTATUS_MPP;
    r->hart->st.csr.mepc = RAM_AT;
    rig_step(r, 1);
    assert_int_equal(hart_counts(r->hart).returns, 1);
    rig_free(r);
}

/* The handler is behind TRAP_AT; `at` is where an instruction that is none traps, after `before`
 * good ones. */
static struct rig *trapping(uint64_t at, unsigned before)
{
    struct rig *r = rig_new(NULL);
    r->hart->st.csr.mtvec = r->end = TRAP_AT + 4;
    for (unsigned i = 0; i < before; i++)
        EMIT(r, addi, 5, 5, 0, 1);
    if (r->end != at)
        EMIT(r, jal, 0, 0, 0, at - r->end);
    hart_set(r->hart, HART_REG_PC, at);
    return r;
}

/* At once behind the entry, or inside the handler; not farther away, nor for another cause. */
static void repetitions_are_counted(void **state)
{
    (void)state;
    static const struct {
        uint64_t at;
        unsigned before;
        bool repeated;
    } rows[] = {{TRAP_AT + 4, 0, true},     {TRAP_AT + 12, 2, true}, {TRAP_AT + 4096, 2, true},
                {TRAP_AT + 4100, 2, false}, {TRAP_AT, 2, false},     {RAM_AT, 2, false},
                {TRAP_AT + 4100, 0, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = trapping(rows[i].at, rows[i].before);
        while (r->hart->st.traps < 5)
            rig_run(r, 1);
        assert_int_equal(r->hart->st.csr.mepc, rows[i].at);
        assert_int_equal(hart_counts(r->hart).repeated, rows[i].repeated ? 4 : 0);
        rig_free(r);
    }
}

/* A handler that returns to where it came from: at once counts, with progress does not. */
static void repetitions_behind_a_return(void **state)
{
    (void)state;
    for (unsigned progress = 0; progress < 2; progress++) {
        struct rig *r = rig_new(NULL);
        r->end = TRAP_AT;
        EMIT(r, csrrs, 7, 0, 0, CSR_mepc);
        if (progress)
            EMIT(r, addi, 7, 7, 0, -4);
        EMIT(r, csrrw, 0, 7, 0, CSR_mepc);
        EMIT(r, csrrs, 0, 6, 0, CSR_mstatus); /* MPP: M */
        EMIT(r, mret, 0, 0, 0, 0);
        r->end = RAM_AT;
        EMIT(r, addi, 5, 5, 0, 1);
        r->hart->st.x[6] = MSTATUS_MPP;
        while (r->hart->st.traps < 5)
            rig_run(r, 1);
        assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 4);
        assert_int_equal(hart_counts(r->hart).returns, 4);
        assert_int_equal(hart_counts(r->hart).repeated, progress ? 0 : 4);
        rig_free(r);
    }
}

/* What a user or a guest does to itself stops nobody; HS-mode does. */
static void repetitions_of_others(void **state)
{
    (void)state;
    static const enum vd_mode modes[] = {VD_MODE_U, VD_MODE_S, VD_MODE_VS, VD_MODE_VU};
    for (unsigned i = 0; i < 4; i++) {
        struct rig *r = rig_new(NULL);
        struct hart *h = r->hart;
        h->st.csr.medeleg = VD_BIT(CAUSE_ILLEGAL_INSTRUCTION);
        h->st.csr.stvec = TRAP_AT;
        for (unsigned k = 0; k < 3; k++) {
            h->st.priv = (uint8_t)(modes[i] & 3);
            h->st.virt = modes[i] >= VD_MODE_VU;
            h->st.pc = TRAP_AT;
            trap_illegal(h, 0);
            trap_exception(h);
        }
        assert_int_equal(hart_counts(h).repeated, modes[i] == VD_MODE_S ? 2 : 0);
        rig_free(r);
    }
}

/* One page's, or all; the reads of a page may go on. */
static void a_revoked_grant_is_not_used(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    const struct hart_tlb_entry *data = r->hart->data;
    EMIT(r, ld, 5, 6, 0, 0);
    EMIT(r, sd, 0, 6, 7, 0);
    EMIT(r, sd, 0, 8, 7, 0);
    r->hart->st.x[6] = DATA_AT;
    r->hart->st.x[8] = DATA_AT + 0x1000;
    rig_step(r, 3);
    const struct hart_tlb_entry *one = &data[DATA_AT >> 12 & (HART_TLB_SIZE - 1)], *other = one + 1;
    assert_true(one->write_tag == DATA_AT && other->write_tag == DATA_AT + 0x1000);
    hart_revoke(r->hart, DATA_AT);
    assert_true(one->write_tag == HART_TLB_NONE && one->read_tag == DATA_AT);
    assert_true(other->write_tag == DATA_AT + 0x1000);
    hart_revoke(r->hart, VD_NEVER);
    assert_true(one->read_tag == HART_TLB_NONE && other->write_tag == HART_TLB_NONE);
    rig_free(r);
}

static void modes_have_their_names(void **state)
{
    (void)state;
    static const enum vd_mode modes[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};
    struct rig *r = rig_new(NULL);
    for (unsigned i = 0; i < 5; i++) {
        r->hart->st.priv = (uint8_t)(modes[i] & 3);
        r->hart->st.virt = modes[i] >= VD_MODE_VU;
        assert_int_equal(hart_mode(r->hart), modes[i]);
    }
    rig_free(r);
}

static void isa_string_names_the_extensions(void **state)
{
    (void)state;
    char text[1024], small[8];
    struct hart_config config = {.extensions = VD_BIT(HART_EXT_M) | VD_BIT(HART_EXT_C) |
                                               VD_BIT(HART_EXT_Zicsr) | VD_BIT(HART_EXT_S) |
                                               VD_BIT(HART_EXT_Sstc)};
    hart_isa_string(&config, text, sizeof(text));
    assert_string_equal(text, "rv64imc_zicsr_sstc");
    hart_isa_string(&config, small, sizeof(small));
    assert_int_equal(strlen(small), 7);
}

/* Interrupt lines and events go on: the snapshot is everything. */
static void nothing_fires_for_a_hart_that_is_gone(void **state)
{
    (void)state;
    struct hart_config config = {.timing = {.interrupt_sync = 3}};
    struct rig *r = rig_new(&config);
    csr_poke(r->hart, CSR_menvcfg, ENVCFG_STCE);
    csr_poke(r->hart, CSR_henvcfg, ENVCFG_STCE);
    csr_poke(r->hart, CSR_stimecmp, 5);
    csr_poke(r->hart, CSR_vstimecmp, 6);
    csr_poke(r->hart, CSR_mhpmcounter3, ~UINT64_C(0) - 100);
    csr_poke(r->hart, CSR_mhpmevent3, 1);
    hart_wire(r->hart, VD_LINE_MSIP, true);
    assert_int_equal(r->bench.num_events, 4);
    hart_destroy(r->hart);
    r->hart = NULL;
    assert_int_equal(r->bench.num_events, 0);
    rig_free(r);
}

static void instances_are_independent(void **state)
{
    (void)state;
    struct rig *a = rig_new(NULL), *b = rig_new(NULL);
    EMIT(a, addi, 5, 5, 0, 1);
    EMIT(a, jal, 0, 0, 0, -4);
    EMIT(b, addi, 5, 5, 0, 2);
    EMIT(b, jal, 0, 0, 0, -4);
    for (unsigned i = 0; i < 20; i++) {
        rig_run(a, 7);
        rig_run(b, 7);
    }
    assert_int_equal(a->hart->st.x[5], 70);
    assert_int_equal(b->hart->st.x[5], 140);
    rig_free(a);
    rig_free(b);
}

static uint32_t top_of_file(void *ctx, uint32_t file)
{
    return *(uint32_t *)ctx + file;
}

static void a_hart_claims_from_the_files_that_it_was_given(void **state)
{
    (void)state;
    static const struct vd_imsic_ops ops = {.topei = top_of_file};
    uint32_t number = 40;
    struct vd_imsic_port port = {.ops = &ops, .ctx = &number};
    struct bench bench;
    struct vd_error err;
    struct hart_config config = {.geilen = 3};
    bench_init(&bench);
    struct hart *h = hart_create(&config, &bench.host, &port, &err);
    uint64_t value;
    assert_true(csr_peek(h, CSR_mtopei, &value));
    assert_int_equal(value, 40 + VD_IMSIC_FILE_M);
    assert_true(csr_peek(h, CSR_stopei, &value));
    assert_int_equal(value, 40 + VD_IMSIC_FILE_S);
    hart_destroy(h);
    h = hart_create(&config, &bench.host, NULL, &err);
    assert_false(csr_peek(h, CSR_mtopei, &value));
    hart_destroy(h);
    bench_done(&bench);
}

static void an_isa_string_stays_in_its_buffer(void **state)
{
    (void)state;
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    char whole[1024], text[1024];
    hart_isa_string(&config, whole, sizeof(whole));
    for (size_t size = 1; size < strlen(whole); size++) {
        memset(text, '!', sizeof(text));
        hart_isa_string(&config, text, size);
        assert_int_equal(strlen(text), size - 1);
        assert_memory_equal(text, whole, size - 1);
        for (size_t i = size; i < sizeof(text); i++)
            assert_int_equal(text[i], '!');
    }
}

static void a_debugger_switches_floating_point_off_inside_a_block(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, fadd_d, 1, 2, 3, 0);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, jal, 0, 0, 0, -16);
    rig_run(r, 5 + 1); /* the block is known, and goes on behind its first instruction */
    assert_int_equal(r->hart->st.x[5], 4);
    csr_poke(r->hart, CSR_mstatus, 0);
    rig_run(r, 2);
    assert_int_equal(r->hart->st.traps, 1);
    assert_int_equal(r->hart->st.csr.mcause, CAUSE_ILLEGAL_INSTRUCTION);
    assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 8);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_configurations_are_refused),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(any_figure_asks_for_time),
        cmocka_unit_test(the_largest_hart),
        cmocka_unit_test(a_debugger_reads_and_writes_everything),
        cmocka_unit_test(counts_are_those_of_the_program),
        cmocka_unit_test(returns_are_counted),
        cmocka_unit_test(a_revoked_grant_is_not_used),
        cmocka_unit_test(repetitions_are_counted),
        cmocka_unit_test(repetitions_behind_a_return),
        cmocka_unit_test(repetitions_of_others),
        cmocka_unit_test(modes_have_their_names),
        cmocka_unit_test(isa_string_names_the_extensions),
        cmocka_unit_test(instances_are_independent),
        cmocka_unit_test(nothing_fires_for_a_hart_that_is_gone),
        cmocka_unit_test(a_hart_claims_from_the_files_that_it_was_given),
        cmocka_unit_test(an_isa_string_stays_in_its_buffer),
        cmocka_unit_test(a_debugger_switches_floating_point_off_inside_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
