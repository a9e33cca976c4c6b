/* SPDX-License-Identifier: BSD-2-Clause */
#include "move.h"

#include "csr.h"
#include "gfile.h"
#include "hart.h"
#include "hyp.h"
#include "imsic.h"
#include "vcpu.h"
#include "vm.h"

struct move {
    struct vcpu *vcpu;
    struct hart *hart; /* of both files */
    uint32_t old, new;
    uint32_t ticket; /* of the last command posted */
    struct imsic_state state;
};

static uint64_t imsic_gpa(const struct move *m)
{
    return guest_imsic_page(m->vcpu->id);
}

/* The file keeps recording; only delivery ends. */
static void stop_old(struct move *m)
{
    struct guest_window window = guest_file_open(m->old);
    m->state.eithreshold = guest_file_read(IMSIC_EITHRESHOLD);
    m->state.eidelivery = guest_file_swap(IMSIC_EIDELIVERY, 0);
    guest_file_close(window);
}

static void clear_new(struct move *m)
{
    gfile_clear(m->hart, m->new);
}

static void pte_store(struct move *m, uint64_t dw0)
{
    if (m->vcpu->vm->assigned)
        __atomic_store_n(&ir_pte(&m->vcpu->vm->ir, imsic_gpa(m))->dw0, dw0, __ATOMIC_RELEASE);
}

static void pte_new(struct move *m)
{
    pte_store(m, iommu_msi_pte_basic(gfile_page(m->hart, m->new)));
}

static void pte_invalid(struct move *m)
{
    pte_store(m, 0);
}

static void post(struct move *m, struct iommu_command command)
{
    if (iommu.base)
        m->ticket = iommu_post(&iommu, command);
}

static void inval(struct move *m)
{
    post(m, iommu_cmd_iotinval_gvma(m->vcpu->vm->ir.gscid, true, imsic_gpa(m)));
}

/* The page of the guest file instead of the page that the device writes to. */
static void inval_wrong(struct move *m)
{
    uint64_t spa = gfile_page(m->hart, m->old);
    post(m, iommu_cmd_iotinval_gvma(m->vcpu->vm->ir.gscid, true, spa + (1ul << 32)));
}

static void fence(struct move *m)
{
    post(m, iommu_cmd_iofence(IOFENCE_PR | IOFENCE_PW));
}

static void fence_without_pw(struct move *m)
{
    post(m, iommu_cmd_iofence(0));
}

static void wait(struct move *m)
{
    if (iommu.base)
        iommu_wait(&iommu, m->ticket);
}

/* For the other vCPUs' stores. */
static void gstage(struct move *m)
{
    m->vcpu->guest_file = m->new;
    vm_map_imsic(m->vcpu->vm, m->vcpu);
    vm_fence(m->vcpu->vm);
}

static void each_word(struct move *m, uint32_t guest, void (*act)(struct move *m, uint32_t word))
{
    struct guest_window window = guest_file_open(guest);
    for (uint32_t word = 0; 64 * word <= board.imsic_s.ids; word++)
        act(m, word);
    guest_file_close(window);
}

static void word_take(struct move *m, uint32_t word)
{
    m->state.eip[word] = guest_file_swap(IMSIC_EIP0 + 2 * word, 0);
    m->state.eie[word] = guest_file_swap(IMSIC_EIE0 + 2 * word, 0);
}

static void word_copy(struct move *m, uint32_t word)
{
    m->state.eip[word] = guest_file_read(IMSIC_EIP0 + 2 * word);
    m->state.eie[word] = guest_file_read(IMSIC_EIE0 + 2 * word);
}

static void word_zero(struct move *m, uint32_t word)
{
    (void)m;
    guest_file_write(IMSIC_EIP0 + 2 * word, 0);
    guest_file_write(IMSIC_EIE0 + 2 * word, 0);
}

static void word_merge(struct move *m, uint32_t word)
{
    guest_file_set(IMSIC_EIP0 + 2 * word, m->state.eip[word]);
    guest_file_write(IMSIC_EIE0 + 2 * word, m->state.eie[word]);
}

