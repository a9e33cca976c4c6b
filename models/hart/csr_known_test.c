/* SPDX-License-Identifier: BSD-2-Clause */
/* Every CSR against a list made from the manual: number, extensions, modes, writable bits, place.
 */
#include "hart/fixture.h"

#define E(name)      VD_BIT(HART_EXT_##name)
#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static const struct known {
    uint32_t first, last;
    const char *name;
    uint64_t all, any;
    const char *results[3];
    uint64_t ones, zeros;
} known[] = {
#define KNOWN(first, last, name, all, any, closed, open, watched, ones, zeros)                     \
    {first, last, #name, all, any, {closed, open, watched}, UINT64_C(ones), UINT64_C(zeros)},
#include "hart/csr_known.def"
#undef KNOWN
};

enum surroundings { CLOSED, OPEN, WATCHED };

static struct fixture *surrounded(enum surroundings how)
{
    struct fixture *f = how == CLOSED ? fixture_new(3, true) : open_fixture(3, true);
    f->hart.cfg.pmp_entries = 64;
    if (how == CLOSED)
        return f;
    fixture_set(f, CSR_mstatus, MSTATUS_FS | (how == WATCHED ? MSTATUS_TVM : 0));
    fixture_set(f, CSR_vsstatus, MSTATUS_FS);
    fixture_set(f, CSR_scounteren, ~UINT64_C(0));
    fixture_set(f, CSR_menvcfg, ENVCFG_STCE | ENVCFG_SSE);
    fixture_set(f, CSR_henvcfg, ENVCFG_STCE | ENVCFG_SSE);
    fixture_set(f, CSR_senvcfg, ENVCFG_SSE);
    fixture_set(f, CSR_hstatus,
                UINT64_C(1) << HSTATUS_VGEIN_LSB | (how == WATCHED ? HSTATUS_VTVM : 0));
    fixture_set(f, CSR_miselect, SELECT_IPRIO);
    fixture_set(f, CSR_siselect, SELECT_IPRIO);
    fixture_set(f, CSR_vsiselect, SELECT_IMSIC);
    fixture_set(f, CSR_hvictl, how == WATCHED ? HVICTL_VTI : 0);
    return f;
}

static const struct known *find(uint32_t number)
{
    for (size_t i = 0; i < COUNT(known); i++)
        if (known[i].first <= number && number <= known[i].last)
            return &known[i];
    return NULL;
}

/* Not at any select, not at every number, not to be read alone: others say which. */
static bool partly_there(uint32_t number)
{
    uint32_t low = number & 0xff;
    bool indirect = (number >> 8 <= 3 && low >= 0x52 && low <= 0x57);
    return indirect || number == CSR_seed ||
           (number >= CSR_pmpcfg0 && number < CSR_pmpaddr0 && number % 2);
}

static void numbers(void **state)
{
    (void)state;
    struct fixture *f = surrounded(OPEN);
    for (uint32_t number = 0; number < 4100; number++) {
        uint64_t value;
        bool expected = find(number) && !partly_there(number);
        if (csr_peek(&f->hart, number, &value) != expected)
            fail_msg("CSR %03x is there: %d", number, !expected);
        assert_int_equal(fixture_try(f, VD_MODE_M, number, false), expected ? CSR_OK : CSR_ILLEGAL);
    }
    fixture_free(f);
}

static void modes(void **state)
{
    (void)state;
    static const enum vd_mode order[] = {VD_MODE_U, VD_MODE_S, VD_MODE_M, VD_MODE_VU, VD_MODE_VS};
    for (unsigned how = CLOSED; how <= WATCHED; how++) {
        struct fixture *f = surrounded((enum surroundings)how);
        for (size_t i = 0; i < COUNT(known); i++) {
            char got[COUNT(order) + 1] = {0};
            for (unsigned mode = 0; mode < COUNT(order); mode++)
                got[mode] = "OIV"[fixture_try(f, order[mode], known[i].first, false)];
            if (strcmp(got, known[i].results[how]))
                fail_msg("%s: %s", known[i].name, got);
        }
        fixture_free(f);
    }
}

/* [priv csrs]: bits 11:10 say who can be written. */
static void what_is_read_only(void **state)
{
    (void)state;
    struct fixture *f = surrounded(OPEN);
    for (size_t i = 0; i < COUNT(known); i++)
        if (fixture_try(f, VD_MODE_M, known[i].first, false) == CSR_OK)
            assert_int_equal(fixture_try(f, VD_MODE_M, known[i].first, true),
                             known[i].first >= 0xc00 ? CSR_ILLEGAL : CSR_OK);
    fixture_free(f);
}

static bool there(struct fixture *f, const struct known *csr, uint64_t extensions)
{
    uint64_t value;
    f->hart.cfg.extensions = extensions;
    bool is = csr_peek(&f->hart, csr->first, &value);
    f->hart.cfg.extensions = vd_mask(0, HART_EXT_COUNT);
    return is;
}

static void extensions(void **state)
{
    (void)state;
    struct fixture *f = surrounded(OPEN);
    const uint64_t every = vd_mask(0, HART_EXT_COUNT);
    for (size_t i = 0; i < COUNT(known); i++) {
        const struct known *csr = &known[i];
        if (partly_there(csr->first))
            continue;
        bool selected = csr->first % 0x100 == 0x51; /* what is at its select needs its own */
        for (unsigned bit = 0; bit < HART_EXT_COUNT; bit++) {
            if ((csr->all >> bit & 1) && there(f, csr, every & ~VD_BIT(bit)))
                fail_msg("%s is there without extension %u", csr->name, bit);
            if ((csr->any >> bit & 1) && !selected && !there(f, csr, csr->all | VD_BIT(bit)))
                fail_msg("%s is not there with extension %u", csr->name, bit);
        }
        if (csr->any ? there(f, csr, every & ~csr->any) : !there(f, csr, csr->all))
            fail_msg("%s does not go by its extensions", csr->name);
    }
    fixture_free(f);
}

/* The windows that no select has: a guest learns that HS-mode could have them only if it could. */
static void empty_windows(void **state)
{
    (void)state;
    static const uint32_t windows[] = {CSR_sireg2, CSR_sireg4, CSR_vsireg2, CSR_vsireg4};
    const uint64_t every = vd_mask(0, HART_EXT_COUNT);
    struct fixture *f = surrounded(OPEN);
    for (size_t i = 0; i < COUNT(windows); i++) {
        uint64_t needed = E(Smcsrind) | (windows[i] < CSR_vsstatus ? E(S) : E(H));
        assert_int_equal(fixture_try(f, VD_MODE_VS, windows[i], false), CSR_VIRTUAL);
        for (unsigned bit = 0; bit < HART_EXT_COUNT; bit++) {
            f->hart.cfg.extensions = every & ~VD_BIT(bit);
            if (needed >> bit & 1)
                assert_int_equal(fixture_try(f, VD_MODE_VS, windows[i], false), CSR_ILLEGAL);
        }
        /* With no other extension, and one that lets HS-mode alone have them. */
        fixture_set(f, CSR_hstateen0, ~STATEEN_CSRIND);
        f->hart.cfg.extensions = needed | E(Smstateen);
        assert_int_equal(fixture_try(f, VD_MODE_VS, windows[i], false), CSR_VIRTUAL);
        f->hart.cfg.extensions = every;
        fixture_set(f, CSR_hstateen0, ~UINT64_C(0));
        f->hart.cfg.extensions = every;
    }
    fixture_free(f);
}

/* minstret does not count the instruction that writes it, of which there is none here. */
static void writable_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct fixture *f = surrounded(OPEN);
        const struct known *csr = &known[i];
        uint64_t ones = 0, zeros = 0;
        csr_poke(&f->hart, csr->first, ~UINT64_C(0));
        csr_peek(&f->hart, csr->first, &ones);
        csr_poke(&f->hart, csr->first, 0);
        csr_peek(&f->hart, csr->first, &zeros);
        if (ones != csr->ones || zeros != csr->zeros)
            fail_msg("%s: %#lx, %#lx", csr->name, ones, zeros);
        fixture_free(f);
    }
}

