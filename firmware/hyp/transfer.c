/* SPDX-License-Identifier: BSD-2-Clause */
#include "transfer.h"

#include "aplic.h"
#include "csr.h"
#include "gfile.h"
#include "hart.h"
#include "hyp.h"
#include "vcpu.h"
#include "vm.h"

static uint64_t imsic_gpa(const struct transfer *t)
{
    return guest_imsic_page(t->vcpu->id);
}

/* A guest file is within reach of its own hart only. */
struct visit {
    struct transfer *t;
    uint32_t guest;
    void (*act)(struct transfer *t, uint32_t word);
};

static void visit_here(void *arg)
{
    struct visit *visit = arg;
    struct guest_window window = guest_file_open(visit->guest);
    for (uint32_t word = 0; 64 * word <= board.imsic_s.ids; word++)
        visit->act(visit->t, word);
    guest_file_close(window);
}

static void old_words(struct transfer *t, void (*act)(struct transfer *t, uint32_t word))
{
    struct visit visit = {t, t->old, act};
    hart_call(t->old_hart, visit_here, &visit);
}

static void new_words(struct transfer *t, void (*act)(struct transfer *t, uint32_t word))
{
    struct visit visit = {t, t->new, act};
    hart_call(t->new_hart, visit_here, &visit);
}

static void word_stop(struct transfer *t, uint32_t word)
{
    if (word)
        return;
    t->state.eithreshold = guest_file_read(IMSIC_EITHRESHOLD);
    t->state.eidelivery = guest_file_swap(IMSIC_EIDELIVERY, 0);
}

void stop_old(struct transfer *t)
{
    old_words(t, word_stop);
}

static void word_take(struct transfer *t, uint32_t word)
{
    t->state.eip[word] = guest_file_swap(IMSIC_EIP0 + 2 * word, 0);
    t->state.eie[word] = guest_file_swap(IMSIC_EIE0 + 2 * word, 0);
}

static void word_copy(struct transfer *t, uint32_t word)
{
    t->state.eip[word] = guest_file_read(IMSIC_EIP0 + 2 * word);
    t->state.eie[word] = guest_file_read(IMSIC_EIE0 + 2 * word);
}

static void word_zero(struct transfer *t, uint32_t word)
{
    (void)t;
    guest_file_write(IMSIC_EIP0 + 2 * word, 0);
    guest_file_write(IMSIC_EIE0 + 2 * word, 0);
}

static void word_merge(struct transfer *t, uint32_t word)
{
    guest_file_set(IMSIC_EIP0 + 2 * word, t->state.eip[word]);
    guest_file_write(IMSIC_EIE0 + 2 * word, t->state.eie[word]);
}

static void word_overwrite(struct transfer *t, uint32_t word)
{
    guest_file_write(IMSIC_EIP0 + 2 * word, t->state.eip[word]);
    guest_file_write(IMSIC_EIE0 + 2 * word, t->state.eie[word]);
}

static void word_deliver(struct transfer *t, uint32_t word)
{
    if (word)
        return;
    guest_file_write(IMSIC_EITHRESHOLD, t->state.eithreshold);
    guest_file_write(IMSIC_EIDELIVERY, t->state.eidelivery);
}

void dump(struct transfer *t)
{
    old_words(t, word_take);
}

void dump_by_reading(struct transfer *t)
{
    old_words(t, word_copy);
}

void zero_old(struct transfer *t)
{
    old_words(t, word_zero);
}

void clear_new(struct transfer *t)
{
    gfile_clear(t->new_hart, t->new);
}

void restore(struct transfer *t)
{
    new_words(t, word_merge);
    new_words(t, word_deliver);
}

void restore_by_writing(struct transfer *t)
{
    new_words(t, word_overwrite);
    new_words(t, word_deliver);
}

