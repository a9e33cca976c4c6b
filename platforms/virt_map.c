/* SPDX-License-Identifier: BSD-2-Clause */
#include "platforms/virt_map.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static const struct virt_range map[VIRT_REGIONS] = {
    [VIRT_MROM] = {"mrom", 0x1000, 0xf000},
    [VIRT_FINISHER] = {"test", 0x100000, 0x1000},
    [VIRT_RTC] = {"rtc", 0x101000, 0x1000},
    [VIRT_CLINT] = {"clint", 0x2000000, 0x10000},
    [VIRT_PCIE_PIO] = {"pcie-pio", 0x3000000, 0x10000},
    [VIRT_IOMMU] = {"iommu", 0x3010000, 0x1000},
    [VIRT_APLIC_M] = {"aplic-m", 0xc000000, 0x8000},
    [VIRT_APLIC_S] = {"aplic-s", 0xd000000, 0x8000},
    [VIRT_UART] = {"uart", 0x10000000, 0x100},
    [VIRT_POISON] = {"poisoned memory", 0x18000000, 0x1000},
    [VIRT_FW_CFG] = {"fw-cfg", 0x10100000, FW_CFG_PAGE},
    [VIRT_FLASH0] = {"flash0", 0x20000000, 32 * MIB},
    [VIRT_FLASH1] = {"flash1", 0x22000000, 32 * MIB},
    [VIRT_IMSIC_M] = {"imsic-m", 0x24000000, 0x1000},
    [VIRT_IMSIC_S] = {"imsic-s", 0x28000000, 0x1000},
    [VIRT_ECAM] = {"ecam", 0x30000000, 256 * MIB},
    [VIRT_PCIE_MMIO] = {"pcie-mmio", 0x40000000, GIB},
    [VIRT_RAM] = {"ram", 0x80000000, 0},
    [VIRT_PCIE_MMIO64] = {"pcie-mmio64", 0x400000000, 16 * GIB},
};

uint32_t virt_guest_index_bits(const struct virt_config *values)
{
    uint32_t bits = 0;
    while ((1u << bits) < values->imsic.guests + 1)
        bits++;
    return bits;
}

struct virt_range virt_range(const struct virt_config *config, enum virt_region region)
{
    struct virt_range range = map[region];
    uint64_t harts = config->machine.harts;
    switch (region) {
    case VIRT_IMSIC_M:
        range.size *= harts;
        break;
    case VIRT_IMSIC_S:
        range.size *= harts << virt_guest_index_bits(config);
        break;
    case VIRT_RAM:
        range.size = config->machine.memory;
        break;
    case VIRT_PCIE_MMIO64: {
        /* As QEMU: above RAM, aligned to its own size. */
        uint64_t end = map[VIRT_RAM].base + config->machine.memory;
        range.base = (end + range.size - 1) / range.size * range.size;
        break;
    }
    default:
        break;
    }
    return range;
}

uint32_t virt_num_sys_iommus(const struct virt_config *config)
{
    return config->machine.iommu ? config->machine.iommus : 0;
}

uint32_t virt_num_iommus(const struct virt_config *config)
{
    return virt_num_sys_iommus(config) + config->machine.pci_iommus;
}

bool virt_iommu_is_pci(const struct virt_config *config, uint32_t index)
{
    return index >= virt_num_sys_iommus(config);
}

uint32_t virt_iommu_irq(uint32_t index)
{
    return VIRT_IRQ_IOMMU + VIRT_IOMMU_IRQS * index;
}

/* From the end, out of the way of everything else on the bus. */
uint32_t virt_iommu_device(const struct virt_config *config, uint32_t index)
{
    return 31 - (index - virt_num_sys_iommus(config));
}

/* The n-th character that is no blank is that of device 1 + n; what is not named is behind 0. */
uint32_t virt_iommu_of(const struct virt_config *config, uint32_t device)
{
    uint32_t at = 1;
    bool is_iommu = device < 32 && device + config->machine.pci_iommus >= 32;
    if (!virt_num_iommus(config) || is_iommu)
        return VIRT_NO_IOMMU;
    for (const char *c = config->machine.endpoint_iommus; *c; c++)
        if (*c != ' ' && at++ == device)
            return *c == '-' ? VIRT_NO_IOMMU : (uint32_t)(*c - '0');
    return 0;
}

struct virt_range virt_virtio_slot(uint32_t slot)
{
    static const char *const names[VIRT_MAX_DEVICES] = {"virtio0", "virtio1", "virtio2", "virtio3",
                                                        "virtio4", "virtio5", "virtio6", "virtio7"};
    return (struct virt_range){names[slot], 0x10001000 + UINT64_C(0x1000) * slot, 0x1000};
}

static bool on_mmio(const struct virt_device_config *device)
{
    return device->model == VIRT_DEVICE_BLK_MMIO || device->model == VIRT_DEVICE_RNG_MMIO;
}

uint32_t virt_virtio_slot_of(const struct virt_config *config, uint32_t index)
{
    uint32_t slot = 0;
    if (!on_mmio(&config->devices[index]))
        return VIRT_MAX_DEVICES;
    for (uint32_t i = 0; i < index; i++)
        slot += on_mmio(&config->devices[i]);
    return slot;
}

bool virt_on_pcie(const struct virt_config *config, uint32_t index)
{
    uint32_t model = config->devices[index].model;
    return model != VIRT_DEVICE_NONE && model != VIRT_DEVICE_NVME_NS &&
           !on_mmio(&config->devices[index]);
}

/* The n-th device number that no device names; the host bridge has 0. */
static uint32_t free_number(const struct virt_config *config, uint32_t n)
{
    uint32_t number = 1;
    for (;; number++) {
        bool taken = false;
        for (uint32_t i = 0; i < VIRT_MAX_DEVICES; i++)
            taken |= virt_on_pcie(config, i) && config->devices[i].addr == number;
        if (!taken && n-- == 0)
            return number;
    }
}

uint32_t virt_endpoint_number(const struct virt_config *config, uint32_t endpoint)
{
    return free_number(config, endpoint);
}

uint32_t virt_device_number(const struct virt_config *config, uint32_t index)
{
    uint32_t before = config->machine.endpoints;
    if (config->devices[index].addr)
        return config->devices[index].addr;
    for (uint32_t i = 0; i < index; i++)
        before += virt_on_pcie(config, i) && !config->devices[i].addr;
    return free_number(config, before);
}
