/* SPDX-License-Identifier: BSD-2-Clause */
/* Device contexts of one GSCID. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger_story.h"

enum { IOMMU = 2, INVAL_DDT = 3, INVAL_PDT = 3 | 1 << 7 };
#define GSCID(n) ((uint64_t)(n) << 44)
#define ONE(id)  (UINT64_C(1) << 33 | (uint64_t)(id) << 40)

static void context_by(struct story *s, uint16_t iommu, uint32_t device, uint64_t iohgatp,
                       uint64_t msi)
{
    tell(s,
         (struct vd_record){
             .kind = VD_REC_iommu_context, .source = iommu, .a = device, .b = iohgatp, .c = msi});
}

static void context(struct story *s, uint32_t device, uint64_t iohgatp, uint64_t msi)
{
    context_by(s, IOMMU, device, iohgatp, msi);
}

static void command(struct story *s, uint64_t dw0)
{
    tell(s, (struct vd_record){.kind = VD_REC_iommu_command, .source = IOMMU, .a = dw0});
}

static void expect_notes(const struct story *s, uint32_t count, const char *text)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ledger_num_findings(s->ledger); i++) {
        const struct ledger_finding *f = ledger_finding(s->ledger, i);
        assert_int_equal(f->kind, LEDGER_MIXED);
        assert_int_equal(f->invariant, LEDGER_I14);
        n += strstr(f->text, text) != NULL;
    }
    assert_int_equal(n, count);
    assert_int_equal(ledger_num_findings(s->ledger), count);
}

static void what_differs_is_named_once(void **state)
{
    struct story *s = *state;
    context(s, 0x8, GSCID(7) | 1, 5);
    context(s, 0x10, GSCID(7) | 2, 5);
    context(s, 0x10, GSCID(7) | 2, 5);
    expect_notes(s, 1,
                 "00:02.0 and device 00:01.0 have GSCID 7 in one IOMMU, but not the same "
                 "second stage (at");
    balanced(s);
}

static void msi_page_tables_count_as_well(void **state)
{
    struct story *s = *state;
    context(s, 0x8, GSCID(65535) | 1, 5);
    context(s, 0x10, GSCID(65535) | 1, 6);
    expect_notes(s, 1, "GSCID 65535 in one IOMMU, but not the same MSI page table");
}

static void others_have_tables_of_their_own(void **state)
{
    struct story *s = *state;
    context(s, 0x8, GSCID(7) | 1, 5);
    context(s, 0x10, GSCID(8) | 2, 6);
    context_by(s, IOMMU + 1, 0x18, GSCID(7) | 3, 7);
    expect_notes(s, 0, "");
}

/* A context that software changes is read again, and so may the others be meanwhile. */
static void invalidation_forgets(void **state)
{
    static const struct {
        uint64_t dw0;
        uint32_t notes;
    } rows[] = {{INVAL_DDT, 0},
                {INVAL_DDT | ONE(0x8), 0},
                {INVAL_DDT | ONE(0x10), 1},
                {INVAL_PDT | ONE(0x8), 1},
                {1, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *story;
        story_setup(&story);
        context(story, 0x8, GSCID(7) | 1, 5);
        command(story, rows[i].dw0);
        context(story, 0x10, GSCID(7) | 2, 5);
        expect_notes(story, rows[i].notes, "GSCID 7");
        story_teardown(&story);
    }
}

static void invalidation_is_of_one_iommu(void **state)
{
    struct story *s = *state;
    context_by(s, IOMMU + 1, 0x8, GSCID(7) | 1, 5);
    command(s, INVAL_DDT);
    context_by(s, IOMMU + 1, 0x10, GSCID(7) | 2, 5);
    expect_notes(s, 1, "GSCID 7");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_differs_is_named_once),       TEST(msi_page_tables_count_as_well),
        TEST(others_have_tables_of_their_own),  TEST(invalidation_is_of_one_iommu),
        cmocka_unit_test(invalidation_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