/* Clocks, counters, and what tells of pending interrupts: of these a loop can wait for a change. */
static void what_changes_by_itself(void **state)
{
    (void)state;
    static const uint32_t live[] = {
        CSR_cycle,  CSR_time,   CSR_instret, CSR_hpmcounter3, CSR_mcycle, CSR_minstret,
        CSR_mip,    CSR_sip,    CSR_hip,     CSR_vsip,        CSR_hgeip,  CSR_mhpmcounter3,
        CSR_mtopi,  CSR_stopi,  CSR_vstopi,  CSR_mireg,       CSR_sireg,  CSR_vsireg,
        CSR_mtopei, CSR_stopei, CSR_vstopei, CSR_scountovf};
    struct fixture *f = surrounded(OPEN);
    for (size_t i = 0; i < COUNT(known); i++) {
        bool expected = false;
        for (size_t k = 0; k < COUNT(live); k++)
            expected |= live[k] == known[i].first;
        uint64_t before = f->hart.live_reads;
        if (fixture_try(f, VD_MODE_M, known[i].first, false) == CSR_OK &&
            f->hart.live_reads - before != expected)
            fail_msg("%s is live: %d", known[i].name, !expected);
    }
    fixture_free(f);
}

/* Registers that are read as they are kept; of an array the second. */
static void places(void **state)
{
    (void)state;
#define AT(name)                                                                                   \
    {                                                                                              \
        CSR_##name, offsetof(struct hart_csrs, name)                                               \
    }
#define SECOND(name, number, kept)                                                                 \
    {                                                                                              \
        (number) + 1, offsetof(struct hart_csrs, kept) + 8                                         \
    }
    static const struct {
        uint32_t number;
        size_t offset;
    } kept[] = {
        AT(stvec),
        AT(scounteren),
        AT(senvcfg),
        AT(sscratch),
        AT(scause),
        AT(stval),
        AT(stimecmp),
        AT(siselect),
        AT(satp),
        AT(hedeleg),
        AT(htimedelta),
        AT(hcounteren),
        AT(hgeie),
        AT(hvien),
        AT(hvictl),
        AT(htval),
        AT(hvip),
        AT(htinst),
        AT(hgatp),
        AT(vstvec),
        AT(vsscratch),
        AT(vscause),
        AT(vstval),
        AT(vstimecmp),
        AT(vsiselect),
        AT(vsatp),
        AT(medeleg),
        AT(mtvec),
        AT(mcounteren),
        AT(mvien),
        AT(menvcfg),
        AT(mcountinhibit),
        AT(mscratch),
        AT(mcause),
        AT(mtval),
        AT(mtinst),
        AT(mtval2),
        AT(miselect),
        AT(mseccfg),
        AT(tselect),
        AT(mepc),
        AT(sepc),
        AT(vsepc),
        SECOND(hviprio2, CSR_hviprio1, hviprio),
        SECOND(mstateen1, CSR_mstateen0, mstateen),
        SECOND(pmpaddr1, CSR_pmpaddr0, pmpaddr),
    };
    struct fixture *f = surrounded(OPEN);
    for (size_t i = 0; i < COUNT(kept); i++) {
        uint64_t *at = (uint64_t *)((char *)&f->hart.st.csr + kept[i].offset), value = 0;
        uint64_t old = *at;
        *at = UINT64_C(0x5a00000000000000) + 4 * kept[i].number;
        assert_true(csr_peek(&f->hart, kept[i].number, &value));
        if (value != *at)
            fail_msg("CSR %03x: %#lx", kept[i].number, value);
        *at = old;
    }
    fixture_free(f);
}

