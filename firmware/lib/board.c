/* SPDX-License-Identifier: BSD-2-Clause */
#include "board.h"

#include "csr.h"
#include "fdt.h"
#include "text.h"

static uint64_t device_base(const struct fdt *fdt, const char *compatible)
{
    uint64_t addr = 0, size;
    fdt_node node = fdt_find(fdt, FDT_NONE, compatible);
    if (node != FDT_NONE)
        fdt_reg(fdt, node, 0, &addr, &size);
    return addr;
}

static uint64_t hartid_of_intc(const struct fdt *fdt, uint32_t phandle)
{
    fdt_node intc = fdt_by_phandle(fdt, phandle);
    uint64_t hartid = 0, size;
    if (intc != FDT_NONE)
        fdt_reg(fdt, fdt_parent(fdt, intc), 0, &hartid, &size);
    return hartid;
}

/* The order of interrupts-extended is the order of the pages, or of an APLIC's hart indexes. */
static void harts_read(struct board *board, const struct fdt *fdt, const struct fdt_prop *prop)
{
    board->num_harts = 0;
    for (uint32_t i = 0; i * 8 < prop->size && i < BOARD_HARTS; i++)
        board->hartids[board->num_harts++] = hartid_of_intc(fdt, fdt_prop_cell(prop, 2 * i));
}

static void imsics_read(struct board *board, const struct fdt *fdt)
{
    fdt_node node = FDT_NONE;
    while ((node = fdt_find(fdt, node, "riscv,imsics")) != FDT_NONE) {
        struct fdt_prop prop;
        if (!fdt_prop(fdt, node, "interrupts-extended", &prop))
            continue;
        uint32_t irq = fdt_prop_cell(&prop, 1);
        struct board_imsic *imsic = irq == IRQ_MEI ? &board->imsic_m : &board->imsic_s;
        fdt_reg(fdt, node, 0, &imsic->base, &imsic->size);
        imsic->ids = fdt_cell(fdt, node, "riscv,num-ids", 0, 63);
        imsic->guest_bits = fdt_cell(fdt, node, "riscv,guest-index-bits", 0, 0);
        harts_read(board, fdt, &prop);
    }
}

static bool aplic_is_machine(const struct fdt *fdt, fdt_node node)
{
    struct fdt_prop prop;
    if (fdt_prop(fdt, node, "riscv,children", &prop))
        return true;
    fdt_node imsic = fdt_by_phandle(fdt, fdt_cell(fdt, node, "msi-parent", 0, 0));
    if (imsic != FDT_NONE)
        return fdt_cell(fdt, imsic, "interrupts-extended", 1, 0) == IRQ_MEI;
    return fdt_cell(fdt, node, "interrupts-extended", 1, 0) == IRQ_MEI;
}

static void aplics_read(struct board *board, const struct fdt *fdt)
{
    fdt_node node = FDT_NONE;
    while ((node = fdt_find(fdt, node, "riscv,aplic")) != FDT_NONE) {
        struct board_aplic *aplic = aplic_is_machine(fdt, node) ? &board->aplic_m : &board->aplic_s;
        uint64_t size;
        fdt_reg(fdt, node, 0, &aplic->base, &size);
        aplic->sources = fdt_cell(fdt, node, "riscv,num-sources", 0, 0);
        aplic->child = fdt_cell(fdt, node, "riscv,children", 0, 0);
        struct fdt_prop prop;
        if (fdt_prop(fdt, node, "interrupts-extended", &prop))
            harts_read(board, fdt, &prop);
    }
}

/* Of a child of the root complex. */
static uint32_t pci_device_id(const struct fdt *fdt, fdt_node node)
{
    return fdt_cell(fdt, node, "reg", 0, 0) >> 8 & 0xffff;
}

static void iommus_read(struct board *board, const struct fdt *fdt)
{
    fdt_node node = FDT_NONE;
    uint64_t size;
    while ((node = fdt_find(fdt, node, "riscv,iommu")) != FDT_NONE)
        if (board->num_iommus < BOARD_IOMMUS &&
            fdt_reg(fdt, node, 0, &board->iommus[board->num_iommus], &size))
            board->num_iommus++;
    for (node = FDT_NONE; (node = fdt_find(fdt, node, "riscv,pci-iommu")) != FDT_NONE;)
        if (board->num_pci_iommus < BOARD_IOMMUS)
            board->pci_iommus[board->num_pci_iommus++] = pci_device_id(fdt, node);
}

static uint32_t pci_iommu(const struct board *board, uint32_t device_id)
{
    for (uint32_t i = 0; i < board->num_pci_iommus; i++)
        if (board->pci_iommus[i] == device_id)
            return board->num_iommus + i;
    return UINT32_MAX;
}

static uint32_t iommu_of_phandle(const struct board *board, const struct fdt *fdt, uint32_t phandle)
{
    uint64_t addr = 0, size;
    uint32_t i = 0;
    fdt_node node = fdt_by_phandle(fdt, phandle);
    if (node != FDT_NONE && fdt_is(fdt, node, "riscv,pci-iommu"))
        return pci_iommu(board, pci_device_id(fdt, node));
    if (node != FDT_NONE)
        fdt_reg(fdt, node, 0, &addr, &size);
    while (i < board->num_iommus && board->iommus[i] != addr)
        i++;
    return i < board->num_iommus ? i : UINT32_MAX;
}

