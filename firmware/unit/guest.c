/* SPDX-License-Identifier: BSD-2-Clause */
/* VS-mode: what traps, with which cause. */
#include "guest.h"

#include "pages.h"
#include "text.h"
#include "unit.h"

/* Guest code: ends in an ecall unless it traps before. */
#define GUEST(name, ...)                                                                           \
    __attribute__((naked)) static void name(void)                                                  \
    {                                                                                              \
        asm volatile(__VA_ARGS__ "\n\tecall\n\tj .");                                              \
    }

GUEST(code_ecall, "nop")
GUEST(code_load, "ld a1, 0(a0)")
GUEST(code_store, "sd a1, 0(a0)")
GUEST(code_wfi, "wfi")
GUEST(code_read_hstatus, "csrr a1, 0x600")
GUEST(code_read_vsstatus, "csrr a1, 0x200")
GUEST(code_read_mstatus, "csrr a1, mstatus")
GUEST(code_sscratch, "csrw sscratch, a0\n\tcsrr a1, sscratch")
GUEST(code_read_cycle, "csrr a1, cycle")
GUEST(code_satp, "csrr a1, satp")
GUEST(code_hfence, ".insn r 0x73, 0, 0x31, x0, x0, x0")
GUEST(code_sret, "sret")

void guest_space_make(struct guest_space *space)
{
    space->page = page_alloc();
    space->read_only = page_alloc();
    pagetable_create(&space->gstage, true);
    pagetable_map(&space->gstage, board.ram, board.ram, 1ul << 30, PTE_RWX | PTE_GUEST);
    pagetable_map(&space->gstage, GUEST_PAGE, (uint64_t)space->page, PAGE_SIZE, PTE_RW | PTE_GUEST);
    pagetable_map(&space->gstage, GUEST_READ_ONLY, (uint64_t)space->read_only, PAGE_SIZE,
                  PTE_R | PTE_GUEST);
    csr_write(CSR_HGATP, pagetable_atp(&space->gstage) | 1ul << HGATP_VMID_SHIFT);
    csr_write(CSR_VSATP, 0);
    hfence_gvma_all();
    hfence_vvma_all();
}

void guest_space_drop(struct guest_space *space)
{
    csr_write(CSR_HGATP, 0);
    hfence_gvma_all();
    pagetable_destroy(&space->gstage);
    pages_free(space->page, 1);
    pages_free(space->read_only, 1);
}

struct guest_exit guest_run(struct guest_regs *regs, void (*code)(void), uint64_t a0)
{
    regs->x[10] = a0;
    regs->pc = (uint64_t)code;
    csr_set(CSR_HSTATUS, HSTATUS_SPV | HSTATUS_SPVP);
    csr_set(CSR_SSTATUS, SSTATUS_SPP);
    csr_clear(CSR_SSTATUS, SSTATUS_SPIE);
    vcpu_enter(regs);
    /* Firmware that hands an exception of HS-mode back may leave SPV as it is. */
    uint64_t hstatus = csr_read(CSR_HSTATUS);
    csr_clear(CSR_HSTATUS, HSTATUS_SPV);
    return (struct guest_exit){.cause = csr_read(CSR_SCAUSE),
                               .tval = csr_read(CSR_STVAL),
                               .htval = csr_read(CSR_HTVAL),
                               .htinst = csr_read(CSR_HTINST),
                               .hstatus = hstatus};
}

static uint64_t cause_of(void (*code)(void), uint64_t a0)
{
    struct guest_regs regs = {0};
    return guest_run(&regs, code, a0).cause;
}

