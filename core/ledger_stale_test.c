/* SPDX-License-Identifier: BSD-2-Clause */
/* Which invalidation was missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger_story.h"

enum { IOFENCE = 2, VMA = 1, GVMA = 1 | 1 << 7, INVAL_DDT = 3, INVAL_PDT = 3 | 1 << 7 };

static void stale(struct story *s, uint64_t serial, uint64_t command, uint64_t iova)
{
    tell(s,
         (struct vd_record){
             .kind = VD_REC_iommu_stale, .serial = serial, .a = command, .b = iova, .c = DEVICE});
}

static void command(struct story *s, uint64_t dw0)
{
    tell(s, (struct vd_record){.kind = VD_REC_iommu_command, .a = dw0});
}

static uint32_t notes(const struct story *s, const char *text)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ledger_num_findings(s->ledger); i++) {
        const struct ledger_finding *f = ledger_finding(s->ledger, i);
        if (f->kind != LEDGER_STALE)
            continue;
        if (!strstr(f->text, text))
            fail_msg("'%s' does not say '%s'", f->text, text);
        n++;
    }
    return n;
}

static void stray_is_told_the_missing_command(void **state)
{
    struct story *s = *state;
    file_owner(s, GUEST_FILE, -1);
    issue(s, 1, 5);
    stale(s, 1, GVMA, 0x28000000);
    translate(s, 1);
    record(s, 1, GUEST_FILE, 5, false);
    violated(s, LEDGER_STRAY, "which no VM owns, by a cached translation that IOTINVAL.GVMA should",
             "MSI 1");
}

static void stray_without_stale_entry_is_not(void **state)
{
    struct story *s = *state;
    file_owner(s, GUEST_FILE, -1);
    issue(s, 1, 5);
    translate(s, 1);
    record(s, 1, GUEST_FILE, 5, false);
    const struct ledger_finding *f = violated(s, LEDGER_STRAY, "which no VM owns", "MSI 1");
    assert_null(strstr(f->text, "should have removed"));
}

/* Between the change and the command, and until the fence, the old translation is allowed. */
static void stale_until_the_fence_is_nothing(void **state)
{
    struct story *s = *state;
    stale(s, 0, GVMA, 0x1000);
    stale(s, 0, GVMA, 0x1000);
    command(s, GVMA);
    stale(s, 0, GVMA, 0x1000);
    command(s, IOFENCE);
    balanced(s);
    assert_int_equal(notes(s, ""), 0);
}

static void stale_after_a_fence_is_noted_once(void **state)
{
    struct story *s = *state;
    stale(s, 0, VMA | 3 << 16, 0x40001234);
    command(s, GVMA);
    command(s, IOFENCE);
    stale(s, 0, VMA | 3 << 16, 0x40001000);
    stale(s, 0, VMA | 3 << 16, 0x40001000);
    balanced(s);
    assert_int_equal(notes(s, "IOMMU 3 used a translation of device 01:00.0, IOVA 0x40001000, that "
                              "IOTINVAL.VMA should have removed"),
                     1);
}

static void stale_pointer_names_the_operand(void **state)
{
    struct story *s = *state;
    stale(s, 0, GVMA | 1 << 10, 0x1000);
    stale(s, 0, VMA | 1 << 10, 0x2000);
    command(s, IOFENCE);
    stale(s, 0, GVMA | 1 << 10, 0x1000);
    assert_int_equal(notes(s, "IOTINVAL.GVMA with NL=1 or AV=0 should have removed"), 1);
    stale(s, 0, VMA | 1 << 10, 0x2000);
    assert_int_equal(notes(s, "with NL=1 or AV=0 should have removed"), 2);
}

static void later_change_starts_anew(void **state)
{
    struct story *s = *state;
    stale(s, 0, GVMA, 0x1000);
    command(s, IOFENCE);
    command(s, GVMA);
    stale(s, 0, GVMA, 0x1000);
    balanced(s);
    assert_int_equal(notes(s, ""), 0);
}

static void every_command_has_its_name(void **state)
{
    static const struct {
        uint64_t command;
        const char *name;
    } rows[] = {{VMA, "IOTINVAL.VMA"},
                {GVMA, "IOTINVAL.GVMA"},
                {INVAL_DDT, "IODIR.INVAL_DDT"},
                {INVAL_PDT, "IODIR.INVAL_PDT"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *story;
        story_setup(&story);
        stale(story, 0, rows[i].command, 0x1000);
        command(story, IOFENCE);
        stale(story, 0, rows[i].command, 0x1000);
        assert_int_equal(notes(story, rows[i].name), 1);
        story_teardown(&story);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stray_is_told_the_missing_command),      TEST(stray_without_stale_entry_is_not),
        TEST(stale_until_the_fence_is_nothing),       TEST(stale_after_a_fence_is_noted_once),
        TEST(stale_pointer_names_the_operand),        TEST(later_change_starts_anew),
        cmocka_unit_test(every_command_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
