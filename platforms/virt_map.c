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
