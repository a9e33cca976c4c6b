/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a guest came back, and what is done about it. */
#include "csr.h"
#include "endpoint.h"
#include "guest_sbi.h"
#include "hart.h"
#include "hyp.h"
#include "insn.h"
#include "operate.h"
#include "pages.h"
#include "print.h"
#include "protocol.h"
#include "sched.h"
#include "trap.h"
#include "vcpu.h"
#include "vfile.h"
#include "vm.h"

/* The guest did something that no machine would survive, or that we do not emulate. */
_Noreturn static void guest_broken(const struct vcpu *vcpu, const char *what, uint64_t value)
{
    hyp_exit(HYP_EXPERIMENT, "vCPU %u at 0x%lx: %s 0x%lx", vcpu->id, vcpu->pc, what, value);
}

static void register_write(struct vcpu *vcpu, uint32_t reg, uint64_t value)
{
    if (reg)
        vcpu->x[reg] = value;
}

static uint32_t guest_fetch(uint64_t pc)
{
    uint32_t insn = hlvx_hu(pc);
    if ((insn & 3) == 3)
        insn |= (uint32_t)hlvx_hu(pc + 2) << 16;
    return insn;
}

/* stval holds the instruction, or zero if the hart does not tell [priv
 * norm:stval_op_illegal_instr]. */
static uint32_t trapped_insn(const struct vcpu *vcpu)
{
    uint64_t tval = csr_read(CSR_STVAL);
    return tval ? (uint32_t)tval : guest_fetch(vcpu->pc);
}

static void stopei_emulate(struct vcpu *vcpu, const struct insn_csr *insn)
{
    register_write(vcpu, insn->rd, swfile_topei(&vcpu->swfile, insn->writes));
}

static void sireg_emulate(struct vcpu *vcpu, const struct insn_csr *insn)
{
    uint32_t reg = (uint32_t)csr_read(CSR_VSISELECT);
    uint64_t old, value = insn->immediate ? insn->rs1 : vcpu->x[insn->rs1], mask = 0;
    if (insn->writes)
        mask = insn->op == CSR_OP_WRITE ? UINT64_MAX : value;
    if (insn->op == CSR_OP_CLEAR)
        value = 0;
    if (protocol_traits.narrow)
        mask &= UINT32_MAX;
    if (!swfile_access(&vcpu->swfile, reg, value, mask, &old))
        guest_broken(vcpu, "siselect names no register:", reg);
    register_write(vcpu, insn->rd, old);
}

enum { INSN_WFI = 0x10500073 };

/* Only a vCPU whose file is in memory accesses it here: with a guest file the hart does it all. */
static void virtual_instruction_handle(struct vcpu *vcpu)
{
    uint32_t word = trapped_insn(vcpu);
    struct insn_csr insn;
    if (word == INSN_WFI) {
        vcpu->pc += 4;
        vcpu->exits_by[EXIT_WFI]++;
        vcpu_block(vcpu);
        return;
    }
    vcpu->exits_by[EXIT_CSR]++;
    if (!insn_decode_csr(word, &insn) || vcpu->guest_file)
        guest_broken(vcpu, "virtual instruction", word);
    if (insn.csr == CSR_STOPEI)
        stopei_emulate(vcpu, &insn);
    else if (insn.csr == CSR_SIREG)
        sireg_emulate(vcpu, &insn);
    else
        guest_broken(vcpu, "access to CSR", insn.csr);
    vcpu->pc += 4;
}

static bool in_vaplic(uint64_t gpa)
{
    return gpa - GUEST_APLIC < GUEST_APLIC_BYTES;
}

/* A register of a device that the guest believes it owns.  False: there is none. */
static bool mmio_load(struct vcpu *vcpu, uint64_t gpa, uint64_t *value)
{
    if (in_vaplic(gpa)) {
        *value = vm_vaplic_read(vcpu->vm, (uint32_t)(gpa - GUEST_APLIC));
        return true;
    }
    uint64_t offset = gpa - GUEST_BAR2, device = offset / ENDPOINT_BAR2_BYTES;
    if (device >= vcpu->vm->config.devices || !vcpu->vm->assigned)
        return false;
    *value = vfio_msix_read(vcpu->vm, (uint32_t)device, offset % ENDPOINT_BAR2_BYTES);
    return true;
}

