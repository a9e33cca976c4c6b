/* SPDX-License-Identifier: BSD-2-Clause */
/* What is where, and what it allows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/bus_state.h"
#include "viaduct/bits.h"

/* The target with the highest base at or below addr. */
static struct target *below(const struct bus *bus, uint64_t addr)
{
    uint32_t low = 0, high = bus->num_targets;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (bus->targets[middle]->t.base <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? bus->targets[low - 1] : NULL;
}

static struct target *target_at(const struct bus *bus, uint64_t addr)
{
    struct target *target = below(bus, addr);
    return target && addr - target->t.base < target->t.size ? target : NULL;
}

struct ram *bus_ram(const struct bus *bus, uint64_t addr, uint64_t size)
{
    for (uint32_t i = 0; i < bus->num_rams; i++)
        if (ram_holds(bus->rams[i], addr, size))
            return bus->rams[i];
    return NULL;
}

struct ram *bus_nth_ram(const struct bus *bus, uint32_t index)
{
    return index < bus->num_rams ? bus->rams[index] : NULL;
}

const char *bus_name_at(const struct bus *bus, uint64_t addr)
{
    const struct ram *ram = bus_ram(bus, addr, 1);
    const struct target *target = target_at(bus, addr);
    return ram ? ram->name : target ? target->name : NULL;
}

static bool overlap(uint64_t base, uint64_t size, uint64_t other, uint64_t other_size)
{
    return base < other ? other - base < size : base - other < other_size;
}

/* Checks [base, base + size) of the newcomer `name` against all that is there. */
static bool is_free(const struct bus *bus, const char *name, uint64_t base, uint64_t size,
                    struct vd_error *err)
{
    const char *other = NULL;
    uint64_t at = 0;
    for (uint32_t i = 0; i < bus->num_rams; i++)
        if (overlap(base, size, bus->rams[i]->base, bus->rams[i]->size)) {
            other = bus->rams[i]->name;
            at = bus->rams[i]->base;
        }
    for (uint32_t i = 0; i < bus->num_targets; i++)
        if (overlap(base, size, bus->targets[i]->t.base, bus->targets[i]->t.size)) {
            other = bus->targets[i]->name;
            at = bus->targets[i]->t.base;
        }
    if (other)
        return vd_fail(err,
                       "%s at 0x%" PRIx64 " (0x%" PRIx64 " bytes) overlaps %s at 0x%" PRIx64
                       ": every device needs addresses of its own",
                       name, base, size, other, at);
    return true;
}

static void insert(struct bus *bus, struct target *target)
{
    struct target **targets =
        realloc(bus->targets, (bus->num_targets + 1) * sizeof(struct target *));
    if (!targets)
        abort();
    uint32_t i = bus->num_targets++;
    for (; i > 0 && targets[i - 1]->t.base > target->t.base; i--)
        targets[i] = targets[i - 1];
    targets[i] = target;
    bus->targets = targets;
}

static void add_target(struct bus *bus, const struct bus_target *config)
{
    struct target *target = calloc(1, sizeof(*target));
    if (!target)
        abort();
    target->t = *config;
    snprintf(target->name, sizeof(target->name), "%s", config->name);
    target->t.name = target->name;
    target->index = bus->num_targets;
    if (!target->t.rules)
        target->t.rules = BUS_READ | BUS_WRITE;
    if (!target->t.min_size)
        target->t.min_size = 1;
    if (!target->t.max_size)
        target->t.max_size = 8;
    insert(bus, target);
}

bool bus_add_target(struct bus *bus, const struct bus_target *config, struct vd_error *err)
{
    if (!config->size || config->base + (config->size - 1) < config->base)
        return vd_fail(err, "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " are no range of addresses",
                       config->name, config->size, config->base);
    if (!is_free(bus, config->name, config->base, config->size, err))
        return false;
    add_target(bus, config);
    return true;
}

struct ram *bus_add_ram(struct bus *bus, const char *name, uint64_t base, uint64_t size,
                        uint32_t flags, struct vd_error *err)
{
    if (bus->num_rams == BUS_RAMS) {
        vd_fail(err, "%s: there are %d memories already, the most that a machine can have", name,
                BUS_RAMS);
        return NULL;
    }
    if (!is_free(bus, name, base, size, err))
        return NULL;
    struct ram *ram = ram_create(name, base, size, flags, err);
    if (ram)
        bus->rams[bus->num_rams++] = ram;
    return ram;
}

struct ram *bus_add_flash(struct bus *bus, const struct bus_target *target, struct vd_error *err)
{
    struct ram *ram =
        bus_add_ram(bus, target->name, target->base, target->size, RAM_READ_ONLY | RAM_FLASH, err);
    if (ram)
        add_target(bus, target);
    return ram;
}

static bool is_atomic(const struct vd_txn *txn)
{
    return txn->cmd == VD_CAS || txn->cmd == VD_OR;
}

static bool is_natural(const struct vd_txn *txn)
{
    return vd_is_power_of_two(txn->size) && txn->addr % txn->size == 0;
}

static enum vd_status check_ram(const struct ram *ram, const struct vd_txn *txn)
{
    if (txn->cmd != VD_READ && ram->flags & RAM_READ_ONLY && !(txn->attrs & VD_DEBUG))
        return VD_DENIED;
    if (is_atomic(txn) && !(is_natural(txn) && txn->size <= 8))
        return VD_DENIED;
    if (ram->flags & RAM_POISONED && txn->cmd != VD_WRITE && !(txn->attrs & VD_DEBUG))
        return VD_POISON;
    return VD_OK;
}

static uint32_t needed(const struct vd_txn *txn)
{
    uint32_t rules = txn->cmd == VD_READ ? BUS_READ : txn->cmd == VD_WRITE ? BUS_WRITE : BUS_ATOMIC;
    if (txn->attrs & VD_ATOMIC)
        rules |= BUS_ATOMIC;
    if (txn->attrs & VD_EXEC)
        rules |= BUS_EXEC;
    return rules;
}

static enum vd_status check_target(const struct bus_target *t, const struct vd_txn *txn)
{
    if (needed(txn) & ~t->rules)
        return VD_DENIED;
    if (txn->size < t->min_size || txn->size > t->max_size)
        return VD_DENIED;
    if (!(t->rules & BUS_UNALIGNED) && !is_natural(txn))
        return VD_DENIED;
    if (txn->addr - t->base + txn->size > t->size)
        return VD_DENIED;
    return VD_OK;
}

/* A debugger sees the memory of a flash bank, not its commands. */
static bool answers_itself(const struct ram *ram, const struct vd_txn *txn)
{
    if (!(ram->flags & RAM_FLASH) || txn->attrs & VD_DEBUG)
        return true;
    return txn->cmd == VD_READ && !(ram->flags & RAM_COVERED);
}

enum vd_status bus_decode(const struct bus *bus, const struct vd_txn *txn, struct place *place)
{
    *place = (struct place){0};
    place->ram = bus_ram(bus, txn->addr, txn->size);
    if (place->ram && answers_itself(place->ram, txn))
        return check_ram(place->ram, txn);
    place->ram = NULL;
    place->target = target_at(bus, txn->addr);
    return place->target ? check_target(&place->target->t, txn) : VD_UNMAPPED;
}
