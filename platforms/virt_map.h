/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things are: QEMU's `virt,aia=aplic-imsic,iommu-sys=on`. */
#ifndef PLATFORMS_VIRT_MAP_H
#define PLATFORMS_VIRT_MAP_H

#include "platforms/virt_config.h"

enum virt_region {
    VIRT_MROM,
    VIRT_FINISHER,
    VIRT_RTC,
    VIRT_CLINT,
    VIRT_PCIE_PIO,
    VIRT_IOMMU,
    VIRT_APLIC_M,
    VIRT_APLIC_S,
    VIRT_UART,
    VIRT_POISON,
    VIRT_FW_CFG,
    VIRT_FLASH0,
    VIRT_FLASH1,
    VIRT_IMSIC_M,
    VIRT_IMSIC_S,
    VIRT_ECAM,
    VIRT_PCIE_MMIO,
    VIRT_RAM,
    VIRT_PCIE_MMIO64,
    VIRT_REGIONS
};

struct virt_range {
    const char *name;
    uint64_t base, size;
};

/* Fixed, but for RAM, what depends on the number of harts, and the window above RAM. */
struct virt_range virt_range(const struct virt_config *config, enum virt_region region);

/* Where a device on MMIO is; they take the slots in order. */
struct virt_range virt_virtio_slot(uint32_t slot);
/* The slot of devices[index]; VIRT_MAX_DEVICES if it is not on MMIO. */
uint32_t virt_virtio_slot_of(const struct virt_config *config, uint32_t index);

/* PCIe device numbers: devices that name theirs have it, then test endpoints and the other devices
 * take what is free from 1 on. */
bool virt_on_pcie(const struct virt_config *config, uint32_t index);
uint32_t virt_device_number(const struct virt_config *config, uint32_t index);
uint32_t virt_endpoint_number(const struct virt_config *config, uint32_t endpoint);

/* APLIC sources. */
enum {
    VIRT_IRQ_VIRTIO = 1, /* of virtio-mmio slot 0; the others follow */
    VIRT_IRQ_UART = 10,
    VIRT_IRQ_RTC = 11,
    VIRT_IRQ_PCIE = 32,  /* INTA..INTD */
    VIRT_IRQ_IOMMU = 36, /* one per interrupt vector, the first four */
    VIRT_IOMMU_IRQS = 4,
};

/* IOMMUs are numbered: platform devices first, then PCIe functions. */
enum { VIRT_NO_IOMMU = UINT32_MAX };
uint32_t virt_num_sys_iommus(const struct virt_config *config);
uint32_t virt_num_iommus(const struct virt_config *config);
bool virt_iommu_is_pci(const struct virt_config *config, uint32_t index);
uint32_t virt_iommu_irq(uint32_t index);
/* The PCIe device number that an IOMMU has. */
uint32_t virt_iommu_device(const struct virt_config *config, uint32_t index);
/* The IOMMU that the PCIe device with this number is behind, or VIRT_NO_IOMMU. */
uint32_t virt_iommu_of(const struct virt_config *config, uint32_t device);

/* Where software is put. */
#define VIRT_KERNEL_OFFSET UINT64_C(0x200000) /* in RAM, behind the firmware; or a multiple */

#endif
