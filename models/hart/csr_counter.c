/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters, time and the compare registers. */
#include "hart/counter.h"
#include "hart/csr.h"

/* mcycle, minstret, mhpmcounter3 and the unprivileged counters: the number's low bits. */
uint64_t read_counter(struct hart *h, uint32_t number)
{
    return counter_read(h, number & 31);
}

void write_counter(struct hart *h, uint32_t number, uint64_t value)
{
    counter_write(h, number & 31, value);
}

/* mhpmevent3; mcyclecfg (0x321) and minstretcfg (0x322) are those of counters 0 and 2. */
static unsigned configured(uint32_t number)
{
    return number == CSR_mcyclecfg ? COUNTER_CYCLE : number & 31;
}

uint64_t read_event(struct hart *h, uint32_t number)
{
    return h->st.csr.mhpmevent[configured(number)];
}

void write_event(struct hart *h, uint32_t number, uint64_t value)
{
    counter_configure(h, configured(number), value);
}

/* [priv norm:scountovf_smode_read_access_control] */
uint64_t read_scountovf(struct hart *h, uint32_t number)
{
    (void)number;
    const struct hart_csrs *csr = &h->st.csr;
    uint64_t bits = counter_overflows(h);
    if (h->st.priv != PRV_M)
        bits &= csr->mcounteren;
    return h->st.virt ? bits & csr->hcounteren : bits;
}

uint64_t read_time(struct hart *h, uint32_t number)
{
    (void)number;
    uint64_t time = h->host.ops->mtime(h->host.ctx);
    return h->st.virt ? time + h->st.csr.htimedelta : time;
}

/* stimecmp, vstimecmp and htimedelta. */
void store_timecmp(struct hart *h, uint64_t *field, uint64_t value)
{
    *field = value;
    interrupt_timers(h);
}

void store_counteren(struct hart *h, uint64_t *field, uint64_t value)
{
    uint64_t mask = 0;
    if (hart_has(h, HART_EXT_Zicntr))
        mask |= COUNTEREN_CY | COUNTEREN_TM | COUNTEREN_IR;
    if (hart_has(h, HART_EXT_Sstc))
        mask |= COUNTEREN_TM;
    if (hart_has(h, HART_EXT_Zihpm))
        mask |= vd_mask(3, 29);
    *field = value & mask;
}

void store_mcountinhibit(struct hart *h, uint64_t *field, uint64_t value)
{
    (void)field;
    uint64_t hpm = hart_has(h, HART_EXT_Zihpm) ? vd_mask(3, 29) : 0;
    counter_inhibit(h, value & (COUNTEREN_CY | COUNTEREN_IR | hpm));
}
