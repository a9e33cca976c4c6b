/* SPDX-License-Identifier: BSD-2-Clause */
/* The way of an MSI through one file, its stamps and counts, and how it can go wrong there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger_state.h"
#include "core/ledger_story.h"

static void whole_way_is_stamped(void **state)
{
    struct story *s = *state;
    s->now = 2000;
    issue(s, 1, 5);
    translate(s, 1);
    record(s, 1, GUEST_FILE, 5, false);
    trap(s, HART0, INTERRUPT | 10, VD_MODE_VS, VD_MODE_VS);
    claim(s, GUEST_FILE, 5);
    balanced(s);
    assert_int_equal(ledger_num_samples(s->ledger), 1);
    const struct sample *m = ledger_samples(s->ledger);
    const vd_time want[STAMP_COUNT] = {2000, 2010, 2020, 2030, 2040, 2045, 2050};
    assert_memory_equal(m->stamp, want, sizeof(want));
    assert_int_equal(m->serial, 1);
    assert_int_equal(m->identity, 5);
    assert_int_equal(m->path, 10200);
    assert_int_equal(m->requester, DEVICE);
    assert_int_equal(m->file, GUEST_FILE);
    assert_int_equal(m->vm, VM);
    assert_int_equal(m->traps, 0);
    assert_false(m->inexact);
    assert_int_equal(counts(s)->issued, 1);
    assert_int_equal(counts(s)->claimed, 1);
}

static void polled_claim_has_no_trap(void **state)
{
    struct story *s = *state;
    trap(s, HART0, INTERRUPT | 10, VD_MODE_VS, VD_MODE_VS);
    arrive_in(s, 1, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
    balanced(s);
    assert_int_equal(ledger_samples(s->ledger)->stamp[STAMP_TRAP], SAMPLE_UNKNOWN);
    assert_int_equal(ledger_samples(s->ledger)->stamp[STAMP_ACCEPT], SAMPLE_UNKNOWN);
}

static void trap_must_be_able_to_come_from_the_file(void **state)
{
    struct story *s = *state;
    tell(s, (struct vd_record){.kind = VD_REC_hgeip, .a = HART0, .b = 2});
    tell(s, (struct vd_record){.kind = VD_REC_hgeie, .a = HART0, .b = 2});
    const struct {
        uint64_t file, cause;
        uint32_t hart;
        enum vd_mode to;
        bool stamps;
    } rows[] = {
        {VD_FILE(0, 0), INTERRUPT | 11, HART0, VD_MODE_M, true},
        {VD_FILE(0, 0), INTERRUPT | 9, HART0, VD_MODE_S, false},
        {S_FILE, INTERRUPT | 9, HART0, VD_MODE_S, true},
        {S_FILE, INTERRUPT | 9, HART1, VD_MODE_S, false},
        {S_FILE, INTERRUPT | 5, HART0, VD_MODE_S, false},
        {S_FILE, 9, HART0, VD_MODE_S, false},
        {GUEST_FILE, INTERRUPT | 9, HART0, VD_MODE_VS, true},
        {GUEST_FILE, INTERRUPT | 9, HART0, VD_MODE_S, false},
        {GUEST_FILE, INTERRUPT | 12, HART0, VD_MODE_S, false},
    };
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        issue(s, 1 + i, 5);
        record(s, 1 + i, rows[i].file, 5, false);
        trap(s, rows[i].hart, rows[i].cause, VD_MODE_U, rows[i].to);
        claim(s, rows[i].file, 5);
        assert_int_equal(ledger_samples(s->ledger)[i].stamp[STAMP_TRAP] != SAMPLE_UNKNOWN,
                         rows[i].stamps);
    }
    balanced(s);
}

static void traps_into_the_hypervisor_are_counted(void **state)
{
    struct story *s = *state;
    trap(s, HART0, 21, VD_MODE_VS, VD_MODE_S);
    issue(s, 1, 5);
    trap(s, HART0, 21, VD_MODE_VS, VD_MODE_S);
    trap(s, HART1, 21, VD_MODE_VS, VD_MODE_S);
    record(s, 1, GUEST_FILE, 5, false);
    trap(s, HART0, INTERRUPT | 7, VD_MODE_S, VD_MODE_M);
    trap(s, HART0, INTERRUPT | 10, VD_MODE_VS, VD_MODE_VS);
    claim(s, GUEST_FILE, 5);
    arrive_in(s, 2, S_FILE, 5);
    trap(s, HART0, INTERRUPT | 9, VD_MODE_VS, VD_MODE_S);
    claim(s, S_FILE, 5);
    balanced(s);
    assert_int_equal(ledger_samples(s->ledger)[0].traps, 2);
    assert_int_equal(ledger_samples(s->ledger)[1].traps, 0);
    assert_int_equal(counts(s)->traps, 2);
}

static void only_the_measured_phase_is_sampled(void **state)
{
    struct story *s = *state;
    phase(s, WARM_UP);
    issue(s, 1, 5);
    phase(s, MEASURED);
    record(s, 1, GUEST_FILE, 5, false);
    claim(s, GUEST_FILE, 5);
    path(s, 7);
    arrive_in(s, 2, GUEST_FILE, 5);
    phase(s, QUIET);
    claim(s, GUEST_FILE, 5);
    balanced(s);
    assert_int_equal(ledger_num_samples(s->ledger), 1);
    assert_int_equal(ledger_samples(s->ledger)->serial, 2);
    assert_int_equal(ledger_num_paths(s->ledger), 1);
    assert_int_equal(ledger_nth_path(s->ledger, 0), 7);
    assert_null(ledger_counts(s->ledger, 10200));
    assert_int_equal(ledger_counts(s->ledger, 7)->claimed, 1);
    assert_int_equal(ledger_counts(s->ledger, LEDGER_ALL)->claimed, 2);
}

static void equal_identities_coalesce_into_the_first(void **state)
{
    struct story *s = *state;
    for (uint64_t i = 1; i <= 3; i++) {
        issue(s, i, 5);
        record(s, i, GUEST_FILE, 5, i > 1);
    }
    assert_int_equal(ledger_open(s->ledger), 3);
    claim(s, GUEST_FILE, 5);
    balanced(s);
    assert_int_equal(counts(s)->claimed, 1);
    assert_int_equal(counts(s)->coalesced, 2);
    assert_int_equal(ledger_num_samples(s->ledger), 3);
    assert_int_equal(ledger_samples(s->ledger)[0].coalesced_into, 0);
    assert_int_equal(ledger_samples(s->ledger)[2].coalesced_into, 1);
}

static void second_claim_of_one_msi_is_a_duplicate(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
    violated(s, LEDGER_DUPLICATE, "identity 5 was claimed in guest file 1 of hart 0",
             "nothing was");
    assert_int_equal(counts(s)->duplicate, 1);
}

static void bit_set_by_software_may_be_claimed_once(void **state)
{
    struct story *s = *state;
    eip(s, VD_REC_eip_set, GUEST_FILE, 7);
    claim(s, GUEST_FILE, 7);
    claim(s, GUEST_FILE, 7);
    violated(s, LEDGER_DUPLICATE, "identity 7", "hart 0");
}

static void msi_recorded_twice_is_a_duplicate(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
    record(s, 1, GUEST_FILE, 5, false);
    claim(s, GUEST_FILE, 5);
    violated(s, LEDGER_DUPLICATE, "MSI 1 of device 01:00.0, identity 5", "recorded once more");
}

static void msi_never_recorded_is_lost(void **state)
{
    struct story *s = *state;
    s->now = 1234567;
    issue(s, 1, 5);
    const struct ledger_finding *f =
        violated(s, LEDGER_LOST, "last seen leaving its source for 0x28000000 at 1234.567 ns",
                 "never recorded");
    assert_int_equal(f->serial, 1);
    assert_int_equal(f->identity, 5);
    assert_int_equal(f->when, 1234567);
    assert_int_equal(counts(s)->lost, 1);
    check_balance(s);
}

static void lost_in_the_iommu_says_so(void **state)
{
    struct story *s = *state;
    issue(s, 1, 5);
    tell(s, (struct vd_record){.kind = VD_REC_msi_accept, .serial = 1, .b = 0x7000});
    violated(s, LEDGER_LOST, "in the IOMMU, on its way to 0x7000", "never recorded");
}

/* A claim that swallows an MSI arriving in the same cycle: the file never has it. */
static void lost_behind_the_iommu_says_so(void **state)
{
    struct story *s = *state;
    issue(s, 1, 5);
    translate(s, 1);
    violated(s, LEDGER_LOST, "leaving the IOMMU for 0x28001000", "never recorded");
}

