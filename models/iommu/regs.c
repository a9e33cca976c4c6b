/* SPDX-License-Identifier: BSD-2-Clause */
/* The register page [iommu CAP] .. [iommu MSI], interpreted from iommu_regs.def. */
#include "iommu/model.h"

#include <string.h>

enum { PRESENT_always = 255 };
enum {
#define CAPABILITY(name, key, lsb, width, fallback, text) PRESENT_##name = (lsb),
#include "iommu/capabilities.def"
#undef CAPABILITY
};

static const struct vd_field fields[] = {
#define REG(name, offset, count, stride, size, anchor, present_if)
#define END(name)
#define F(reg, field, lsb, width, access) {#field, lsb, width, access},
#include "iommu/iommu_regs.def"
#undef F
#undef END
#undef REG
};

/* Where the fields of a register begin and end in the table above. */
enum {
#define REG(name, offset, count, stride, size, anchor, present_if)                                 \
    BEGIN_##name, REW_##name = BEGIN_##name - 1,
#define F(reg, field, lsb, width, access) AT_##reg##_##field,
#define END(name)                         END_##name, BACK_##name = END_##name - 1,
#include "iommu/iommu_regs.def"
#undef END
#undef F
#undef REG
};

static const struct vd_reg table[] = {
#define REG(name, offset, count, stride, size, anchor, present_if)                                 \
    {#name,                                                                                        \
     offset,                                                                                       \
     count,                                                                                        \
     stride,                                                                                       \
     size,                                                                                         \
     0,                                                                                            \
     anchor,                                                                                       \
     &fields[BEGIN_##name],                                                                        \
     END_##name - BEGIN_##name},
#define F(reg, field, lsb, width, access)
#define END(name)
#include "iommu/iommu_regs.def"
#undef END
#undef F
#undef REG
};

/* Parallel to the table: number of the first element, and what must be there. */
static const struct {
    uint16_t first;
    uint8_t present_if;
} places[] = {
#define REG(name, offset, count, stride, size, anchor, present_if)                                 \
    {REG_##name, PRESENT_##present_if},
#define F(reg, field, lsb, width, access)
#define END(name)
#include "iommu/iommu_regs.def"
#undef END
#undef F
#undef REG
};

enum { ROWS = sizeof(table) / sizeof(table[0]) };

static const char *const conditions[] = {
#define REG(name, offset, count, stride, size, anchor, present_if) #present_if,
#define F(reg, field, lsb, width, access)
#define END(name)
#include "iommu/iommu_regs.def"
#undef END
#undef F
#undef REG
};

/* NULL: always there. */
const char *iommu_reg_capability(uint32_t row)
{
    bool message = places[row].first >= REG_msi_addr;
    return message                                    ? "IGS 0 or 2"
           : places[row].present_if == PRESENT_always ? NULL
                                                      : conditions[row];
}

const struct vd_reg *iommu_regs(uint32_t *count)
{
    *count = ROWS;
    return table;
}

static uint64_t mask_of(const struct vd_reg *row, unsigned access)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < row->num_fields; i++)
        if (row->fields[i].access == access)
            mask |= vd_mask(row->fields[i].lsb, row->fields[i].width);
    return mask;
}

static bool has_vectors(const struct iommu *m)
{
    return CAP(m, IGS) != 1;
}

static void restrict_ppn(struct iommu *m, uint32_t reg)
{
    m->writable[reg] &= ~MASK(cqb_PPN) | ((m->pas_mask >> 12) << cqb_PPN_lsb);
}

/* CHOICE: GXL is writable where both widths of addresses are on offer. */
static void configure_fctl(struct iommu *m)
{
    bool narrow = CAP(m, Sv32) || CAP(m, Sv32x4);
    bool wide =
        m->st.reg[REG_capabilities] & (MASK(capabilities_Sv39) | MASK(capabilities_Sv39x4) |
                                       MASK(capabilities_Sv48x4) | MASK(capabilities_Sv57x4));
    uint64_t *w = &m->writable[REG_fctl];
    *w = SET(*w, fctl_BE, CAP(m, END));
    *w = SET(*w, fctl_WSI, CAP(m, IGS) == 2);
    *w = SET(*w, fctl_GXL, narrow && wide);
}

static void configure_vectors(struct iommu *m)
{
    uint64_t bits = vd_mask(0, m->config.vector_bits);
    uint64_t *icvec = &m->writable[REG_icvec];
    *icvec = bits | bits << icvec_fiv_lsb | (CAP(m, HPM) ? bits << icvec_pmiv_lsb : 0) |
             (CAP(m, ATS) ? bits << icvec_piv_lsb : 0);
    for (uint32_t v = 0; v < VECTORS; v++)
        if (v > bits || !has_vectors(m))
            m->writable[REG_msi_addr + v] = m->writable[REG_msi_data + v] =
                m->writable[REG_msi_vec_ctl + v] = 0;
}

void iommu_regs_configure(struct iommu *m)
{
    m->st.reg[REG_capabilities] = m->config.capabilities;
    for (uint32_t row = 0; row < ROWS; row++)
        for (uint32_t i = 0; i < table[row].count; i++)
            m->writable[places[row].first + i] =
                mask_of(&table[row], VD_RW) | mask_of(&table[row], VD_WARL);
    configure_fctl(m);
    configure_vectors(m);
    restrict_ppn(m, REG_ddtp);
    restrict_ppn(m, REG_cqb);
    restrict_ppn(m, REG_fqb);
    restrict_ppn(m, REG_pqb);
}

void iommu_regs_reset(struct iommu *m)
{
    m->st.reg[REG_capabilities] = m->config.capabilities;
    m->st.reg[REG_fctl] = SET(0, fctl_WSI, CAP(m, IGS) == 1);
    bool only_narrow = (CAP(m, Sv32) || CAP(m, Sv32x4)) && !GET(m->writable[REG_fctl], fctl_GXL);
    m->st.reg[REG_fctl] = SET(m->st.reg[REG_fctl], fctl_GXL, only_narrow);
    m->st.reg[REG_ddtp] = m->config.reset_mode;
}

/* What writing a register does besides storing it. */

static void write_ddtp(struct iommu *m, uint64_t old)
{
    uint64_t *reg = &m->st.reg[REG_ddtp];
    if (GET(*reg, ddtp_iommu_mode) > m->config.max_mode)
        *reg = SET(*reg, ddtp_iommu_mode, GET(old, ddtp_iommu_mode));
    m->st.ddtp_seq = m->st.next_seq;
    *reg |= MASK(ddtp_busy);
    iommu_ddtp_progress(m);
}

static void write_index(struct iommu *m, uint32_t base, uint32_t index)
{
    m->st.reg[index] &= iommu_queue_mask(m, base);
}

static void write_cqt(struct iommu *m, uint64_t old)
{
    (void)old;
    write_index(m, REG_cqb, REG_cqt);
    iommu_cq_doorbell(m);
}

static void write_ipsr(struct iommu *m, uint64_t old)
{
    (void)old;
    m->st.wired &= (uint32_t)m->st.reg[REG_ipsr];
    iommu_wires(m);
    iommu_interrupt_levels(m);
}

static void write_evt(struct iommu *m, uint64_t old)
{
    (void)old;
    m->st.counting = false;
    for (uint32_t i = 0; i < COUNTERS; i++)
        m->st.counting |= GET(m->st.reg[REG_iohpmevt + i], iohpmevt_eventID) != 0;
}

static void wrote(struct iommu *m, uint32_t row, uint64_t old)
{
    switch (places[row].first) {
    case REG_ddtp:
        write_ddtp(m, old);
        break;
    case REG_cqb:
        write_index(m, REG_cqb, REG_cqt);
        break;
    case REG_fqb:
    case REG_fqh:
        write_index(m, REG_fqb, REG_fqh);
        break;
    case REG_pqb:
    case REG_pqh:
        write_index(m, REG_pqb, REG_pqh);
        break;
    case REG_cqt:
        write_cqt(m, old);
        break;
    case REG_cqcsr:
        iommu_cq_written(m, old);
        break;
    case REG_fqcsr:
        iommu_fq_written(m, old);
        break;
    case REG_pqcsr:
        iommu_pq_written(m, old);
        break;
    case REG_ipsr:
        write_ipsr(m, old);
        break;
    case REG_iocountinh:
    case REG_iohpmcycles:
        iommu_hpm_cycles_plan(m);
        break;
    case REG_iohpmevt:
        write_evt(m, old);
        break;
    case REG_tr_req_ctl:
        iommu_debug_start(m);
        break;
    case REG_fctl:
    case REG_icvec:
        iommu_wires(m);
        break;
    case REG_msi_vec_ctl:
        iommu_msi_send(m);
        break;
    default:
        break;
    }
}

static bool present(const struct iommu *m, uint32_t row)
{
    uint8_t bit = places[row].present_if;
    return bit == PRESENT_always || (m->st.reg[REG_capabilities] >> bit & 1);
}

/* The row and element at an offset; ROWS: nothing is there. */
static uint32_t find(uint32_t offset, uint32_t *element)
{
    for (uint32_t row = 0; row < ROWS; row++) {
        const struct vd_reg *r = &table[row];
        uint32_t stride = r->stride ? r->stride : r->size;
        uint32_t at = offset - r->offset;
        if (offset >= r->offset && at / stride < r->count && at % stride < r->size) {
            *element = at / stride;
            return row;
        }
    }
    return ROWS;
}

static uint64_t read_row(struct iommu *m, uint32_t row, uint32_t element)
{
    uint32_t reg = places[row].first + element;
    if (!present(m, row))
        return 0;
    if (reg == REG_iohpmcycles || reg == REG_iocountovf)
        iommu_hpm_cycles_sync(m);
    return reg == REG_iocountovf ? iommu_hpm_overflows(m) : m->st.reg[reg];
}

static void write_row(struct iommu *m, uint32_t row, uint32_t element, uint64_t value,
                      uint64_t lanes)
{
    uint32_t reg = places[row].first + element;
    if (!present(m, row))
        return;
    if (reg == REG_iohpmcycles || reg == REG_iocountinh)
        iommu_hpm_cycles_sync(m);
    uint64_t old = m->st.reg[reg], store = m->writable[reg] & lanes;
    uint64_t updated = (old & ~store) | (value & store);
    updated &= ~(value & lanes & mask_of(&table[row], VD_RW1C));
    updated |= value & lanes & mask_of(&table[row], VD_RW1S);
    m->st.reg[reg] = updated;
    wrote(m, row, old);
}

static uint64_t read_word(struct iommu *m, uint32_t offset)
{
    uint32_t element, row = find(offset, &element);
    if (row == ROWS)
        return 0;
    uint64_t value = read_row(m, row, element);
    return (uint32_t)(value >> (table[row].size == 8 && (offset & 4) ? 32 : 0));
}

static void write_word(struct iommu *m, uint32_t offset, uint32_t value)
{
    uint32_t element, row = find(offset, &element);
    if (row == ROWS)
        return;
    unsigned shift = table[row].size == 8 && (offset & 4) ? 32 : 0;
    write_row(m, row, element, (uint64_t)value << shift, (uint64_t)UINT32_MAX << shift);
}

static void write_wide(struct iommu *m, uint32_t offset, uint64_t value)
{
    uint32_t element, row = find(offset, &element);
    if (row != ROWS && table[row].size == 8) {
        write_row(m, row, element, value, UINT64_MAX);
        return;
    }
    write_word(m, offset, (uint32_t)value);
    write_word(m, offset + 4, (uint32_t)(value >> 32));
}

/* CHOICE: other sizes and misaligned accesses are denied; a pair of 32-bit registers may be
 * accessed by 64 bits. */
enum vd_status iommu_access(struct iommu *m, struct vd_txn *txn)
{
    uint32_t offset = (uint32_t)txn->addr & 0xfff;
    bool wide = txn->size == 8;
    txn->delay += iommu_cycles(m, m->config.timing.mmio);
    if ((txn->size != 4 && !wide) || (offset & (txn->size - 1u)) ||
        (txn->cmd != VD_READ && txn->cmd != VD_WRITE))
        return txn->status = VD_DENIED;
    if (txn->cmd == VD_READ)
        txn->data[0] = read_word(m, offset) | (wide ? read_word(m, offset + 4) << 32 : 0);
    else if (!(txn->attrs & VD_DEBUG)) {
        if (wide)
            write_wide(m, offset, txn->data[0]);
        else
            write_word(m, offset, (uint32_t)txn->data[0]);
    }
    return txn->status = VD_OK;
}
