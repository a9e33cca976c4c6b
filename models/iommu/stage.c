/* SPDX-License-Identifier: BSD-2-Clause */
/* Page tables of both stages, as the privileged specification defines them, with the few rules that
 * [iommu P2IOVA] adds. */
#include "iommu/model.h"

enum { CAP_BIT_Sv32 = capabilities_Sv32_lsb, CAP_BIT_x4 = capabilities_Sv32x4_lsb };

/* mode, levels, bytes of a PTE, bits of an index, bits of an address, capability */
static const struct scheme first_schemes[] = {
    {8, 3, 8, 9, 39, CAP_BIT_Sv32 + 1},
    {9, 4, 8, 9, 48, CAP_BIT_Sv32 + 2},
    {10, 5, 8, 9, 57, CAP_BIT_Sv32 + 3},
};
static const struct scheme second_schemes[] = {
    {8, 3, 8, 9, 41, CAP_BIT_x4 + 1},
    {9, 4, 8, 9, 50, CAP_BIT_x4 + 2},
    {10, 5, 8, 9, 59, CAP_BIT_x4 + 3},
};
static const struct scheme sv32 = {8, 2, 4, 10, 32, CAP_BIT_Sv32};
static const struct scheme sv32x4 = {8, 2, 4, 10, 34, CAP_BIT_x4};

/* [iommu IOSATP_MODE_ENC-0], [iommu IOHGATP_MODE_ENC-0] and their XL=1 counterparts. */
const struct scheme *iommu_scheme(bool second, bool xl32, uint64_t mode)
{
    if (xl32)
        return mode == 8 ? (second ? &sv32x4 : &sv32) : NULL;
    if (mode < 8 || mode > 10)
        return NULL;
    return second ? &second_schemes[mode - 8] : &first_schemes[mode - 8];
}

enum pte_kind { PTE_INVALID, PTE_POINTER, PTE_LEAF };

static bool leaf_malformed(uint64_t pte, const struct scheme *s, unsigned level)
{
    uint64_t ppn = GET(pte, PTE_PPN);
    if (GET(pte, PTE_N))
        return level != 0 || (ppn & 0xf) != 8;
    return (ppn & vd_mask(0, level * s->vpn_bits)) != 0;
}

static enum pte_kind classify(const struct iommu *m, const struct scheme *s, uint64_t pte,
                              unsigned level)
{
    bool r = GET(pte, PTE_R), w = GET(pte, PTE_W), x = GET(pte, PTE_X);
    uint64_t reserved = MASK(PTE_reserved);
    if (!CAP(m, Svrsw60t59b))
        reserved |= MASK(PTE_rsw6059);
    if (!CAP(m, Svpbmt))
        reserved |= MASK(PTE_PBMT);
    if (!GET(pte, PTE_V) || (!r && w) || (pte & reserved) || GET(pte, PTE_PBMT) == 3)
        return PTE_INVALID;
    if (r || x)
        return leaf_malformed(pte, s, level) ? PTE_INVALID : PTE_LEAF;
    bool leaf_bits = pte & (MASK(PTE_D) | MASK(PTE_A) | MASK(PTE_U) | MASK(PTE_N) | MASK(PTE_PBMT));
    return leaf_bits || level == 0 ? PTE_INVALID : PTE_POINTER;
}

static struct leaf leaf_of(const struct scheme *s, uint64_t pte, unsigned level)
{
    uint64_t mask = vd_mask(0, 12 + level * s->vpn_bits);
    if (GET(pte, PTE_N))
        mask = 0xffff;
    uint8_t rights = (uint8_t)(GET(pte, PTE_R) * RIGHT_R | GET(pte, PTE_W) * RIGHT_W |
                               GET(pte, PTE_X) * RIGHT_X | GET(pte, PTE_U) * RIGHT_U |
                               GET(pte, PTE_G) * RIGHT_G | GET(pte, PTE_D) * RIGHT_D);
    return (struct leaf){(GET(pte, PTE_PPN) << 12) & ~mask, mask, rights,
                         (uint8_t)GET(pte, PTE_PBMT)};
}

static uint64_t entry_offset(const struct scheme *s, bool second, uint64_t address, unsigned level)
{
    unsigned width = s->vpn_bits + (second && level + 1u == s->levels ? 2u : 0u);
    return vd_get(address, 12 + level * s->vpn_bits, width) * s->pte_bytes;
}

static bool is_ats_request(const struct request *r)
{
    return r->kind == KIND_TRANSLATION_REQUEST;
}

