/* SPDX-License-Identifier: BSD-2-Clause */
/* Pending bits, wires and messages [iommu IPSR], [iommu ICVEC], [iommu MSI]. */
#include "iommu/model.h"

enum { SOURCES = 4 };

static uint32_t vector_of(const struct iommu *m, enum source source)
{
    return (uint32_t)vd_get(m->st.reg[REG_icvec], 4u * source, 4);
}

/* The bits of [iommu IPSR_FIELD] that are conditions and not events. */
static bool condition(const struct iommu *m, enum source source)
{
    const uint64_t *reg = m->st.reg;
    switch (source) {
    case SOURCE_CQ:
        return reg[REG_cqcsr] & (MASK(cqcsr_cqmf) | MASK(cqcsr_cmd_to) | MASK(cqcsr_cmd_ill) |
                                 MASK(cqcsr_fence_w_ip));
    case SOURCE_FQ:
        return reg[REG_fqcsr] & (MASK(fqcsr_fqmf) | MASK(fqcsr_fqof));
    case SOURCE_PQ:
        return reg[REG_pqcsr] & (MASK(pqcsr_pqmf) | MASK(pqcsr_pqof));
    default:
        return false;
    }
}

static bool enabled(const struct iommu *m, enum source source)
{
    const uint64_t *reg = m->st.reg;
    switch (source) {
    case SOURCE_CQ:
        return GET(reg[REG_cqcsr], cqcsr_cie);
    case SOURCE_FQ:
        return GET(reg[REG_fqcsr], fqcsr_fie);
    case SOURCE_PQ:
        return GET(reg[REG_pqcsr], pqcsr_pie);
    default:
        return true;
    }
}

void iommu_wires(struct iommu *m)
{
    uint32_t levels = 0;
    bool wsi = GET(m->st.reg[REG_fctl], fctl_WSI);
    for (unsigned s = 0; wsi && s < SOURCES; s++)
        if (m->st.wired & m->st.reg[REG_ipsr] & (1u << s))
            levels |= 1u << vector_of(m, s);
    uint32_t changed = levels ^ m->st.levels;
    m->st.levels = levels;
    for (uint32_t line = 0; changed; line++, changed >>= 1)
        if (changed & 1)
            m->host.ops->wire(m->host.ctx, line, levels >> line & 1);
}

void iommu_interrupt(struct iommu *m, enum source source)
{
    const struct iommu_timing *t = &m->config.timing;
    uint64_t bit = VD_BIT(source);
    if (!enabled(m, source) || (m->st.reg[REG_ipsr] & bit))
        return;
    m->st.reg[REG_ipsr] |= bit;
    m->st.wired &= ~(uint32_t)bit;
    bool wsi = GET(m->st.reg[REG_fctl], fctl_WSI);
    iommu_after(m, TIMER_IRQ + source, iommu_cycles(m, wsi ? t->interrupt : t->message));
}

void iommu_interrupt_levels(struct iommu *m)
{
    for (unsigned s = 0; s < SOURCES; s++)
        if (condition(m, s))
            iommu_interrupt(m, s);
    m->st.wired &= (uint32_t)m->st.reg[REG_ipsr];
    iommu_wires(m);
}

void iommu_interrupt_timer(struct iommu *m, enum source source)
{
    m->st.wired |= 1u << source;
    if (GET(m->st.reg[REG_fctl], fctl_WSI)) {
        iommu_wires(m);
        return;
    }
    if (m->port.interrupt) {
        m->port.interrupt(m->port.ctx, vector_of(m, source));
        return;
    }
    m->st.msi_pended |= 1u << vector_of(m, source);
    iommu_msi_send(m);
}

/* [iommu MSI]: TTYP 0, and the address. */
void iommu_msi_refused(struct iommu *m, uint64_t addr)
{
    uint64_t dw[4] = {CAUSE_iommu_msi_access_fault, 0, addr, 0};
    iommu_emit(m, VD_REC_iommu_fault, 0, CAUSE_iommu_msi_access_fault, 0, dw[2]);
    iommu_fault_push(m, dw);
}

static void send(struct iommu *m, uint32_t vector)
{
    uint32_t data = (uint32_t)m->st.reg[REG_msi_data + vector];
    if (GET(m->st.reg[REG_fctl], fctl_BE))
        data = __builtin_bswap32(data);
    struct vd_txn txn = {
        .addr = m->st.reg[REG_msi_addr + vector],
        .cmd = VD_WRITE,
        .size = 4,
        .serial = m->host.ops->serial(m->host.ctx),
        .data = {data},
    };
    m->st.msi_pended &= ~(1u << vector);
    m->st.msi_busy |= 1u << vector;
    iommu_emit(m, VD_REC_msi_issue, txn.serial, txn.addr, data,
               VD_REQUESTER_IOMMU(m->config.index));
    enum vd_status status = iommu_bus(m, &txn, TAG_MSI + vector);
    if (status == VD_RETRY) {
        m->st.msi_pended |= 1u << vector;
        m->st.msi_busy &= ~(1u << vector);
        iommu_after(m, TIMER_MSI, txn.delay ? txn.delay : m->config.cycle_ps);
    } else if (status != VD_PENDING) {
        txn.status = (uint8_t)status;
        iommu_msi_complete(m, vector, &txn);
    }
}

/* One message per vector is under way; further edges meanwhile become one more. */
void iommu_msi_send(struct iommu *m)
{
    for (uint32_t v = 0; v < VECTORS; v++) {
        bool pended = m->st.msi_pended & ~m->st.msi_busy & (1u << v);
        if (pended && !(m->st.reg[REG_msi_vec_ctl + v] & 1))
            send(m, v);
    }
}

void iommu_msi_complete(struct iommu *m, uint32_t vector, const struct vd_txn *txn)
{
    m->st.msi_busy &= ~(1u << vector);
    if (txn->status != VD_OK)
        iommu_msi_refused(m, m->st.reg[REG_msi_addr + vector]);
    iommu_msi_send(m);
}