static void word_enables(struct transfer *t, uint32_t word)
{
    t->vcpu->swfile.mrif.words[word].pending = 0;
    t->vcpu->swfile.mrif.words[word].enable = guest_file_read(IMSIC_EIE0 + 2 * word);
    t->vcpu->swfile.apart[word] = 0;
}

void mrif_prepare(struct transfer *t)
{
    struct swfile *file = &t->vcpu->swfile;
    old_words(t, word_enables);
    for (uint32_t i = 0; i < file->num_others; i++)
        file->others[i] = file->mrif;
}

static void registers_keep(struct transfer *t)
{
    t->vcpu->swfile.eithreshold = t->state.eithreshold;
    t->vcpu->swfile.eidelivery = t->state.eidelivery;
}

void merge_into_mrif(struct transfer *t)
{
    struct swfile *file = &t->vcpu->swfile;
    for (uint32_t word = 0; word < swfile_words(file); word++)
        for (uint32_t bit = 0; t->state.eip[word] >> bit && bit < 64; bit++)
            if (t->state.eip[word] >> bit & 1)
                swfile_inject(file, 64 * word + bit, 0);
    registers_keep(t);
}

void merge_into_mrif_by_store(struct transfer *t)
{
    struct swfile *file = &t->vcpu->swfile;
    for (uint32_t word = 0; word < swfile_words(file); word++)
        t->state.eip[word] |= file->mrif.words[word].pending;
    for (uint32_t word = 0; word < swfile_words(file); word++) {
        for (uint32_t bit = 0; bit < 64; bit++)
            if (t->state.eip[word] >> bit & 1)
                hint_inject(file->owner, 64 * word + bit, 0);
        file->mrif.words[word].pending = t->state.eip[word];
    }
    registers_keep(t);
}

/* The pending words of an MRIF that an IOMMU updates non-atomically are only read. */
void mrif_take(struct transfer *t)
{
    struct swfile *file = &t->vcpu->swfile;
    swfile_gather(file);
    for (uint32_t word = 0; word < swfile_words(file); word++) {
        uint64_t *pending = &file->mrif.words[word].pending;
        if (file->keep_apart)
            t->state.eip[word] = __atomic_load_n(pending, __ATOMIC_ACQUIRE) | file->apart[word];
        else
            t->state.eip[word] = __atomic_exchange_n(pending, 0, __ATOMIC_ACQ_REL);
        t->state.eie[word] = file->mrif.words[word].enable;
    }
    t->state.eithreshold = file->eithreshold;
    t->state.eidelivery = file->eidelivery;
}

static uint32_t tables(const struct transfer *t)
{
    return t->vcpu->vm->assigned ? t->vcpu->vm->ir.tables : 0;
}

/* One store: the IOMMU sees the old target or the new [iommu MSI_PT_CHANGE]. */
static void pte_store(struct transfer *t, uint32_t table, uint64_t dw0)
{
    struct ir_domain *ir = &t->vcpu->vm->ir;
    if (ir_pte_used(ir, imsic_gpa(t)))
        __atomic_store_n(&ir_pte(ir, table, imsic_gpa(t))->dw0, dw0, __ATOMIC_RELEASE);
}

static void notice_store(struct transfer *t, uint32_t table, uint64_t dw1)
{
    struct ir_domain *ir = &t->vcpu->vm->ir;
    __atomic_store_n(&ir_pte(ir, table, imsic_gpa(t))->dw1, dw1, __ATOMIC_RELEASE);
}

void pte_new(struct transfer *t)
{
    for (uint32_t table = 0; table < tables(t); table++)
        pte_store(t, table, iommu_msi_pte_basic(gfile_page(t->new_hart, t->new)));
}

void pte_mrif(struct transfer *t)
{
    for (uint32_t table = 0; table < tables(t); table++)
        pte_store(t, table, iommu_msi_pte_mrif(t->vcpu->mrif.spa[table]));
}

void pte_invalid(struct transfer *t)
{
    for (uint32_t table = 0; table < tables(t); table++)
        pte_store(t, table, 0);
}