static void word_overwrite(struct move *m, uint32_t word)
{
    guest_file_write(IMSIC_EIP0 + 2 * word, m->state.eip[word]);
    guest_file_write(IMSIC_EIE0 + 2 * word, m->state.eie[word]);
}

static void dump(struct move *m)
{
    each_word(m, m->old, word_take);
}

static void dump_by_reading(struct move *m)
{
    each_word(m, m->old, word_copy);
}

static void zero_old(struct move *m)
{
    each_word(m, m->old, word_zero);
}

static void deliver(struct move *m)
{
    struct guest_window window = guest_file_open(m->new);
    guest_file_write(IMSIC_EITHRESHOLD, m->state.eithreshold);
    guest_file_write(IMSIC_EIDELIVERY, m->state.eidelivery);
    guest_file_close(window);
}

static void restore(struct move *m)
{
    each_word(m, m->new, word_merge);
    deliver(m);
}

static void restore_by_writing(struct move *m)
{
    each_word(m, m->new, word_overwrite);
    deliver(m);
}

enum { MAX_STEPS = 14 };

static const struct {
    const char *what;
    void (*steps[MAX_STEPS])(struct move *m);
} protocols[] = {
    [0] = {"in the order of the AIA",
           {stop_old, clear_new, pte_new, inval, fence, wait, gstage, dump, restore}},
    [1] = {"no IOTINVAL.GVMA", {stop_old, clear_new, pte_new, fence, wait, gstage, dump, restore}},
    [2] = {"commands posted, not awaited",
           {stop_old, clear_new, pte_new, inval, fence, gstage, dump, restore}},
    [3] = {"IOFENCE.C without PW",
           {stop_old, clear_new, pte_new, inval, fence_without_pw, wait, gstage, dump, restore}},
    [4] = {"dump before the redirection",
           {stop_old, clear_new, dump, pte_new, inval, fence, wait, gstage, restore}},
    [5] = {"new file cleared after the redirection",
           {stop_old, pte_new, inval, fence, wait, clear_new, gstage, dump, restore}},
    [6] = {"eip overwritten instead of merged",
           {stop_old, clear_new, pte_new, inval, fence, wait, gstage, dump, restore_by_writing}},
    [7] = {"PTE through V=0",
           {stop_old, clear_new, pte_invalid, inval, fence, wait, pte_new, gstage, dump, restore}},
    [8] = {"dump by reading, zeroed later",
           {stop_old, clear_new, pte_new, inval, fence, wait, gstage, dump_by_reading, restore,
            zero_old}},
    [9] = {"as A8, IOFENCE.C without PW",
           {stop_old, clear_new, pte_new, inval, fence_without_pw, wait, gstage, dump_by_reading,
            restore, zero_old}},
    [10] = {"IOTINVAL.GVMA of a wrong address",
            {stop_old, clear_new, pte_new, inval_wrong, fence, wait, gstage, dump, restore}},
};

static uint64_t protocol;

bool move_set_protocol(uint64_t number)
{
    if (number >= sizeof protocols / sizeof *protocols)
        return false;
    protocol = number;
    return true;
}

/* On the vCPU's hart, which is in the hypervisor: the vCPU does not run meanwhile. */
static void move_here(void *arg)
{
    struct move *m = arg;
    uint64_t owner = HINT_VCPU(m->vcpu->vm->id, m->vcpu->id);
    uint64_t old = HINT_FILE(m->hart->index, m->old), new = HINT_FILE(m->hart->index, m->new);
    hint_move(owner, old, new, 0);
    for (uint32_t i = 0; protocols[protocol].steps[i]; i++)
        protocols[protocol].steps[i](m);
    hint_move(owner, old, new, 1);
    gfile_free(m->hart, m->old);
}

bool move_interrupt_file(struct vcpu *vcpu)
{
    if (!vcpu->guest_file)
        return false;
    struct move m = {.vcpu = vcpu, .hart = vcpu->file_hart, .old = vcpu->guest_file};
    m.new = gfile_alloc(m.hart, vcpu);
    if (!m.new)
        return false;
    hart_call(vcpu->hart, move_here, &m);
    return true;
}
