/* SPDX-License-Identifier: BSD-2-Clause */
/* IOMMU and test endpoint. */
#include "aplic.h"
#include "endpoint.h"
#include "imsic.h"
#include "iommu.h"
#include "mmio.h"
#include "pages.h"
#include "pagetable.h"
#include "pcie.h"
#include "unit.h"

enum { IDENTITY = 20, VECTOR = 1 };

struct iommu iommu;
static struct pcie_function endpoint;

static void iommu_modes(void)
{
    static const char *const names[] = {"Off", "Bare", "1LVL", "2LVL", "3LVL"};
    for (uint32_t mode = IOMMU_OFF; mode <= IOMMU_3LVL; mode++)
        report(iommu_set_mode(&iommu, (enum iommu_mode)mode), "ddtp takes mode %s", names[mode]);
    iommu_set_mode(&iommu, IOMMU_BARE);
}

static void iommu_commands(void)
{
    for (uint32_t i = 0; i < 600; i++)
        iommu_post(&iommu, iommu_cmd_iotinval_all());
    iommu_sync(&iommu);
    report(mmio_read32(iommu.base + IOMMU_CQH) == iommu.tail,
           "more commands than fit are executed");
    uint64_t *word = page_alloc();
    struct iommu_command c = iommu_cmd_iofence(IOFENCE_PR | IOFENCE_PW);
    c.dw0 |= 1ul << 10 | 0x12345678ul << 32;
    c.dw1 = (uint64_t)word >> 2;
    iommu_wait(&iommu, iommu_post(&iommu, c));
    report(*(volatile uint32_t *)word == 0x12345678, "IOFENCE.C with AV stores its data");
    pages_free(word, 1);
}

/* The queue stops at a command that does not exist, and goes on once it is gone. */
static void iommu_illegal_command(void)
{
    uint32_t at = iommu.tail, csr;
    uint64_t since = time_now();
    iommu_post(&iommu, (struct iommu_command){0x7f, 0});
    do
        csr = mmio_read32(iommu.base + IOMMU_CQCSR);
    while (!(csr & IOMMU_CQCSR_CMD_ILL) && time_now() - since < board.timebase / 100);
    report(csr & IOMMU_CQCSR_CMD_ILL, "an unknown command sets cmd_ill");
    report(mmio_read32(iommu.base + IOMMU_CQH) == at, "cqh stays at it");
    iommu.commands[at] = iommu_cmd_iotinval_all();
    fence_memory_to_io();
    mmio_write32(iommu.base + IOMMU_CQCSR, IOMMU_QUEUE_EN | IOMMU_CQCSR_CMD_ILL);
    iommu_sync(&iommu);
    report(mmio_read32(iommu.base + IOMMU_CQH) == iommu.tail, "the queue goes on");
}

void check_iommu(void)
{
    if (!board.num_iommus) {
        skip("no IOMMU");
        return;
    }
    report((mmio_read64(board.iommus[0] + IOMMU_CAPABILITIES) & IOMMU_CAP_VERSION) == 0x10,
           "capabilities.version is 1.0");
    if (!iommu_init(&iommu, board.iommus[0])) {
        skip("no MSI page tables or no Sv39x4");
        iommu.base = 0;
        return;
    }
    iommu_modes();
    iommu_commands();
    iommu_illegal_command();
}

static void raise(void)
{
    mmio_write32(endpoint.bar[0] + EP_RAISE, VECTOR);
}

static void native_msi(void)
{
    pcie_msix_enable(&endpoint, true);
    pcie_msix_write(&endpoint, VECTOR, own_page(), IDENTITY);
    raise();
    report(wait_pending(IDENTITY) && imsic_claim() == IDENTITY, "a raised vector arrives");
    pcie_msix_mask(&endpoint, VECTOR);
    raise();
    report(!wait_pending(IDENTITY), "a masked one does not");
    pcie_msix_write(&endpoint, VECTOR, own_page(), IDENTITY);
    report(wait_pending(IDENTITY) && imsic_claim() == IDENTITY, "it does when it is unmasked");
}

static void generator(void)
{
    struct endpoint_pattern pattern = {
        .count = 5, .burst = 1, .first = VECTOR, .vectors = 1, .period = 100};
    endpoint_generate(endpoint.bar[0], &pattern);
    while (endpoint_busy(endpoint.bar[0]))
        ;
    report(endpoint_sent(endpoint.bar[0]) == 5, "the generator sends what it is asked for");
    report(wait_pending(IDENTITY) && imsic_claim() == IDENTITY, "and it arrives");
}

static bool next_fault(struct iommu_fault *fault)
{
    uint64_t since = time_now();
    while (time_now() - since < board.timebase / 100)
        if (iommu_next_fault(&iommu, fault))
            return true;
    return false;
}

