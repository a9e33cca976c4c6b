/* SPDX-License-Identifier: BSD-2-Clause */
/* The two banks of flash: memory that reads find directly, commands that find the model, and files
 * that keep the bytes. */
#include <inttypes.h>
#include <string.h>

#include "platforms/virt_machine.h"

static bool array_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    const struct virt_flash *f = ctx;
    return bus_peek(f->virt->core->bus, f->ram->base + offset, data, size);
}

static bool array_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    const struct virt_flash *f = ctx;
    if (f->disk) {
        struct vd_disk disk = disk_contract(f->disk);
        if (!disk.ops->write(disk.ctx, offset, data, size))
            return false;
    }
    return bus_load(f->virt->core->bus, f->ram->base + offset, data, size);
}

static const struct vd_disk_ops array_ops = {.read = array_read, .write = array_write};

static void readable(void *ctx, bool is)
{
    struct virt_flash *f = ctx;
    bus_cover_flash(f->virt->core->bus, f->ram, !is);
}

static enum vd_status at_flash(void *ctx, struct vd_txn *txn)
{
    return pflash_access(((struct virt_flash *)ctx)->pflash, txn);
}

static bool map(struct virt *v, struct virt_flash *f, struct virt_range range, struct vd_error *err)
{
    const struct virt_bus_config *bus = &v->config.bus;
    uint64_t cycle = v->config.machine.cycle_ps;
    struct bus_target target = {
        .name = range.name,
        .base = range.base,
        .size = range.size,
        .access = at_flash,
        .ctx = f,
        .rules = BUS_READ | BUS_WRITE,
        .read_latency = bus->device_read * cycle,
        .write_latency = bus->device_write * cycle,
        .hart_read_latency = bus->hart_read * cycle,
        .hart_write_latency = bus->hart_write * cycle,
    };
    f->ram = bus_add_flash(v->core->bus, &target, err);
    return f->ram != NULL;
}

/* The bytes are in memory from the start; what is programmed goes to the file as well. */
static bool load(struct virt_flash *f, const struct virt_flash_config *config, struct vd_error *err)
{
    if (!*config->file)
        return true;
    f->disk = disk_open(config->file, config->readonly, err);
    if (!f->disk)
        return false;
    struct vd_disk disk = disk_contract(f->disk);
    if (disk.size != f->ram->size)
        return vd_fail(err,
                       "%s has %" PRIu64 " bytes: a bank of flash has %" PRIu64
                       " (truncate -s 32M makes a file longer)",
                       config->file, disk.size, f->ram->size);
    return disk.ops->read(disk.ctx, 0, f->ram->bytes, f->ram->size) ||
           vd_fail(err, "%s cannot be read", config->file);
}

static bool create(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct virt_flash *f = &v->flashes[index];
    struct virt_range range = virt_range(&v->config, VIRT_FLASH0 + index);
    struct vd_disk array = {.ops = &array_ops,
                            .ctx = f,
                            .size = range.size,
                            .read_only = v->config.flashes[index].readonly};
    f->virt = v;
    f->port = port_create(v->core, range.name);
    if (!map(v, f, range, err) || !load(f, &v->config.flashes[index], err))
        return false;
    f->pflash = pflash_create(&v->config.pflash, &array, port_host(f->port), err);
    if (!f->pflash)
        return false;
    pflash_connect(f->pflash, readable, f);
    return true;
}

bool virt_create_flashes(struct virt *v, struct vd_error *err)
{
    for (uint32_t i = 0; i < VIRT_FLASHES; i++)
        if (!create(v, i, err))
            return false;
    return true;
}

void virt_reset_flashes(struct virt *v)
{
    for (uint32_t i = 0; i < VIRT_FLASHES; i++)
        pflash_reset(v->flashes[i].pflash);
}

void virt_destroy_flashes(struct virt *v)
{
    for (uint32_t i = 0; i < VIRT_FLASHES; i++) {
        pflash_destroy(v->flashes[i].pflash);
        disk_close(v->flashes[i].disk);
    }
}
