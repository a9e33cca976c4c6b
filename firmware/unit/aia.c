/* SPDX-License-Identifier: BSD-2-Clause */
/* Ssaia: CSRs and top interrupts. */
#include "imsic.h"
#include "unit.h"

static void present(void)
{
    report(CSR_EXISTS(CSR_SISELECT), "siselect can be read");
    report(CSR_EXISTS(CSR_STOPI), "stopi can be read");
    struct trap_info t = EXPECT_TRAP(csr_write(CSR_STOPI, 0));
    report(t.taken && t.cause == EXC_ILLEGAL, "stopi cannot be written");
}

static void guest_present(void)
{
    report(CSR_EXISTS(CSR_HVIEN), "hvien can be read");
    report(CSR_EXISTS(CSR_HVICTL), "hvictl can be read");
    report(CSR_EXISTS(CSR_HVIPRIO1), "hviprio1 can be read");
    report(CSR_EXISTS(CSR_HVIPRIO2), "hviprio2 can be read");
    report(CSR_EXISTS(CSR_VSISELECT), "vsiselect can be read");
    report(CSR_EXISTS(CSR_VSTOPI), "vstopi can be read");
}

/* A supervisor software interrupt that sip can raise itself. */
static void top_interrupt(void)
{
    csr_write(CSR_SIE, 0);
    csr_set(CSR_SIP, 1ul << IRQ_SSI);
    report(csr_read(CSR_STOPI) == 0, "stopi is 0 while nothing is enabled");
    csr_set(CSR_SIE, 1ul << IRQ_SSI);
    report(csr_read(CSR_STOPI) >> 16 == IRQ_SSI, "stopi tells the software interrupt");
    report((csr_read(CSR_STOPI) & 0xff) != 0, "its priority is not 0");
    csr_clear(CSR_SIP, 1ul << IRQ_SSI);
    report(csr_read(CSR_STOPI) == 0, "stopi is 0 again");
    csr_write(CSR_SIE, 0);
}

static void taken(void)
{
    interrupts[IRQ_SSI] = 0;
    csr_set(CSR_SIP, 1ul << IRQ_SSI);
    csr_set(CSR_SIE, 1ul << IRQ_SSI);
    csr_set(CSR_SSTATUS, SSTATUS_SIE);
    csr_clear(CSR_SSTATUS, SSTATUS_SIE);
    report(interrupts[IRQ_SSI] == 1, "it traps when sstatus.SIE is set");
    csr_clear(CSR_SIP, 1ul << IRQ_SSI);
}

static void virtual_top(void)
{
    csr_write(CSR_HIDELEG, 1ul << IRQ_VSSI | 1ul << IRQ_VSTI | 1ul << IRQ_VSEI);
    csr_write(CSR_HVIP, 1ul << IRQ_VSSI);
    csr_write(CSR_VSIE, 1ul << IRQ_SSI);
    report(csr_read(CSR_VSTOPI) >> 16 == IRQ_SSI, "vstopi tells hvip.VSSIP");
    csr_set(CSR_HVIP, 1ul << IRQ_VSEI);
    csr_set(CSR_VSIE, 1ul << IRQ_SEI);
    report(csr_read(CSR_VSTOPI) >> 16 == IRQ_SEI, "an external interrupt comes before it: 0x%lx",
           csr_read(CSR_VSTOPI));
    csr_write(CSR_HVIP, 0);
    report(csr_read(CSR_VSTOPI) == 0, "vstopi is 0 when hvip is");
    csr_write(CSR_VSIE, 0);
}

/* With VGEIN 0 there is no file behind vsireg and vstopei [aia CSRs-hypervisor]. */
static void no_guest_file(void)
{
    csr_clear(CSR_HSTATUS, HSTATUS_VGEIN);
    csr_write(CSR_VSISELECT, IMSIC_EIDELIVERY);
    struct trap_info t = EXPECT_TRAP((void)csr_read(CSR_VSIREG));
    report(t.taken && t.cause == EXC_ILLEGAL, "vsireg is illegal without a guest file");
    t = EXPECT_TRAP((void)csr_read(CSR_VSTOPEI));
    report(t.taken && t.cause == EXC_ILLEGAL, "vstopei is illegal without a guest file");
}

void check_aia(void)
{
    if (!CSR_EXISTS(CSR_STOPI)) {
        skip("no Ssaia, or mstateen0 withholds it");
        return;
    }
    present();
    top_interrupt();
    taken();
    if (!has_guests()) {
        skip("no H extension for vstopi and hvictl");
        return;
    }
    guest_present();
    virtual_top();
    no_guest_file();
}
