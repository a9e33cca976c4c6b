/* SPDX-License-Identifier: BSD-2-Clause */
#include "irqbypass.h"

#include "guest/plan.h"
#include "hart.h"
#include "hyp.h"
#include "mrif.h"
#include "pages.h"
#include "protocol.h"
#include "text.h"
#include "vfile.h"

void ir_domain_create(struct ir_domain *domain, uint32_t gscid)
{
    memset(domain, 0, sizeof *domain);
    domain->gscid = gscid;
    domain->tables = ir_mrif_each() ? num_iommus : 1;
    for (uint32_t table = 0; table < domain->tables; table++)
        domain->ptes[table] = page_alloc();
    domain->junk = iommu_msi_pte_notice((uint64_t)page_alloc(), 0);
    domain->mask = IR_PAGES - 1;
    domain->pattern = GUEST_IMSIC >> PAGE_SHIFT;
}

void ir_domain_destroy(struct ir_domain *domain)
{
    for (uint32_t table = 0; table < domain->tables; table++)
        pages_free(domain->ptes[table], 1);
    pages_free((void *)(domain->junk >> 10 << PAGE_SHIFT), 1);
    domain->tables = 0;
}

bool ir_mrif_each(void)
{
    return num_iommus > 1 && mrif_exists() && !mrif_can_run() && !protocol_traits.share_mrif;
}

uint64_t ir_msiptp(const struct ir_domain *domain, const struct iommu *iommu)
{
    uint32_t table = domain->tables > 1 ? (uint32_t)(iommu - iommus) : 0;
    return IOMMU_MSIPTP_FLAT | (uint64_t)domain->ptes[table] >> PAGE_SHIFT;
}

/* The index is made of the address bits that the mask selects, packed [iommu MSI_TRANS]. */
static uint32_t pte_index(const struct ir_domain *domain, uint64_t gpa)
{
    uint64_t page = gpa >> PAGE_SHIFT, index = 0;
    uint32_t at = 0;
    for (uint32_t bit = 0; domain->mask >> bit; bit++)
        if (domain->mask >> bit & 1)
            index |= (page >> bit & 1) << at++;
    return (uint32_t)index;
}

struct iommu_msi_pte *ir_pte(struct ir_domain *domain, uint32_t table, uint64_t gpa)
{
    return &domain->ptes[table][pte_index(domain, gpa)];
}

static void pte_sync(struct ir_domain *domain, uint64_t gpa)
{
    uint32_t tickets[HYP_IOMMUS];
    iommus_post(iommu_cmd_iotinval_gvma(domain->gscid, true, gpa), num_iommus, tickets);
    iommus_sync();
}

/* What an MSI PTE shall say.  dw1 means something in MRIF mode only [iommu MSI_TRANS]. */
static struct iommu_msi_pte pte_of(const struct ir_domain *domain, uint32_t table,
                                   const struct riscv_iommu_vcpu_info *info)
{
    const struct riscv_iommu_mrif *mrif = info->mrif;
    struct iommu_msi_pte pte = {0};
    if (mrif)
        pte.dw1 = iommu_msi_pte_notice(mrif->hart->page, mrif->nid);
    if (info->hpa && protocol_traits.junk_notice)
        pte.dw1 = domain->junk;
    if (info->hpa)
        pte.dw0 = iommu_msi_pte_basic(info->hpa);
    else if (mrif && !protocol_traits.unmap)
        pte.dw0 = iommu_msi_pte_mrif(mrif->spa[table]);
    return pte;
}

/* [iommu MSI_PT_CHANGE]: dw0 is one store, so the IOMMU sees the old target or the new.  dw1 is
 * written while it means nothing yet. */
static bool pte_store(struct iommu_msi_pte *pte, struct iommu_msi_pte new)
{
    if (new.dw0 || new.dw1)
        __atomic_store_n(&pte->dw1, new.dw1, __ATOMIC_RELEASE);
    if (pte->dw0 == new.dw0)
        return false;
    __atomic_store_n(&pte->dw0, new.dw0, __ATOMIC_RELEASE);
    return true;
}

/* Without info the page leads nowhere. */
static void pte_point(struct ir_domain *domain, uint64_t gpa,
                      const struct riscv_iommu_vcpu_info *info)
{
    bool changed = false;
    for (uint32_t table = 0; table < domain->tables; table++) {
        struct iommu_msi_pte none = {0};
        changed |= pte_store(ir_pte(domain, table, gpa), info ? pte_of(domain, table, info) : none);
    }
    if (changed)
        pte_sync(domain, gpa);
}

bool ir_pte_used(const struct ir_domain *domain, uint64_t gpa)
{
    return domain->refs[pte_index(domain, gpa)];
}

static void pte_get(struct ir_domain *domain, uint64_t gpa,
                    const struct riscv_iommu_vcpu_info *info)
{
    if (domain->refs[pte_index(domain, gpa)]++ == 0)
        pte_point(domain, gpa, info);
}

static void pte_put(struct ir_domain *domain, uint64_t gpa)
{
    if (gpa && --domain->refs[pte_index(domain, gpa)] == 0)
        pte_point(domain, gpa, 0);
}

/* The page of the window that leads to the S-file of the hart which takes the interrupt. */
static uint64_t host_page(const struct host_irq *irq)
{
    return GUEST_IMSIC + ((IR_HOST_PAGE0 + irq->hart->cpu->index) << PAGE_SHIFT);
}

/* The new PTE is valid before the device is told, and the old one goes when all is over: an MSI
 * meets a valid PTE whichever message the device has. */
void irq_set_vcpu_affinity(struct host_irq *irq, const struct riscv_iommu_vcpu_info *info)
{
    struct ir_domain *domain = irq->domain;
    uint64_t old = irq->gpa;
    spin_lock(&domain->msi_lock);
    struct riscv_iommu_vcpu_info host = {.gpa = host_page(irq), .hpa = irq->hart->page};
    info = info ? info : &host;
    irq->gpa = info->gpa;
    pte_get(domain, irq->gpa, info);
    irq->msi_addr = irq->gpa;
    irq->msi_data = irq->identity;
    irq->old_gpa = old;
    spin_unlock(&domain->msi_lock);
}

void irq_affinity_done(struct host_irq *irq)
{
    spin_lock(&irq->domain->msi_lock);
    pte_put(irq->domain, irq->old_gpa);
    irq->old_gpa = 0;
    spin_unlock(&irq->domain->msi_lock);
}

void irq_write_msi_msg(const struct host_irq *irq, const struct msi_route *message)
{
    pcie_msix_write(irq->device, irq->vector, message->address, message->data);
}
