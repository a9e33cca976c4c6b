/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices that are plugged in on request: disks and entropy. */
#include <string.h>

#include "platforms/virt_machine.h"

static void mmio_completed(void *ctx, const struct vd_txn *txn)
{
    virtio_mmio_complete(ctx, txn);
}

static enum vd_status at_mmio(void *ctx, struct vd_txn *txn)
{
    return virtio_mmio_access(ctx, txn);
}

static void to_aplic(void *ctx, uint32_t source, bool level)
{
    aplic_wire(ctx, source, level);
}

static bool has_disk(uint32_t model)
{
    return model != VIRT_DEVICE_RNG_PCI && model != VIRT_DEVICE_RNG_MMIO &&
           model != VIRT_DEVICE_EDU;
}

static bool open_disk(struct virt *v, uint32_t index, struct vd_error *err)
{
    const struct virt_device_config *c = &v->config.devices[index];
    if (!has_disk(c->model) || (c->model == VIRT_DEVICE_NVME && *c->file == '\0'))
        return true;
    if (*c->file == '\0')
        return vd_fail(err, "device%u.file is empty: accepted is the file of the disk", index);
    v->devices[index].disk = disk_open(c->file, c->readonly, err);
    return v->devices[index].disk != NULL;
}

static bool plug(struct virt *v, uint32_t index, struct pcie_function *function,
                 struct vd_error *err)
{
    return pcie_plug(v->pcie, virt_device_number(&v->config, index) << 3, function, err);
}

/* Two controllers without a serial number of their own are still told apart. */
static void fill_serial(const struct virt *v, uint32_t index, char *serial, size_t size)
{
    const char *given = v->config.devices[index].serial;
    if (*given)
        snprintf(serial, size, "%s", given);
    else
        snprintf(serial, size, "viaduct-%u", index);
}

/* The nvme-ns devices that follow an nvme are its further namespaces. */
static bool create_nvme(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct virt_device *d = &v->devices[index];
    struct nvme_config config = v->config.nvme;
    struct vd_disk disks[VIRT_MAX_DEVICES];
    uint32_t count = 0;
    fill_serial(v, index, config.serial, sizeof(config.serial));
    if (d->disk)
        disks[count++] = disk_contract(d->disk);
    for (uint32_t i = index + 1;
         i < VIRT_MAX_DEVICES && v->config.devices[i].model == VIRT_DEVICE_NVME_NS; i++)
        disks[count++] = disk_contract(v->devices[i].disk);
    d->nvme = nvme_create(&config, disks, count, port_host(d->port), err);
    return d->nvme && plug(v, index, nvme_function(d->nvme), err);
}

static struct virtio_config virtio_settings(const struct virt *v, uint32_t index)
{
    struct virtio_config config = v->config.virtio;
    char serial[VIRTIO_SERIAL_SIZE + 1];
    bool block = has_disk(v->config.devices[index].model);
    fill_serial(v, index, serial, sizeof(serial));
    config.type = block ? VIRTIO_BLOCK : VIRTIO_ENTROPY;
    config.seed = sim_seed(v->core->sim, port_name(v->devices[index].port));
    config.index = index;
    memcpy(config.serial, serial, VIRTIO_SERIAL_SIZE);
    return config;
}

static bool create_virtio_pci(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct virt_device *d = &v->devices[index];
    struct virtio_config config = virtio_settings(v, index);
    struct vd_disk disk = d->disk ? disk_contract(d->disk) : (struct vd_disk){0};
    d->pci = virtio_pci_create(&config, &disk, port_host(d->port), err);
    return d->pci && plug(v, index, virtio_pci_function(d->pci), err);
}

