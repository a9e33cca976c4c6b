/* SPDX-License-Identifier: BSD-2-Clause */
/* The S-level interrupt file and the guest files of this hart. */
#include "imsic.h"

#include "guest.h"
#include "mmio.h"
#include "trap.h"
#include "unit.h"

enum { LOW = 7, HIGH = 40 };

static void recording(void)
{
    imsic_init(board.imsic_s.ids);
    imsic_send(own_page(), HIGH);
    report(wait_pending(HIGH), "a store makes its identity pending");
    report(csr_read(CSR_STOPEI) == 0, "stopei is 0 while it is not enabled");
    imsic_enable(HIGH, true);
    imsic_enable(LOW, true);
    report(csr_read(CSR_STOPEI) == (HIGH << 16 | HIGH), "enabled, it is in stopei");
    imsic_send(own_page(), LOW);
    report(wait_pending(LOW) && csr_read(CSR_STOPEI) >> 16 == LOW, "the smaller comes first");
    report(imsic_claim() == LOW && !imsic_pending(LOW), "a claim clears the one it tells");
    report(imsic_claim() == HIGH && imsic_claim() == 0, "then the other, then none");
}

static void nothing_recorded(void)
{
    imsic_send(own_page(), 0);
    imsic_send(own_page(), board.imsic_s.ids + 1);
    mmio_write32(own_page() + 8, LOW);
    imsic_send(own_page(), HIGH);
    wait_pending(HIGH);
    report(imsic_claim() == HIGH && imsic_claim() == 0,
           "identity 0, too high ones and other offsets are ignored");
    report(!(imsic_read(IMSIC_EIP0) & 1), "identity 0 is never pending");
}

static void threshold(void)
{
    imsic_send(own_page(), HIGH);
    wait_pending(HIGH);
    imsic_write(IMSIC_EITHRESHOLD, HIGH);
    report(csr_read(CSR_STOPEI) == 0, "eithreshold hides its own identity");
    imsic_write(IMSIC_EITHRESHOLD, HIGH + 1);
    report(csr_read(CSR_STOPEI) >> 16 == HIGH, "and shows the one below");
    imsic_write(IMSIC_EITHRESHOLD, 0);
    imsic_write(IMSIC_EIDELIVERY, 0);
    report(csr_read(CSR_STOPEI) >> 16 == HIGH, "stopei does not depend on eidelivery");
    report(!(csr_read(CSR_SIP) >> IRQ_SEI & 1), "sip.SEIP does");
    imsic_write(IMSIC_EIDELIVERY, 1);
    report(csr_read(CSR_SIP) >> IRQ_SEI & 1, "SEIP is set while something is deliverable");
    imsic_claim();
    report(!(csr_read(CSR_SIP) >> IRQ_SEI & 1), "SEIP follows the claim");
}

static void registers(void)
{
    imsic_set(imsic_word_register(IMSIC_EIP0, LOW), 1ul << LOW);
    report(imsic_claim() == LOW, "software can set eip");
    csr_write(CSR_SISELECT, IMSIC_EIP0 + 1);
    struct trap_info t = EXPECT_TRAP((void)csr_read(CSR_SIREG));
    report(t.taken && t.cause == EXC_ILLEGAL, "odd eip registers are illegal on RV64");
    imsic_write(IMSIC_EIE0, UINT64_MAX);
    report(!(imsic_read(IMSIC_EIE0) & 1), "identity 0 cannot be enabled");
    imsic_write(IMSIC_EIE0, 0);
    t = EXPECT_TRAP((void)mmio_read8(own_page()));
    report(t.taken && t.cause == EXC_LOAD_ACCESS, "a byte cannot be read from the page");
}

static void interrupt(void)
{
    interrupts[IRQ_SEI] = 0;
    imsic_enable(LOW, true);
    csr_set(CSR_SIE, 1ul << IRQ_SEI);
    imsic_send(own_page(), LOW);
    wait_pending(LOW);
    csr_set(CSR_SSTATUS, SSTATUS_SIE);
    csr_clear(CSR_SSTATUS, SSTATUS_SIE);
    report(interrupts[IRQ_SEI] == 1, "an MSI is an external interrupt");
    imsic_claim();
}

void check_imsic(void)
{
    if (!has_files()) {
        skip("no IMSIC, no Ssaia, or mstateen0 withholds it");
        return;
    }
    recording();
    nothing_recorded();
    threshold();
    registers();
    interrupt();
}

static bool wait_hgeip(uint64_t bits)
{
    uint64_t since = time_now();
    while (time_now() - since < board.timebase / 100)
        if (csr_read(CSR_HGEIP) == bits)
            return true;
    return csr_read(CSR_HGEIP) == bits;
}

static void guest_file_prepare(uint32_t g)
{
    struct guest_window window = guest_file_open(g);
    for (uint32_t id = 0; id <= board.imsic_s.ids; id += 64) {
        guest_file_write(imsic_word_register(IMSIC_EIE0, id), 0);
        guest_file_write(imsic_word_register(IMSIC_EIP0, id), 0);
    }
    guest_file_write(IMSIC_EITHRESHOLD, 0);
    guest_file_write(IMSIC_EIDELIVERY, 1);
    guest_file_write(IMSIC_EIE0, 1ul << LOW);
    guest_file_close(window);
}

