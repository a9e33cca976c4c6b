/* SPDX-License-Identifier: BSD-2-Clause */
/* Atomics.  One host thread runs all harts, so what happens inside one instruction is atomic; a
 * reservation only has to be guarded against the time between two slices. */
#include <string.h>

#include "hart/csr.h"
#include "hart/mem.h"
#include "hart/tlb.h"

enum { PAGE_MASK = 4095 };

static uint64_t page_of(uint64_t spa)
{
    return spa & ~(uint64_t)PAGE_MASK;
}

/* Where an atomic access goes. */
struct target {
    uint64_t va, spa;
    const uint8_t *bytes;
    uint8_t *host; /* the same to write to; NULL: someone watches it */
    unsigned size;
    unsigned flags;         /* MMU_SHADOW or 0 */
    const uint64_t *stored; /* what is going to be stored, if it is known before */
};

static bool find(struct hart *h, struct target *t, enum mmu_access access, unsigned flags)
{
    void *host;
    if (!mmu_atomic(h, t->va, t->size, access, flags | t->flags, t->stored, &host, &t->spa))
        return false;
    t->bytes = t->host = host;
    if (host)
        return true;
    const uint8_t *page = h->host.ops->grant(h->host.ctx, page_of(t->spa), false);
    t->bytes = page + (t->spa & PAGE_MASK);
    return true;
}

static bool write_target(struct hart *h, const struct target *t, uint64_t value)
{
    if (!t->host)
        return mmu_store(h, t->va, t->size, MMU_ATOMIC | t->flags, value);
    memcpy(t->host, &value, t->size);
    return true;
}

static uint64_t extend(uint64_t value, unsigned size)
{
    return vd_sign_extend(value, 8 * size);
}

void amo_drop(struct hart *h)
{
    h->st.reservation_valid = false;
    if (!h->st.reservation_watched)
        return;
    h->st.reservation_watched = 0;
    uint64_t page = page_of(h->st.reservation_spa);
    if (!block_page_used(h, page))
        h->host.ops->watch(h->host.ctx, page, false);
}

void amo_unwatch(struct hart *h, uint64_t page)
{
    if (!h->st.reservation_watched || page_of(h->st.reservation_spa) != page)
        h->host.ops->watch(h->host.ctx, page, false);
}

void amo_restored(struct hart *h)
{
    if (h->st.reservation_watched)
        h->host.ops->watch(h->host.ctx, page_of(h->st.reservation_spa), true);
}

/* From here on others may run and write. */
void amo_slice_end(struct hart *h)
{
    if (!h->st.reservation_valid || h->st.reservation_watched)
        return;
    h->st.reservation_watched = 1;
    h->host.ops->watch(h->host.ctx, page_of(h->st.reservation_spa), true);
}

/* CHOICE: the hart's own stores leave its reservation, whether the page is watched or not. */
void amo_snoop(struct hart *h, uint64_t spa, uint64_t size)
{
    if (h->st.reservation_valid && spa < h->st.reservation_spa + h->st.reservation_size &&
        h->st.reservation_spa < spa + size)
        amo_drop(h);
}

/* Where the fast TLB has the bytes of an atomic access; NULL: it has to be looked for.  Only memory
 * that nobody watches has a write tag.
 */
static uint8_t *fast(const struct hart *h, uint64_t va, unsigned size, bool write)
{
    const struct hart_tlb_entry *e = tlb_entry(h, va);
    if ((write ? e->write_tag : e->read_tag) != tlb_tag(va, size))
        return NULL;
    return (uint8_t *)(uintptr_t)(va + e->addend);
}

static uint64_t fast_spa(const struct hart *h, uint64_t va)
{
    const uint64_t *pages = h->vtlb->spa[h->vtlb->data];
    return pages[tlb_entry(h, va) - h->data] | (va & PAGE_MASK);
}

static uint64_t read_bytes(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;
    memcpy(&value, bytes, size);
    return extend(value, size);
}

static void reserve(struct hart *h, uint64_t spa, unsigned size)
{
    h->st.reservation_valid = true;
    h->st.reservation_size = (uint8_t)size;
    h->st.reservation_spa = spa;
}

