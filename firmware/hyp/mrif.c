/* SPDX-License-Identifier: BSD-2-Clause */
#include "mrif.h"

#include "csr.h"
#include "hart.h"
#include "hyp.h"
#include "imsic.h"

static struct riscv_iommu_mrif *registered;
static struct spinlock lock;
static enum mrif_scan order;

static uint32_t nid_of(uint32_t index)
{
    uint32_t last = board.imsic_s.ids < HOST_IDENTITIES ? board.imsic_s.ids : HOST_IDENTITIES - 1;
    return HOST_ID_NOTICE0 + index % (last - HOST_ID_NOTICE0 + 1);
}

void riscv_iommu_mrif_register(struct riscv_iommu_mrif *mrif)
{
    uint32_t index = 0;
    struct riscv_iommu_mrif **at = &registered;
    spin_lock(&lock);
    for (; *at; at = &(*at)->next)
        index++;
    mrif->nid = nid_of(index);
    mrif->next = 0;
    *at = mrif;
    spin_unlock(&lock);
    host_irq_set(mrif->nid, riscv_iommu_mrif_irq_process, 0);
}

void riscv_iommu_mrif_unregister(struct riscv_iommu_mrif *mrif)
{
    spin_lock(&lock);
    for (struct riscv_iommu_mrif **at = &registered; *at; at = &(*at)->next) {
        if (*at == mrif) {
            *at = mrif->next;
            break;
        }
    }
    spin_unlock(&lock);
}

static void process(uint32_t nid, const struct hart *hart)
{
    for (struct riscv_iommu_mrif *m = registered; m; m = m->next) {
        if ((nid && m->nid != nid) || m->hart != hart)
            continue;
        m->notices++;
        m->mrif_cb(m->data);
    }
}

void riscv_iommu_mrif_irq_process(uint32_t nid, void *arg)
{
    (void)arg;
    if (order == MRIF_CLAIM_SCAN)
        process(nid, hart_self());
}

void mrif_set_order(enum mrif_scan scan)
{
    order = scan;
}

void mrif_poll_begin(void)
{
    if (order == MRIF_SCAN_ONCE && registered && csr_read(CSR_STOPEI))
        process(0, hart_self());
}

uint32_t mrif_claim(void)
{
    if (order != MRIF_SCAN_CLAIM)
        return imsic_claim();
    uint32_t next = (uint32_t)(csr_read(CSR_STOPEI) >> 16);
    if (next >= HOST_ID_NOTICE0)
        process(0, hart_self());
    return next ? imsic_claim() : 0;
}