static bool map_mmio(struct virt *v, struct virt_device *d, uint32_t slot, struct vd_error *err)
{
    const struct virt_bus_config *bus = &v->config.bus;
    struct virt_range range = virt_virtio_slot(slot);
    uint64_t cycle = v->config.machine.cycle_ps;
    struct bus_target target = {
        .name = range.name,
        .base = range.base,
        .size = range.size,
        .access = at_mmio,
        .ctx = d->mmio,
        .rules = BUS_READ | BUS_WRITE,
        .read_latency = bus->device_read * cycle,
        .write_latency = bus->device_write * cycle,
        .hart_read_latency = bus->hart_read * cycle,
        .hart_write_latency = bus->hart_write * cycle,
    };
    return bus_add_target(v->core->bus, &target, err);
}

static bool create_virtio_mmio(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct virt_device *d = &v->devices[index];
    struct virtio_config config = virtio_settings(v, index);
    struct vd_disk disk = d->disk ? disk_contract(d->disk) : (struct vd_disk){0};
    uint32_t slot = virt_virtio_slot_of(&v->config, index);
    d->mmio = virtio_mmio_create(&config, &disk, port_host(d->port), err);
    if (!d->mmio)
        return false;
    port_attach(d->port, &(struct port_model){.ctx = d->mmio, .complete = mmio_completed});
    port_wire(
        d->port, 0,
        &(struct port_wire){.sink = to_aplic, .ctx = v->aplic, .arg = VIRT_IRQ_VIRTIO + slot});
    return map_mmio(v, d, slot, err);
}

static bool create_edu(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct virt_device *d = &v->devices[index];
    d->edu = edu_create(&v->config.edu, port_host(d->port), err);
    return d->edu && plug(v, index, edu_function(d->edu), err);
}

static bool create_device(struct virt *v, uint32_t index, struct vd_error *err)
{
    switch (v->config.devices[index].model) {
    case VIRT_DEVICE_NVME:
        return create_nvme(v, index, err);
    case VIRT_DEVICE_BLK_PCI:
    case VIRT_DEVICE_RNG_PCI:
        return create_virtio_pci(v, index, err);
    case VIRT_DEVICE_BLK_MMIO:
    case VIRT_DEVICE_RNG_MMIO:
        return create_virtio_mmio(v, index, err);
    case VIRT_DEVICE_EDU:
        return create_edu(v, index, err);
    default:
        return true; /* an nvme-ns is its controller's */
    }
}

bool virt_create_devices(struct virt *v, struct vd_error *err)
{
    for (uint32_t i = 0; i < VIRT_MAX_DEVICES; i++) {
        char name[32];
        if (v->config.devices[i].model == VIRT_DEVICE_NONE)
            continue;
        snprintf(name, sizeof(name), "device%u", i);
        v->devices[i].port = port_create(v->core, name);
        if (!open_disk(v, i, err))
            return false;
    }
    for (uint32_t i = 0; i < VIRT_MAX_DEVICES; i++)
        if (!create_device(v, i, err))
            return false;
    return true;
}

void virt_destroy_devices(struct virt *v)
{
    for (uint32_t i = 0; i < VIRT_MAX_DEVICES; i++) {
        struct virt_device *d = &v->devices[i];
        nvme_destroy(d->nvme);
        virtio_pci_destroy(d->pci);
        virtio_mmio_destroy(d->mmio);
        edu_destroy(d->edu);
        disk_close(d->disk);
    }
}

void virt_reset_devices(struct virt *v)
{
    for (uint32_t i = 0; i < VIRT_MAX_DEVICES; i++) {
        struct virt_device *d = &v->devices[i];
        if (d->nvme)
            nvme_reset(d->nvme);
        if (d->pci)
            virtio_pci_reset(d->pci);
        if (d->mmio)
            virtio_mmio_reset(d->mmio);
        if (d->edu)
            edu_reset(d->edu);
    }
}

bool virt_devices_idle(const struct virt *v)
{
    bool idle = true;
    for (uint32_t i = 0; i < VIRT_MAX_DEVICES && idle; i++) {
        const struct virt_device *d = &v->devices[i];
        idle = (!d->nvme || nvme_idle(d->nvme)) && (!d->pci || virtio_pci_idle(d->pci)) &&
               (!d->mmio || virtio_mmio_idle(d->mmio)) && (!d->edu || edu_idle(d->edu));
    }
    return idle;
}
