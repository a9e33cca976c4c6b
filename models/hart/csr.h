/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of the CSRs: numbers, fields, and one row per CSR (csr.def). */
#ifndef HART_CSR_H
#define HART_CSR_H

#include "hart/state.h"

enum csr_number {
#define CSR(number, name, ...)            CSR_##name = (number),
#define CSR_ARRAY(first, last, name, ...) CSR_##name = (first),
#include "hart/csr.def"
#undef CSR
#undef CSR_ARRAY
};

/* Fields of mstatus, sstatus and vsstatus. */
#define MSTATUS_SIE   VD_BIT(1)
#define MSTATUS_MIE   VD_BIT(3)
#define MSTATUS_SPIE  VD_BIT(5)
#define MSTATUS_MPIE  VD_BIT(7)
#define MSTATUS_SPP   VD_BIT(8)
#define MSTATUS_MPP   (UINT64_C(3) << 11)
#define MSTATUS_FS    (UINT64_C(3) << 13)
#define MSTATUS_MPRV  VD_BIT(17)
#define MSTATUS_SUM   VD_BIT(18)
#define MSTATUS_MXR   VD_BIT(19)
#define MSTATUS_TVM   VD_BIT(20)
#define MSTATUS_TW    VD_BIT(21)
#define MSTATUS_TSR   VD_BIT(22)
#define MSTATUS_SPELP VD_BIT(23)
#define MSTATUS_UXL   (UINT64_C(3) << 32)
#define MSTATUS_SXL   (UINT64_C(3) << 34)
#define MSTATUS_GVA   VD_BIT(38)
#define MSTATUS_MPV   VD_BIT(39)
#define MSTATUS_MPELP VD_BIT(41)
#define MSTATUS_SD    VD_BIT(63)
#define XLEN_64       UINT64_C(2) /* in MXL, SXL, UXL, VSXL */

#define HSTATUS_GVA   VD_BIT(6)
#define HSTATUS_SPV   VD_BIT(7)
#define HSTATUS_SPVP  VD_BIT(8)
#define HSTATUS_HU    VD_BIT(9)
#define HSTATUS_VTVM  VD_BIT(20)
#define HSTATUS_VTW   VD_BIT(21)
#define HSTATUS_VTSR  VD_BIT(22)
#define HSTATUS_HUPMM (UINT64_C(3) << 48)

/* Fields of menvcfg, henvcfg and senvcfg. */
#define ENVCFG_FIOM  VD_BIT(0)
#define ENVCFG_LPE   VD_BIT(2)
#define ENVCFG_SSE   VD_BIT(3)
#define ENVCFG_CBIE  (UINT64_C(3) << 4)
#define ENVCFG_CBCFE VD_BIT(6)
#define ENVCFG_CBZE  VD_BIT(7)
#define ENVCFG_PMM   (UINT64_C(3) << 32)
#define ENVCFG_ADUE  VD_BIT(61)
#define ENVCFG_PBMTE VD_BIT(62)
#define ENVCFG_STCE  VD_BIT(63)

#define MSECCFG_USEED VD_BIT(8)
#define MSECCFG_SSEED VD_BIT(9)
#define MSECCFG_MLPE  VD_BIT(10)
#define MSECCFG_PMM   (UINT64_C(3) << 32)

#define STATEEN_SE      VD_BIT(63)
#define STATEEN_ENVCFG  VD_BIT(62)
#define STATEEN_CSRIND  VD_BIT(60)
#define STATEEN_AIA     VD_BIT(59)
#define STATEEN_IMSIC   VD_BIT(58)
#define STATEEN_CONTEXT VD_BIT(57)

#define HVICTL_VTI    VD_BIT(30)
#define HVICTL_DPR    VD_BIT(9)
#define HVICTL_IPRIOM VD_BIT(8)

/* Fields of tdata1, by type. */
#define MCONTROL6_HIT1   VD_BIT(25)
#define MCONTROL6_HIT0   VD_BIT(22)
#define MCONTROL6_SELECT VD_BIT(21)
#define MCONTROL6_CHAIN  VD_BIT(11)
#define ICOUNT_HIT       VD_BIT(24)
#define ICOUNT_PENDING   VD_BIT(8)
#define TRAP_HIT         VD_BIT(58) /* itrigger, etrigger */

/* The bits of svalue as scontext has them. */
#define TEXTRA_SVALUE vd_mask(0, 34)

