/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "hart/cause.h"
#include "hart/counter.h"
#include "hart/csr.h"
#include "hart/translate.h"

enum {
    PAGE_SHIFT = 12,
    INDEX_BITS = 9,
    NAPOT_SHIFT = 16, /* 64 KiB, the only size [priv ptenapot] */
    NAPOT_PPN = 8,    /* its PPN's low bits */
    PBMT_LSB = 61,
    PBMT_RESERVED = 3,
    PSEUDO_READ64 = 0x3000, /* [priv norm:H_trap_xtinst_guestpage] */
    PSEUDO_WRITE64 = 0x3020,
};
#define PAGE_MASK       UINT64_C(0xfff)
#define ALL_PERMISSIONS (PTE_R | PTE_W | PTE_X | PTE_U | PTE_A | PTE_D)
#define PTE_N           VD_BIT(63)
#define PTE_PBMT        vd_mask(61, 2)

/* A leaf of one stage; a bare stage has one that maps everything. */
struct leaf {
    uint64_t address; /* where the byte is in the next address space */
    uint64_t pte_at;  /* where the PTE is, for an update of A and D */
    uint8_t bits;     /* low byte of the PTE */
    uint8_t shift;
};

static bool memory_types(const struct hart *h, uint64_t envcfg)
{
    return hart_has(h, HART_EXT_Svpbmt) && (envcfg & ENVCFG_PBMTE);
}

static bool updates(const struct hart *h, uint64_t envcfg)
{
    return hart_has(h, HART_EXT_Svadu) && (envcfg & ENVCFG_ADUE);
}

/* Whose envcfg says what page tables may be: menvcfg for satp and hgatp, henvcfg for vsatp
 * [priv norm:menvcfg_pbmte_op], [priv norm:henvcfg_pbmte_op], [priv norm:menvcfg_adue_op]. */
static void page_table_rules(const struct hart *h, struct regime *r)
{
    const struct hart_csrs *csr = &h->st.csr;
    uint64_t first = r->virt ? csr->henvcfg & csr->menvcfg : csr->menvcfg;
    r->memtypes = memory_types(h, first);
    r->gmemtypes = memory_types(h, csr->menvcfg);
    r->update = updates(h, first);
    r->gupdate = updates(h, csr->menvcfg);
    r->shadow_pages =
        first & ENVCFG_SSE; /* [priv norm:ssmp_menvcfg_sse], [priv norm:ssmp_henvcfg_sse] */
}

/* PMM of whoever the access is made for [priv norm:pm_config_next_higher], [priv
 * norm:pm_mprv_spvp].
 */
static uint64_t masking_of(const struct hart *h, const struct regime *r)
{
    const struct hart_csrs *csr = &h->st.csr;
    if (r->priv == PRV_M)
        return vd_get(csr->mseccfg, MSECCFG_PMM_LSB, 2);
    if (r->guest && r->priv == PRV_U && h->st.priv == PRV_U)
        return vd_get(csr->hstatus, HSTATUS_HUPMM_LSB, 2);
    uint64_t envcfg = r->priv == PRV_U ? csr->senvcfg : r->virt ? csr->henvcfg : csr->menvcfg;
    return vd_get(envcfg, ENVCFG_PMM_LSB, 2);
}

/* [priv norm:pm_mxr_exception].  Nor does it apply to HLVX, which stands for a fetch. */
static uint8_t mask_length(const struct hart *h, const struct regime *r)
{
    static const uint8_t lengths[] = {0, 0, 7, 16};
    return r->mxr || r->vmxr || r->hlvx ? 0 : lengths[masking_of(h, r)];
}

/* [priv norm:pm_ignore_va], [priv norm:pm_ignore_pa] */
uint64_t translate_mask(const struct regime *r, uint64_t va)
{
    if (r->masked == 0)
        return va;
    unsigned width = 64u - r->masked;
    return r->root ? vd_sign_extend(va, width) : va & vd_mask(0, width);
}

uint64_t translate_root(uint64_t atp)
{
    return atp >> 60 ? atp : 0;
}

