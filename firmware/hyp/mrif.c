/* SPDX-License-Identifier: BSD-2-Clause */
#include "mrif.h"

#include "csr.h"
#include "hart.h"
#include "hyp.h"

static struct riscv_iommu_mrif *registered;
static struct spinlock lock;
static bool scan_first;

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
        m->notices += nid != 0;
        m->mrif_cb(m->data);
    }
}

void riscv_iommu_mrif_irq_process(uint32_t nid, void *arg)
{
    (void)arg;
    if (!scan_first)
        process(nid, hart_self());
}

void mrif_scan_before_claim(bool on)
{
    scan_first = on;
}

void mrif_poll_begin(void)
{
    if (scan_first && registered && csr_read(CSR_STOPEI))
        process(0, hart_self());
}