#define COUNTEREN_CY VD_BIT(0)
#define COUNTEREN_TM VD_BIT(1)
#define COUNTEREN_IR VD_BIT(2)

enum {
    MSTATUS_MPP_LSB = 11,
    HSTATUS_VGEIN_LSB = 12,
    HSTATUS_VSXL_LSB = 32,
    HSTATUS_HUPMM_LSB = 48,
    ENVCFG_CBIE_LSB = 4,
    ENVCFG_PMM_LSB = 32,
    MSECCFG_PMM_LSB = 32,
    HVICTL_IID_LSB = 16,
    HVICTL_IID_BITS = 12,
    TDATA1_TYPE_LSB = 60,
    TRIGGER_ICOUNT = 3,
    TRIGGER_ITRIGGER = 4,
    TRIGGER_ETRIGGER = 5,
    TRIGGER_MCONTROL6 = 6,
    TRIGGER_DISABLED = 15,
    MCONTROL6_SIZE_LSB = 16,
    MCONTROL6_MATCH_LSB = 7,
    MATCH_NAPOT = 1,
    MATCH_GE = 2,
    MATCH_LT = 3,
    MATCH_MASK_LOW = 4,
    MATCH_MASK_HIGH = 5,
    MATCH_NOT = 8, /* with equal, NAPOT and the masks */
    ICOUNT_COUNT_LSB = 10,
    /* tdata3. */
    TEXTRA_MHVALUE_LSB = 51,
    TEXTRA_MHSELECT_LSB = 48,
    TEXTRA_SBYTEMASK_LSB = 36,
    TEXTRA_SVALUE_LSB = 2,
    TEXTRA_SCONTEXT = 1, /* sselect */
    TEXTRA_ASID = 2,
    TEXTRA_MCONTEXT = 1, /* low bits of mhselect */
    TEXTRA_VMID = 2,
    MHSELECT_MCONTEXT = 4,
    /* Ranges of the indirect register selects [aia CSRs]. */
    SELECT_IPRIO = 0x30,
    SELECT_IPRIO_LAST = 0x3f,
    SELECT_IMSIC = 0x70,
    SELECT_EIP = 0x80,
    SELECT_IMSIC_LAST = 0xff,
};

/* Who makes an access. qualify: would HS-mode be allowed this with some register contents
 * [priv H_cause_virtual_instruction]? */
struct csr_access {
    uint32_t number;
    uint8_t priv;
    bool virt, write, qualify;
};

struct csr_row {
    const char *name;
    uint64_t all, any; /* it exists with all extensions of `all`, and one of `any` unless 0 */
    enum csr_result (*check)(const struct hart *h, const struct csr_access *access);
    uint64_t (*read)(struct hart *h, uint32_t number);
    void (*write)(struct hart *h, uint32_t number, uint64_t value);
    bool live; /* what it reads changes by itself */
};

#define CSR_CHECK(name)                                                                            \
    enum csr_result check_##name(const struct hart *h, const struct csr_access *access);
#define CSR_READ(name)  uint64_t read_##name(struct hart *h, uint32_t number);
#define CSR_LIVE(name)  CSR_READ(name)
#define CSR_WRITE(name) void write_##name(struct hart *h, uint32_t number, uint64_t value);
#define CSR_STORE(name) void store_##name(struct hart *h, uint64_t *field, uint64_t value);
#include "hart/csr_hooks.def"
#undef CSR_CHECK
#undef CSR_READ
#undef CSR_LIVE
#undef CSR_WRITE
#undef CSR_STORE

void csr_trigger_reset(struct hart *h);
/* The base of a read-modify-write of mip: SEIP without the controller's signal. */
uint64_t csr_mip_base(struct hart *h);
bool csr_vgein_valid(const struct hart *h);
/* The guest file that VGEIN selects, as the IMSIC numbers files. */
uint32_t csr_guest_file(const struct hart *h);
/* mstateen0 or hstateen0 forbids what `bit` controls?  access says for whom. */
enum csr_result csr_stateen(const struct hart *h, const struct csr_access *access, uint64_t bit);
/* menvcfg, henvcfg and senvcfg let this mode use what `field` enables, if they do it by bits that
 * must not all be zero. */
enum csr_result csr_envcfg(const struct hart *h, uint8_t priv, bool virt, uint64_t field);
/* sireg and its relatives once the select is known. */
enum csr_result csr_indirect_check(const struct hart *h, const struct csr_access *access);

#endif