static void guest_file_alone(uint32_t g)
{
    uint64_t page = board_imsic_page(&board, cpu_self()->hartid, g);
    guest_file_prepare(g);
    imsic_send(page, LOW);
    report(wait_hgeip(1ul << g), "guest file %u raises its bit of hgeip", g);
    csr_write(CSR_HGEIE, 1ul << g);
    report(csr_read(CSR_HIP) >> IRQ_SGEI & 1, "hgeie lets it through to hip.SGEIP");
    csr_write(CSR_HGEIE, 0);
    report(!(csr_read(CSR_HIP) >> IRQ_SGEI & 1), "and withholds it");
    struct guest_window window = guest_file_open(g);
    report(csr_read(CSR_VSTOPEI) == (LOW << 16 | LOW), "vstopei tells it");
    report(csr_read(CSR_HIP) >> IRQ_VSEI & 1, "VGEIN brings it to hip.VSEIP");
    report(csr_swap(CSR_VSTOPEI, 0) >> 16 == LOW, "vstopei claims it");
    guest_file_close(window);
    report(wait_hgeip(0), "hgeip follows the claim");
}

extern void guest_trap(void);
asm(".pushsection .text\n\t.balign 4\nguest_trap:\n\tcsrrw a1, 0x15c, zero\n\tcsrr a2, scause\n\t"
    "ecall\n\tj .\n\t.popsection");
extern void guest_spin(void);
asm(".pushsection .text\nguest_spin:\n\tj guest_spin\n\t.popsection");

/* The interrupt is taken in VS-mode, its handler claims and calls out: the hypervisor only ever
 * sees the ecall. */
static void delivered_to_guest(uint32_t g)
{
    struct guest_space space;
    struct guest_regs regs = {0};
    guest_space_make(&space);
    guest_file_prepare(g);
    csr_write(CSR_HIDELEG, 1ul << IRQ_VSSI | 1ul << IRQ_VSTI | 1ul << IRQ_VSEI);
    csr_write(CSR_VSTVEC, (uint64_t)guest_trap);
    csr_write(CSR_VSIE, 1ul << IRQ_SEI);
    csr_write(CSR_VSSTATUS, SSTATUS_SIE);
    imsic_send(board_imsic_page(&board, cpu_self()->hartid, g), LOW);
    wait_hgeip(1ul << g);
    uint64_t hstatus = csr_read(CSR_HSTATUS);
    csr_write(CSR_HSTATUS, (hstatus & ~HSTATUS_VGEIN) | (uint64_t)g << HSTATUS_VGEIN_SHIFT);
    struct guest_exit e = guest_run(&regs, guest_spin, 0);
    csr_clear(CSR_HSTATUS, HSTATUS_VGEIN);
    report(e.cause == EXC_ECALL_VS, "the guest takes its interrupt itself: cause 0x%lx", e.cause);
    report(regs.x[11] >> 16 == LOW, "and claims it through stopei");
    report(regs.x[12] == (CAUSE_INTERRUPT | IRQ_SEI), "as a supervisor external interrupt");
    csr_write(CSR_VSIE, 0);
    csr_write(CSR_VSSTATUS, 0);
    guest_space_drop(&space);
}

extern void guest_claim(void);
asm(".pushsection .text\n\t.balign 4\nguest_claim:\n\tcsrrw a1, 0x15c, zero\n\tecall\n\tj .\n\t"
    ".popsection");

/* Without a guest file, the guest's own IMSIC registers trap: what a software file is made of. */
static void emulated(void)
{
    struct guest_space space;
    struct guest_regs regs = {0};
    guest_space_make(&space);
    csr_clear(CSR_HSTATUS, HSTATUS_VGEIN);
    struct guest_exit e = guest_run(&regs, guest_claim, 0);
    report(e.cause == EXC_VIRTUAL_INSTRUCTION, "stopei traps without a guest file");
    guest_space_drop(&space);
}

/* [priv norm:hstateen0_imsic_op] */
static void withheld(void)
{
    struct guest_space space;
    struct guest_regs regs = {0};
    if (!CSR_EXISTS(CSR_HSTATEEN0))
        return;
    guest_space_make(&space);
    csr_set(CSR_HSTATUS, 1ul << HSTATUS_VGEIN_SHIFT);
    csr_write(CSR_HSTATEEN0, 0);
    struct guest_exit e = guest_run(&regs, guest_claim, 0);
    report(e.cause == EXC_VIRTUAL_INSTRUCTION, "hstateen0.IMSIC = 0 withholds stopei");
    csr_write(CSR_HSTATEEN0, STATEEN_SE0 | STATEEN_CSRIND | STATEEN_AIA | STATEEN_IMSIC);
    e = guest_run(&regs, guest_claim, 0);
    report(e.cause == EXC_ECALL_VS, "hstateen0.IMSIC = 1 gives it");
    csr_clear(CSR_HSTATUS, HSTATUS_VGEIN);
    guest_space_drop(&space);
}

void check_guest_files(void)
{
    if (!has_files() || !has_guests()) {
        skip("no IMSIC, no Ssaia, no H extension, or mstateen0 withholds them");
        return;
    }
    emulated();
    uint32_t files = guest_files();
    if (!files)
        skip("GEILEN is 0");
    for (uint32_t g = 1; g <= files; g++)
        guest_file_alone(g);
    if (!files)
        return;
    withheld();
    delivered_to_guest(files);
}
