/* SPDX-License-Identifier: BSD-2-Clause */
/* What a load, store or fetch does when the fast TLB does not answer. */
#include <string.h>

#include "hart/cause.h"
#include "hart/timing_rows.h"
#include "hart/translate.h"
#include "hart/trigger.h"

enum { PAGE = 4096 };

/* Where an access goes: host memory, or the bus. */
struct place {
    uint64_t spa;
    uint8_t *host; /* NULL: the bus */
};

static uint8_t pmp_need(const struct regime *r)
{
    static const uint8_t need[] = {PMP_R, PMP_W, PMP_X};
    if (r->shadow) /* [priv SSMP] */
        return PMP_R | PMP_W;
    return r->hlvx ? PMP_R | PMP_X : need[r->access];
}

static uint8_t *granted_page(struct hart *h, uint64_t spa, bool write)
{
    hart_sync(h);
    return h->host.ops->grant(h->host.ctx, spa & ~(uint64_t)(PAGE - 1), write);
}

static void fill(struct hart *h, const struct regime *r, uint64_t va, const struct place *place)
{
    if ((h->armed & ARMED_DATA) && r->access != MMU_FETCH)
        return;
    if (r->guest || (r->shadow && !h->shadow))
        return;
    if (pmp_one_verdict(h, place->spa))
        context_fill(h, r, va, place->spa, place->host);
}

/* A store to memory that is watched goes to the bus, but what it has translated serves loads as
 * after any other store. */
static void fill_for_loads(struct hart *h, const struct regime *r, uint64_t va, uint64_t spa)
{
    struct regime reading = *r;
    struct place place = {.spa = spa, .host = granted_page(h, spa, false)};
    if (!place.host)
        return;
    reading.access = MMU_LOAD;
    place.host += spa % PAGE;
    fill(h, &reading, va, &place);
}

/* Finds the place of an access inside one page, with all checks. */
static bool locate(struct hart *h, const struct regime *r, uint64_t va, unsigned size,
                   struct place *place)
{
    uint64_t spa;
    if (!translate(h, r, va, &spa))
        return false;
    if (!pmp_allows(h, spa, size, pmp_need(r), r->priv))
        return translate_access_fault(h, r, va);
    place->spa = spa;
    place->host = granted_page(h, spa, r->access == MMU_STORE);
    if (!place->host) {
        if (r->access == MMU_STORE)
            fill_for_loads(h, r, va, spa);
        return true;
    }
    place->host += spa % PAGE;
    fill(h, r, va, place);
    return true;
}

static struct vd_txn transaction(const struct hart *h, const struct regime *r, uint64_t spa,
                                 unsigned size)
{
    return (struct vd_txn){
        .addr = spa,
        .requester = VD_REQUESTER_HART(h->cfg.index),
        .attrs = r->access == MMU_FETCH ? VD_EXEC : 0,
        .cmd = r->access == MMU_STORE ? VD_WRITE : VD_READ,
        .size = (uint8_t)size,
    };
}

/* What the bus answered, as the hart sees it. */
static bool answered(struct hart *h, const struct regime *r, uint64_t va, const struct vd_txn *txn,
                     enum vd_status status)
{
    if (status == VD_RETRY) {
        h->exc = (struct hart_exception){.cause = HART_RETRY, .wait = txn->delay};
        return false;
    }
    if (status != VD_OK && status != VD_PENDING)
        return translate_access_fault(h, r, va);
    return true;
}

static void charge_device(struct hart *h, vd_time delay)
{
    vd_time cycle = h->cfg.cycle_ps;
    h->st.cycles += (delay + cycle - 1) / cycle + h->cfg.timing.uncached;
}

/* Memory is idempotent, I/O is not [priv norm:ssmp_ss_idempotent_memory].
 * CHOICE: what memory allows misaligned, I/O answers with an access fault: a handler must not
 * emulate it with smaller accesses [priv pma-misaligned]. */
static bool whole(uint64_t spa, unsigned size)
{
    return size <= 8 && vd_is_power_of_two(size) && spa % size == 0;
}

static bool bus_load(struct hart *h, const struct regime *r, uint64_t va, uint64_t spa,
                     unsigned size, void *data)
{
    if (!whole(spa, size) || r->shadow)
        return translate_access_fault(h, r, va);
    struct vd_txn txn = transaction(h, r, spa, size);
    enum vd_status status = h->host.ops->access(h->host.ctx, &txn);
    if (!answered(h, r, va, &txn, status))
        return false;
    charge_device(h, txn.delay);
    memcpy(data, txn.data, size);
    return true;
}

/* Memory that is watched is written at once, so that its watchers learn of it before the next
 * instruction; being watched must not cost time. */
static bool memory_store(struct hart *h, const struct regime *r, uint64_t va, struct vd_txn *txn)
{
    return answered(h, r, va, txn, hart_write_watched(h, txn));
}

