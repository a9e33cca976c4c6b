/* SPDX-License-Identifier: BSD-2-Clause */
/* What the leaves of both stages let an access do. */
#include "hart/translate.h"

static uint8_t need_of(const struct regime *r)
{
    static const uint8_t need[] = {PMP_R, PMP_W, PMP_X};
    return r->hlvx ? PMP_X : need[r->access];
}

/* A leaf with A clear gives nothing, with D clear no writing, until someone sets them. */
uint8_t permission_page(uint8_t bits, bool mxr)
{
    uint8_t permissions = 0;
    if (!(bits & PTE_A))
        return 0;
    if ((bits & PTE_R) || mxr) /* a leaf is readable or executable */
        permissions |= PMP_R;
    if ((bits & PTE_W) && (bits & PTE_D))
        permissions |= PMP_W;
    if (bits & PTE_X)
        permissions |= PMP_X;
    return permissions;
}

static bool user_rules_kept(const struct regime *r, uint8_t bits)
{
    if (r->priv == PRV_U)
        return bits & PTE_U;
    return !(bits & PTE_U) || r->sum;
}

/* [priv norm:ssmp_ss_page_access_fault], [priv norm:ssmp_ss_cache_block_access_fault],
 * [priv norm:ssmp_ss_implicit_access_fault], [priv norm:ssmp_ss_load],
 * [priv norm:ssmp_ss_page_illegeal_access] */
static bool shadow_rules_kept(const struct regime *r, uint8_t bits)
{
    if (r->shadow)
        return pte_is_shadow(bits) || (bits & (PTE_R | PTE_W | PTE_X)) == PTE_R;
    return !pte_is_shadow(bits) || (r->access == MMU_LOAD && !r->block);
}

/* A shadow-stack page is what other loads may read, and may be written by shadow-stack instructions
 * alone, to which nothing else gives anything. */
static uint8_t stage1_permissions(const struct regime *r, uint8_t bits)
{
    if (!pte_is_shadow(bits))
        return r->shadow ? 0 : permission_page(bits, r->mxr || r->vmxr);
    return permission_page(bits | PTE_R, false);
}

/* In the order of [priv norm:sv32algorithm]. */
enum verdict permission_stage1(const struct regime *r, uint8_t bits)
{
    if (r->root == 0)
        return GRANTED;
    if (!user_rules_kept(r, bits) || (pte_is_shadow(bits) && !r->shadow_pages))
        return PAGE_FAULT;
    if (!shadow_rules_kept(r, bits))
        return ACCESS_FAULT;
    return stage1_permissions(r, bits) & need_of(r) ? GRANTED : PAGE_FAULT;
}

/* [priv norm:H_vm_gpatrans]: always as user, and only HS-level MXR reaches it.
 * [priv norm:active_g_stage_pte] */
bool permission_stage2(const struct regime *r, uint8_t bits)
{
    uint8_t permissions = bits & PTE_U ? permission_page(bits, r->mxr) : 0;
    bool both = (bits & (PTE_R | PTE_W)) == (PTE_R | PTE_W);
    return (permissions & need_of(r)) && (both || !r->shadow);
}