void notice_set(struct transfer *t)
{
    const struct riscv_iommu_mrif *mrif = &t->vcpu->mrif;
    for (uint32_t table = 0; table < tables(t); table++)
        notice_store(t, table, iommu_msi_pte_notice(mrif->hart->page, mrif->nid));
}

/* Both words in a row: an IOMMU that reads dw1 before the first and dw0 after the second store has
 * half of each. */
void notice_and_mrif(struct transfer *t)
{
    const struct riscv_iommu_mrif *mrif = &t->vcpu->mrif;
    uint64_t dw1 = iommu_msi_pte_notice(mrif->hart->page, mrif->nid);
    if (!ir_pte_used(&t->vcpu->vm->ir, imsic_gpa(t)))
        return;
    for (uint32_t table = 0; table < tables(t); table++) {
        struct iommu_msi_pte *pte = ir_pte(&t->vcpu->vm->ir, table, imsic_gpa(t));
        uint64_t dw0 = iommu_msi_pte_mrif(mrif->spa[table]);
        __atomic_store_n(&pte->dw1, dw1, __ATOMIC_RELEASE);
        __atomic_store_n(&pte->dw0, dw0, __ATOMIC_RELEASE);
    }
}

/* In M=3 dw1 is software's, for whatever it likes. */
void notice_forget(struct transfer *t)
{
    for (uint32_t table = 0; table < tables(t); table++)
        notice_store(t, table, t->vcpu->vm->ir.junk);
}

static void post(struct transfer *t, struct iommu_command command)
{
    if (!t->since)
        t->since = cycles_now();
    t->vcpu->commands += t->reach;
    iommus_post(command, t->reach, t->tickets);
}

void inval(struct transfer *t)
{
    post(t, iommu_cmd_iotinval_gvma(t->vcpu->vm->ir.gscid, true, imsic_gpa(t)));
}

/* The page of the guest file instead of the page that the device writes to. */
void inval_wrong(struct transfer *t)
{
    uint64_t spa = gfile_page(t->old_hart, t->old);
    post(t, iommu_cmd_iotinval_gvma(t->vcpu->vm->ir.gscid, true, spa + (1ul << 32)));
}

void fence(struct transfer *t)
{
    post(t, iommu_cmd_iofence(IOFENCE_PR | IOFENCE_PW));
}

void fence_without_pw(struct transfer *t)
{
    post(t, iommu_cmd_iofence(0));
}

void wait(struct transfer *t)
{
    iommus_wait(t->reach, t->tickets);
    t->vcpu->waited += cycles_now() - t->since;
    t->since = 0;
}

void forget_second(struct transfer *t)
{
    t->reach = t->reach ? 1 : 0;
}

void gstage(struct transfer *t)
{
    t->vcpu->guest_file = t->new;
    t->vcpu->file_hart = t->new_hart;
    vm_map_imsic(t->vcpu->vm, t->vcpu);
    vm_fence(t->vcpu->vm);
}

void aplic_move_unsync(struct transfer *t)
{
    uint32_t source = t->vcpu->vm->wire;
    if (source && t->vcpu->id == t->vcpu->vm->wire_vcpu)
        aplic_retarget(board.aplic_s.base, source, t->new_hart->index, t->new, GUEST_ID_WIRE);
}

static void sync_await(void *arg)
{
    (void)arg;
    while (!imsic_pending(HOST_ID_SYNC))
        ;
    imsic_clear(imsic_word_register(IMSIC_EIP0, HOST_ID_SYNC), 1ul << HOST_ID_SYNC);
}

/* [aia AdvPLIC-MSISync]: an MSI of the APLIC itself, behind all that it sent before. */
void aplic_move(struct transfer *t)
{
    aplic_move_unsync(t);
    if (!t->vcpu->vm->wire)
        return;
    aplic_sync(board.aplic_s.base, t->old_hart->index, HOST_ID_SYNC);
    hart_call(t->old_hart, sync_await, 0);
}
