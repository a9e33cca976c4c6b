/* SPDX-License-Identifier: BSD-2-Clause */
/* Files in memory that the IOMMU stores into, vCPUs that sleep, and the hypervisor's own MSIs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger_story.h"

enum { MRIF = 0x80001000, MOVE = 7, MRIF_OWNER = 9, VCPU_STATE = 10 };
enum { STOPPED, READY, BLOCKED };
static const uint64_t memory = UINT64_MAX;

static void in_use(struct story *s, uint64_t vcpu, bool use)
{
    HINT(s, HART0, MRIF_OWNER, vcpu, MRIF, use, 0);
}

static void store(struct story *s, uint64_t serial, uint32_t identity, bool was)
{
    tell(s, (struct vd_record){
                .kind = VD_REC_mrif_store, .serial = serial, .a = MRIF, .b = identity, .c = was});
}

static void move(struct story *s, uint64_t from, uint64_t to, bool end)
{
    HINT(s, HART0, MOVE, VCPU(VM, 0), from, to, end);
}

static void stored_msi_is_claimed_from_memory(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    issue(s, 2, 5);
    store(s, 2, 5, true);
    software_claim(s, VCPU(VM, 0), 5);
    balanced(s);
    assert_int_equal(counts(s)->claimed, 1);
    assert_int_equal(counts(s)->coalesced, 1);
}

static void file_goes_into_its_mrif_and_back(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    in_use(s, VCPU(VM, 0), true);
    move(s, GUEST_FILE, memory, false);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    inject(s, VCPU(VM, 0), 5, 0);
    move(s, GUEST_FILE, memory, true);
    issue(s, 2, 6);
    store(s, 2, 6, false);
    file_owner(s, OTHER_FILE, VM);
    move(s, memory, OTHER_FILE, false);
    eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    eip(s, VD_REC_eip_set, OTHER_FILE, 6);
    move(s, memory, OTHER_FILE, true);
    in_use(s, VCPU(VM, 0), false);
    claim(s, OTHER_FILE, 5);
    claim(s, OTHER_FILE, 6);
    balanced(s);
    assert_int_equal(counts(s)->claimed, 2);
}

/* The device has set the bit in the guest file before software does, which leaves no record. */
static void restored_msi_coalesces_with_one_in_the_file(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    move(s, memory, GUEST_FILE, false);
    arrive_in(s, 2, GUEST_FILE, 5);
    move(s, memory, GUEST_FILE, true);
    in_use(s, VCPU(VM, 0), false);
    claim(s, GUEST_FILE, 5);
    balanced(s);
}

/* Protocol C1: what is stored after the merge. */
static void msi_left_in_an_mrif_is_lost(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    move(s, memory, GUEST_FILE, false);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    move(s, memory, GUEST_FILE, true);
    in_use(s, VCPU(VM, 0), false);
    violated(s, LEDGER_LOST, "software file of VM 1 vCPU 0", "its MRIF was taken out of use");
}

/* Protocol B2: software zeroes the MRIF that the IOMMU stores into. */
static void bit_that_vanishes_from_an_mrif_is_lost(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    issue(s, 2, 5);
    store(s, 2, 5, false);
    software_claim(s, VCPU(VM, 0), 5);
    violated(s, LEDGER_LOST, "MSI 1", "vanished without a claim");
}

/* Protocol C3. */
enum { SECOND = 0x80001200 };

static void both_in_use(struct story *s, bool use)
{
    in_use(s, VCPU(VM, 0), use);
    HINT(s, HART0, MRIF_OWNER, VCPU(VM, 0), SECOND, use, 0);
}

static void store_second(struct story *s, uint64_t serial, uint32_t identity)
{
    issue(s, serial, identity);
    tell(s, (struct vd_record){
                .kind = VD_REC_mrif_store, .serial = serial, .a = SECOND, .b = identity});
}

/* Two IOMMUs have an MRIF each for one vCPU, and neither knows what is in the other's. */
static void one_file_in_two_mrifs(void **state)
{
    struct story *s = *state;
    both_in_use(s, true);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    store_second(s, 2, 5);
    store_second(s, 3, 6);
    file_owner(s, OTHER_FILE, VM);
    move(s, memory, OTHER_FILE, false);
    eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    eip(s, VD_REC_eip_set, OTHER_FILE, 6);
    move(s, memory, OTHER_FILE, true);
    both_in_use(s, false);
    claim(s, OTHER_FILE, 5);
    claim(s, OTHER_FILE, 6);
    balanced(s);
    assert_int_equal(counts(s)->claimed, 2);
    assert_int_equal(counts(s)->coalesced, 1);
}