struct regime translate_regime(const struct hart *h, enum mmu_access access, unsigned flags)
{
    const struct hart_csrs *csr = &h->st.csr;
    struct regime r = {.access = access, .priv = h->st.priv, .virt = h->st.virt};
    r.shadow = flags & MMU_SHADOW;
    if (flags & MMU_GUEST) {
        r.guest = true;
        r.virt = true;
        r.priv = csr->hstatus & HSTATUS_SPVP ? PRV_S : PRV_U;
        r.hlvx = flags & MMU_HLVX;
    } else if (access != MMU_FETCH && (csr->mstatus & MSTATUS_MPRV)) {
        r.priv = (uint8_t)vd_get(csr->mstatus, MSTATUS_MPP_LSB, 2);
        r.virt = r.priv != PRV_M && (csr->mstatus & MSTATUS_MPV);
    }
    if (r.priv == PRV_M) {
        r.masked = access == MMU_FETCH ? 0 : mask_length(h, &r);
        return r;
    }
    r.root = translate_root(r.virt ? csr->vsatp : csr->satp);
    if (r.virt)
        r.groot = translate_root(csr->hgatp);
    page_table_rules(h, &r);
    if (access == MMU_FETCH)
        return r;
    r.sum = (r.virt ? csr->vsstatus : csr->mstatus) & MSTATUS_SUM;
    r.mxr = csr->mstatus & MSTATUS_MXR;
    r.vmxr = r.virt && (csr->vsstatus & MSTATUS_MXR);
    r.masked = mask_length(h, &r);
    return r;
}

