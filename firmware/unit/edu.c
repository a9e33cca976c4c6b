/* SPDX-License-Identifier: BSD-2-Clause */
/* The edu function: its registers, its DMA and its interrupts, with and without translation. */
#include "aplic.h"
#include "imsic.h"
#include "iommu.h"
#include "mmio.h"
#include "pages.h"
#include "pagetable.h"
#include "pcie.h"
#include "unit.h"

enum { VENDOR = 0x1234, DEVICE = 0x11e8, IDENTITY = 21, CAP_MSI = 0x05, LIMIT_SECONDS = 1 };
enum { LIVENESS = 0x04, FACTORIAL = 0x08, STATUS = 0x20, RAISE = 0x60, ACKNOWLEDGE = 0x64 };
enum { SOURCE = 0x80, DESTINATION = 0x88, COUNT = 0x90, COMMAND = 0x98 };
enum { RUN = 1, TO_MEMORY = 2, INTERRUPT = 4, DMA_DONE = 0x100, BUFFER = 0x40000 };

static struct pcie_function edu;

static bool wait_clear(uint32_t offset, uint32_t bit)
{
    uint64_t since = time_now();
    while (mmio_read32(edu.bar[0] + offset) & bit)
        if (time_now() - since > LIMIT_SECONDS * board.timebase)
            return false;
    return true;
}

static bool wait_claim(void)
{
    uint64_t since = time_now();
    while (!imsic_pending(IDENTITY))
        if (time_now() - since > LIMIT_SECONDS * board.timebase)
            return false;
    return imsic_claim() == IDENTITY;
}

static void registers(void)
{
    report((mmio_read32(edu.bar[0]) & 0xff) == 0xed, "it says that it is edu");
    mmio_write32(edu.bar[0] + LIVENESS, 0x12345678);
    report(mmio_read32(edu.bar[0] + LIVENESS) == 0xedcba987, "it is alive");
    mmio_write32(edu.bar[0] + FACTORIAL, 10);
    report(wait_clear(STATUS, 1) && mmio_read32(edu.bar[0] + FACTORIAL) == 3628800, "10!");
}

static void set_msi(uint64_t addr, uint32_t data)
{
    uint64_t at = edu.config + pcie_capability(&edu, CAP_MSI);
    mmio_write32(at + 4, (uint32_t)addr);
    mmio_write32(at + 8, (uint32_t)(addr >> 32));
    mmio_write16(at + 12, (uint16_t)data);
    mmio_write16(at + 2, mmio_read16(at + 2) | 1);
}

static void clear_msi(void)
{
    uint64_t at = edu.config + pcie_capability(&edu, CAP_MSI);
    mmio_write16(at + 2, mmio_read16(at + 2) & (uint16_t)~1u);
}

static bool raise_and_claim(void)
{
    mmio_write32(edu.bar[0] + RAISE, 1);
    bool came = wait_claim();
    mmio_write32(edu.bar[0] + ACKNOWLEDGE, 1);
    return came;
}

static void pin(void)
{
    uint32_t source = pcie_intx_source(&board.pcie, &edu);
    uint64_t aplic = board.aplic_s.base;
    report(source >= 1, "the interrupt-map has a source for its pin");
    if (!source || !aplic)
        return;
    aplic_enable(aplic);
    aplic_route(aplic, source, APLIC_LEVEL_HIGH, board_hart_index(&board, cpu_self()->hartid), 0,
                IDENTITY);
    report(raise_and_claim(), "a raised pin arrives");
    report(!wait_pending(IDENTITY), "an acknowledged one is silent");
    aplic_off(aplic, source);
}

static bool copy(uint64_t source, uint64_t destination, uint64_t command)
{
    mmio_write64(edu.bar[0] + SOURCE, source);
    mmio_write64(edu.bar[0] + DESTINATION, destination);
    mmio_write64(edu.bar[0] + COUNT, PAGE_SIZE);
    mmio_write64(edu.bar[0] + COMMAND, RUN | command);
    return wait_clear(COMMAND, RUN);
}

/* IOVAs within 28 bits lead to two pages, wherever these are; the MSI to our file. */
static void translated(void)
{
    const uint64_t gpa = 0x28000000, from = 0x1000000, to = 0x2000000;
    struct pagetable gstage;
    struct iommu_msi_pte *ptes = page_alloc();
    uint64_t *source = page_alloc(), *destination = page_alloc();
    pagetable_create(&gstage, true);
    pagetable_map(&gstage, from, (uint64_t)source, PAGE_SIZE, PTE_RW | PTE_GUEST);
    pagetable_map(&gstage, to, (uint64_t)destination, PAGE_SIZE, PTE_RW | PTE_GUEST);
    struct iommu_dc dc = {.tc = IOMMU_DC_V,
                          .iohgatp = pagetable_atp(&gstage) | IOMMU_IOHGATP_GSCID(4),
                          .msiptp = IOMMU_MSIPTP_FLAT | (uint64_t)ptes >> PAGE_SHIFT,
                          .msi_addr_mask = 3,
                          .msi_addr_pattern = gpa >> PAGE_SHIFT};
    ptes[1].dw0 = iommu_msi_pte_basic(own_page());
    for (uint32_t i = 0; i < PAGE_SIZE / 8; i++) {
        source[i] = 0x0123456789abcdefu * (i + 1);
        destination[i] = 0;
    }
    iommu_set_mode(&iommu, IOMMU_3LVL);
    iommu_attach(&iommu, edu.device_id, &dc);
    set_msi(gpa + PAGE_SIZE, IDENTITY);
    report(raise_and_claim(), "its MSI goes by an MSI PTE");
    report(copy(from, BUFFER, 0), "DMA from memory ends");
    bool ended = copy(BUFFER, to, TO_MEMORY);
    const volatile uint64_t *last = &destination[PAGE_SIZE / 8 - 1];
    report(ended && *last == source[PAGE_SIZE / 8 - 1],
           "what a read of its register says has ended is in memory");
    destination[PAGE_SIZE / 8 - 1] = 0;
    report(copy(BUFFER, to, TO_MEMORY | INTERRUPT), "DMA to memory ends");
    report(wait_claim(), "and says so by MSI");
    mmio_write32(edu.bar[0] + ACKNOWLEDGE, DMA_DONE);
    bool same = true;
    for (uint32_t i = 0; i < PAGE_SIZE / 8; i++)
        same = same && ((volatile uint64_t *)destination)[i] == source[i];
    report(same, "a page has come through the G-stage to its buffer and back");
    iommu_detach(&iommu, edu.device_id);
    iommu_set_mode(&iommu, IOMMU_BARE);
    clear_msi();
    pagetable_destroy(&gstage);
    pages_free(ptes, 1);
    pages_free(source, 1);
    pages_free(destination, 1);
}

void check_edu(void)
{
    struct pcie_windows windows = pcie_windows(&board.pcie);
    if (!pcie_find(&board.pcie, VENDOR, DEVICE, 0, &edu)) {
        skip("no edu");
        return;
    }
    if (!has_files()) {
        skip("no interrupt files for its MSIs");
        return;
    }
    /* The test endpoint has the start of the window. */
    windows.next32 += 0x1000000;
    report(pcie_assign(&edu, &windows), "its BAR fits the window");
    registers();
    imsic_init(board.imsic_s.ids);
    imsic_enable(IDENTITY, true);
    pin();
    set_msi(own_page(), IDENTITY);
    report(raise_and_claim(), "its MSI arrives");
    clear_msi();
    if (iommu.base)
        translated();
    else
        skip("no IOMMU for its DMA");
}
