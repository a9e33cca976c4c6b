/* SPDX-License-Identifier: BSD-2-Clause */
/* Several IOMMUs, some of them PCIe functions: each has its own queues and devices. */
#include "endpoint.h"
#include "imsic.h"
#include "iommu.h"
#include "mmio.h"
#include "pcie.h"
#include "unit.h"

enum { ENDPOINTS = 8, FIRST_IDENTITY = 20, CLASS_IOMMU = 0x080600, MSI_CFG_TBL = 0x300 };

static struct iommu iommus[2 * BOARD_IOMMUS];
static struct pcie_function endpoints[ENDPOINTS];
static uint32_t num_endpoints;

static uint32_t num_iommus(void)
{
    return board.num_iommus + board.num_pci_iommus;
}

/* Everything moves, so that nothing overlaps what earlier checks have placed. */
static void place_endpoints(struct pcie_windows *windows)
{
    struct pcie_function *function = endpoints;
    while (num_endpoints < ENDPOINTS &&
           pcie_find(&board.pcie, ENDPOINT_VENDOR, ENDPOINT_DEVICE, num_endpoints, function)) {
        report(pcie_assign(function, windows), "its BARs fit the windows");
        pcie_msix_enable(function, true);
        pcie_msix_write(function++, 0, own_page(), FIRST_IDENTITY + num_endpoints);
        imsic_enable(FIRST_IDENTITY + num_endpoints++, true);
    }
}

static uint64_t function_base(uint32_t device_id, struct pcie_windows *windows)
{
    struct pcie_function function;
    bool there = pcie_at(&board.pcie, device_id, &function);
    report(there, "the function that the devicetree names is there");
    if (!there)
        return 0;
    report(mmio_read32(function.config + PCIE_CLASS) >> 8 == CLASS_IOMMU, "its class is 0806h");
    report(pcie_assign(&function, windows), "its BAR fits the windows");
    report(function.msix_table == function.bar[0] + MSI_CFG_TBL, "MSI-X table is msi_cfg_tbl");
    return function.bar[0];
}

/* Earlier checks have left the first one on; the queues begin at zero when they are turned on. */
static void queues_off(uint64_t base)
{
    static const uint32_t csrs[] = {IOMMU_CQCSR, IOMMU_FQCSR};
    for (uint32_t i = 0; i < 2; i++) {
        mmio_write32(base + csrs[i], 0);
        while (mmio_read32(base + csrs[i]) & (IOMMU_QUEUE_ON | IOMMU_QUEUE_BUSY))
            ;
    }
}

static bool start(uint32_t i, struct pcie_windows *windows)
{
    uint64_t base = i < board.num_iommus
                        ? board.iommus[i]
                        : function_base(board.pci_iommus[i - board.num_iommus], windows);
    if (base)
        queues_off(base);
    bool ready = base && iommu_init(&iommus[i], base);
    report(ready, "IOMMU %u has MSI page tables and Sv39x4", i);
    if (!ready)
        return false;
    iommu_flush_all(&iommus[i]);
    report(mmio_read32(base + IOMMU_CQH) == iommus[i].tail, "IOMMU %u does its commands", i);
    return true;
}

static uint32_t faults_of(uint32_t i, uint32_t device_id)
{
    struct iommu_fault fault;
    uint32_t count = 0;
    while (iommu_next_fault(&iommus[i], &fault)) {
        report(iommu_fault_cause(&fault) == 258, "IOMMU %u says cause 258", i);
        report(iommu_fault_device(&fault) == device_id, "IOMMU %u names the device", i);
        count++;
    }
    return count;
}

/* Raised with every directory empty: only the device's own IOMMU refuses it. */
static void refused(uint32_t index)
{
    const struct pcie_function *e = &endpoints[index];
    uint32_t own = board_iommu_of(&board, e->device_id);
    mmio_write32(e->bar[0] + EP_RAISE, 0);
    bool arrived = wait_pending(FIRST_IDENTITY + index);
    report(arrived == (own == UINT32_MAX), "endpoint %u: its MSI %s", index,
           own == UINT32_MAX ? "arrives, nothing is before it" : "is refused");
    if (arrived)
        imsic_claim();
    for (uint32_t i = 0; i < num_iommus(); i++)
        report(faults_of(i, e->device_id) == (i == own), "endpoint %u: IOMMU %u reports %u", index,
               i, i == own);
}

static void admitted(uint32_t index)
{
    uint32_t own = board_iommu_of(&board, endpoints[index].device_id);
    if (own == UINT32_MAX)
        return;
    iommu_set_mode(&iommus[own], IOMMU_BARE);
    mmio_write32(endpoints[index].bar[0] + EP_RAISE, 0);
    bool arrived = wait_pending(FIRST_IDENTITY + index);
    report(arrived && imsic_claim() == FIRST_IDENTITY + index, "endpoint %u: Bare lets it through",
           index);
    iommu_set_mode(&iommus[own], IOMMU_3LVL);
}

void check_iommus(void)
{
    struct pcie_windows windows = pcie_windows(&board.pcie);
    if (num_iommus() < 2) {
        skip("not more than one IOMMU");
        return;
    }
    if (!has_files()) {
        skip("no interrupt files for MSIs");
        return;
    }
    imsic_init(board.imsic_s.ids);
    place_endpoints(&windows);
    for (uint32_t i = 0; i < num_iommus(); i++)
        if (!start(i, &windows) || !iommu_set_mode(&iommus[i], IOMMU_3LVL))
            return;
    for (uint32_t i = 0; i < num_endpoints; i++)
        refused(i);
    for (uint32_t i = 0; i < num_endpoints; i++)
        admitted(i);
}