/* [priv norm:ss_fault_exception_code] */
static bool raise(struct hart *h, const struct regime *r, uint64_t va, const uint8_t causes[3])
{
    h->exc = (struct hart_exception){
        .cause = causes[r->shadow ? MMU_STORE : r->access],
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
                        uint64_t tinst)
{
    static const uint8_t causes[] = {CAUSE_LOAD_GUEST_PAGE_FAULT, CAUSE_STORE_GUEST_PAGE_FAULT,
                                     CAUSE_FETCH_GUEST_PAGE_FAULT};
    raise(h, r, va, causes);
    h->exc.tval2 = gpa >> 2;
    h->exc.tinst = tinst;
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

/* The page may be watched, by this hart even. */
static bool store_pte(struct hart *h, uint64_t spa, uint64_t pte)
{
    uint8_t *page = h->host.ops->grant(h->host.ctx, spa & ~PAGE_MASK, true);
    if (page) {
        memcpy(page + (spa & PAGE_MASK), &pte, sizeof(pte));
        return true;
    }
    struct vd_txn txn = {.addr = spa,
                         .requester = VD_REQUESTER_HART(h->cfg.index),
                         .cmd = VD_WRITE,
                         .size = sizeof(pte),
                         .data = {pte}};
    return hart_write_watched(h, &txn) == VD_OK;
}

/* Sets A, and D for a store, in the PTE at leaf->pte_at, unless they are set, as in a bare stage or
 * where a leaf without them has faulted [priv norm:sv32algorithm].  Nothing runs
 * between the walk's read and this write, so comparing again is not needed. */
static bool update_pte(struct hart *h, const struct regime *r, uint64_t va, struct leaf *leaf,
                       uint8_t wanted)
{
    uint64_t pte;
    if ((leaf->bits & wanted) == wanted)
        return true;
    if (!pmp_allows(h, leaf->pte_at, 8, PMP_W, PRV_S))
        return translate_access_fault(h, r, va);
    if (!read_pte(h, r, va, leaf->pte_at, &pte))
        return false;
    if (!store_pte(h, leaf->pte_at, pte | wanted))
        return translate_access_fault(h, r, va);
    leaf->bits |= wanted;
    return true;
}

static uint8_t wanted_bits(bool write)
{
    return write ? PTE_A | PTE_D : PTE_A;
}

enum step { STEP_FAULT, STEP_LEAF, STEP_NEXT };

static bool napot_sound(const struct hart *h, uint64_t pte, unsigned shift)
{
    if (!(pte & PTE_N))
        return true;
    return hart_has(h, HART_EXT_Svnapot) && shift == PAGE_SHIFT && vd_get(pte, 10, 4) == NAPOT_PPN;
}

static bool memory_type_sound(uint64_t pte, bool memtypes)
{
    uint64_t type = vd_get(pte, PBMT_LSB, 2);
    return memtypes ? type != PBMT_RESERVED : type == 0;
}

/* [priv norm:Svrsw60t59b_reserved_bits_60_59]: two bits less. */
static uint64_t reserved_bits(const struct hart *h)
{
    return vd_mask(54, hart_has(h, HART_EXT_Svrsw60t59b) ? 5 : 7);
}

/* [priv norm:sv32algorithm], the verdict on one PTE. */
static enum step judge(const struct hart *h, uint64_t pte, unsigned shift, bool memtypes,
                       bool shadow_pages)
{
    bool sound_rights = (pte & (PTE_R | PTE_W)) != PTE_W || (shadow_pages && pte_is_shadow(pte));
    if (!(pte & PTE_V) || (pte & reserved_bits(h)) || !sound_rights)
        return STEP_FAULT;
    if (!(pte & (PTE_R | PTE_W | PTE_X))) {
        bool sound = !(pte & (PTE_A | PTE_D | PTE_U)) && !(pte & (PTE_N | PTE_PBMT));
        return sound && shift > PAGE_SHIFT ? STEP_NEXT : STEP_FAULT;
    }
    if (!napot_sound(h, pte, shift) || !memory_type_sound(pte, memtypes))
        return STEP_FAULT;
    uint64_t target = vd_get(pte, 10, 44) << PAGE_SHIFT;
    return target & vd_mask(0, shift) ? STEP_FAULT : STEP_LEAF;
}

/* [priv norm:Svnapot_implicit_read_ppn_subst] */
static void set_leaf(struct leaf *leaf, uint64_t pte, unsigned shift, uint64_t address,
                     uint64_t pte_at)
{
    if (pte & PTE_N)
        shift = NAPOT_SHIFT;
    uint64_t target = vd_get(pte, 10, 44) << PAGE_SHIFT;
    leaf->bits = (uint8_t)pte;
    leaf->shift = (uint8_t)shift;
    leaf->pte_at = pte_at;
    leaf->address = (target & ~vd_mask(0, shift)) | (address & vd_mask(0, shift));
}

/* What a leaf allows, with A and D as hardware would set them for this access. */
static uint8_t prospect(uint8_t bits, bool update, bool write)
{
    return update ? bits | wanted_bits(write) : bits;
}

/* G-stage walk.  tinst: of an implicit access, which reads or writes a VS-stage PTE. */
static bool walk_stage2(struct hart *h, const struct regime *r, uint64_t va, uint64_t gpa,
                        uint64_t tinst, struct leaf *leaf)
{
    if (r->groot == 0) {
        *leaf = (struct leaf){gpa, 0, ALL_PERMISSIONS, 64};
        return true;
    }
    unsigned shift = PAGE_SHIFT + INDEX_BITS * levels(r->groot);
    if (gpa >> (shift + 2))
        return guest_fault(h, r, va, gpa, tinst);
    uint64_t table = root_address(r->groot);
    unsigned width = INDEX_BITS + 2;
    for (;;) {
        uint64_t pte;
        shift -= INDEX_BITS;
        uint64_t at = table + 8 * vd_get(gpa, shift, width);
        if (!read_pte(h, r, va, at, &pte))
            return false;
        enum step step = judge(h, pte, shift, r->gmemtypes, false);
        if (step == STEP_FAULT)
            return guest_fault(h, r, va, gpa, tinst);
        if (step == STEP_LEAF) {
            set_leaf(leaf, pte, shift, gpa, at);
            return true;
        }
        table = vd_get(pte, 10, 44) << PAGE_SHIFT;
        width = INDEX_BITS;
    }
}

/* Where the G stage puts a VS-stage PTE: an implicit load or store, where MXR has no say. */
static bool pte_address(struct hart *h, const struct regime *r, uint64_t va, uint64_t gpa,
                        bool write, uint64_t *spa)
{
    struct leaf leaf;
    uint64_t tinst = write ? PSEUDO_WRITE64 : PSEUDO_READ64;
    if (!walk_stage2(h, r, va, gpa, tinst, &leaf))
        return false;
    *spa = leaf.address;
    uint8_t bits = prospect(leaf.bits, r->gupdate, write);
    uint8_t need = write ? PMP_W : PMP_R;
    if (!(bits & PTE_U) || !(permission_page(bits, false) & need))
        return guest_fault(h, r, va, gpa, tinst);
    return update_pte(h, r, va, &leaf, wanted_bits(write));
}

static bool walk_stage1(struct hart *h, const struct regime *r, uint64_t va, struct leaf *leaf)
{
    if (r->root == 0) {
        *leaf = (struct leaf){va, 0, ALL_PERMISSIONS, 64};
        return true;
    }
    unsigned shift = PAGE_SHIFT + INDEX_BITS * levels(r->root);
    if (vd_sign_extend(va, shift) != va)
        return page_fault(h, r, va);
    uint64_t table = root_address(r->root);
    for (;;) {
        uint64_t pte, spa;
        shift -= INDEX_BITS;
        uint64_t gpa = table + 8 * vd_get(va, shift, INDEX_BITS);
        if (!pte_address(h, r, va, gpa, false, &spa) || !read_pte(h, r, va, spa, &pte))
            return false;
        enum step step = judge(h, pte, shift, r->memtypes, r->shadow_pages);
        if (step == STEP_FAULT)
            return page_fault(h, r, va);
        if (step == STEP_LEAF) {
            set_leaf(leaf, pte, shift, va, gpa);
            return true;
        }
        table = vd_get(pte, 10, 44) << PAGE_SHIFT;
    }
}

static bool refuse(struct hart *h, const struct regime *r, uint64_t va, enum verdict verdict)
{
    return verdict == PAGE_FAULT ? page_fault(h, r, va) : translate_access_fault(h, r, va);
}

/* A and D of the VS-stage leaf, whose PTE the G stage must let be written. */
static bool update_stage1(struct hart *h, const struct regime *r, uint64_t va, struct leaf *leaf)
{
    uint8_t wanted = wanted_bits(r->access == MMU_STORE);
    if ((leaf->bits & wanted) == wanted)
        return true;
    uint64_t gpa = leaf->pte_at;
    return pte_address(h, r, va, gpa, true, &leaf->pte_at) && update_pte(h, r, va, leaf, wanted);
}

static bool walk(struct hart *h, const struct regime *r, uint64_t va, struct tlb_entry *entry)
{
    struct leaf leaf, gleaf;
    bool write = r->access == MMU_STORE;
    if (!walk_stage1(h, r, va, &leaf))
        return false;
    enum verdict verdict = permission_stage1(r, prospect(leaf.bits, r->update, write));
    if (verdict != GRANTED)
        return refuse(h, r, va, verdict);
    if (!update_stage1(h, r, va, &leaf))
        return false;
    if (!walk_stage2(h, r, va, leaf.address, 0, &gleaf))
        return false;
    if (permission_stage2(r, prospect(gleaf.bits, r->gupdate, write)) &&
        !update_pte(h, r, va, &gleaf, wanted_bits(write)))
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
                  const struct tlb_entry *entry, uint64_t *spa)
{
    enum verdict verdict = permission_stage1(r, entry->leaf);
    if (verdict != GRANTED)
        return refuse(h, r, va, verdict);
    if (!permission_stage2(r, entry->gleaf))
        return guest_fault(h, r, va, entry->gpa | (va & PAGE_MASK), 0);
    *spa = entry->spa | (va & PAGE_MASK);
    return true;
}

/* A or D would have to be set, which only a walk does. */
static bool needs_update(const struct regime *r, const struct tlb_entry *entry)
{
    uint8_t wanted = wanted_bits(r->access == MMU_STORE);
    return (r->update && (entry->leaf & wanted) != wanted) ||
           (r->gupdate && (entry->gleaf & wanted) != wanted);
}

bool translate(struct hart *h, const struct regime *r, uint64_t va, uint64_t *spa)
{
    if (r->root == 0 && r->shadow) /* [priv norm:satp_mode_bare], [priv norm:ssmp_ssamoswap] */
        return translate_access_fault(h, r, va);
    if (r->root == 0 && r->groot == 0) {
        *spa = va;
        return true;
    }
    struct tlb *tlb = &h->vtlb->side[r->access == MMU_FETCH ? TLB_FETCH : TLB_DATA];
    struct tlb_entry entry = {.space = space_of(r)};
    const struct tlb_entry *found = tlb_find(tlb, &entry.space, va);
    if (found && !needs_update(r, found))
        return check(h, r, va, found, spa);
    h->st.cycles += h->cfg.timing.tlb_walk;
    h->st.events[r->access == MMU_FETCH ? COUNTER_ITLB_MISSES : COUNTER_DTLB_MISSES]++;
    if (!walk(h, r, va, &entry) || !check(h, r, va, &entry, spa))
        return false;
    struct tlb_entry evicted;
    tlb_insert(tlb, &entry, &evicted);
    if (evicted.valid)
        context_drop(h, evicted.va, r->access == MMU_FETCH);
    return true;
}