static bool wants_write(const struct request *r)
{
    return is_ats_request(r) ? !(r->txn.attrs & VD_NO_WRITE) : r->access == ACCESS_WRITE;
}

static bool page_fault(struct request *r)
{
    static const uint16_t causes[] = {CAUSE_read_page_fault, CAUSE_write_page_fault,
                                      CAUSE_instruction_page_fault};
    return iommu_fault(r, causes[r->access]);
}

/* [iommu FAULT_QUEUE]: bit 0 of iotval2 is an implicit access, bit 1 an implicit write. */
static bool guest_page_fault(struct request *r, uint64_t gpa, enum implicit implicit)
{
    static const uint16_t causes[] = {CAUSE_read_guest_page_fault, CAUSE_write_guest_page_fault,
                                      CAUSE_instruction_guest_page_fault};
    r->iotval2 = (gpa & ~UINT64_C(3)) | (implicit != EXPLICIT ? 1u : 0u) |
                 (implicit == IMPLICIT_WRITE ? 2u : 0u);
    return iommu_fault(r, causes[r->access]);
}

static const uint8_t needed_rights[] = {RIGHT_R, RIGHT_W, RIGHT_X};

/* Non-leaf entries, cached.  A table at `level` translates the bits below the index of the next. */

static struct nonleaf_entry nonleaf_of(const struct request *r, const struct scheme *s,
                                       uint64_t address, unsigned level)
{
    uint64_t mask = vd_mask(0, 12 + (level + 1) * s->vpn_bits);
    return (struct nonleaf_entry){
        .space = iommu_space(r, false),
        .address = address & ~mask,
        .mask = mask,
        .bits = s->bits,
        .level = (uint8_t)level,
        .valid = true,
    };
}

/* The second stage. */

struct guest_access {
    uint64_t gpa;
    enum implicit implicit;
    enum table table;
};

static bool second_rights(const struct request *r, const struct guest_access *g, uint8_t rights)
{
    /* "When checking the U bit in a second-stage PTE, the transaction is treated as not requesting
     * supervisor privilege." */
    if (!(rights & RIGHT_U))
        return false;
    if (g->implicit == IMPLICIT_READ)
        return rights & RIGHT_R;
    return is_ats_request(r) || (rights & needed_rights[r->access]);
}

/* CHOICE: where the first stage's A and D may be updated, the page of its PTE is marked dirty when
 * the PTE is read, as the privileged specification allows; the update then needs no second walk. */
static bool may_update(const struct request *r, const struct guest_access *g, uint64_t pte)
{
    return g->implicit == IMPLICIT_READ && g->table == TABLE_SECOND && GET(r->dc.tc, tc_SADE) &&
           GET(r->dc.tc, tc_GADE) && GET(pte, PTE_W);
}

static uint64_t second_ad(const struct request *r, const struct guest_access *g, uint64_t pte)
{
    uint64_t needed = MASK(PTE_A);
    bool ats_write = is_ats_request(r) && wants_write(r) && GET(pte, PTE_W) &&
                     (GET(r->fsc, fsc_MODE) == 0 || (r->first.rights & RIGHT_W));
    bool explicit_write = is_ats_request(r) ? ats_write : wants_write(r);
    if (g->implicit == EXPLICIT ? explicit_write : may_update(r, g, pte))
        needed |= MASK(PTE_D);
    return needed & ~pte;
}

/* True if the leaf stands; *again if a compare-and-swap failed and the entry must be read anew. */
static bool second_leaf(struct iommu *m, struct request *r, const struct guest_access *g,
                        struct pte_swap *swap, bool *again)
{
    uint64_t missing = second_ad(r, g, swap->expected);
    *again = false;
    if (!missing)
        return true;
    if (!GET(r->dc.tc, tc_GADE))
        return guest_page_fault(r, g->gpa, g->implicit);
    bool matched;
    swap->desired = swap->expected | missing;
    if (!iommu_swap_pte(m, r, swap, &matched))
        return false;
    swap->expected = swap->desired;
    *again = !matched;
    return matched;
}

static bool gpa_too_wide(const struct request *r, const struct scheme *s, uint64_t gpa)
{
    return gpa >> s->bits || (GET(r->dc.tc, tc_SXL) && gpa >> 34);
}