static bool reserved(const struct hart *h, uint64_t spa, unsigned size)
{
    return h->st.reservation_valid && h->st.reservation_spa == spa &&
           h->st.reservation_size == size;
}

static enum go slow_lr(AT_PARAMS, unsigned size)
{
    struct target t = {.va = h->st.x[op->rs1], .size = size};
    exec_arrive(AT);
    amo_drop(h);
    if (!find(h, &t, MMU_LOAD, 0))
        return exec_fault(h, op, b);
    reserve(h, t.spa, size);
    h->st.x[op->rd] = read_bytes(t.bytes, size);
    return exec_retire(h, op, b);
}

enum go amo_lr(AT_PARAMS, unsigned size)
{
    uint64_t va = h->st.x[op->rs1];
    const uint8_t *host = fast(h, va, size, false);
    if (!host || h->st.reservation_watched)
        return slow_lr(AT, size);
    reserve(h, fast_spa(h, va), size);
    h->st.x[op->rd] = read_bytes(host, size);
    return GO_NEXT;
}

/* CHOICE: an SC translates, and may fault, even if it is going to fail. */
static enum go slow_sc(AT_PARAMS, unsigned size)
{
    struct target t = {.va = h->st.x[op->rs1], .size = size, .stored = &h->st.x[op->rs2]};
    exec_arrive(AT);
    if (!find(h, &t, MMU_STORE, 0))
        return exec_fault(h, op, b);
    bool holds = reserved(h, t.spa, size);
    if (holds && !write_target(h, &t, h->st.x[op->rs2]))
        return exec_fault(h, op, b);
    amo_drop(h);
    h->st.x[op->rd] = !holds;
    return exec_retire(h, op, b);
}

enum go amo_sc(AT_PARAMS, unsigned size)
{
    uint64_t va = h->st.x[op->rs1];
    uint8_t *host = fast(h, va, size, true);
    if (!host || h->st.reservation_watched)
        return slow_sc(AT, size);
    bool holds = reserved(h, fast_spa(h, va), size);
    if (holds)
        memcpy(host, &h->st.x[op->rs2], size);
    h->st.reservation_valid = false;
    h->st.x[op->rd] = !holds;
    return GO_NEXT;
}

static uint64_t combine(enum amo what, uint64_t a, uint64_t b)
{
    switch (what) {
    case AMO_ADD:
        return a + b;
    case AMO_XOR:
        return a ^ b;
    case AMO_AND:
        return a & b;
    case AMO_OR:
        return a | b;
    case AMO_MIN:
        return (int64_t)a < (int64_t)b ? a : b;
    case AMO_MAX:
        return (int64_t)a > (int64_t)b ? a : b;
    case AMO_MINU:
        return a < b ? a : b;
    case AMO_MAXU:
        return a > b ? a : b;
    default:
        return b;
    }
}

/* Sign extension keeps the order of narrow operands, signed and unsigned. */
static enum go rmw(const struct hart_op *op, struct hart *h, struct hart_block *b, unsigned size,
                   unsigned flags, enum amo what)
{
    struct target t = {.va = h->st.x[op->rs1], .size = size, .flags = flags};
    if (!find(h, &t, MMU_STORE, MMU_AMO))
        return exec_fault(h, op, b);
    uint64_t old = read_bytes(t.bytes, size);
    if (!write_target(h, &t, combine(what, old, extend(h->st.x[op->rs2], size))))
        return exec_fault(h, op, b);
    h->st.x[op->rd] = old;
    return exec_retire(h, op, b);
}

static enum go slow_rmw(AT_PARAMS, unsigned size, enum amo what)
{
    exec_arrive(AT);
    return rmw(op, h, b, size, 0, what);
}

/* [unpriv SSAMOSWAP], [priv norm:ssmp_ssamoswap] */
enum go amo_swap_shadow(AT_PARAMS, unsigned size)
{
    enum csr_result enabled = csr_envcfg(h, h->st.priv, h->st.virt, ENVCFG_SSE);
    exec_arrive(AT);
    if (!hart_has(h, HART_EXT_S))
        enabled = CSR_ILLEGAL;
    if (!trap_verdict(h, enabled, block_mark(b, op)->bits))
        return exec_fault(h, op, b);
    return rmw(op, h, b, size, MMU_SHADOW, AMO_SWAP);
}