/* An empty device directory: everything is refused, and said so. */
static void refused(void)
{
    struct iommu_fault fault;
    iommu_set_mode(&iommu, IOMMU_3LVL);
    raise();
    bool told = next_fault(&fault);
    report(told, "a device without context is reported");
    if (told) {
        uint32_t cause = iommu_fault_cause(&fault);
        report(cause == 258, "cause %u, expected 258", cause);
        report(iommu_fault_device(&fault) == endpoint.device_id, "its device_id is told");
        report((fault.iotval & ~3ul) == (own_page() & ~3ul), "and its address");
    }
    report(!imsic_pending(IDENTITY), "and its MSI does not arrive");
}

/* One device context, one MSI PTE: guest physical page to the S-file. */
static void translated(void)
{
    const uint64_t gpa = 0x28000000;
    struct iommu_fault fault;
    struct pagetable gstage;
    struct iommu_msi_pte *ptes = page_alloc();
    pagetable_create(&gstage, true);
    struct iommu_dc dc = {.tc = IOMMU_DC_V,
                          .iohgatp = pagetable_atp(&gstage) | IOMMU_IOHGATP_GSCID(3),
                          .msiptp = IOMMU_MSIPTP_FLAT | (uint64_t)ptes >> PAGE_SHIFT,
                          .msi_addr_mask = 3,
                          .msi_addr_pattern = gpa >> PAGE_SHIFT};
    ptes[2].dw0 = iommu_msi_pte_basic(own_page());
    iommu_attach(&iommu, endpoint.device_id, &dc);
    pcie_msix_write(&endpoint, VECTOR, gpa + 2 * PAGE_SIZE, IDENTITY);
    raise();
    report(wait_pending(IDENTITY) && imsic_claim() == IDENTITY, "an MSI PTE leads to the file");
    pcie_msix_write(&endpoint, VECTOR, gpa + PAGE_SIZE, IDENTITY);
    raise();
    report(next_fault(&fault) && iommu_fault_cause(&fault) == 262, "an invalid MSI PTE is 262");
    pcie_msix_write(&endpoint, VECTOR, gpa + 8 * PAGE_SIZE, IDENTITY);
    raise();
    report(next_fault(&fault) && iommu_fault_cause(&fault) == 23,
           "an address that is no MSI's and not mapped is a guest-page fault: %u",
           iommu_fault_cause(&fault));
    iommu_detach(&iommu, endpoint.device_id);
    iommu_set_mode(&iommu, IOMMU_BARE);
    pagetable_destroy(&gstage);
    pages_free(ptes, 1);
}

/* INTx through the APLIC to the S-file: one MSI per assertion of a level. */
static void wire(void)
{
    uint32_t source = pcie_intx_source(&board.pcie, &endpoint);
    uint64_t aplic = board.aplic_s.base;
    report(source >= 1, "the interrupt-map has a source for the endpoint's pin");
    if (!source || !aplic)
        return;
    pcie_msix_enable(&endpoint, false);
    aplic_enable(aplic);
    aplic_route(aplic, source, APLIC_LEVEL_HIGH, board_hart_index(&board, cpu_self()->hartid), 0,
                IDENTITY);
    mmio_write32(endpoint.bar[0] + EP_INTX, 1);
    report(wait_pending(IDENTITY) && imsic_claim() == IDENTITY, "a raised pin arrives");
    report(!wait_pending(IDENTITY), "once, while it stays up");
    mmio_write32(aplic + APLIC_SETIPNUM, source);
    report(wait_pending(IDENTITY) && imsic_claim() == IDENTITY, "setipnum asks again");
    mmio_write32(endpoint.bar[0] + EP_INTX, 0);
    report(!wait_pending(IDENTITY), "a lowered pin is silent");
    aplic_off(aplic, source);
    pcie_msix_enable(&endpoint, true);
}

void check_endpoint(void)
{
    struct pcie_windows windows = pcie_windows(&board.pcie);
    if (!pcie_find(&board.pcie, ENDPOINT_VENDOR, ENDPOINT_DEVICE, 0, &endpoint)) {
        skip("no test endpoint");
        return;
    }
    if (!has_files()) {
        skip("no interrupt files for its MSIs");
        return;
    }
    report(pcie_assign(&endpoint, &windows), "its BARs fit the windows");
    report(endpoint_present(endpoint.bar[0]), "BAR0 answers");
    report(endpoint.msix_vectors == mmio_read32(endpoint.bar[0] + EP_VECTORS), "MSI-X table size");
    imsic_init(board.imsic_s.ids);
    imsic_enable(IDENTITY, true);
    native_msi();
    generator();
    wire();
    if (!iommu.base)
        return;
    refused();
    translated();
}