/* A posted write: the hart goes on while it is on its way. */
static bool device_store(struct hart *h, const struct regime *r, uint64_t va, struct vd_txn *txn)
{
    if (!whole(txn->addr, txn->size) || r->shadow)
        return translate_access_fault(h, r, va);
    txn->attrs |= VD_POSTED;
    if (!answered(h, r, va, txn, h->host.ops->submit(h->host.ctx, txn)))
        return false;
    charge_device(h, 0);
    return true;
}

static bool bus_store(struct hart *h, const struct regime *r, uint64_t va, uint64_t spa,
                      unsigned size, const void *data)
{
    struct vd_txn txn = transaction(h, r, spa, size);
    memcpy(txn.data, data, size);
    bool memory = granted_page(h, spa, false) != NULL;
    return memory ? memory_store(h, r, va, &txn) : device_store(h, r, va, &txn);
}

static bool load_bytes(struct hart *h, const struct regime *r, uint64_t va, unsigned size,
                       uint8_t *data)
{
    struct place place = {.host = NULL};
    if (!locate(h, r, va, size, &place))
        return false;
    if (!place.host)
        return bus_load(h, r, va, place.spa, size, data);
    if (!r->guest)
        h->st.cycles += timing_slow_load(h, va);
    memcpy(data, place.host, size);
    return true;
}

static bool store_bytes(struct hart *h, const struct regime *r, uint64_t va, unsigned size,
                        const uint8_t *data)
{
    struct place place = {.host = NULL};
    if (!locate(h, r, va, size, &place))
        return false;
    if (!place.host)
        return bus_store(h, r, va, place.spa, size, data);
    memcpy(place.host, data, size);
    return true;
}

/* How many bytes of an access are in its first page. */
static unsigned first_part(uint64_t va, unsigned size)
{
    uint64_t room = PAGE - va % PAGE;
    return room < size ? (unsigned)room : size;
}

static bool misaligned(struct hart *h, const struct regime *r, uint64_t va)
{
    h->exc = (struct hart_exception){
        .cause = r->access == MMU_STORE ? CAUSE_STORE_MISALIGNED : CAUSE_LOAD_MISALIGNED,
        .tval = va,
        .gva = r->virt,
    };
    return false;
}

/* Atomic accesses were compared as a whole when they were found. */
static bool breaks(struct hart *h, const struct regime *r, unsigned kind, uint64_t va,
                   unsigned size, unsigned flags, const uint64_t *stored)
{
    return !(flags & MMU_ATOMIC) && !trigger_access(h, kind, va, va, size, r->virt, stored);
}

/* [priv norm:pma_mag_op_within].  Main memory; I/O faults in another way. */
static bool in_granule(const struct hart *h, uint64_t va, unsigned size)
{
    enum { GRANULE = 16 };
    return va % GRANULE + size <= GRANULE && hart_has(h, HART_EXT_Zama16b);
}

/* HLV and HSV are not in [priv norm:pma_mag_insts]. */
static bool may_be_misaligned(const struct hart *h, uint64_t va, unsigned size, unsigned flags)
{
    if ((flags & MMU_ATOMIC) || (!(flags & MMU_GUEST) && in_granule(h, va, size)))
        return true;
    return !(flags & MMU_ALIGNED) && hart_has(h, HART_EXT_Zicclsm);
}

static bool second_part_faulted(struct hart *h, unsigned offset)
{
    h->exc.offset = (uint8_t)offset;
    return false;
}

bool mmu_load(struct hart *h, uint64_t va, unsigned size, unsigned flags, uint64_t *value)
{
    struct regime r = translate_regime(h, MMU_LOAD, flags);
    va = translate_mask(&r, va);
    if (breaks(h, &r, TRIGGER_LOAD, va, size, flags, NULL))
        return false;
    if (va % size && !may_be_misaligned(h, va, size, flags))
        return misaligned(h, &r, va);
    uint8_t data[8] = {0};
    unsigned part = first_part(va, size);
    if (!load_bytes(h, &r, va, part, data))
        return false;
    if (part < size && !load_bytes(h, &r, translate_mask(&r, va + part), size - part, data + part))
        return second_part_faulted(h, part);
    memcpy(value, data, sizeof(data));
    trigger_loaded(h, va, size, r.virt, *value);
    return true;
}

/* Nothing is written unless both pages can be. */
static bool store_split(struct hart *h, const struct regime *r, uint64_t va, unsigned size,
                        const uint8_t *data)
{
    unsigned part = first_part(va, size);
    uint64_t second = translate_mask(r, va + part);
    struct place place = {.host = NULL};
    if (!locate(h, r, va, part, &place))
        return false;
    if (!locate(h, r, second, size - part, &place))
        return second_part_faulted(h, part);
    if (!store_bytes(h, r, va, part, data))
        return false;
    if (!store_bytes(h, r, second, size - part, data + part))
        return second_part_faulted(h, part);
    return true;
}