enum go amo_rmw(AT_PARAMS, unsigned size, enum amo what)
{
    uint64_t va = h->st.x[op->rs1];
    uint8_t *host = fast(h, va, size, true);
    if (!host)
        return slow_rmw(AT, size, what);
    uint64_t old = read_bytes(host, size);
    uint64_t value = combine(what, old, extend(h->st.x[op->rs2], size));
    memcpy(host, &value, size);
    h->st.x[op->rd] = old;
    return GO_NEXT;
}

/* [unpriv norm:Zacas_amocas_w_permission]: it needs write permission whatever it finds. */
enum go amo_cas(AT_PARAMS, unsigned size)
{
    struct target t = {.va = h->st.x[op->rs1], .size = size};
    exec_arrive(AT);
    if (!find(h, &t, MMU_STORE, MMU_AMO))
        return exec_fault(h, op, b);
    uint64_t old = read_bytes(t.bytes, size);
    bool equal = old == extend(h->st.x[op->rd], size);
    if (equal && !write_target(h, &t, h->st.x[op->rs2]))
        return exec_fault(h, op, b);
    h->st.x[op->rd] = old;
    return exec_retire(h, op, b);
}

/* The register after x0 is x0 as well [unpriv norm:Zacas_rv64_amocas-q_rs2_frst_reg_x0]. */
static uint64_t second_of(const struct hart *h, unsigned reg)
{
    return reg ? h->st.x[reg + 1] : 0;
}

/* One half of sixteen bytes; both are in one page, and were found accessible. */
static struct target half_of(const struct target *t, unsigned half)
{
    uint8_t *host = t->host ? t->host + 8 * half : NULL;
    return (struct target){
        t->va + 8 * half, t->spa + 8 * half, t->bytes + 8 * half, host, 8, 0, NULL};
}

enum go amo_cas_pair(AT_PARAMS)
{
    struct target t = {.va = h->st.x[op->rs1], .size = 16};
    exec_arrive(AT);
    if ((op->rd | op->rs2) & 1) {
        trap_illegal(h, block_mark(b, op)->bits);
        return exec_fault(h, op, b);
    }
    if (!find(h, &t, MMU_STORE, MMU_AMO))
        return exec_fault(h, op, b);
    struct target low = half_of(&t, 0), high = half_of(&t, 1);
    uint64_t old[] = {read_bytes(low.bytes, 8), read_bytes(high.bytes, 8)};
    bool equal = old[0] == h->st.x[op->rd] && old[1] == second_of(h, op->rd);
    if (equal && (!write_target(h, &low, h->st.x[op->rs2]) ||
                  !write_target(h, &high, second_of(h, op->rs2))))
        return exec_fault(h, op, b);
    if (op->rd) {
        h->st.x[op->rd] = old[0];
        h->st.x[op->rd + 1] = old[1];
    }
    return exec_retire(h, op, b);
}

/* All harts see one order of memory: aq and rl have nothing to do. */
enum go amo_load_acquire(AT_PARAMS, unsigned size)
{
    uint64_t va = h->st.x[op->rs1], value;
    const uint8_t *host = fast(h, va, size, false);
    if (host) {
        h->st.x[op->rd] = read_bytes(host, size);
        return h->timing_on && timing_load_line(h, va) ? GO_STALL : GO_NEXT;
    }
    exec_arrive(AT);
    if (!mmu_load(h, va, size, MMU_ALIGNED, &value))
        return exec_fault(h, op, b);
    h->st.x[op->rd] = extend(value, size);
    return exec_retire(h, op, b);
}

enum go amo_store_release(AT_PARAMS, unsigned size)
{
    uint64_t va = h->st.x[op->rs1];
    uint8_t *host = fast(h, va, size, true);
    if (host) {
        memcpy(host, &h->st.x[op->rs2], size);
        return GO_NEXT;
    }
    exec_arrive(AT);
    if (!mmu_store(h, va, size, MMU_ALIGNED, h->st.x[op->rs2]))
        return exec_fault(h, op, b);
    return exec_retire(h, op, b);
}
