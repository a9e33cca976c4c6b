/* SPDX-License-Identifier: BSD-2-Clause */
#include "hart.h"

#include "csr.h"
#include "hyp.h"
#include "imsic.h"
#include "mmio.h"
#include "mrif.h"
#include "sched.h"
#include "trap.h"
#include "vcpu.h"

struct hart harts[HYP_HARTS];
uint32_t num_harts;

static struct {
    void (*handle)(uint32_t identity, void *arg);
    void *arg;
} host_irqs[HOST_IDENTITIES];

struct hart *hart_self(void)
{
    return &harts[cpu_self()->index];
}

/* Exceptions that a guest kernel handles itself. */
static const uint64_t delegated_exceptions =
    1ul << EXC_FETCH_MISALIGNED | 1ul << EXC_FETCH_ACCESS | 1ul << EXC_ILLEGAL |
    1ul << EXC_BREAKPOINT | 1ul << EXC_LOAD_MISALIGNED | 1ul << EXC_LOAD_ACCESS |
    1ul << EXC_STORE_MISALIGNED | 1ul << EXC_STORE_ACCESS | 1ul << EXC_ECALL_U |
    1ul << EXC_FETCH_PAGE | 1ul << EXC_LOAD_PAGE | 1ul << EXC_STORE_PAGE;

static void delegation_init(void)
{
    csr_write(CSR_HEDELEG, delegated_exceptions);
    csr_write(CSR_HIDELEG, 1ul << IRQ_VSSI | 1ul << IRQ_VSTI | 1ul << IRQ_VSEI);
    csr_write(CSR_HCOUNTEREN, 7);
    csr_write(CSR_HGEIE, 0);
    csr_write(CSR_HVIP, 0);
    csr_write(CSR_HIE, 1ul << IRQ_SGEI);
    if (CSR_EXISTS(CSR_HSTATEEN0))
        csr_write(CSR_HSTATEEN0,
                  STATEEN_SE0 | STATEEN_ENVCFG | STATEEN_CSRIND | STATEEN_AIA | STATEEN_IMSIC);
    if (CSR_EXISTS(CSR_HVICTL))
        csr_write(CSR_HVICTL, 0);
}

void hart_init(void)
{
    struct hart *hart = hart_self();
    hart->cpu = cpu_self();
    hart->index = board_hart_index(&board, hart->cpu->hartid);
    hart->page = board_imsic_page(&board, hart->cpu->hartid, 0);
    delegation_init();
    hart->files = guest_files();
    imsic_init(board.imsic_s.ids);
    imsic_enable(HOST_ID_IPI, true);
    for (uint32_t id = HOST_ID_IRQ0; id < HOST_IDENTITIES && id <= board.imsic_s.ids; id++)
        imsic_enable(id, true);
    csr_write(CSR_SIE, 1ul << IRQ_SEI);
}

void host_irq_set(uint32_t identity, void (*handle)(uint32_t identity, void *arg), void *arg)
{
    host_irqs[identity].arg = arg;
    host_irqs[identity].handle = handle;
}

static void calls_run(struct hart *hart)
{
    spin_lock(&hart->lock);
    struct hart_call *call = hart->calls;
    hart->calls = 0;
    spin_unlock(&hart->lock);
    while (call) {
        struct hart_call *next = call->next; /* once done, the call is its asker's again */
        call->run(call->arg);
        store_release(&call->done, true);
        call = next;
    }
}

/* Guest files of blocked vCPUs that have something to deliver.  hgeip is a level: what is not
 * masked at once would interrupt for ever. */
static void guest_externals_take(struct hart *hart)
{
    uint64_t mask = csr_read(CSR_HGEIP) & csr_read(CSR_HGEIE);
    csr_clear(CSR_HGEIE, mask);
    hart->sgeis++;
    for (uint32_t guest = 1; guest <= hart->files; guest++) {
        struct vcpu *owner = mask >> guest & 1 ? hart->file_owner[guest] : 0;
        hart->spurious_sgeis += (mask >> guest & 1) && (!owner || owner->state != VCPU_BLOCKED);
        if (owner)
            sched_wake(owner);
    }
}

void hart_poll(void)
{
    struct hart *hart = hart_self();
    uint32_t id;
    mrif_poll_begin();
    while ((id = mrif_claim()) != 0)
        if (id < HOST_IDENTITIES && host_irqs[id].handle)
            host_irqs[id].handle(id, host_irqs[id].arg);
    if (csr_read(CSR_HIP) >> IRQ_SGEI & 1)
        guest_externals_take(hart);
    calls_run(hart);
}

void hart_kick(struct hart *hart)
{
    fence_all();
    imsic_send(hart->page, HOST_ID_IPI);
}

void hart_call(struct hart *hart, void (*run)(void *arg), void *arg)
{
    if (hart == hart_self()) {
        run(arg);
        return;
    }
    struct hart_call call = {.run = run, .arg = arg};
    spin_lock(&hart->lock);
    call.next = hart->calls;
    hart->calls = &call;
    spin_unlock(&hart->lock);
    hart_kick(hart);
    while (!load_acquire(&call.done))
        hart_poll();
}

void hart_step(void)
{
    struct hart *hart = hart_self();
    hart_poll();
    struct vcpu *vcpu = sched_next(hart);
    if (vcpu)
        vcpu_run(vcpu);
    else
        wait_for_interrupt();
}

/* Only with sstatus.SIE set, when the hypervisor itself takes a device's interrupts. */
void interrupt_handle(uint64_t irq)
{
    if (irq != IRQ_SEI)
        panic("unexpected interrupt %lu", irq);
    hart_poll();
}