static bool mmio_store(struct vcpu *vcpu, uint64_t gpa, uint64_t value)
{
    struct vcpu *target = vm_vcpu_by_imsic(vcpu->vm, gpa);
    if (target) {
        if (gpa % PAGE_SIZE == IMSIC_SETEIPNUM_LE)
            vfile_inject(target, (uint32_t)value, HINT_OF_TRAP);
        return true;
    }
    if (in_vaplic(gpa)) {
        vm_vaplic_write(vcpu->vm, (uint32_t)(gpa - GUEST_APLIC), (uint32_t)value);
        return true;
    }
    uint64_t offset = gpa - GUEST_BAR2, device = offset / ENDPOINT_BAR2_BYTES;
    if (device >= vcpu->vm->config.devices || !vcpu->vm->assigned)
        return false;
    vfio_msix_write(vcpu->vm, (uint32_t)device, offset % ENDPOINT_BAR2_BYTES, (uint32_t)value);
    return true;
}

/* htinst, where not zero, is the instruction made 32 bits wide; its bit 1 is 0 if it was compressed
 * [priv norm:H_trap_xtinst]. */
static uint32_t faulting_insn(const struct vcpu *vcpu, uint32_t *length)
{
    uint32_t htinst = (uint32_t)csr_read(CSR_HTINST);
    if (htinst & 1) {
        *length = htinst & 2 ? 4 : 2;
        return htinst | 3;
    }
    uint32_t insn = guest_fetch(vcpu->pc);
    *length = insn_length(insn);
    return insn;
}

static uint64_t extend(uint64_t value, const struct insn_memory *insn)
{
    unsigned shift = 64 - 8u * insn->size;
    if (insn->zero_extend)
        return value << shift >> shift;
    return (uint64_t)((int64_t)(value << shift) >> shift);
}

static void guest_page_fault_handle(struct vcpu *vcpu)
{
    uint64_t gpa = csr_read(CSR_HTVAL) << 2 | (csr_read(CSR_STVAL) & 3);
    vcpu->exits_by[in_vaplic(gpa)                    ? EXIT_APLIC
                   : vm_vcpu_by_imsic(vcpu->vm, gpa) ? EXIT_IMSIC
                                                     : EXIT_DEVICE]++;
    uint32_t length;
    struct insn_memory insn;
    if (!insn_decode_memory(faulting_insn(vcpu, &length), &insn))
        guest_broken(vcpu, "no plain load or store at guest physical address", gpa);
    if (in_vaplic(gpa) && (insn.size != 4 || gpa % 4))
        guest_broken(vcpu, "no aligned access of 32 bits to the APLIC at", gpa);
    uint64_t value = vcpu->x[insn.reg];
    if (!(insn.store ? mmio_store(vcpu, gpa, value) : mmio_load(vcpu, gpa, &value)))
        guest_broken(vcpu, "nothing at guest physical address", gpa);
    if (!insn.store)
        register_write(vcpu, insn.reg, extend(value, &insn));
    vcpu->pc += length;
}

static void exception_handle(struct vcpu *vcpu, uint64_t cause)
{
    switch (cause) {
    case EXC_ECALL_VS:
        vcpu->exits_by[EXIT_ECALL]++;
        vcpu->pc += 4;
        guest_sbi_call(vcpu);
        break;
    case EXC_VIRTUAL_INSTRUCTION:
        virtual_instruction_handle(vcpu);
        break;
    case EXC_LOAD_GUEST_PAGE:
    case EXC_STORE_GUEST_PAGE:
        guest_page_fault_handle(vcpu);
        break;
    default:
        guest_broken(vcpu, exception_name(cause), csr_read(CSR_STVAL));
    }
}

/* Interrupts are the hart's: the vCPU may be on another one afterwards. */
void vcpu_handle_exit(struct vcpu *vcpu)
{
    uint64_t cause = csr_read(CSR_SCAUSE);
    switch (cause) {
    case CAUSE_INTERRUPT | IRQ_SEI:
    case CAUSE_INTERRUPT | IRQ_SGEI:
        vcpu->exits_by[cause & 1 ? EXIT_EXTERNAL : EXIT_SGEI]++;
        hart_poll();
        break;
    case CAUSE_INTERRUPT | IRQ_STI:
        vcpu->exits_by[EXIT_TIMER]++;
        sched_timer(hart_self());
        break;
    default:
        vcpu->busy = true;
        exception_handle(vcpu, cause);
        vcpu->busy = false;
        operate_asked(vcpu);
    }
}
