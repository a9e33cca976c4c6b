/* SPDX-License-Identifier: BSD-2-Clause */
/* Storing an MSI into a memory-resident interrupt file, and the notice MSI that follows
 * [aia IOMMU-MSIPTE-MRIF]. */
#include "iommu/model.h"

enum mrif_access iommu_mrif_classify(const struct iommu *m, const struct request *r,
                                     uint32_t *identity)
{
    const struct vd_txn *txn = &r->txn;
    bool big = r->gpa & 4;
    if (txn->size != 4 || (r->gpa & 3) || (txn->cmd != VD_READ && txn->cmd != VD_WRITE))
        return MRIF_UNSUPPORTED;
    if (txn->cmd == VD_READ)
        return MRIF_READ;
    uint32_t data = (uint32_t)txn->data[0];
    *identity = big ? __builtin_bswap32(data) : data;
    bool refused = (r->gpa & 0xff8) || *identity > 2047 || (big && !m->config.mrif_big_endian);
    return refused ? MRIF_DISCARD : MRIF_STORE;
}

/* [aia IOMMU-MRIFFormat]: identity i is bit i % 64 of pair i / 64; a pair is 16 bytes. */
static uint64_t pending_address(const struct request *r, uint32_t identity)
{
    return (GET(r->msi_pte[0], MSIPTE_MRIF_Address) << 9) + identity / 64 * 16;
}

static struct step doubleword(uint8_t cmd, uint64_t spa, uint64_t data)
{
    return (struct step){.spa = spa,
                         .cmd = cmd,
                         .size = 8,
                         .table = TABLE_MRIF,
                         .reads = TABLE_MRIF,
                         .data = {data}};
}

static bool store(struct iommu *m, struct request *r, uint64_t spa, uint64_t bit, uint64_t *old)
{
    struct step update = doubleword(VD_OR, spa, bit);
    uint64_t unused;
    update.lead = m->config.timing.mrif;
    if (CAP(m, AMO_MRIF))
        return iommu_access_step(m, r, &update, old);
    struct step read = doubleword(VD_READ, spa, 0);
    if (!iommu_access_step(m, r, &read, old))
        return false;
    update.cmd = VD_WRITE;
    update.data[0] = *old | bit;
    return iommu_access_step(m, r, &update, &unused);
}

/* Reads the enable bits, a step that only the deviating switch takes. */
static bool enabled(struct iommu *m, struct request *r, uint64_t spa, uint64_t bit, bool *is)
{
    struct step read = doubleword(VD_READ, spa + 8, 0);
    uint64_t enables;
    if (!iommu_access_step(m, r, &read, &enables))
        return false;
    *is = enables & bit;
    return true;
}

bool iommu_mrif_store(struct iommu *m, struct request *r)
{
    uint32_t identity = 0;
    uint64_t old;
    r->notify = true;
    iommu_mrif_classify(m, r, &identity);
    uint64_t spa = pending_address(r, identity), bit = VD_BIT(identity % 64);
    if (!store(m, r, spa, bit, &old))
        return false;
    if (m->config.notice_if_enabled && !enabled(m, r, spa, bit, &r->notify))
        return false;
    iommu_emit(m, VD_REC_mrif_store, r->txn.serial, spa & ~UINT64_C(0x1ff), identity,
               (old & bit) != 0);
    return true;
}

/* Little-endian, whatever fctl.BE says.  CHOICE: a fault of this write is reported nowhere, or,
 * with the switch, as that of an MSI of the IOMMU's own. */
enum vd_status iommu_mrif_notice(struct iommu *m, struct request *r, vd_time *retry)
{
    uint64_t dw1 = r->msi_pte[1];
    uint64_t nid = GET(dw1, MSIPTE_NID_10) << 10 | GET(dw1, MSIPTE_NID_9_0);
    struct vd_txn txn = {
        .addr = GET(dw1, MSIPTE_NPPN) << 12,
        .cmd = VD_WRITE,
        .size = 4,
        .attrs = VD_POSTED,
        .data = {nid},
    };
    if (!r->notice_serial) {
        r->notice_serial = m->host.ops->serial(m->host.ctx);
        iommu_emit(m, VD_REC_msi_issue, r->notice_serial, txn.addr, nid,
                   VD_REQUESTER_IOMMU(m->config.index));
    }
    txn.serial = r->notice_serial;
    enum vd_status status = iommu_bus(m, &txn, 0);
    *retry = txn.delay ? txn.delay : m->config.cycle_ps;
    if (status != VD_OK && status != VD_PENDING && status != VD_RETRY &&
        m->config.report_notice_fault)
        iommu_msi_refused(m, txn.addr);
    return status;
}
