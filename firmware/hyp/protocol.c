/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol.h"

#include "csr.h"
#include "gfile.h"
#include "hart.h"
#include "hyp.h"
#include "mrif.h"
#include "sched.h"
#include "text.h"
#include "transfer.h"
#include "vcpu.h"
#include "vfile.h"
#include "vm.h"

enum { MAX_STEPS = 14 };

struct protocol {
    uint8_t variant; /* stands for it in a path's number: letter * 20 + number, 12 up: the rest */
    const char *name, *what;
    transfer_step *steps[MAX_STEPS];
};

static const struct protocol moves[] = {
    {0,
     "A0",
     "in the order of the AIA",
     {stop_old, clear_new, pte_new, inval, fence, wait, aplic_move, gstage, dump, restore}},
    {1,
     "A1",
     "no IOTINVAL.GVMA",
     {stop_old, clear_new, pte_new, fence, wait, gstage, dump, restore}},
    {2,
     "A2",
     "commands posted, not awaited",
     {stop_old, clear_new, gstage, pte_new, inval, fence, dump, restore}},
    {3,
     "A3",
     "IOFENCE.C without PW",
     {stop_old, clear_new, gstage, pte_new, inval, fence_without_pw, wait, dump, restore}},
    {4,
     "A4",
     "dump before the redirection",
     {stop_old, clear_new, dump, pte_new, inval, fence, wait, gstage, restore}},
    {5,
     "A5",
     "new file cleared after the redirection",
     {stop_old, pte_new, inval, fence, wait, clear_new, gstage, dump, restore}},
    {6,
     "A6",
     "eip overwritten instead of merged",
     {stop_old, clear_new, pte_new, inval, fence, wait, gstage, dump, restore_by_writing}},
    {7,
     "A7",
     "PTE through V=0",
     {stop_old, clear_new, pte_invalid, inval, fence, wait, pte_new, gstage, dump, restore}},
    {8,
     "A8",
     "dump by reading, zeroed later",
     {stop_old, clear_new, pte_new, inval, fence, wait, gstage, dump_by_reading, restore,
      zero_old}},
    {9,
     "A9",
     "as A8, IOFENCE.C without PW",
     {stop_old, clear_new, gstage, pte_new, inval, fence_without_pw, wait, dump_by_reading, restore,
      zero_old}},
    {10,
     "A10",
     "IOTINVAL.GVMA of a wrong address",
     {stop_old, clear_new, pte_new, inval_wrong, fence, wait, gstage, dump, restore}},
    {11,
     "A11",
     "the APLIC not synchronized",
     {stop_old, clear_new, gstage, pte_new, inval, fence, wait, aplic_move_unsync, dump, restore}},
    {12, "A12", "the IOMMU forgotten", {stop_old, clear_new, gstage, dump, restore}},
    {13,
     "A13",
     "the second IOMMU forgotten",
     {stop_old, clear_new, forget_second, pte_new, inval, fence, wait, gstage, dump, restore}},
    {14,
     "A14",
     "stores of other harts left on their way",
     {stop_old, clear_new, pte_new, inval, fence, wait, aplic_move, gstage, dump, restore}},
};

