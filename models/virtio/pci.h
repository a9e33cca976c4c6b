/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtio device over PCI, without the legacy interface. */
#ifndef VIRTIO_PCI_H
#define VIRTIO_PCI_H

#include "pcie/function.h"
#include "virtio/virtio.h"

struct virtio_pci;

/* `disk` is for a block device, else NULL. */
struct virtio_pci *virtio_pci_create(const struct virtio_config *config, const struct vd_disk *disk,
                                     const struct vd_host *host, struct vd_error *err);
void virtio_pci_destroy(struct virtio_pci *device);
void virtio_pci_reset(struct virtio_pci *device);
struct pcie_function *virtio_pci_function(struct virtio_pci *device);
bool virtio_pci_idle(const struct virtio_pci *device);
size_t virtio_pci_save(const struct virtio_pci *device, void *buffer, size_t capacity);
bool virtio_pci_restore(struct virtio_pci *device, const void *buffer, size_t size);

#endif