static void privileges(void)
{
    struct guest_regs regs = {0};
    struct guest_exit e = guest_run(&regs, code_ecall, 0);
    report(e.cause == EXC_ECALL_VS, "ecall from VS-mode is cause 10");
    report(e.hstatus & HSTATUS_SPV, "hstatus.SPV tells that it came from a guest");
    report(cause_of(code_read_hstatus, 0) == EXC_VIRTUAL_INSTRUCTION, "hstatus is virtual");
    report(cause_of(code_read_vsstatus, 0) == EXC_VIRTUAL_INSTRUCTION, "vsstatus is virtual");
    report(cause_of(code_read_mstatus, 0) == EXC_ILLEGAL, "mstatus is illegal");
    report(cause_of(code_hfence, 0) == EXC_VIRTUAL_INSTRUCTION, "HFENCE.GVMA is virtual");
}

static void substitution(void)
{
    struct guest_regs regs = {0};
    csr_write(CSR_VSSCRATCH, 1);
    guest_run(&regs, code_sscratch, 77);
    report(regs.x[11] == 77 && csr_read(CSR_VSSCRATCH) == 77, "the guest's sscratch is vsscratch");
}

static void controls(void)
{
    csr_set(CSR_HSTATUS, HSTATUS_VTW | HSTATUS_VTVM | HSTATUS_VTSR);
    report(cause_of(code_satp, 0) == EXC_VIRTUAL_INSTRUCTION, "VTVM traps satp");
    report(cause_of(code_sret, 0) == EXC_VIRTUAL_INSTRUCTION, "VTSR traps sret");
    report(cause_of(code_wfi, 0) == EXC_VIRTUAL_INSTRUCTION, "VTW traps wfi");
    csr_clear(CSR_HSTATUS, HSTATUS_VTW | HSTATUS_VTVM | HSTATUS_VTSR);
    report(cause_of(code_satp, 0) == EXC_ECALL_VS, "without VTVM satp is the guest's");
    csr_write(CSR_HCOUNTEREN, 0);
    report(cause_of(code_read_cycle, 0) == EXC_VIRTUAL_INSTRUCTION, "hcounteren hides cycle");
    csr_write(CSR_HCOUNTEREN, 7);
    report(cause_of(code_read_cycle, 0) == EXC_ECALL_VS, "hcounteren shows cycle");
}

/* htinst, if not zero, has bits 1:0 = 1 or 3 and an rs1 field that holds the address offset. */
static void fault_information(const struct guest_exit *e, uint64_t gpa, const char *what)
{
    report(e->htval == gpa >> 2, "%s: htval 0x%lx", what, e->htval);
    report(e->tval == gpa, "%s: stval 0x%lx", what, e->tval);
    report(e->htinst == 0 || (e->htinst & 1), "%s: htinst 0x%lx", what, e->htinst);
    report(e->hstatus & HSTATUS_GVA, "%s: hstatus.GVA", what);
}

static void guest_page_faults(const struct guest_space *space)
{
    struct guest_regs regs = {0};
    space->page[0] = 0xabcdef;
    struct guest_exit e = guest_run(&regs, code_load, GUEST_PAGE);
    report(e.cause == EXC_ECALL_VS && regs.x[11] == 0xabcdef, "a mapped page is read");
    e = guest_run(&regs, code_load, GUEST_HOLE + 16);
    report(e.cause == EXC_LOAD_GUEST_PAGE, "a load from a hole is cause 21");
    fault_information(&e, GUEST_HOLE + 16, "load");
    e = guest_run(&regs, code_store, GUEST_READ_ONLY + 8);
    report(e.cause == EXC_STORE_GUEST_PAGE, "a store without W is cause 23");
    fault_information(&e, GUEST_READ_ONLY + 8, "store");
    e = guest_run(&regs, (void (*)(void))GUEST_PAGE, 0);
    report(e.cause == EXC_FETCH_GUEST_PAGE, "a fetch without X is cause 20");
}

void check_guest(void)
{
    struct guest_space space;
    if (!has_guests()) {
        skip("no H extension");
        return;
    }
    uint64_t hedeleg = csr_swap(CSR_HEDELEG, 0);
    guest_space_make(&space);
    privileges();
    substitution();
    controls();
    guest_page_faults(&space);
    guest_space_drop(&space);
    csr_write(CSR_HEDELEG, hedeleg);
}
