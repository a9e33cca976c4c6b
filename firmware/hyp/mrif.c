/* SPDX-License-Identifier: BSD-2-Clause */
#include "mrif.h"

#include "csr.h"
#include "hart.h"
#include "hyp.h"
#include "imsic.h"

/* Those whose notices are an identity of a hart. */
static struct {
    struct riscv_iommu_mrif *first;
    uint32_t sharers;
} registered[HYP_HARTS][HOST_IDENTITIES];
static struct spinlock lock;
static enum mrif_scan order;

static uint32_t last_nid(void)
{
    return board.imsic_s.ids < HOST_IDENTITIES ? board.imsic_s.ids : HOST_IDENTITIES - 1;
}

/* The one that the fewest share. */
static uint32_t nid_choose(uint32_t hart)
{
    uint32_t best = HOST_ID_NOTICE0;
    for (uint32_t nid = best + 1; nid <= last_nid(); nid++)
        if (registered[hart][nid].sharers < registered[hart][best].sharers)
            best = nid;
    return best;
}

void riscv_iommu_mrif_register(struct riscv_iommu_mrif *mrif)
{
    uint32_t hart = (uint32_t)(mrif->hart - harts);
    spin_lock(&lock);
    mrif->nid = nid_choose(hart);
    mrif->next = 0;
    struct riscv_iommu_mrif **at = &registered[hart][mrif->nid].first;
    while (*at)
        at = &(*at)->next;
    *at = mrif;
    registered[hart][mrif->nid].sharers++;
    spin_unlock(&lock);
    host_irq_set(mrif->nid, riscv_iommu_mrif_irq_process, 0);
}

void riscv_iommu_mrif_unregister(struct riscv_iommu_mrif *mrif)
{
    uint32_t hart = (uint32_t)(mrif->hart - harts);
    spin_lock(&lock);
    struct riscv_iommu_mrif **at = &registered[hart][mrif->nid].first;
    for (; *at; at = &(*at)->next) {
        if (*at != mrif)
            continue;
        *at = mrif->next;
        registered[hart][mrif->nid].sharers--;
        break;
    }
    spin_unlock(&lock);
}

static void process(uint32_t nid, const struct hart *hart)
{
    for (struct riscv_iommu_mrif *m = registered[hart - harts][nid].first; m; m = m->next) {
        m->notices++;
        m->mrif_cb(m->data);
    }
}

static void process_all(const struct hart *hart)
{
    for (uint32_t nid = HOST_ID_NOTICE0; nid <= last_nid(); nid++)
        process(nid, hart);
}

void riscv_iommu_mrif_irq_process(uint32_t nid, void *arg)
{
    struct hart *hart = hart_self();
    uint64_t start = cycles_now();
    (void)arg;
    if (order != MRIF_CLAIM_SCAN)
        return;
    process(nid, hart);
    hart->scans++;
    hart->scan_cycles += cycles_now() - start;
}

void mrif_set_order(enum mrif_scan scan)
{
    order = scan;
}

void mrif_poll_begin(void)
{
    if (order == MRIF_SCAN_ONCE && csr_read(CSR_STOPEI))
        process_all(hart_self());
}

uint32_t mrif_claim(void)
{
    if (order != MRIF_SCAN_CLAIM)
        return imsic_claim();
    uint32_t next = (uint32_t)(csr_read(CSR_STOPEI) >> 16);
    if (next >= HOST_ID_NOTICE0)
        process_all(hart_self());
    return next ? imsic_claim() : 0;
}