/* Where the walk starts: at the root, or at the table that a non-leaf entry is known to name. */
static void second_start(struct iommu *m, struct request *r, const struct scheme *s, uint64_t gpa,
                         uint64_t *table, unsigned *level)
{
    uint64_t start = GET(r->dc.iohgatp, iohgatp_PPN) << 12 | (s->levels - 1u);
    if (m->st.nonleaf_plru[STAGE_SECOND].count) {
        const struct nonleaf_entry key = nonleaf_of(r, s, gpa, 0), *e = NULL;
        if (iommu_step_is_new(r))
            e = iommu_nonleaf_lookup(m, r, STAGE_SECOND, &key);
        if (e) {
            start = e->table | e->level;
            r->hits |= BAR_SECOND;
        }
        iommu_remember(r, &start);
    }
    *table = start & ~UINT64_C(0xfff);
    *level = start & 0xfff;
}

static void second_pointer(struct iommu *m, struct request *r, const struct scheme *s, uint64_t gpa,
                           uint64_t table, unsigned level)
{
    if (!iommu_step_is_new(r) || (r->bars & BAR_SECOND))
        return;
    struct nonleaf_entry e = nonleaf_of(r, s, gpa, level);
    e.table = table;
    iommu_nonleaf_fill(m, STAGE_SECOND, &e);
}

static bool second_walk(struct iommu *m, struct request *r, const struct scheme *s,
                        const struct guest_access *g, struct leaf *leaf)
{
    struct pte_swap swap = {
        .size = s->pte_bytes, .table = (uint8_t)g->table, .big = GET(m->st.reg[REG_fctl], fctl_BE)};
    uint64_t table;
    unsigned level, tries = 0;
    second_start(m, r, s, g->gpa, &table, &level);
    for (;;) {
        swap.spa = table + entry_offset(s, true, g->gpa, level);
        if (!iommu_read(m, r, g->table, TABLE_SECOND, swap.spa, swap.big, swap.size,
                        &swap.expected))
            return false;
        enum pte_kind kind = classify(m, s, swap.expected, level);
        if (kind == PTE_POINTER) {
            table = GET(swap.expected, PTE_PPN) << 12;
            level--;
            second_pointer(m, r, s, g->gpa, table, level);
            continue;
        }
        *leaf = leaf_of(s, swap.expected, level);
        if (kind == PTE_INVALID || !second_rights(r, g, leaf->rights))
            return guest_page_fault(r, g->gpa, g->implicit);
        bool again;
        if (second_leaf(m, r, g, &swap, &again)) {
            *leaf = leaf_of(s, swap.expected, level);
            return true;
        }
        if (!again)
            return false;
        if (++tries == AD_RETRIES)
            return iommu_fault(r, CAUSE_internal_error);
    }
}

bool iommu_second_stage(struct iommu *m, struct request *r, uint64_t gpa, enum implicit implicit,
                        enum table table, struct leaf *leaf)
{
    const struct scheme *s =
        iommu_scheme(true, GET(m->st.reg[REG_fctl], fctl_GXL), GET(r->dc.iohgatp, iohgatp_MODE));
    const struct guest_access g = {gpa, implicit, table};
    if (gpa_too_wide(r, s, gpa))
        return guest_page_fault(r, gpa, implicit);
    return second_walk(m, r, s, &g, leaf);
}

/* The first stage. */

static bool iova_malformed(const struct scheme *s, uint64_t iova)
{
    if (s == &sv32)
        return iova >> 32;
    return vd_sign_extend(iova, s->bits) != iova;
}

/* Where the PTE at a guest address is, and what the second stage grants there. */
static bool entry_page(struct iommu *m, struct request *r, uint64_t gpa, struct leaf *page)
{
    *page = (struct leaf){.pa = gpa & ~UINT64_C(0xfff), .mask = 0xfff, .rights = RIGHT_W | RIGHT_D};
    return GET(r->dc.iohgatp, iohgatp_MODE) == 0 ||
           iommu_second_stage(m, r, gpa, IMPLICIT_READ, TABLE_SECOND, page);
}

static bool first_rights(const struct request *r, uint8_t rights)
{
    bool user_page = rights & RIGHT_U;
    if (!r->privileged && !user_page)
        return false;
    if (r->privileged && user_page && (!r->sum || (r->access == ACCESS_EXEC && !is_ats_request(r))))
        return false;
    return is_ats_request(r) || (rights & needed_rights[r->access]);
}

static uint64_t first_ad(const struct request *r, uint64_t pte)
{
    uint64_t needed = MASK(PTE_A);
    if (wants_write(r) && (!is_ats_request(r) || GET(pte, PTE_W)))
        needed |= MASK(PTE_D);
    return needed & ~pte;
}

