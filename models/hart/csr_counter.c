/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters, time and the compare registers. */
#include "hart/csr.h"

#define UNUSED (void)row, (void)index

/* A counter is the hart's own count plus an offset; an inhibited one is the offset alone. */
static uint64_t count(const struct hart *h, uint64_t bit, uint64_t own, uint64_t offset)
{
    return h->st.csr.mcountinhibit & bit ? offset : own + offset;
}

static uint64_t offset_for(const struct hart *h, uint64_t bit, uint64_t own, uint64_t value)
{
    return h->st.csr.mcountinhibit & bit ? value : value - own;
}

uint64_t read_mcycle(struct hart *h, const struct csr_row *row, uint32_t index)
{
    UNUSED;
    return count(h, COUNTEREN_CY, h->st.cycles, h->st.csr.mcycle_offset);
}

void write_mcycle(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    UNUSED;
    h->st.csr.mcycle_offset = offset_for(h, COUNTEREN_CY, h->st.cycles, value);
}

uint64_t read_minstret(struct hart *h, const struct csr_row *row, uint32_t index)
{
    UNUSED;
    return count(h, COUNTEREN_IR, h->st.instret, h->st.csr.minstret_offset);
}

/* The instruction that writes does not count in what the next one reads [priv norm:minstret]; it is
 * not in instret yet. */
void write_minstret(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    UNUSED;
    h->st.csr.minstret_offset = offset_for(h, COUNTEREN_IR, h->st.instret + 1, value);
}

uint64_t read_time(struct hart *h, const struct csr_row *row, uint32_t index)
{
    UNUSED;
    hart_sync(h);
    uint64_t time = h->host.ops->mtime(h->host.ctx);
    return h->st.virt ? time + h->st.csr.htimedelta : time;
}

/* stimecmp, vstimecmp and htimedelta. */
void write_timecmp(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    *csr_field(h, row, index) = value;
    interrupt_timers(h);
}

void write_counteren(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    uint64_t mask = 0;
    if (hart_has(h, HART_EXT_Zicntr))
        mask |= COUNTEREN_CY | COUNTEREN_TM | COUNTEREN_IR;
    if (hart_has(h, HART_EXT_Sstc))
        mask |= COUNTEREN_TM;
    if (hart_has(h, HART_EXT_Zihpm))
        mask |= vd_mask(3, 29);
    *csr_field(h, row, index) = value & mask;
}

void write_mcountinhibit(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    UNUSED;
    struct hart_csrs *csr = &h->st.csr;
    uint64_t cycle = read_mcycle(h, row, 0);
    uint64_t instret = read_minstret(h, row, 0);
    csr->mcountinhibit = value & (COUNTEREN_CY | COUNTEREN_IR);
    csr->mcycle_offset = offset_for(h, COUNTEREN_CY, h->st.cycles, cycle);
    csr->minstret_offset = offset_for(h, COUNTEREN_IR, h->st.instret, instret);
}