/* What a hypervisor keeps apart, of an IOMMU that is not atomic, the MRIF knows nothing of. */
static void bit_kept_apart_is_pending_all_the_same(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    arrive_in(s, 1, GUEST_FILE, 5);
    move(s, GUEST_FILE, memory, false);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    inject(s, VCPU(VM, 0), 5, 0);
    move(s, GUEST_FILE, memory, true);
    issue(s, 2, 5);
    store(s, 2, 5, false);
    software_claim(s, VCPU(VM, 0), 5);
    balanced(s);
    assert_int_equal(counts(s)->coalesced, 1);
}

static void bit_that_vanishes_from_one_of_two_is_lost(void **state)
{
    struct story *s = *state;
    both_in_use(s, true);
    store_second(s, 1, 5);
    store_second(s, 2, 5);
    software_claim(s, VCPU(VM, 0), 5);
    violated(s, LEDGER_LOST, "MSI 1", "its pending bit vanished without a claim");
}

static void msi_in_an_mrif_out_of_use_is_a_stray(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    in_use(s, VCPU(VM, 0), false);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    violated(s, LEDGER_STRAY, "MRIF at 0x80001000", "out of use");
}

/* Protocol B11: the IOMMU writes back a bit that software has claimed. */
static void claim_of_a_risen_bit_is_a_duplicate(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    software_claim(s, VCPU(VM, 0), 5);
    software_claim(s, VCPU(VM, 0), 5);
    violated(s, LEDGER_DUPLICATE, "identity 5", "nothing was pending");
}

/* A store that trapped, or an emulated device, in the trap that the hypervisor handles. */
static void of_trap(struct story *s, uint32_t identity)
{
    trap(s, HART0, 23, VD_MODE_VS, VD_MODE_S);
    s->now += 100;
    HINT(s, HART0, 4, VCPU(VM, 0), identity, UINT64_MAX, 0);
}

static void interrupt_of_software_is_followed_from_its_trap(void **state)
{
    struct story *s = *state;
    of_trap(s, 5);
    of_trap(s, 5);
    software_claim(s, VCPU(VM, 0), 5);
    balanced(s);
    assert_int_equal(counts(s)->issued, 2);
    assert_int_equal(counts(s)->claimed, 1);
    assert_int_equal(counts(s)->coalesced, 1);
    assert_int_equal(ledger_num_samples(s->ledger), 2);
    const struct sample *sample = ledger_samples(s->ledger);
    assert_int_equal(sample->stamp[STAMP_RECORD] - sample->stamp[STAMP_ISSUE], 120);
}

static void interrupt_of_software_that_is_never_claimed_is_lost(void **state)
{
    struct story *s = *state;
    of_trap(s, 5);
    violated(s, LEDGER_LOST, "Interrupt 0 of hart 0, identity 5", "never claimed");
}

/* An emulation that forgets to enable it: no violation of the file's, but the experiment's. */
static void interrupt_that_is_never_enabled_is_left_pending(void **state)
{
    struct story *s = *state;
    enum { ENABLE = 6 };
    HINT(s, HART0, ENABLE, VCPU(VM, 0), UINT64_MAX, 0, 0);
    HINT(s, HART0, ENABLE, VCPU(VM, 0), 6, 1, 0);
    of_trap(s, 5);
    of_trap(s, 6);
    software_claim(s, VCPU(VM, 0), 6);
    assert_true(ledger_finish(s->ledger, s->now));
    assert_int_equal(counts(s)->pending, 1);
    assert_int_equal(ledger_num_findings(s->ledger), 1);
    const struct ledger_finding *f = ledger_finding(s->ledger, 0);
    assert_int_equal(f->kind, LEDGER_PENDING);
    assert_non_null(strstr(f->text, "left pending in the software file of VM 1 vCPU 0, where it is "
                                    "not enabled"));
}

static void what_is_left_pending_says_why(void **state)
{
    struct story *s = *state;
    static const struct {
        uint32_t select;
        uint64_t value;
        const char *why;
    } masks[] = {{0x70, 0, "whose eidelivery is off"},
                 {0xc0, 0, "where it is not enabled"},
                 {0x72, 3, "masked by eithreshold"}};
    arrive_in(s, 1, GUEST_FILE, 5);
    for (size_t i = 0; i < 3; i++) {
        enable(s, GUEST_FILE);
        state_of(s, GUEST_FILE, 0x72, 0);
        state_of(s, GUEST_FILE, masks[i].select, masks[i].value);
        ledger_finish(s->ledger, s->now);
        const struct ledger_finding *f = ledger_finding(s->ledger, (uint32_t)i);
        assert_non_null(f);
        assert_non_null(strstr(f->text, masks[i].why));
    }
}

