/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "hart/cause.h"
#include "hart/csr.h"
#include "hart/translate.h"

enum {
    PAGE_SHIFT = 12,
    INDEX_BITS = 9,
    PSEUDO_READ64 = 0x3000, /* [priv norm:H_trap_xtinst_guestpage] */
};
#define PAGE_MASK       UINT64_C(0xfff)
#define ALL_PERMISSIONS (PTE_R | PTE_W | PTE_X | PTE_U | PTE_A | PTE_D)
/* No Svnapot, Svpbmt or Svrsw60t59b: all of them are reserved. */
#define PTE_RESERVED vd_mask(54, 10)

/* A leaf of one stage. */
struct leaf {
    uint64_t address; /* where the byte is in the next address space */
    uint8_t bits;     /* low byte of the PTE */
    uint8_t shift;
};

struct regime translate_regime(const struct hart *h, enum mmu_access access, unsigned flags)
{
    const struct hart_csrs *csr = &h->st.csr;
    struct regime r = {.access = access, .priv = h->st.priv, .virt = h->st.virt};
    if (flags & MMU_GUEST) {
        r.guest = true;
        r.virt = true;
        r.priv = csr->hstatus & HSTATUS_SPVP ? PRV_S : PRV_U;
        r.hlvx = flags & MMU_HLVX;
    } else if (access != MMU_FETCH && (csr->mstatus & MSTATUS_MPRV)) {
        r.priv = (uint8_t)vd_get(csr->mstatus, MSTATUS_MPP_LSB, 2);
        r.virt = r.priv != PRV_M && (csr->mstatus & MSTATUS_MPV);
    }
    if (r.priv == PRV_M)
        return r;
    uint64_t root = r.virt ? csr->vsatp : csr->satp;
    r.root = root >> 60 ? root : 0;
    if (r.virt)
        r.groot = csr->hgatp >> 60 ? csr->hgatp : 0;
    if (access == MMU_FETCH)
        return r;
    r.sum = (r.virt ? csr->vsstatus : csr->mstatus) & MSTATUS_SUM;
    r.mxr = csr->mstatus & MSTATUS_MXR;
    r.vmxr = r.virt && (csr->vsstatus & MSTATUS_MXR);
    return r;
}

static bool raise(struct hart *h, const struct regime *r, uint64_t va, const uint8_t causes[3])
{
    h->exc = (struct hart_exception){
        .cause = causes[r->access],
        .tval = va,
        .gva = r->virt,
    };
    return false;
}

static bool page_fault(struct hart *h, const struct regime *r, uint64_t va)
{
    static const uint8_t causes[] = {CAUSE_LOAD_PAGE_FAULT, CAUSE_STORE_PAGE_FAULT,
                                     CAUSE_FETCH_PAGE_FAULT};
    return raise(h, r, va, causes);
}

bool translate_access_fault(struct hart *h, const struct regime *r, uint64_t va)
{
    static const uint8_t causes[] = {CAUSE_LOAD_ACCESS_FAULT, CAUSE_STORE_ACCESS_FAULT,
                                     CAUSE_FETCH_ACCESS_FAULT};
    return raise(h, r, va, causes);
}

/* [priv norm:H_guest_page_fault]: tval2 is the guest physical address, which may be that of a
 * VS-stage PTE. */
static bool guest_fault(struct hart *h, const struct regime *r, uint64_t va, uint64_t gpa,
                        bool implicit)
{
    static const uint8_t causes[] = {CAUSE_LOAD_GUEST_PAGE_FAULT, CAUSE_STORE_GUEST_PAGE_FAULT,
                                     CAUSE_FETCH_GUEST_PAGE_FAULT};
    raise(h, r, va, causes);
    h->exc.tval2 = gpa >> 2;
    h->exc.tinst = implicit ? PSEUDO_READ64 : 0;
    return false;
}

static unsigned levels(uint64_t root)
{
    return (unsigned)(root >> 60) - 5; /* MODE 8, 9, 10: 3, 4, 5 levels */
}

static uint64_t root_address(uint64_t root)
{
    return vd_get(root, 0, 44) << PAGE_SHIFT;
}

/* CHOICE: page tables must be in memory that can be granted; in I/O they are an access fault.
 * [priv norm:pmp_check_pagetable_access] */