enum flow { FLOW_STOP, FLOW_AGAIN, FLOW_ON };

/* The update is a store by the guest: the second stage must grant it, D included. */
static enum flow first_update(struct iommu *m, struct request *r, uint64_t gpa,
                              const struct leaf *page, struct pte_swap *swap)
{
    bool matched;
    uint64_t missing = first_ad(r, swap->expected);
    if (!missing)
        return FLOW_ON;
    swap->desired = swap->expected | missing;
    if (!GET(r->dc.tc, tc_SADE)) {
        page_fault(r);
    } else if (~page->rights & (RIGHT_W | RIGHT_D)) {
        guest_page_fault(r, gpa, IMPLICIT_WRITE);
    } else if (iommu_swap_pte(m, r, swap, &matched)) {
        swap->expected = swap->desired;
        if (matched)
            return FLOW_ON;
        if (++r->retries < AD_RETRIES)
            return FLOW_AGAIN;
        iommu_fault(r, CAUSE_internal_error);
    }
    return FLOW_STOP;
}

static bool first_leaf(struct request *r, const struct scheme *s, uint64_t pte)
{
    uint64_t iova = r->txn.addr;
    r->first = leaf_of(s, pte, r->level);
    if (r->global)
        r->first.rights |= RIGHT_G;
    r->gpa = r->first.pa | (iova & r->first.mask);
    return true;
}

static struct nonleaf_entry first_nonleaf(const struct request *r, const struct scheme *s,
                                          unsigned level)
{
    struct nonleaf_entry e = nonleaf_of(r, s, r->txn.addr, level);
    e.space = iommu_space(r, true);
    e.table = r->table;
    e.global = r->global;
    return e;
}

static void first_pointer(struct iommu *m, struct request *r, const struct scheme *s)
{
    const struct nonleaf_entry e = first_nonleaf(r, s, r->level);
    if (!(r->bars & BAR_FIRST))
        iommu_nonleaf_fill(m, STAGE_FIRST, &e);
}

static void first_start(struct iommu *m, struct request *r, const struct scheme *s)
{
    const struct nonleaf_entry key = first_nonleaf(r, s, 0);
    const struct nonleaf_entry *e = iommu_nonleaf_lookup(m, r, STAGE_FIRST, &key);
    r->level = e ? e->level : (uint8_t)(s->levels - 1u);
    r->table = e ? e->table : GET(r->fsc, fsc_PPN) << 12;
    if (e) {
        r->global = e->global;
        r->hits |= BAR_FIRST;
    }
}

/* One level of the table.  Every level ends in a checkpoint, which keeps the cost linear. */
static enum flow first_level(struct iommu *m, struct request *r, const struct scheme *s)
{
    struct pte_swap swap = {
        .size = s->pte_bytes, .table = TABLE_FIRST, .big = GET(r->dc.tc, tc_SBE)};
    uint64_t gpa = r->table + entry_offset(s, false, r->txn.addr, r->level);
    struct leaf page;
    if (!entry_page(m, r, gpa, &page))
        return FLOW_STOP;
    swap.spa = page.pa | (gpa & page.mask);
    if (!iommu_read(m, r, TABLE_FIRST, TABLE_FIRST, swap.spa, swap.big, swap.size, &swap.expected))
        return FLOW_STOP;
    uint64_t pte = swap.expected;
    enum pte_kind kind = classify(m, s, pte, r->level);
    if (kind == PTE_POINTER) {
        r->global |= GET(pte, PTE_G);
        r->table = GET(pte, PTE_PPN) << 12;
        r->level--;
        first_pointer(m, r, s);
        return FLOW_AGAIN;
    }
    if (kind == PTE_INVALID || !first_rights(r, leaf_of(s, pte, r->level).rights)) {
        page_fault(r);
        return FLOW_STOP;
    }
    enum flow flow = first_update(m, r, gpa, &page, &swap);
    if (flow == FLOW_ON)
        first_leaf(r, s, swap.expected);
    return flow;
}

bool iommu_first_stage(struct iommu *m, struct request *r)
{
    const struct scheme *s = iommu_scheme(false, GET(r->dc.tc, tc_SXL), GET(r->fsc, fsc_MODE));
    enum flow flow;
    if (r->level == UINT8_MAX) {
        if (iova_malformed(s, r->txn.addr))
            return page_fault(r);
        first_start(m, r, s);
    }
    while ((flow = first_level(m, r, s)) == FLOW_AGAIN)
        iommu_checkpoint(r, PHASE_FIRST);
    return flow == FLOW_ON;
}
