/* SPDX-License-Identifier: BSD-2-Clause */
/* The PCIe root complex, what is behind it, and the IOMMUs. */
#include "platforms/devicetree_parts.h"

static uint32_t iommu_phandle(uint32_t index)
{
    return index ? PHANDLE_IOMMUS + index : PHANDLE_IOMMU;
}

static void msi_parent(struct tree *t)
{
    if (virt_has_imsics(t->config))
        tree_cell(t, "msi-parent", PHANDLE_IMSIC_S);
}

void devicetree_iommu(struct tree *t, uint32_t index)
{
    struct virt_range range = virt_range(t->config, VIRT_IOMMU);
    struct cells c = {.count = 0};
    range.base += index * range.size;
    tree_begin_at(t, "iommu", range.base);
    tree_text(t, "compatible", "riscv,iommu");
    tree_cell(t, "phandle", iommu_phandle(index));
    tree_cell(t, "#iommu-cells", 1);
    cells_add64(&c, range.base);
    cells_add64(&c, range.size);
    tree_put(t, "reg", &c);
    node_wired(t, virt_iommu_irq(index), VIRT_IOMMU_IRQS);
    msi_parent(t);
    tree_end(t);
}

/* A child of the root complex; its address is that of its configuration space. */
static void pci_iommu(struct tree *t, uint32_t index)
{
    uint32_t device = virt_iommu_device(t->config, index);
    struct cells c = {.count = 0};
    char name[32];
    snprintf(name, sizeof(name), "iommu@%x", device);
    tree_begin(t, name);
    TREE_STRINGS(t, "compatible", "pci1b36,14\0riscv,pci-iommu");
    tree_cell(t, "phandle", iommu_phandle(index));
    tree_cell(t, "#iommu-cells", 1);
    cells_add(&c, device << 11);
    cells_add64(&c, 0);
    cells_add64(&c, 0);
    tree_put(t, "reg", &c);
    tree_end(t);
}

static void pcie_interrupt_map(struct tree *t)
{
    enum { SLOTS = 4, PINS = 4 };
    struct cells c = {.count = 0};
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        for (uint32_t pin = 0; pin < PINS; pin++) {
            cells_add(&c, slot << 11);
            cells_add64(&c, 0);
            cells_add(&c, pin + 1);
            cells_add(&c, PHANDLE_APLIC_S);
            cells_add(&c, VIRT_IRQ_PCIE + (slot + pin) % PINS);
            cells_add(&c, IRQ_LEVEL_HIGH);
        }
    }
    tree_put(t, "interrupt-map", &c);
    struct cells mask = {.count = 0};
    cells_add(&mask, (SLOTS - 1) << 11);
    cells_add64(&mask, 0);
    cells_add(&mask, 7);
    tree_put(t, "interrupt-map-mask", &mask);
}

static void pcie_ranges(struct tree *t)
{
    enum { SPACE_IO = 0x01000000, SPACE_MEM32 = 0x02000000, SPACE_MEM64 = 0x03000000 };
    struct virt_range pio = virt_range(t->config, VIRT_PCIE_PIO);
    struct virt_range low = virt_range(t->config, VIRT_PCIE_MMIO);
    struct virt_range high = virt_range(t->config, VIRT_PCIE_MMIO64);
    struct cells c = {.count = 0};
    cells_add(&c, SPACE_IO);
    cells_add64(&c, 0);
    cells_add64(&c, pio.base);
    cells_add64(&c, pio.size);
    cells_add(&c, SPACE_MEM32);
    cells_add64(&c, low.base);
    cells_add64(&c, low.base);
    cells_add64(&c, low.size);
    cells_add(&c, SPACE_MEM64);
    cells_add64(&c, high.base);
    cells_add64(&c, high.base);
    cells_add64(&c, high.size);
    tree_put(t, "ranges", &c);
}

static void map_range(struct cells *c, uint32_t iommu, uint32_t from, uint32_t to)
{
    if (iommu == VIRT_NO_IOMMU)
        return;
    cells_add(c, from);
    cells_add(c, iommu_phandle(iommu));
    cells_add(c, from);
    cells_add(c, to - from);
}

/* One row per run of requester IDs behind the same IOMMU; device_id and requester ID are one.  An
 * IOMMU that is a function is not behind another. */
static void pcie_iommu_map(struct tree *t)
{
    enum { DEVICES = 32, END = 0x10000 };
    struct cells c = {.count = 0};
    uint32_t from = 0, iommu = virt_iommu_of(t->config, 0);
    for (uint32_t device = 1; device <= DEVICES; device++) {
        /* Behind the last device of bus 0 come buses that have none. */
        uint32_t next = device < DEVICES ? virt_iommu_of(t->config, device) : 0;
        if (next == iommu)
            continue;
        map_range(&c, iommu, from, device << 3);
        from = device << 3;
        iommu = next;
    }
    map_range(&c, iommu, from, END);
    tree_put(t, "iommu-map", &c);
}

void devicetree_pcie(struct tree *t)
{
    struct cells buses = {.count = 0};
    tree_begin_at(t, "pci", node_base_of(t, VIRT_ECAM));
    tree_text(t, "compatible", "pci-host-ecam-generic");
    tree_text(t, "device_type", "pci");
    tree_cell(t, "#address-cells", 3);
    tree_cell(t, "#size-cells", 2);
    tree_cell(t, "#interrupt-cells", 1);
    tree_cell(t, "linux,pci-domain", 0);
    cells_add(&buses, 0);
    cells_add(&buses, 0xff);
    tree_put(t, "bus-range", &buses);
    tree_empty(t, "dma-coherent");
    node_reg(t, VIRT_ECAM);
    pcie_ranges(t);
    msi_parent(t);
    if (virt_num_iommus(t->config))
        pcie_iommu_map(t);
    pcie_interrupt_map(t);
    for (uint32_t i = virt_num_sys_iommus(t->config); i < virt_num_iommus(t->config); i++)
        pci_iommu(t, i);
    tree_end(t);
}