static bool read_pte(struct hart *h, const struct regime *r, uint64_t va, uint64_t spa,
                     uint64_t *pte)
{
    h->st.cycles += h->cfg.timing.tlb_read;
    if (!pmp_allows(h, spa, 8, PMP_R, PRV_S))
        return translate_access_fault(h, r, va);
    hart_sync(h);
    const uint8_t *page = h->host.ops->grant(h->host.ctx, spa & ~PAGE_MASK, false);
    if (!page)
        return translate_access_fault(h, r, va);
    memcpy(pte, page + (spa & PAGE_MASK), sizeof(*pte));
    return true;
}

enum step { STEP_FAULT, STEP_LEAF, STEP_NEXT };

/* [priv norm:sv32algorithm], the verdict on one PTE. */
static enum step judge(uint64_t pte, unsigned shift)
{
    if (!(pte & PTE_V) || (pte & PTE_RESERVED) || (pte & (PTE_R | PTE_W)) == PTE_W)
        return STEP_FAULT;
    if (!(pte & (PTE_R | PTE_X)))
        return pte & (PTE_A | PTE_D | PTE_U) || shift == PAGE_SHIFT ? STEP_FAULT : STEP_NEXT;
    uint64_t target = vd_get(pte, 10, 44) << PAGE_SHIFT;
    return target & vd_mask(0, shift) ? STEP_FAULT : STEP_LEAF;
}

static void set_leaf(struct leaf *leaf, uint64_t pte, unsigned shift, uint64_t address)
{
    leaf->bits = (uint8_t)pte;
    leaf->shift = (uint8_t)shift;
    leaf->address = (vd_get(pte, 10, 44) << PAGE_SHIFT) | (address & vd_mask(0, shift));
}

static uint8_t need_of(const struct regime *r)
{
    static const uint8_t need[] = {PMP_R, PMP_W, PMP_X};
    return r->hlvx ? PMP_X : need[r->access];
}

/* Svade: a leaf with A clear gives nothing, with D clear no writing. */
static uint8_t page_permissions(uint8_t bits, bool mxr)
{
    uint8_t permissions = 0;
    if (!(bits & PTE_A))
        return 0;
    if ((bits & PTE_R) || (mxr && (bits & PTE_X)))
        permissions |= PMP_R;
    if ((bits & PTE_W) && (bits & PTE_D))
        permissions |= PMP_W;
    if (bits & PTE_X)
        permissions |= PMP_X;
    return permissions;
}

static uint8_t stage1_permissions(const struct regime *r, uint8_t bits)
{
    uint8_t permissions = page_permissions(bits, r->mxr || r->vmxr);
    if (r->root == 0)
        return PMP_R | PMP_W | PMP_X;
    if (r->priv == PRV_U)
        return bits & PTE_U ? permissions : 0;
    if (!(bits & PTE_U))
        return permissions;
    return r->sum ? permissions : 0;
}

/* [priv norm:H_vm_gpatrans]: always as user, and only HS-level MXR reaches it. */
static uint8_t stage2_permissions(const struct regime *r, uint8_t bits)
{
    if (r->groot == 0)
        return PMP_R | PMP_W | PMP_X;
    return bits & PTE_U ? page_permissions(bits, r->mxr) : 0;
}

/* G-stage walk.  An implicit access reads a VS-stage PTE. */
static bool walk_stage2(struct hart *h, const struct regime *r, uint64_t va, uint64_t gpa,
                        bool implicit, struct leaf *leaf)
{
    if (r->groot == 0) {
        *leaf = (struct leaf){gpa, ALL_PERMISSIONS, 64};
        return true;
    }
    unsigned shift = PAGE_SHIFT + INDEX_BITS * levels(r->groot);
    if (gpa >> (shift + 2))
        return guest_fault(h, r, va, gpa, implicit);
    uint64_t table = root_address(r->groot);
    unsigned width = INDEX_BITS + 2;
    for (;;) {
        uint64_t pte;
        shift -= INDEX_BITS;
        if (!read_pte(h, r, va, table + 8 * vd_get(gpa, shift, width), &pte))
            return false;
        enum step step = judge(pte, shift);
        if (step == STEP_FAULT)
            return guest_fault(h, r, va, gpa, implicit);
        if (step == STEP_LEAF) {
            set_leaf(leaf, pte, shift, gpa);
            return true;
        }
        table = vd_get(pte, 10, 44) << PAGE_SHIFT;
        width = INDEX_BITS;
    }
}

