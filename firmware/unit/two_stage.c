/* SPDX-License-Identifier: BSD-2-Clause */
/* Both stages, seen from HS-mode with HLV and HSV. */
#include "guest.h"
#include "pages.h"
#include "unit.h"

enum { GVA = 0x7000000000 / 256 }; /* somewhere the guest's own table maps, and nobody else */

static void hlv_bare(const struct guest_space *space)
{
    space->page[2] = 0x55;
    report(hlv_d(GUEST_PAGE + 16) == 0x55, "HLV reads through the G-stage");
    hsv_d(GUEST_PAGE + 24, 0x66);
    report(space->page[3] == 0x66, "HSV writes through the G-stage");
    struct trap_info t = EXPECT_TRAP((void)hlv_d(GUEST_HOLE));
    report(t.taken && t.cause == EXC_LOAD_GUEST_PAGE, "HLV from a hole is cause 21");
    t = EXPECT_TRAP(hsv_d(GUEST_READ_ONLY, 0));
    report(t.taken && t.cause == EXC_STORE_GUEST_PAGE, "HSV to a page without W is cause 23");
    report(csr_read(CSR_HTVAL) == GUEST_READ_ONLY >> 2, "htval is the address by 4");
    t = EXPECT_TRAP((void)hlvx_hu(GUEST_PAGE));
    report(t.taken && t.cause == EXC_LOAD_GUEST_PAGE, "HLVX wants X, not R: %lu",
           t.taken ? t.cause : 99);
}

/* The guest's table lies in its RAM, which the G-stage maps to itself. */
static void hlv_sv39(const struct guest_space *space)
{
    struct pagetable stage1;
    pagetable_create(&stage1, false);
    pagetable_map(&stage1, GVA, GUEST_PAGE, PAGE_SIZE, PTE_RW | PTE_HOST);
    pagetable_map(&stage1, GVA + PAGE_SIZE, GUEST_HOLE, PAGE_SIZE, PTE_RW | PTE_HOST);
    csr_write(CSR_VSATP, pagetable_atp(&stage1));
    hfence_vvma_all();
    space->page[4] = 0x77;
    report(hlv_d(GVA + 32) == 0x77, "HLV reads through both stages");
    struct trap_info t = EXPECT_TRAP((void)hlv_d(GVA + 2 * PAGE_SIZE));
    report(t.taken && t.cause == EXC_LOAD_PAGE, "a fault of the first stage is a page fault: %lu",
           t.taken ? t.cause : 99);
    t = EXPECT_TRAP((void)hlv_d(GVA + PAGE_SIZE + 8));
    report(t.taken && t.cause == EXC_LOAD_GUEST_PAGE, "one of the second a guest-page fault");
    report(t.tval == GVA + PAGE_SIZE + 8, "stval is the guest's virtual address");
    report(csr_read(CSR_HTVAL) == (GUEST_HOLE + 8) >> 2, "htval its physical one");
    csr_write(CSR_VSATP, 0);
    hfence_vvma_all();
    pagetable_destroy(&stage1);
}

/* A first-stage table that the G-stage does not map: the fault is an implicit access's. */
static void implicit(void)
{
    csr_write(CSR_VSATP, SATP_MODE_SV39 | GUEST_HOLE >> PAGE_SHIFT);
    hfence_vvma_all();
    struct trap_info t = EXPECT_TRAP((void)hlv_d(0));
    report(t.taken && t.cause == EXC_LOAD_GUEST_PAGE, "an unmapped first-stage table faults");
    report(csr_read(CSR_HTVAL) == GUEST_HOLE >> 2, "htval is the table's address");
    uint64_t htinst = csr_read(CSR_HTINST);
    report(htinst == 0 || htinst == 0x3000, "htinst is the read pseudo-instruction: 0x%lx", htinst);
    csr_write(CSR_VSATP, 0);
    hfence_vvma_all();
}

void check_two_stage(void)
{
    struct guest_space space;
    if (!has_guests()) {
        skip("no H extension");
        return;
    }
    guest_space_make(&space);
    csr_set(CSR_HSTATUS, HSTATUS_SPVP);
    hlv_bare(&space);
    hlv_sv39(&space);
    implicit();
    guest_space_drop(&space);
}
