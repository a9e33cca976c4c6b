/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be configured: every row of the parameters sets its own field, within its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "hart/hart.h"
#include "viaduct/bits.h"

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

enum { FLAGS = HART_EXT_COUNT + HART_TOLD_COUNT };

static const struct known {
    const char *name;
    size_t offset;
    uint8_t type;
    uint64_t fallback, least, most;
    const char *unit;
} known[] = {
#define AT(name) #name, offsetof(struct hart_config, name)
#define FIGURE(name, fallback, least, most)                                                        \
    {                                                                                              \
#name, offsetof(struct hart_config, timing.name), VD_PARAM_U32, fallback, least, most,     \
            "cycles"                                                                               \
    }
#define TABLE(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct hart_config, timing.name), VD_PARAM_U32, 0, 0, 1 << 20, ""          \
    }
    {AT(satp_mode), VD_PARAM_U32, 10, 8, 10, ""},
    {AT(pmp_entries), VD_PARAM_U32, 16, 1, 64, ""},
    {AT(tlb_entries), VD_PARAM_U32, 0, 0, 4096, ""},
    {AT(no_msip), VD_PARAM_U32, 0, 0, 1, ""},
    {AT(weak_stores), VD_PARAM_U32, 0, 0, 1, ""},
    {AT(reentrant_triggers), VD_PARAM_U32, 0, 0, 1, ""},
    {AT(reset_pc), VD_PARAM_U64, 0x1000, 4, UINT64_MAX, ""},
    FIGURE(alu, 1, 1, 500),
    FIGURE(load, 1, 1, 500),
    FIGURE(store, 1, 1, 500),
    FIGURE(mul, 1, 1, 500),
    FIGURE(div_base, 1, 1, 500),
    FIGURE(div_bit, 0, 0, 100),
    FIGURE(fp, 1, 1, 500),
    FIGURE(fp_div, 1, 1, 500),
    FIGURE(csr, 1, 1, 500),
    FIGURE(branch_taken, 0, 0, 500),
    FIGURE(jump, 1, 1, 500),
    FIGURE(mispredict, 0, 0, 500),
    FIGURE(amo, 1, 1, 500),
    FIGURE(fence, 0, 0, 100000),
    FIGURE(fence_i, 0, 0, 100000),
    FIGURE(sfence, 0, 0, 100000),
    FIGURE(trap_entry, 0, 0, 100000),
    FIGURE(trap_exit, 0, 0, 100000),
    FIGURE(wfi_wake, 0, 0, 100000),
    FIGURE(interrupt_sync, 0, 0, 1000),
    FIGURE(tlb_walk, 0, 0, 100000),
    FIGURE(tlb_read, 0, 0, 100000),
    FIGURE(uncached, 0, 0, 100000),
    TABLE(icache_lines),
    FIGURE(icache_miss, 0, 0, 500),
    TABLE(dcache_lines),
    FIGURE(dcache_miss, 0, 0, 500),
    TABLE(predictor_entries),
};

static void figures(void **state)
{
    (void)state;
    uint32_t count;
    const struct vd_param *params = hart_params(&count);
    assert_int_equal(count, FLAGS + COUNT(known));
    for (size_t i = 0; i < COUNT(known); i++) {
        const struct vd_param *p = &params[FLAGS + i];
        const struct known *k = &known[i];
        assert_string_equal(p->name, k->name);
        if (p->offset != k->offset || p->type != k->type || p->fallback != k->fallback ||
            p->min != k->least || p->max != k->most || strcmp(p->unit, k->unit) || p->choices)
            fail_msg("%s: offset %zu, type %u, %lu (%lu to %lu)", p->name, (size_t)p->offset,
                     p->type, p->fallback, p->min, p->max);
    }
}

static const struct flag {
    const char *name;
    size_t offset;
    uint64_t bit;
} flags[] = {
#define HART_EXTENSION(name, ...)                                                                  \
    {#name, offsetof(struct hart_config, extensions), HART_EXT_##name},
#define HART_TOLD(name, ...) {#name, offsetof(struct hart_config, told), HART_TOLD_##name},
#include "hart/extensions.def"
#undef HART_EXTENSION
#undef HART_TOLD
};

static bool off_by_default(const struct flag *flag)
{
    static const char *const off[] = {"Zkr", "Svadu", "Svrsw60t59b", "Zicfilp", "Zicfiss"};
    for (size_t i = 0; i < COUNT(off); i++)
        if (strcmp(flag->name, off[i]) == 0)
            return true;
    return false;
}

/* One bit of its set each. */
static void extensions(void **state)
{
    (void)state;
    uint32_t count;
    const struct vd_param *params = hart_params(&count);
    assert_int_equal(COUNT(flags), FLAGS);
    for (unsigned i = 0; i < FLAGS; i++) {
        const struct vd_param *p = &params[i];
        assert_int_equal(strcasecmp(p->name, flags[i].name), 0);
        assert_int_equal(p->type, VD_PARAM_FLAG);
        assert_int_equal(p->offset, flags[i].offset);
        assert_int_equal(p->fallback, !off_by_default(&flags[i]));
        assert_int_equal(p->min, flags[i].bit);
        assert_int_equal(p->max, flags[i].bit);
        assert_null(p->choices);
    }
}

/* The ISA string alone tells M, A, F and D from each other, one by one; S has no name in it. */
static void isa_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FLAGS; i++) {
        struct hart_config config = {0};
        char text[64], expected[64] = "rv64i";
        uint64_t bit = VD_BIT(flags[i].bit);
        memcpy((uint8_t *)&config + flags[i].offset, &bit, sizeof(bit));
        if (strcmp(flags[i].name, "S"))
            snprintf(expected, sizeof(expected), "rv64i%s%s", flags[i].name[1] ? "_" : "",
                     flags[i].name);
        hart_isa_string(&config, text, sizeof(text));
        assert_int_equal(strcasecmp(text, expected), 0);
    }
}

static int category(const char *name)
{
    static const char *const prefixes[] = {"Zi", "Zm", "Za", "Zf", "Zd", "Zc", "Zb", "Zk",
                                           "Zt", "Zv", "Su", "Ss", "Sv", "Sh", "Sm", "Sd"};
    int i = 0;
    while (i < (int)COUNT(prefixes) && strncmp(name, prefixes[i], 2))
        i++;
    return strlen(name) == 1 ? -1 : i;
}

/* [unpriv app:naming]: by category, then alphabetically.  Where Sd is has not been said. */
static void isa_names_are_in_canonical_order(void **state)
{
    (void)state;
    for (size_t i = 1; i < COUNT(flags); i++) {
        int before = category(flags[i - 1].name), here = category(flags[i].name);
        bool ordered = strcmp(flags[i - 1].name, flags[i].name) < 0;
        if (here < before || (here == before && here >= 0 && !ordered))
            fail_msg("%s stands behind %s", flags[i].name, flags[i - 1].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures),
        cmocka_unit_test(extensions),
        cmocka_unit_test(isa_names),
        cmocka_unit_test(isa_names_are_in_canonical_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