bool mmu_store(struct hart *h, uint64_t va, unsigned size, unsigned flags, uint64_t value)
{
    struct regime r = translate_regime(h, MMU_STORE, flags);
    va = translate_mask(&r, va);
    if (breaks(h, &r, TRIGGER_STORE, va, size, flags, &value))
        return false;
    if (va % size && !may_be_misaligned(h, va, size, flags))
        return misaligned(h, &r, va);
    uint8_t data[8];
    memcpy(data, &value, sizeof(data));
    if (first_part(va, size) < size)
        return store_split(h, &r, va, size, data);
    return store_bytes(h, &r, va, size, data);
}

static void loaded_whole(struct hart *h, const struct regime *r, uint64_t va, unsigned size,
                         const uint8_t *bytes)
{
    uint64_t value = 0;
    memcpy(&value, bytes, size);
    trigger_loaded(h, va, size, r->virt, value);
}

/* CHOICE: only main memory is reservable and takes AMOs [priv pma-atomic]. */
bool mmu_atomic(struct hart *h, uint64_t va, unsigned size, enum mmu_access access, unsigned flags,
                const uint64_t *stored, void **host_ptr, uint64_t *spa)
{
    static const uint8_t kinds[] = {[MMU_LOAD] = TRIGGER_LOAD, [MMU_STORE] = TRIGGER_STORE};
    struct regime r = translate_regime(h, access, flags);
    va = translate_mask(&r, va);
    unsigned kind = kinds[access] | (flags & MMU_AMO ? (unsigned)TRIGGER_LOAD : 0);
    if (!trigger_access(h, kind, va, va, size, r.virt, stored))
        return false;
    if (va % size && !((flags & MMU_AMO) && !r.shadow && in_granule(h, va, size)))
        return misaligned(h, &r, va);
    struct place place = {.host = NULL};
    if (!locate(h, &r, va, size, &place))
        return false;
    if (!place.host && !granted_page(h, place.spa, false))
        return translate_access_fault(h, &r, va);
    if (access == MMU_LOAD)
        loaded_whole(h, &r, va, size, place.host);
    *host_ptr = place.host;
    *spa = place.spa;
    return true;
}

bool mmu_fetch(struct hart *h, uint64_t va, const uint8_t **host_ptr, uint64_t *spa)
{
    struct regime r = translate_regime(h, MMU_FETCH, 0);
    struct place place = {.host = NULL};
    if (!locate(h, &r, va, 2, &place))
        return false;
    if (!place.host)
        return translate_access_fault(h, &r, va);
    *host_ptr = place.host;
    *spa = place.spa;
    return true;
}

/* A fault of the operation, whatever was checked, is that of a store. */
static bool block_fault(struct hart *h, uint64_t va)
{
    struct hart_exception *exc = &h->exc;
    if (exc->cause == HART_RETRY)
        return false;
    if (exc->cause == CAUSE_LOAD_PAGE_FAULT)
        exc->cause = CAUSE_STORE_PAGE_FAULT;
    else if (exc->cause == CAUSE_LOAD_GUEST_PAGE_FAULT)
        exc->cause = CAUSE_STORE_GUEST_PAGE_FAULT;
    else if (exc->cause == CAUSE_LOAD_ACCESS_FAULT)
        exc->cause = CAUSE_STORE_ACCESS_FAULT;
    if (exc->tval2 && !exc->tinst)
        exc->tval2 += (va - exc->tval) >> 2;
    exc->tval = va;
    return false;
}

/* Zeros to memory that someone watches. */
static bool zero_watched(struct hart *h, const struct regime *r, uint64_t va, uint64_t spa,
                         unsigned size)
{
    if (!granted_page(h, spa, false))
        return translate_access_fault(h, r, va);
    struct vd_txn txn = transaction(h, r, spa, size);
    return answered(h, r, va, &txn, hart_write_watched(h, &txn));
}

/* CHOICE: on I/O, cbo.zero is an access fault, and managing a block has no effect
 * [unpriv norm:cbz_access].  Who may store may load. */
bool mmu_block(struct hart *h, uint64_t va, unsigned size, bool zero)
{
    struct regime r = translate_regime(h, zero ? MMU_STORE : MMU_LOAD, 0);
    struct place place = {.host = NULL};
    r.block = true;
    va = translate_mask(&r, va);
    uint64_t first = va & ~(uint64_t)(size - 1);
    if (!trigger_access(h, TRIGGER_STORE, va, first, size, r.virt, NULL))
        return false;
    if (!locate(h, &r, first, size, &place))
        return block_fault(h, va);
    if (!zero)
        return true;
    if (!place.host)
        return zero_watched(h, &r, first, place.spa, size) || block_fault(h, va);
    memset(place.host, 0, size);
    return true;
}