/* Where the G stage puts a VS-stage PTE: read as an implicit load, where MXR has no say. */
static bool pte_address(struct hart *h, const struct regime *r, uint64_t va, uint64_t gpa,
                        uint64_t *spa)
{
    struct leaf leaf;
    if (!walk_stage2(h, r, va, gpa, true, &leaf))
        return false;
    bool readable = (leaf.bits & PTE_U) && (page_permissions(leaf.bits, false) & PMP_R);
    if (r->groot && !readable)
        return guest_fault(h, r, va, gpa, true);
    *spa = leaf.address;
    return true;
}

static bool walk_stage1(struct hart *h, const struct regime *r, uint64_t va, struct leaf *leaf)
{
    if (r->root == 0) {
        *leaf = (struct leaf){va, ALL_PERMISSIONS, 64};
        return true;
    }
    unsigned shift = PAGE_SHIFT + INDEX_BITS * levels(r->root);
    if (vd_sign_extend(va, shift) != va)
        return page_fault(h, r, va);
    uint64_t table = root_address(r->root);
    for (;;) {
        uint64_t pte, spa;
        shift -= INDEX_BITS;
        if (!pte_address(h, r, va, table + 8 * vd_get(va, shift, INDEX_BITS), &spa) ||
            !read_pte(h, r, va, spa, &pte))
            return false;
        enum step step = judge(pte, shift);
        if (step == STEP_FAULT)
            return page_fault(h, r, va);
        if (step == STEP_LEAF) {
            set_leaf(leaf, pte, shift, va);
            return true;
        }
        table = vd_get(pte, 10, 44) << PAGE_SHIFT;
    }
}

static bool allowed(const struct regime *r, uint8_t permissions)
{
    return permissions & need_of(r);
}

static bool walk(struct hart *h, const struct regime *r, uint64_t va, struct tlb_entry *entry)
{
    struct leaf leaf, gleaf;
    if (!walk_stage1(h, r, va, &leaf))
        return false;
    if (!allowed(r, stage1_permissions(r, leaf.bits)))
        return page_fault(h, r, va);
    if (!walk_stage2(h, r, va, leaf.address, false, &gleaf))
        return false;
    entry->va = va & ~PAGE_MASK;
    entry->gpa = leaf.address & ~PAGE_MASK;
    entry->spa = gleaf.address & ~PAGE_MASK;
    entry->shift = leaf.shift;
    entry->gshift = gleaf.shift;
    entry->leaf = leaf.bits;
    entry->gleaf = gleaf.bits;
    entry->valid = true;
    return true;
}

static struct tlb_space space_of(const struct regime *r)
{
    return (struct tlb_space){
        .virt = r->virt,
        .mode = (uint8_t)(r->root >> 60),
        .gmode = (uint8_t)(r->groot >> 60),
        .asid = (uint16_t)vd_get(r->root, 44, 16),
        .vmid = (uint16_t)vd_get(r->groot, 44, 14),
    };
}

static bool check(struct hart *h, const struct regime *r, uint64_t va,
                  const struct tlb_entry *entry, struct translation *result)
{
    uint8_t first = stage1_permissions(r, entry->leaf);
    uint8_t second = stage2_permissions(r, entry->gleaf);
    if (!allowed(r, first))
        return page_fault(h, r, va);
    if (!allowed(r, second))
        return guest_fault(h, r, va, entry->gpa | (va & PAGE_MASK), false);
    result->spa = entry->spa | (va & PAGE_MASK);
    result->permissions = first & second;
    return true;
}

bool translate(struct hart *h, const struct regime *r, uint64_t va, struct translation *result)
{
    if (r->root == 0 && r->groot == 0) {
        *result = (struct translation){va, PMP_R | PMP_W | PMP_X};
        return true;
    }
    struct tlb *tlb = &h->vtlb->side[r->access == MMU_FETCH ? TLB_FETCH : TLB_DATA];
    struct tlb_entry entry = {.space = space_of(r)};
    const struct tlb_entry *found = tlb_find(tlb, &entry.space, va);
    if (found)
        return check(h, r, va, found, result);
    if (!walk(h, r, va, &entry) || !check(h, r, va, &entry, result))
        return false;
    struct tlb_entry evicted;
    tlb_insert(tlb, &entry, &evicted);
    if (evicted.valid)
        context_drop(h, evicted.va, r->access == MMU_FETCH);
    return true;
}