static void word(struct story *s, uint64_t old, uint64_t new)
{
    tell(s,
         (struct vd_record){.kind = VD_REC_word, .source = HART1, .a = MRIF, .b = old, .c = new});
}

/* The same as file_goes_into_its_mrif_and_back, without the hints about single bits. */
static void words_that_software_changes_are_followed(void **state)
{
    struct story *s = *state;
    arrive_in(s, 1, GUEST_FILE, 5);
    in_use(s, VCPU(VM, 0), true);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    word(s, 0, 1 << 5);
    issue(s, 2, 6);
    store(s, 2, 6, false);
    file_owner(s, OTHER_FILE, VM);
    word(s, 3 << 5, 0);
    eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    eip(s, VD_REC_eip_set, OTHER_FILE, 6);
    in_use(s, VCPU(VM, 0), false);
    claim(s, OTHER_FILE, 5);
    claim(s, OTHER_FILE, 6);
    balanced(s);
    assert_int_equal(counts(s)->claimed, 2);
}

/* Protocol B2, at once. */
static void word_that_software_zeroes_loses_its_msis(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    word(s, 1 << 5, 0);
    violated(s, LEDGER_LOST, "[I28 file-moves]", "the software file of VM 1 vCPU 0");
}

/* Between hint and AMO of a claim the IOMMU stores once more: the AMO takes both. */
static void store_between_hint_and_claim_is_claimed(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    software_claim(s, VCPU(VM, 0), 5);
    issue(s, 2, 5);
    store(s, 2, 5, true);
    word(s, 1 << 5, 0);
    balanced(s);
    assert_int_equal(counts(s)->claimed, 2);
}

static void masked_in_the_file_is_masked_in_memory(void **state)
{
    struct story *s = *state;
    state_of(s, GUEST_FILE, 0xc0, ~UINT64_C(0x21));
    in_use(s, VCPU(VM, 0), true);
    move(s, GUEST_FILE, memory, false);
    move(s, GUEST_FILE, memory, true);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    in_use(s, VCPU(VM, 0), false);
    assert_true(ledger_finish(s->ledger, s->now));
    assert_int_equal(counts(s)->pending, 1);
}