#define EVICT_TAIL inval, fence, wait, gstage, dump, merge_into_mrif
static const struct protocol evictions[] = {
    {20, "B0", "dw1 is valid all the time", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {21, "B1", "no scan before sleeping", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {22,
     "B2",
     "MRIF zeroed after the redirection",
     {stop_old, pte_mrif, inval, fence, wait, mrif_prepare, gstage, dump, merge_into_mrif}},
    {23,
     "B3",
     "merged by load, or, store",
     {stop_old, mrif_prepare, pte_mrif, inval, fence, wait, gstage, dump,
      merge_into_mrif_by_store}},
    {24, "B4", "AMOOR, the IOMMU not atomic", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {25,
     "B5",
     "no IOTINVAL.GVMA",
     {stop_old, mrif_prepare, pte_mrif, fence, wait, gstage, dump, merge_into_mrif}},
    {26, "B6", "scan before claim, not running", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {27, "B7", "notices on after sleeping", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {28, "B8", "the fence does not await notices", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {29, "B9", "runs on its MRIF", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {30, "B10", "scan before claim, running", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {31, "B11", "B9, the IOMMU not atomic", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {32, "B0late", "dw1 just before dw0", {stop_old, mrif_prepare, notice_and_mrif, EVICT_TAIL}},
    {33,
     "B0two",
     "dw1, synchronized, then dw0",
     {stop_old, mrif_prepare, notice_set, inval, fence, wait, pte_mrif, EVICT_TAIL}},
    {35,
     "B12",
     "one MRIF for all IOMMUs, not atomic",
     {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {34, "B6once", "one scan, then all claims", {stop_old, mrif_prepare, pte_mrif, EVICT_TAIL}},
    {60, "D0", "no MRIF: PTE with V=0", {stop_old, mrif_prepare, pte_invalid, EVICT_TAIL}},
};

static const struct protocol restorations[] = {
    {40,
     "C0",
     "in the order of the AIA",
     {clear_new, pte_new, inval, fence, wait, gstage, mrif_take, restore}},
    {41,
     "C1",
     "merged before the fence",
     {clear_new, pte_new, mrif_take, restore, inval, fence, wait, gstage}},
    {42,
     "C2",
     "C0, the IOMMU not atomic",
     {clear_new, pte_new, inval, fence, wait, gstage, mrif_take, restore}},
    {43, "C3", "no IOTINVAL.GVMA", {clear_new, pte_new, fence, wait, gstage, mrif_take, restore}},
    {44,
     "C4",
     "C3, the PTE not cached",
     {clear_new, pte_new, fence, wait, gstage, mrif_take, restore}},
    {45,
     "C5",
     "IOFENCE.C without PW",
     {clear_new, gstage, pte_new, inval, fence_without_pw, wait, mrif_take, restore}},
};

static const struct protocol blockings[] = {
    {80, "E0", "hgeie, look, sleep", {0}},
    {81, "E1", "look, hgeie, sleep", {0}},
    {82, "E2", "look, sleep", {0}},
    {83, "E3", "SGEI as an edge", {0}},
    {84, "E4", "hgeie stays on the old hart", {0}},
    {85, "E5", "hgeie moves along", {0}},
    {86, "E6", "hgeie moves along and stays as well", {0}},
};

static const struct protocol emulations[] = {
    {90, "F0", "sireg has 64 bits", {0}},
    {91, "F1", "writes to sireg change 32 bits", {0}},
    {92, "F2", "a level source is not looked at again", {0}},
    {93, "F3", "an MRIF is looked into after a notice only", {0}},
};

static struct {
    const struct protocol *rows;
    uint32_t count;
    const struct protocol *chosen;
} families[] = {
    {moves, sizeof moves / sizeof *moves, &moves[0]},
    {evictions, sizeof evictions / sizeof *evictions, &evictions[0]},
    {restorations, sizeof restorations / sizeof *restorations, &restorations[0]},
    {blockings, sizeof blockings / sizeof *blockings, &blockings[0]},
    {emulations, sizeof emulations / sizeof *emulations, &emulations[0]},
};
enum { MOVE, EVICT, RESTORE, BLOCK, EMULATE, FAMILIES };

struct protocol_traits protocol_traits = {
    .notices_while_awake = true, .arm = true, .check = true, .arm_first = true};

static bool is(const char *name, const char *const *set)
{
    for (; *set; set++)
        if (!strcmp(name, *set))
            return true;
    return false;
}

#define IS(...) is(name, (const char *const[]){__VA_ARGS__, 0})

static void traits_set(const char *name)
{
    protocol_traits = (struct protocol_traits){
        .leave_stores = IS("A14"),
        .sleep_without_scan = IS("B1"),
        .notices_while_awake = !IS("B7"),
        .merge_atomically = IS("B4", "B11"),
        .junk_notice = IS("B0late", "B0two"),
        .share_mrif = IS("B12"),
        .notices_elsewhere = IS("B9", "B10", "B11"),
        .narrow = IS("F1"),
        .forgets_level = IS("F2"),
        .trusts_notices = IS("F3"),
        .unmap = IS("D0"),
        .arm = !IS("E2"),
        .check = true,
        .edge = IS("E3"),
        .arm_first = !IS("E1", "E3"),
        .arm_old_hart = IS("E4"),
        .leave_armed = IS("E6"),
    };
    mrif_set_order(IS("B6once")      ? MRIF_SCAN_ONCE
                   : IS("B6", "B10") ? MRIF_SCAN_CLAIM
                                     : MRIF_CLAIM_SCAN);
}

bool protocol_set(const char *name, uint32_t *variant)
{
    for (uint32_t f = 0; f < FAMILIES; f++)
        for (uint32_t i = 0; i < families[f].count; i++) {
            if (strcmp(families[f].rows[i].name, name))
                continue;
            families[f].chosen = &families[f].rows[i];
            *variant = families[f].rows[i].variant;
            traits_set(name);
            return true;
        }
    return false;
}

const char *protocol_name(uint32_t variant)
{
    for (uint32_t f = 0; f < FAMILIES; f++)
        for (uint32_t i = 0; i < families[f].count; i++)
            if (families[f].rows[i].variant == variant)
                return families[f].rows[i].name;
    return 0;
}

static uint64_t owner_of(const struct vcpu *vcpu)
{
    return HINT_VCPU(vcpu->vm->id, vcpu->id);
}

static uint64_t place_of(const struct hart *hart, uint32_t guest)
{
    return guest ? HINT_FILE(hart->index, guest) : HINT_NOBODY;
}

static void carry_out(struct transfer *t, uint32_t family)
{
    uint64_t owner = owner_of(t->vcpu);
    uint64_t old = place_of(t->old_hart, t->old), new = place_of(t->new_hart, t->new);
    t->reach = num_iommus;
    hint_move(owner, old, new, 0);
    for (transfer_step *const *step = families[family].chosen->steps; *step; step++)
        (*step)(t);
    hint_move(owner, old, new, 1);
}

/* A blocked vCPU's file is watched by the hart that it is on. */
static void watch_here(void *arg)
{
    csr_set(CSR_HGEIE, 1ul << (uint64_t)arg);
}

static void unwatch_here(void *arg)
{
    csr_clear(CSR_HGEIE, 1ul << (uint64_t)arg);
}

static void watch_move(const struct transfer *t)
{
    bool watched = t->vcpu->state == VCPU_BLOCKED;
    struct hart *where = protocol_traits.arm_old_hart ? t->old_hart : t->new_hart;
    if (!protocol_traits.leave_armed)
        hart_call(t->old_hart, unwatch_here, (void *)(uint64_t)t->old);
    if (watched)
        hart_call(where, watch_here, (void *)(uint64_t)t->new);
}

bool vfile_move(struct vcpu *vcpu, struct hart *to)
{
    struct transfer t = {.vcpu = vcpu, .old_hart = vcpu->file_hart, .new_hart = to};
    t.old = vcpu->guest_file;
    if (t.old) {
        t.new = gfile_alloc(to, vcpu);
        if (!t.new)
            return false;
        carry_out(&t, MOVE);
        watch_move(&t);
        gfile_free(t.old_hart, t.old);
    }
    vcpu->moves++;
    if (to != vcpu->hart)
        vcpu_leave_hart(vcpu, to);
    return true;
}

void vfile_evict(struct vcpu *vcpu)
{
    struct transfer t = {.vcpu = vcpu,
                         .old_hart = vcpu->file_hart,
                         .new_hart = vcpu->file_hart,
                         .old = vcpu->guest_file};
    bool stores = mrif_exists() && vcpu->vm->assigned && !protocol_traits.unmap;
    vcpu->swfile.keep_apart = stores && !mrif_can_run();
    vcpu->swfile.num_others = stores ? vcpu->vm->ir.tables - 1 : 0;
    if (stores)
        vcpu_mrif_tell(vcpu, true);
    carry_out(&t, EVICT);
    vcpu->in_mrif = stores;
    vcpu->evictions++;
    gfile_free(t.old_hart, t.old);
}

bool vfile_restore(struct vcpu *vcpu)
{
    struct hart *hart = vcpu->hart;
    struct transfer t = {.vcpu = vcpu, .old_hart = hart, .new_hart = hart};
    t.new = gfile_alloc(hart, vcpu);
    if (!t.new)
        return false;
    carry_out(&t, RESTORE);
    if (vcpu->in_mrif)
        vcpu_mrif_tell(vcpu, false);
    vcpu->in_mrif = false;
    vcpu->swfile.num_others = 0;
    vcpu->swfile.keep_apart = false;
    if (protocol_traits.junk_notice)
        notice_forget(&t);
    vcpu->restorations++;
    return true;
}

static bool guest_wants(void)
{
    return csr_read(CSR_VSIE) >> IRQ_SEI & 1;
}

static bool pending(struct vcpu *vcpu)
{
    return guest_wants() && vfile_deliverable(vcpu);
}

bool protocol_arm(struct vcpu *vcpu)
{
    uint64_t bit = 1ul << vcpu->guest_file;
    bool arm = protocol_traits.arm && guest_wants();
    if (arm && protocol_traits.arm_first)
        csr_set(CSR_HGEIE, bit);
    if (pending(vcpu)) {
        csr_clear(CSR_HGEIE, bit);
        return false;
    }
    if (arm && !protocol_traits.arm_first)
        csr_set(CSR_HGEIE, bit);
    if (protocol_traits.edge && (csr_read(CSR_HGEIP) & bit))
        csr_clear(CSR_HGEIE, bit);
    return true;
}

void protocol_disarm(const struct vcpu *vcpu)
{
    if (vcpu->guest_file && !protocol_traits.leave_armed)
        csr_clear(CSR_HGEIE, 1ul << vcpu->guest_file);
}