/* [priv norm:vs-subst]: which of the supervisor's CSRs are a guest's own. */
static void guests_have_their_own(void **state)
{
    (void)state;
    static const uint32_t own[] = {CSR_stvec,    CSR_sscratch, CSR_sepc,     CSR_scause, CSR_stval,
                                   CSR_stimecmp, CSR_satp,     CSR_siselect, CSR_sstatus};
    static const uint32_t shared[] = {CSR_fflags,  CSR_frm,        CSR_fcsr,      CSR_cycle,
                                      CSR_instret, CSR_scounteren, CSR_senvcfg,   CSR_hpmcounter3,
                                      CSR_time,    CSR_scountovf,  CSR_sstateen0, CSR_scontext};
    struct fixture *f = surrounded(OPEN);
    bench_run(&f->bench, 100 * HART_MTIME_PS);
    for (size_t i = 0; i < COUNT(own); i++) {
        fixture_set(f, own[i], 0);
        fixture_set(f, own[i] + 0x100, 0);
        uint64_t supervisor = fixture_csr(f, own[i]), old = 0;
        fixture_mode(f, VD_MODE_VS);
        assert_int_equal(csr_execute(&f->hart, own[i], CSR_RS, 0x40, true, true, &old), CSR_OK);
        csr_execute(&f->hart, own[i], CSR_RS, 0, true, false, &old);
        fixture_mode(f, VD_MODE_M);
        assert_true(fixture_csr(f, own[i]) == supervisor);
        assert_true(fixture_csr(f, own[i] + 0x100) == old);
    }
    fixture_set(f, CSR_sstatus, MSTATUS_FS);
    fixture_set(f, CSR_vsstatus, MSTATUS_FS);
    fixture_set(f, CSR_fcsr, 0x75);
    fixture_set(f, CSR_scontext, 0x12);
    fixture_set(f, CSR_hcontext, 0x34);
    fixture_mode(f, VD_MODE_VS);
    for (size_t i = 0; i < COUNT(shared); i++) {
        uint64_t seen = 0;
        assert_int_equal(csr_execute(&f->hart, shared[i], CSR_RS, 0, true, false, &seen), CSR_OK);
        if (seen != fixture_csr(f, shared[i]))
            fail_msg("CSR %03x: %#lx", shared[i], seen);
    }
    fixture_free(f);
}

