/* SPDX-License-Identifier: BSD-2-Clause */
/* Which CSRs are there, and what their WARL fields hold. */
#include "unit.h"

#define PRESENT(csr) report(CSR_EXISTS(csr), "CSR 0x%x can be read", (unsigned)(csr))
#define ABSENT(csr)                                                                                \
    do {                                                                                           \
        struct trap_info t_ = EXPECT_TRAP((void)csr_read(csr));                                    \
        report(t_.taken &&t_.cause == EXC_ILLEGAL, "CSR 0x%x is an illegal instruction",           \
               (unsigned)(csr));                                                                   \
    } while (0)

static void supervisor_present(void)
{
    PRESENT(CSR_SSTATUS);
    PRESENT(CSR_SIE);
    PRESENT(CSR_STVEC);
    PRESENT(CSR_SCOUNTEREN);
    PRESENT(CSR_SSCRATCH);
    PRESENT(CSR_SEPC);
    PRESENT(CSR_SCAUSE);
    PRESENT(CSR_STVAL);
    PRESENT(CSR_SIP);
    PRESENT(CSR_SATP);
    PRESENT(CSR_CYCLE);
    PRESENT(CSR_TIME);
    PRESENT(CSR_INSTRET);
}

static void hypervisor_present(void)
{
    PRESENT(CSR_HSTATUS);
    PRESENT(CSR_HEDELEG);
    PRESENT(CSR_HIDELEG);
    PRESENT(CSR_HIE);
    PRESENT(CSR_HTIMEDELTA);
    PRESENT(CSR_HCOUNTEREN);
    PRESENT(CSR_HGEIE);
    PRESENT(CSR_HENVCFG);
    PRESENT(CSR_HTVAL);
    PRESENT(CSR_HIP);
    PRESENT(CSR_HVIP);
    PRESENT(CSR_HTINST);
    PRESENT(CSR_HGATP);
    PRESENT(CSR_HGEIP);
    PRESENT(CSR_VSSTATUS);
    PRESENT(CSR_VSIE);
    PRESENT(CSR_VSTVEC);
    PRESENT(CSR_VSSCRATCH);
    PRESENT(CSR_VSEPC);
    PRESENT(CSR_VSCAUSE);
    PRESENT(CSR_VSTVAL);
    PRESENT(CSR_VSIP);
    PRESENT(CSR_VSATP);
}

static void absent(void)
{
    ABSENT(CSR_MSTATUS);
    ABSENT(CSR_MHARTID);
    ABSENT(0x7c0);
    ABSENT(0x5c0);
    struct trap_info t = EXPECT_TRAP(csr_write(CSR_HGEIP, 0));
    report(t.taken && t.cause == EXC_ILLEGAL, "hgeip cannot be written");
    t = EXPECT_TRAP(csr_write(CSR_CYCLE, 0));
    report(t.taken && t.cause == EXC_ILLEGAL, "cycle cannot be written");
}

/* A write of an unsupported MODE leaves all of satp as it was [priv norm:satp_mode_op_unsupported].
 */
static void modes(void)
{
    csr_write(CSR_SATP, 0);
    csr_write(CSR_SATP, 15ul << 60 | 0x1234);
    report(csr_read(CSR_SATP) == 0, "satp with a reserved mode is not written");
    csr_write(CSR_HGATP, HGATP_MODE_SV39X4);
    report(csr_read(CSR_HGATP) >> 60 == 8, "hgatp takes Sv39x4");
    csr_write(CSR_HGATP, 0x3ffful << HGATP_VMID_SHIFT | HGATP_MODE_SV39X4);
    report((csr_read(CSR_HGATP) >> HGATP_VMID_SHIFT & 0x3fff) != 0, "hgatp has VMID bits");
    csr_write(CSR_HGATP, HGATP_MODE_SV39X4 | 7);
    report((csr_read(CSR_HGATP) & 3) == 0, "hgatp's root is 16 KiB aligned");
    csr_write(CSR_HGATP, 0);
}

static void delegation(void)
{
    uint64_t old = csr_swap(CSR_HIDELEG, UINT64_MAX), vs = 1ul << IRQ_VSSI | 1ul << IRQ_VSTI;
    uint64_t got = csr_swap(CSR_HIDELEG, old);
    vs |= 1ul << IRQ_VSEI;
    report((got & vs) == vs, "hideleg delegates the VS interrupts");
    report(!(got & (1ul << IRQ_SGEI | 1ul << IRQ_SEI)), "hideleg cannot delegate SGEI and SEI");
    old = csr_swap(CSR_HEDELEG, UINT64_MAX);
    got = csr_swap(CSR_HEDELEG, old);
    uint64_t never = 1ul << EXC_ECALL_S | 1ul << EXC_ECALL_VS | 1ul << EXC_VIRTUAL_INSTRUCTION |
                     1ul << EXC_LOAD_GUEST_PAGE | 1ul << EXC_STORE_GUEST_PAGE;
    report(!(got & never), "hedeleg cannot delegate what is the hypervisor's");
    report(got >> EXC_LOAD_PAGE & 1, "hedeleg delegates page faults");
}

static void injection(void)
{
    csr_write(CSR_HVIP, 1ul << IRQ_VSEI | 1ul << IRQ_VSSI);
    report(csr_read(CSR_HIP) >> IRQ_VSEI & 1, "hvip.VSEIP shows in hip");
    uint64_t old = csr_swap(CSR_HIDELEG, 1ul << IRQ_VSSI | 1ul << IRQ_VSEI);
    report(csr_read(CSR_VSIP) == (1ul << IRQ_SEI | 1ul << IRQ_SSI),
           "delegated, they show in vsip as SEIP and SSIP: 0x%lx", csr_read(CSR_VSIP));
    csr_write(CSR_HIDELEG, 0);
    report(csr_read(CSR_VSIP) == 0, "not delegated, they do not");
    csr_write(CSR_HIDELEG, old);
    csr_write(CSR_HVIP, 0);
    report(csr_read(CSR_HIP) == 0, "hip is clear again");
}

void check_csrs(void)
{
    supervisor_present();
    if (!has_guests()) {
        skip("no H extension");
        return;
    }
    hypervisor_present();
    absent();
    modes();
    delegation();
    injection();
}