static void pending_enabled_and_never_claimed_is_lost(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    violated(s, LEDGER_LOST, "pending in guest file 1 of hart 0", "never claimed");
}

static void pending_and_masked_is_no_violation(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    state_of(s, GUEST_FILE, 0xc0, ~UINT64_C(0x21));
    arrive_in(s, 2, GUEST_FILE, 70);
    state_of(s, GUEST_FILE, 0x72, 70);
    arrive_in(s, 3, VD_FILE(1, 3), 9);
    balanced(s);
    assert_int_equal(counts(s)->pending, 3);
}

static void identity_below_the_threshold_is_deliverable(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 70);
    state_of(s, GUEST_FILE, 0x72, 71);
    violated(s, LEDGER_LOST, "identity 70", "never claimed");
}

static void vanished_bit_is_lost(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    arrive_in(s, 2, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
    const struct ledger_finding *f =
        violated(s, LEDGER_LOST, "MSI 1 ", "pending bit vanished without a claim");
    assert_int_equal(f->serial, 1);
}

static void wrong_identity_is_a_stray(void **state)
{
    struct story *s = *state;
    issue(s, 1, 69);
    record(s, 1, GUEST_FILE, 5, false);
    claim(s, GUEST_FILE, 5);
    violated(s, LEDGER_STRAY, "recorded as identity 5 though its data said 69", "MSI 1");
    assert_int_equal(counts(s)->stray, 1);
}

static void big_endian_data_is_understood(void **state)
{
    struct story *s = *state;
    tell(s,
         (struct vd_record){
             .kind = VD_REC_msi_issue, .serial = 1, .a = 0x28000004, .b = 0x05000000, .c = DEVICE});
    record(s, 1, GUEST_FILE, 5, false);
    claim(s, GUEST_FILE, 5);
    balanced(s);
}

/* Protocol A7: a PTE taken through V=0 faults. */
static void drop_is_reported_with_its_cause_and_balances(void **state)
{
    struct story *s = *state;
    issue(s, 1, 5);
    drop(s, 1, VD_DROP_iommu_fault, 262);
    drop(s, 1, VD_DROP_memory, 1);
    balanced(s);
    assert_int_equal(counts(s)->dropped, 1);
    assert_int_equal(counts(s)->drops[VD_DROP_iommu_fault], 1);
    assert_int_equal(counts(s)->drops[VD_DROP_memory], 0);
    assert_int_equal(ledger_num_findings(s->ledger), 1);
    const struct ledger_finding *f = ledger_finding(s->ledger, 0);
    assert_int_equal(f->kind, LEDGER_DROPPED);
    assert_non_null(strstr(f->text, "was dropped: the IOMMU refused it (fault cause 262)"));
}

static void a_flood_of_drops_does_not_hide_a_loss(void **state)
{
    enum { FLOOD = 10000 };
    struct story *s = *state;
    for (uint64_t i = 1; i <= FLOOD; i++) {
        issue(s, i, 5);
        drop(s, i, VD_DROP_iommu_fault, 262);
    }
    issue(s, FLOOD + 1, 6);
    const struct ledger_finding *f = violated(s, LEDGER_LOST, "identity 6", "never recorded");
    assert_int_equal(f->serial, FLOOD + 1);
    assert_int_equal(counts(s)->dropped, FLOOD);
}

static void late_delivery_marks_what_is_pending_there(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    issue(s, 2, 6);
    ledger_inexact(s->ledger, HART1);
    assert_int_equal(counts(s)->inexact, 0);
    ledger_inexact(s->ledger, HART0);
    ledger_inexact(s->ledger, HART0);
    record(s, 2, GUEST_FILE, 6, false);
    claim(s, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 6);
    balanced(s);
    assert_int_equal(counts(s)->inexact, 1);
    assert_true(ledger_samples(s->ledger)[0].inexact);
    assert_false(ledger_samples(s->ledger)[1].inexact);
}

static void ipi_under_way_at_the_end_is_excused_only_outside_of_experiments(void **state)
{
    struct story *s = *state;
    struct vd_record ipi = {
        .kind = VD_REC_msi_issue, .serial = 1, .b = 5, .c = VD_REQUESTER_HART(1)};
    phase(s, QUIET);
    tell(s, ipi);
    phase(s, MEASURED);
    ipi.serial = 2;
    tell(s, ipi);
    const struct ledger_finding *f = violated(s, LEDGER_LOST, "MSI 2 of hart 1", "never recorded");
    assert_int_equal(f->serial, 2);
}

static void millions_of_ended_msis_are_forgotten(void **state)
{
    enum { MANY = 100000 };
    struct story *s = *state;
    phase(s, WARM_UP);
    tell(s, (struct vd_record){.kind = VD_REC_msi_issue, .serial = 1, .b = 9, .c = DEVICE + 1});
    for (uint64_t i = 2; i <= MANY; i++) {
        arrive_in(s, i, GUEST_FILE, 5);
        claim(s, GUEST_FILE, 5);
    }
    record(s, 1, GUEST_FILE, 9, false);
    claim(s, GUEST_FILE, 9);
    record(s, 300, GUEST_FILE, 5, false);
    balanced(s);
    assert_int_equal(ledger_counts(s->ledger, LEDGER_ALL)->claimed, MANY);
}

/* What one such hint would take is small; a loop of them must not take the host's memory. */
static void hints_of_a_rampant_guest_take_no_memory(void **state)
{
    enum { MANY = 10000 };
    struct story *s = *state;
    arrive_in(s, 1, S_FILE, 5);
    claim(s, S_FILE, 5);
    for (uint64_t i = 1; i <= MANY; i++) {
        inject(s, i << 40, 5, 0);
        HINT(s, HART0, 3, i << 8, 1);
        HINT(s, HART0, 3, i << 40, 1);
        HINT(s, HART0, 9, i << 40, i << 12, 1);
    }
    assert_int_equal(s->ledger->num_places, LEDGER_MAX_PLACES);
    assert_int_equal(s->ledger->num_owners, LEDGER_MAX_PLACES);
    assert_true(s->ledger->num_mrifs <= LEDGER_MAX_PLACES);
    inject(s, UINT64_C(1) << 40, 6, 0);
    software_claim(s, UINT64_C(1) << 40, 6);
    balanced(s);
}

static void nonsense_is_survived(void **state)
{
    struct story *s = *state;
    uint64_t seed = 1;
    for (uint32_t i = 0; i < 100000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        uint64_t r = seed >> 20;
        struct vd_record rec = {.kind = (uint16_t)(r % VD_REC_COUNT),
                                .serial = r >> 8 & 0xff,
                                .a = r >> 16 & 0x1ff,
                                .b = r >> 3 & 0x3f,
                                .c = r >> 30 & 3,
                                .source = (uint16_t)(r >> 12 & 3)};
        if (i % 50 == 0)
            rec.a = rec.b = rec.c = ~r;
        if (rec.kind == VD_REC_hint || rec.kind == VD_REC_hint_more)
            rec.a = r >> 16 & 15;
        tell(s, rec);
    }
    ledger_finish(s->ledger, s->now);
    assert_int_equal(ledger_num_findings(s->ledger) > 0, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whole_way_is_stamped),
        TEST(polled_claim_has_no_trap),
        TEST(trap_must_be_able_to_come_from_the_file),
        TEST(traps_into_the_hypervisor_are_counted),
        TEST(only_the_measured_phase_is_sampled),
        TEST(equal_identities_coalesce_into_the_first),
        TEST(second_claim_of_one_msi_is_a_duplicate),
        TEST(bit_set_by_software_may_be_claimed_once),
        TEST(msi_recorded_twice_is_a_duplicate),
        TEST(msi_never_recorded_is_lost),
        TEST(lost_in_the_iommu_says_so),
        TEST(lost_behind_the_iommu_says_so),
        TEST(pending_enabled_and_never_claimed_is_lost),
        TEST(pending_and_masked_is_no_violation),
        TEST(identity_below_the_threshold_is_deliverable),
        TEST(vanished_bit_is_lost),
        TEST(wrong_identity_is_a_stray),
        TEST(big_endian_data_is_understood),
        TEST(drop_is_reported_with_its_cause_and_balances),
        TEST(a_flood_of_drops_does_not_hide_a_loss),
        TEST(late_delivery_marks_what_is_pending_there),
        TEST(ipi_under_way_at_the_end_is_excused_only_outside_of_experiments),
        TEST(millions_of_ended_msis_are_forgotten),
        TEST(hints_of_a_rampant_guest_take_no_memory),
        TEST(nonsense_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