/* Whatever the other CSRs hold, and without a change to them. */
static void what_is_zero(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {CSR_sstateen0, CSR_sstateen0 + 3, CSR_mvendorid,
                                       CSR_marchid,   CSR_mimpid,        CSR_mconfigptr};
    struct fixture *f = fixture_new(3, true);
    memset(&f->hart.st.csr, 0x55, sizeof(f->hart.st.csr));
    f->hart.st.csr.tselect = 0;
    struct hart_csrs before = f->hart.st.csr;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_int_equal(fixture_csr(f, numbers[i]), 0);
        fixture_set(f, numbers[i], ~UINT64_C(0));
        assert_int_equal(fixture_csr(f, numbers[i]), 0);
        assert_memory_equal(&before, &f->hart.st.csr, sizeof(before));
    }
    fixture_free(f);
}

/* [priv csrs] */
static void a_debugger_cannot_write_what_is_read_only(void **state)
{
    (void)state;
    struct fixture *f = surrounded(OPEN);
    struct hart_csrs before = f->hart.st.csr;
    for (uint32_t number = 0xc00; number < 0x1000; number++) {
        csr_poke(&f->hart, number, UINT64_C(0x5555555555555555));
        csr_poke(&f->hart, number, ~UINT64_C(0));
        if (memcmp(&before, &f->hart.st.csr, sizeof(before)))
            fail_msg("CSR %03x was written", number);
    }
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(modes),
        cmocka_unit_test(what_is_read_only),
        cmocka_unit_test(extensions),
        cmocka_unit_test(empty_windows),
        cmocka_unit_test(writable_bits),
        cmocka_unit_test(places),
        cmocka_unit_test(guests_have_their_own),
        cmocka_unit_test(what_changes_by_itself),
        cmocka_unit_test(what_is_zero),
        cmocka_unit_test(a_debugger_cannot_write_what_is_read_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
