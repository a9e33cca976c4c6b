/* SPDX-License-Identifier: BSD-2-Clause */
/* Owners of files, migration of pending bits, and injection through software files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger_story.h"

/* Protocol A1: the PTE changed, the IOMMU's cache did not, the file belongs to nobody now. */
static void msi_in_a_freed_file_is_a_stray(void **state)
{
    struct story *s = *state;
    file_owner(s, GUEST_FILE, -1);
    arrive_in(s, 1, GUEST_FILE, 5);
    violated(s, LEDGER_STRAY, "guest file 1 of hart 0, which no VM owns", "MSI 1");
    assert_int_equal(counts(s)->lost, 0);
}

static void msi_in_a_file_of_another_vm_is_a_stray(void **state)
{
    struct story *s = *state;
    file_owner(s, GUEST_FILE, -1);
    file_owner(s, GUEST_FILE, 2);
    arrive_in(s, 1, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
    violated(s, LEDGER_STRAY, "of VM 2, but its device belongs to VM 1", "recorded in");
}

static void claim_by_the_next_owner_is_a_stray(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    file_owner(s, GUEST_FILE, -1);
    file_owner(s, GUEST_FILE, 2);
    claim(s, GUEST_FILE, 5);
    violated(s, LEDGER_STRAY, "claimed in guest file 1 of hart 0 of VM 2", "MSI 1");
}

static void hosts_device_may_not_reach_a_guest(void **state)
{
    struct story *s = *state;
    device_owner(s, -1);
    arrive_in(s, 1, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
    violated(s, LEDGER_STRAY, "belongs to the host", "MSI 1");
}

static void hart_may_store_to_a_file_of_any_vm(void **state)
{
    struct story *s = *state;
    tell(s, (struct vd_record){
                .kind = VD_REC_msi_issue, .serial = 1, .b = 5, .c = VD_REQUESTER_HART(0)});
    record(s, 1, GUEST_FILE, 5, false);
    claim(s, GUEST_FILE, 5);
    balanced(s);
}

static void file_left_with_a_pending_msi_loses_it(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    state_of(s, GUEST_FILE, 0x70, 0);
    file_owner(s, GUEST_FILE, -1);
    violated(s, LEDGER_LOST, "pending in guest file 1 of hart 0", "no VM owns any more");
}

static void moved_msi_is_claimed_in_its_new_file(void **state)
{
    struct story *s = *state;
    file_owner(s, OTHER_FILE, VM);
    arrive_in(s, 1, GUEST_FILE, 5);
    issue(s, 2, 5);
    record(s, 2, GUEST_FILE, 5, true);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    file_owner(s, GUEST_FILE, -1);
    claim(s, OTHER_FILE, 5);
    balanced(s);
    assert_int_equal(counts(s)->held, 2);
    assert_int_equal(counts(s)->moved, 2);
    assert_int_equal(counts(s)->claimed, 1);
    assert_int_equal(counts(s)->coalesced, 1);
    assert_int_equal(ledger_samples(s->ledger)->file, OTHER_FILE);
}

/* Protocol A8: the old file is read, the new one set, and only then the old one zeroed. */
static void move_hint_allows_set_before_clear(void **state)
{
    struct story *s = *state;
    file_owner(s, OTHER_FILE, VM);
    arrive_in(s, 1, GUEST_FILE, 5);
    begin_move(s, GUEST_FILE, OTHER_FILE);
    eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    end_move(s, GUEST_FILE, OTHER_FILE);
    claim(s, OTHER_FILE, 5);
    balanced(s);
    assert_int_equal(counts(s)->moved, 1);
}

/* The device has hit the new file with the same identity before the old one's bit is set there: the
 * bit is set already, and nothing is recorded. */
static void moved_msi_coalesces_with_one_in_its_new_file(void **state)
{
    struct story *s = *state;
    file_owner(s, OTHER_FILE, VM);
    arrive_in(s, 1, GUEST_FILE, 5);
    begin_move(s, GUEST_FILE, OTHER_FILE);
    arrive_in(s, 2, OTHER_FILE, 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    end_move(s, GUEST_FILE, OTHER_FILE);
    claim(s, OTHER_FILE, 5);
    balanced(s);
    assert_int_equal(counts(s)->claimed, 1);
    assert_int_equal(counts(s)->coalesced, 1);
    assert_int_equal(counts(s)->moved, 1);
}

static void move_does_not_revive_what_was_lost_before_it(void **state)
{
    struct story *s = *state;
    file_owner(s, OTHER_FILE, VM);
    arrive_in(s, 1, GUEST_FILE, 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    issue(s, 2, 5);
    begin_move(s, GUEST_FILE, OTHER_FILE);
    record(s, 2, OTHER_FILE, 5, false);
    end_move(s, GUEST_FILE, OTHER_FILE);
    claim(s, OTHER_FILE, 5);
    violated(s, LEDGER_LOST, "MSI 1", "set in no other file");
}

/* Protocol A5: what was cleared in the new file is not found again in the next move's dump. */
static void next_move_does_not_revive_what_was_lost(void **state)
{
    struct story *s = *state;
    file_owner(s, OTHER_FILE, VM);
    arrive_in(s, 1, GUEST_FILE, 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    arrive_in(s, 2, GUEST_FILE, 5);
    begin_move(s, GUEST_FILE, OTHER_FILE);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    end_move(s, GUEST_FILE, OTHER_FILE);
    claim(s, OTHER_FILE, 5);
    violated(s, LEDGER_LOST, "MSI 1", "set in no other file");
    assert_int_equal(counts(s)->claimed, 1);
}

/* Protocol A4: what arrived after the dump is zeroed with the old file. */
static void held_msi_that_is_set_nowhere_is_lost(void **state)
{
    struct story *s = *state;
    file_owner(s, OTHER_FILE, VM);
    arrive_in(s, 1, GUEST_FILE, 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    eip(s, VD_REC_eip_set, OTHER_FILE, 6);
    violated(s, LEDGER_LOST, "software cleared its pending bit in guest file 1 of hart 0",
             "set in no other file");
}

static void held_msi_does_not_move_to_another_vm(void **state)
{
    struct story *s = *state;
    file_owner(s, OTHER_FILE, 2);
    arrive_in(s, 1, GUEST_FILE, 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    claim(s, OTHER_FILE, 5);
    violated(s, LEDGER_LOST, "MSI 1", "set in no other file");
}

static void injected_msi_ends_with_the_software_claim(void **state)
{
    struct story *s = *state;
    path(s, 10700);
    device_owner(s, -1);
    issue(s, 1, 40);
    issue(s, 2, 40);
    record(s, 1, S_FILE, 40, false);
    record(s, 2, S_FILE, 40, true);
    trap(s, HART0, INTERRUPT | 9, VD_MODE_VS, VD_MODE_S);
    vd_time taken = s->now - 10;
    claim(s, S_FILE, 40);
    inject(s, VCPU(VM, 0), 5, 40);
    assert_int_equal(ledger_open(s->ledger), 2);
    trap(s, HART0, INTERRUPT | 9, VD_MODE_VS, VD_MODE_S);
    trap(s, HART0, 22, VD_MODE_VS, VD_MODE_S);
    software_claim(s, VCPU(VM, 0), 5);
    balanced(s);
    assert_int_equal(ledger_num_samples(s->ledger), 2);
    const struct sample *m = ledger_samples(s->ledger);
    assert_int_equal(m->serial, 1);
    assert_int_equal(m->identity, 5);
    assert_int_equal(m->traps, 3);
    assert_int_equal(m->stamp[STAMP_TRAP], taken);
    assert_int_equal(m->stamp[STAMP_ENTRY], taken + 5);
    assert_int_equal(m->stamp[STAMP_CLAIM], s->now - 20);
    assert_int_equal(m->vm, VM);
    assert_int_equal(m->file, S_FILE);
    assert_int_equal(ledger_counts(s->ledger, 10700)->claimed, 1);
    assert_int_equal(ledger_counts(s->ledger, 10700)->coalesced, 1);
    assert_int_equal(ledger_counts(s->ledger, 10700)->traps, 3);
}

static void injected_and_never_claimed_is_lost(void **state)
{
    struct story *s = *state;
    device_owner(s, -1);
    arrive_in(s, 1, S_FILE, 40);
    claim(s, S_FILE, 40);
    inject(s, VCPU(VM, 0), 5, 40);
    violated(s, LEDGER_LOST, "pending in the software file of VM 1 vCPU 0", "never claimed");
    assert_int_equal(counts(s)->claimed, 0);
    assert_int_equal(ledger_num_samples(s->ledger), 1);
    assert_int_equal(ledger_samples(s->ledger)->fate, SAMPLE_LOST);
}

static void injected_and_disabled_is_no_violation(void **state)
{
    struct story *s = *state;
    device_owner(s, -1);
    HINT(s, HART0, 6, VCPU(VM, 0), 5, 0);
    arrive_in(s, 1, S_FILE, 40);
    claim(s, S_FILE, 40);
    inject(s, VCPU(VM, 0), 5, 40);
    balanced(s);
    assert_int_equal(counts(s)->pending, 1);
}

static void claim_that_should_have_been_injected_is_lost(void **state)
{
    struct story *s = *state;
    device_owner(s, -1);
    for (uint64_t i = 1; i <= 3; i++) {
        arrive_in(s, i, S_FILE, 40);
        claim(s, S_FILE, 40);
        if (i != 2)
            inject(s, VCPU(VM, 0), 5, 40);
        if (i != 2)
            software_claim(s, VCPU(VM, 0), 5);
    }
    const struct ledger_finding *f = violated(s, LEDGER_LOST, "MSI 2", "did not inject it");
    assert_int_equal(f->serial, 2);
    assert_int_equal(counts(s)->claimed, 2);
}

static void one_claim_is_injected_once(void **state)
{
    struct story *s = *state;
    device_owner(s, -1);
    arrive_in(s, 1, S_FILE, 40);
    claim(s, S_FILE, 40);
    inject(s, VCPU(VM, 0), 5, 40);
    software_claim(s, VCPU(VM, 0), 5);
    inject(s, VCPU(VM, 0), 5, 40);
    software_claim(s, VCPU(VM, 0), 5);
    violated(s, LEDGER_DUPLICATE, "host identity 40 was injected twice", "hart 0");
}

static void software_claim_of_nothing_is_a_duplicate(void **state)
{
    struct story *s = *state;
    inject(s, VCPU(VM, 0), 1, 0);
    software_claim(s, VCPU(VM, 0), 1);
    software_claim(s, VCPU(VM, 0), 1);
    violated(s, LEDGER_DUPLICATE, "identity 1 was claimed in the software file of VM 1 vCPU 0",
             "nothing was pending");
}

static void file_moves_into_software_and_back(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    inject(s, VCPU(VM, 0), 5, 0);
    begin_move(s, (uint64_t)-1, OTHER_FILE);
    file_owner(s, OTHER_FILE, VM);
    eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    end_move(s, (uint64_t)-1, OTHER_FILE);
    claim(s, OTHER_FILE, 5);
    balanced(s);
    assert_int_equal(counts(s)->moved, 2);
}

static void mrif_bit_moves_into_a_file(void **state)
{
    struct story *s = *state;
    issue(s, 1, 5);
    tell(s, (struct vd_record){.kind = VD_REC_mrif_store, .serial = 1, .a = 0x80001000, .b = 5});
    issue(s, 2, 6);
    tell(s, (struct vd_record){.kind = VD_REC_mrif_store, .serial = 2, .a = 0x80001000, .b = 6});
    eip(s, VD_REC_eip_set, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
    balanced(s);
    assert_int_equal(counts(s)->claimed, 1);
    assert_int_equal(counts(s)->pending, 1);
}

static void pte(struct story *s, enum vd_record_kind kind, uint64_t serial, uint64_t b, uint64_t c)
{
    tell(s, (struct vd_record){.kind = (uint16_t)kind,
                               .source = 2,
                               .serial = serial,
                               .a = 0x80002000,
                               .b = b,
                               .c = c});
}

#define FRESH_FILE VD_FILE(1, 4)

/* MSI 1 was there before; 2 comes before, 3 and 4 after the store; 4 and 2 have one identity. */
static void migration_knows_where_msis_landed(void **state)
{
    struct story *s = *state;
    HINT(s, HART0, 12, VCPU(VM, 0), 0x28000000);
    file_owner(s, FRESH_FILE, VM);
    for (uint32_t i = 1; i <= 4; i++)
        issue(s, i, i == 4 ? 6 : 4 + i);
    translate(s, 1);
    pte(s, VD_REC_msi_pte, 1, 0xa000407, 0);
    record(s, 1, GUEST_FILE, 5, false);
    begin_move(s, GUEST_FILE, FRESH_FILE);
    state_of(s, GUEST_FILE, 0x70, 0);
    record(s, 2, GUEST_FILE, 6, false);
    vd_time store = s->now;
    pte(s, VD_REC_word, 0, 0xa000407, 0xa004407);
    record(s, 3, FRESH_FILE, 7, false);
    record(s, 4, FRESH_FILE, 6, false);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 6);
    eip(s, VD_REC_eip_set, FRESH_FILE, 5);
    state_of(s, FRESH_FILE, 0xc0, UINT64_MAX - 1);
    state_of(s, FRESH_FILE, 0x70, 1);
    vd_time restored = s->now - 10;
    end_move(s, GUEST_FILE, FRESH_FILE);
    for (uint32_t i = 5; i <= 7; i++)
        claim(s, FRESH_FILE, i);
    balanced(s);
    assert_int_equal(ledger_num_migrations(s->ledger), 1);
    const struct migration *m = ledger_migrations(s->ledger);
    assert_int_equal(m->from, GUEST_FILE);
    assert_int_equal(m->to, FRESH_FILE);
    assert_int_equal(m->store, store);
    assert_int_equal(m->restored, restored);
    assert_int_equal(m->landed_old, 1);
    assert_int_equal(m->landed_new, 2);
    assert_int_equal(m->moved, 1);
    assert_int_equal(m->merged, 1);
    const struct landing *l = ledger_landings(s->ledger);
    assert_int_equal(ledger_num_landings(s->ledger), 3);
    assert_int_equal(l[0].serial, 2);
    assert_int_equal(l[0].place, LANDED_OLD);
    assert_int_equal(l[0].end, LANDING_MERGED);
    assert_int_equal(l[2].place, LANDED_NEW);
    assert_int_equal(l[2].end, LANDING_STAYS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

static void hosts_own_msi(struct story *s, uint64_t serial, uint64_t file)
{
    device_owner(s, -1);
    enable(s, VD_FILE(1, 1));
    arrive_in(s, serial, file, 5);
    eip(s, VD_REC_eip_clear, file, 5);
}

/* As Linux moves a vector from hart 0 to hart 1, where it is identity 7. */
static void what_the_host_sends_again_by_itself_is_not_lost(void **state)
{
    struct story *s = *state;
    hosts_own_msi(s, 1, S_FILE);
    tell(s, (struct vd_record){
                .kind = VD_REC_msi_issue, .serial = 2, .b = 7, .c = VD_REQUESTER_HART(0)});
    record(s, 2, VD_FILE(1, 1), 7, false);
    claim(s, VD_FILE(1, 1), 7);
    balanced(s);
    assert_int_equal(ledger_counts(s->ledger, LEDGER_ALL)->coalesced, 1);
}

static void what_another_hart_sends_is_something_else(void **state)
{
    struct story *s = *state;
    hosts_own_msi(s, 1, S_FILE);
    tell(s, (struct vd_record){
                .kind = VD_REC_msi_issue, .serial = 2, .b = 7, .c = VD_REQUESTER_HART(1)});
    record(s, 2, VD_FILE(1, 1), 7, false);
    claim(s, VD_FILE(1, 1), 7);
    violated(s, LEDGER_LOST, "[I28 file-moves]", "MSI 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(msi_in_a_freed_file_is_a_stray),
        TEST(msi_in_a_file_of_another_vm_is_a_stray),
        TEST(claim_by_the_next_owner_is_a_stray),
        TEST(hosts_device_may_not_reach_a_guest),
        TEST(hart_may_store_to_a_file_of_any_vm),
        TEST(what_the_host_sends_again_by_itself_is_not_lost),
        TEST(what_another_hart_sends_is_something_else),
        TEST(file_left_with_a_pending_msi_loses_it),
        TEST(moved_msi_is_claimed_in_its_new_file),
        TEST(move_hint_allows_set_before_clear),
        TEST(moved_msi_coalesces_with_one_in_its_new_file),
        TEST(move_does_not_revive_what_was_lost_before_it),
        TEST(next_move_does_not_revive_what_was_lost),
        TEST(held_msi_that_is_set_nowhere_is_lost),
        TEST(held_msi_does_not_move_to_another_vm),
        TEST(injected_msi_ends_with_the_software_claim),
        TEST(migration_knows_where_msis_landed),
        TEST(injected_and_never_claimed_is_lost),
        TEST(injected_and_disabled_is_no_violation),
        TEST(claim_that_should_have_been_injected_is_lost),
        TEST(one_claim_is_injected_once),
        TEST(software_claim_of_nothing_is_a_duplicate),
        TEST(file_moves_into_software_and_back),
        TEST(mrif_bit_moves_into_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