/* Rows of 4 cells: first requester ID, IOMMU, first device_id, how many. */
static void iommu_map_read(struct board *board, const struct fdt *fdt, fdt_node node)
{
    struct board_pcie *pcie = &board->pcie;
    struct fdt_prop map;
    if (!fdt_prop(fdt, node, "iommu-map", &map))
        return;
    for (uint32_t row = 0; (row + 4) * 4 <= map.size && pcie->iommu_rows < BOARD_IOMMU_ROWS;
         row += 4) {
        uint32_t at = pcie->iommu_rows++;
        pcie->iommu_map[at].from = fdt_prop_cell(&map, row);
        pcie->iommu_map[at].iommu = iommu_of_phandle(board, fdt, fdt_prop_cell(&map, row + 1));
        pcie->iommu_map[at].count = fdt_prop_cell(&map, row + 3);
    }
}

/* Rows of 3 + 1 + 1 + 2 cells: address, pin, APLIC, source, sense. */
static void interrupt_map_read(struct board_pcie *pcie, const struct fdt *fdt, fdt_node node)
{
    struct fdt_prop map;
    if (!fdt_prop(fdt, node, "interrupt-map", &map))
        return;
    for (uint32_t row = 0; (row + 7) * 4 <= map.size; row += 7) {
        uint32_t device = fdt_prop_cell(&map, row) >> 11 & 3;
        uint32_t pin = fdt_prop_cell(&map, row + 3);
        if (pin >= 1 && pin <= BOARD_INTX)
            pcie->intx[device][pin - 1] = fdt_prop_cell(&map, row + 5);
    }
}

/* Rows of 3 + 2 + 2 cells: flags and PCI address, CPU address, size. */
static void ranges_read(struct board_pcie *pcie, const struct fdt *fdt, fdt_node node)
{
    struct fdt_prop ranges;
    if (!fdt_prop(fdt, node, "ranges", &ranges))
        return;
    for (uint32_t row = 0; (row + 7) * 4 <= ranges.size; row += 7) {
        uint32_t space = fdt_prop_cell(&ranges, row) >> 24 & 3;
        uint64_t base = fdt_prop_cells(&ranges, row + 3, 2);
        uint64_t size = fdt_prop_cells(&ranges, row + 5, 2);
        if (space == 2) {
            pcie->mmio32 = base;
            pcie->mmio32_size = size;
        } else if (space == 3) {
            pcie->mmio64 = base;
            pcie->mmio64_size = size;
        }
    }
}

static void pcie_read(struct board *board, const struct fdt *fdt)
{
    fdt_node node = fdt_find(fdt, FDT_NONE, "pci-host-ecam-generic");
    if (node == FDT_NONE)
        return;
    fdt_reg(fdt, node, 0, &board->pcie.ecam, &board->pcie.ecam_size);
    iommu_map_read(board, fdt, node);
    interrupt_map_read(&board->pcie, fdt, node);
    ranges_read(&board->pcie, fdt, node);
}

static void memory_and_chosen_read(struct board *board, const struct fdt *fdt)
{
    fdt_node node = FDT_NONE;
    while ((node = fdt_next(fdt, node)) != FDT_NONE) {
        const char *type = fdt_text(fdt, node, "device_type");
        if (type && !strcmp(type, "memory") && !board->ram_size)
            fdt_reg(fdt, node, 0, &board->ram, &board->ram_size);
        if (!strcmp(fdt_name(fdt, node), "chosen"))
            board->bootargs = fdt_text(fdt, node, "bootargs");
        if (!strcmp(fdt_name(fdt, node), "cpus"))
            board->timebase = fdt_cell(fdt, node, "timebase-frequency", 0, 0);
    }
}

bool board_read(struct board *board, const void *dtb)
{
    struct fdt fdt;
    memset(board, 0, sizeof *board);
    if (!fdt_open(&fdt, dtb))
        return false;
    memory_and_chosen_read(board, &fdt);
    board->uart = device_base(&fdt, "ns16550a");
    board->finisher = device_base(&fdt, "sifive,test0");
    board->clint = device_base(&fdt, "sifive,clint0");
    iommus_read(board, &fdt);
    imsics_read(board, &fdt);
    aplics_read(board, &fdt);
    pcie_read(board, &fdt);
    return true;
}

uint32_t board_iommu_of(const struct board *board, uint32_t requester)
{
    const struct board_pcie *pcie = &board->pcie;
    for (uint32_t i = 0; i < pcie->iommu_rows; i++)
        if (requester - pcie->iommu_map[i].from < pcie->iommu_map[i].count)
            return pcie->iommu_map[i].iommu;
    return UINT32_MAX;
}

uint32_t board_hart_index(const struct board *board, uint64_t hartid)
{
    for (uint32_t i = 0; i < board->num_harts; i++)
        if (board->hartids[i] == hartid)
            return i;
    return UINT32_MAX;
}

uint64_t board_imsic_page(const struct board *board, uint64_t hartid, uint32_t guest)
{
    const struct board_imsic *imsic = &board->imsic_s;
    uint32_t index = board_hart_index(board, hartid);
    if (!imsic->base || index == UINT32_MAX)
        return 0;
    return imsic->base + ((uint64_t)index << (12 + imsic->guest_bits)) + ((uint64_t)guest << 12);
}