static void one_vcpus_bit_does_not_move_to_another(void **state)
{
    struct story *s = *state;
    HINT(s, HART0, 2, 1, 1, VM, 1);
    arrive_in(s, 1, GUEST_FILE, 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    claim(s, OTHER_FILE, 5);
    violated(s, LEDGER_LOST, "MSI 1", "set in no other file");
}

/* Invariant: a blocked vCPU with something to deliver is made ready. */
static void sleeping_vcpu_loses_its_wakeup(void **state)
{
    struct story *s = *state;
    HINT(s, HART0, VCPU_STATE, VCPU(VM, 0), BLOCKED);
    arrive_in(s, 1, GUEST_FILE, 5);
    HINT(s, HART0, VCPU_STATE, VCPU(VM, 0), STOPPED);
    violated(s, LEDGER_LOST, "guest file 1 of hart 0", "blocked and never woken");
    assert_int_equal(counts(s)->wakeups, 1);
}

static void woken_vcpu_may_stop_with_something_pending_in_its_guest_file(void **state)
{
    struct story *s = *state;
    HINT(s, HART0, VCPU_STATE, VCPU(VM, 0), BLOCKED);
    arrive_in(s, 1, GUEST_FILE, 5);
    HINT(s, HART0, VCPU_STATE, VCPU(VM, 0), READY);
    HINT(s, HART0, VCPU_STATE, VCPU(VM, 0), STOPPED);
    claim(s, GUEST_FILE, 5);
    balanced(s);
}

static void stopped_vcpu_leaves_nothing_to_the_next(void **state)
{
    struct story *s = *state;
    in_use(s, VCPU(VM, 0), true);
    issue(s, 1, 5);
    store(s, 1, 5, false);
    HINT(s, HART0, VCPU_STATE, VCPU(VM, 0), READY);
    HINT(s, HART0, VCPU_STATE, VCPU(VM, 0), STOPPED);
    violated(s, LEDGER_LOST, "MSI 1", "never claimed");
}

static void send(struct story *s, uint64_t serial, uint32_t requester, uint64_t file, bool claimed)
{
    tell(s, (struct vd_record){.kind = VD_REC_msi_issue, .serial = serial, .b = 5, .c = requester});
    record(s, serial, file, 5, false);
    if (claimed)
        claim(s, file, 5);
}

static void hosts_own_are_in_no_path(void **state)
{
    struct story *s = *state;
    send(s, 1, VD_REQUESTER_IOMMU(0), S_FILE, true);
    send(s, 2, VD_REQUESTER_HART(1), S_FILE, true);
    send(s, 3, VD_REQUESTER_APLIC(0), S_FILE, false);
    eip(s, VD_REC_eip_clear, S_FILE, 5);
    balanced(s);
    assert_int_equal(counts(s)->issued, 0);
    assert_int_equal(counts(s)->claimed, 0);
    assert_int_equal(counts(s)->host, 3);
    assert_int_equal(ledger_num_samples(s->ledger), 0);
}

static void notices_are_counted_and_those_that_reach_no_file_are_junk(void **state)
{
    struct story *s = *state;
    send(s, 1, VD_REQUESTER_IOMMU(0), S_FILE, true);
    tell(s, (struct vd_record){
                .kind = VD_REC_msi_issue, .serial = 2, .b = 5, .c = VD_REQUESTER_IOMMU(0)});
    drop(s, 2, VD_DROP_memory, 0x80000000);
    issue(s, 3, 6);
    drop(s, 3, VD_DROP_iommu_fault, 262);
    ledger_finish(s->ledger, s->now);
    assert_int_equal(counts(s)->notices, 2);
    assert_int_equal(counts(s)->junk, 1);
    assert_int_equal(counts(s)->dropped, 2);
}

/* Under the path that was announced last; a counter that no firmware has is ignored. */
static void what_firmware_counts_is_told(void **state)
{
    struct story *s = *state;
    enum { COUNT = 11, PATH = 10500 };
    path(s, PATH);
    HINT(s, HART0, COUNT, 3, 17);
    HINT(s, HART0, COUNT, LEDGER_COUNTERS, 1);
    assert_int_equal(ledger_counted(s->ledger, PATH, 3), 17);
    assert_int_equal(ledger_counted(s->ledger, PATH, 4), 0);
    assert_int_equal(ledger_counted(s->ledger, PATH + 1, 3), 0);
    assert_int_equal(ledger_counted(s->ledger, PATH, LEDGER_COUNTERS), 0);
}

static void ipi_to_a_guest_is_in_its_path(void **state)
{
    struct story *s = *state;
    send(s, 1, VD_REQUESTER_HART(1), GUEST_FILE, true);
    balanced(s);
    assert_int_equal(counts(s)->issued, 1);
    assert_int_equal(counts(s)->host, 0);
    assert_int_equal(ledger_num_samples(s->ledger), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stored_msi_is_claimed_from_memory),
        TEST(file_goes_into_its_mrif_and_back),
        TEST(restored_msi_coalesces_with_one_in_the_file),
        TEST(msi_left_in_an_mrif_is_lost),
        TEST(bit_that_vanishes_from_an_mrif_is_lost),
        TEST(one_file_in_two_mrifs),
        TEST(bit_kept_apart_is_pending_all_the_same),
        TEST(bit_that_vanishes_from_one_of_two_is_lost),
        TEST(msi_in_an_mrif_out_of_use_is_a_stray),
        TEST(claim_of_a_risen_bit_is_a_duplicate),
        TEST(words_that_software_changes_are_followed),
        TEST(word_that_software_zeroes_loses_its_msis),
        TEST(store_between_hint_and_claim_is_claimed),
        TEST(masked_in_the_file_is_masked_in_memory),
        TEST(one_vcpus_bit_does_not_move_to_another),
        TEST(sleeping_vcpu_loses_its_wakeup),
        TEST(woken_vcpu_may_stop_with_something_pending_in_its_guest_file),
        TEST(stopped_vcpu_leaves_nothing_to_the_next),
        TEST(hosts_own_are_in_no_path),
        TEST(ipi_to_a_guest_is_in_its_path),
        TEST(interrupt_of_software_is_followed_from_its_trap),
        TEST(interrupt_of_software_that_is_never_claimed_is_lost),
        TEST(interrupt_that_is_never_enabled_is_left_pending),
        TEST(what_is_left_pending_says_why),
        TEST(notices_are_counted_and_those_that_reach_no_file_are_junk),
        TEST(what_firmware_counts_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
