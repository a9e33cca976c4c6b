/* SPDX-License-Identifier: BSD-2-Clause */
/* What the privileged classes share: the CSRs that both sides have, and bits by name. */
#ifndef LOCKSTEP_PRIVILEGED_H
#define LOCKSTEP_PRIVILEGED_H

#include "image.h"

enum {
    CSR_SSTATUS = 0x100,
    CSR_SIE = 0x104,
    CSR_STVEC = 0x105,
    CSR_SCOUNTEREN = 0x106,
    CSR_SENVCFG = 0x10a,
    CSR_SEPC = 0x141,
    CSR_SCAUSE = 0x142,
    CSR_SIP = 0x144,
    CSR_SATP = 0x180,
    CSR_VSSTATUS = 0x200,
    CSR_VSIE = 0x204,
    CSR_VSTVEC = 0x205,
    CSR_VSEPC = 0x241,
    CSR_VSCAUSE = 0x242,
    CSR_VSIP = 0x244,
    CSR_VSATP = 0x280,
    CSR_MSTATUS = 0x300,
    CSR_MEDELEG = 0x302,
    CSR_MIDELEG = 0x303,
    CSR_MIE = 0x304,
    CSR_MCOUNTEREN = 0x306,
    CSR_MENVCFG = 0x30a,
    CSR_MCAUSE = 0x342,
    CSR_MEPC = 0x341,
    CSR_MIP = 0x344,
    CSR_MTINST = 0x34a,
    CSR_HSTATUS = 0x600,
    CSR_HEDELEG = 0x602,
    CSR_HIDELEG = 0x603,
    CSR_HIE = 0x604,
    CSR_HCOUNTEREN = 0x606,
    CSR_HENVCFG = 0x60a,
    CSR_HVIP = 0x645,
    CSR_HTINST = 0x64a,
    CSR_HGATP = 0x680
};

#define STATUS_SIE   UINT64_C(0x2)
#define STATUS_SPIE  UINT64_C(0x20)
#define STATUS_MPIE  UINT64_C(0x80)
#define STATUS_SPP   UINT64_C(0x100)
#define STATUS_MPP_S UINT64_C(0x800)
#define STATUS_FS    UINT64_C(0x6000)
#define STATUS_MPRV  UINT64_C(0x20000)
#define STATUS_SUM   UINT64_C(0x40000)
#define STATUS_MXR   UINT64_C(0x80000)
#define STATUS_TVM   UINT64_C(0x100000)
#define STATUS_TW    UINT64_C(0x200000)
#define STATUS_TSR   UINT64_C(0x400000)
#define STATUS_MPV   (UINT64_C(1) << 39)

#define HSTATUS_SPVP UINT64_C(0x100)
#define HSTATUS_HU   UINT64_C(0x200)
#define HSTATUS_VTVM UINT64_C(0x100000)
#define HSTATUS_VTW  UINT64_C(0x200000)
#define HSTATUS_VTSR UINT64_C(0x400000)

#define CAUSE_INTERRUPT   (UINT64_C(1) << 63)
#define CAUSE_ILLEGAL_BIT UINT64_C(4)
#define CAUSE_EBREAK_BIT  UINT64_C(8)

/* Random bits out of mask. */
static inline uint64_t random_bits(struct random *r, uint64_t mask)
{
    return random_next(r) & mask;
}

/* One of the five modes, V=1 by either way in. */
enum program_mode random_mode(struct random *r);
/* M as often as the others together, these by SRET: what MPV does in newer versions is in
 * README.md. */
enum program_mode random_entry(struct random *r);
/* A new case, some of its registers random. */
void begin_case(struct image *image, uint32_t flags);
/* Its last ebreak, and the run from start on. */
void finish_case(struct image *image, enum program_mode mode, uint64_t start);

#endif
