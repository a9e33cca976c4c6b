/* SPDX-License-Identifier: BSD-2-Clause */
/* CSR accesses, traps and interrupts, without translation. */
#include "privileged.h"

#include "classes.h"
#include "csrs.h"

enum program_mode random_mode(struct random *r)
{
    static const uint8_t modes[] = {PROGRAM_M,  PROGRAM_S,
                                    PROGRAM_S,  PROGRAM_S | PROGRAM_BY_SRET,
                                    PROGRAM_U,  PROGRAM_U | PROGRAM_BY_SRET,
                                    PROGRAM_VS, PROGRAM_VS | PROGRAM_BY_SRET,
                                    PROGRAM_VU, PROGRAM_VU | PROGRAM_BY_SRET};
    return (enum program_mode)modes[random_below(r, sizeof(modes))];
}

enum program_mode random_entry(struct random *r)
{
    enum program_mode mode = random_one_in(r, 2) ? PROGRAM_M : random_mode(r);
    return mode == PROGRAM_M ? mode : (enum program_mode)(mode | PROGRAM_BY_SRET);
}

void begin_case(struct image *image, uint32_t flags)
{
    image_step(image, PROGRAM_OP_CASE, flags, 0, 0);
    for (uint32_t i = 1; i < 32; i++)
        if (random_one_in(&image->random, 4))
            image_step(image, PROGRAM_OP_X, i, random_integer(&image->random), 0);
}

void finish_case(struct image *image, enum program_mode mode, uint64_t start)
{
    uint64_t end = image_pc(image);
    image_ebreak(image);
    image_step(image, PROGRAM_OP_RUN, (uint32_t)mode, start, end);
}

/* --- csr --- */

/* The bits that a case may write at random: the others are the harness's, or QEMU has no WARL there
 * (README.md). */
static const struct {
    uint32_t csr;
    uint64_t random, fixed, below_m;
} tamed[] = {
    {CSR_MSTATUS, UINT64_C(0xffffff00fffff9ff), UINT64_C(0xa00000000), ~UINT64_C(0)},
    {CSR_SSTATUS, UINT64_C(0xfffffffcfffff9ff), UINT64_C(0x200000000), ~UINT64_C(0)},
    {CSR_VSSTATUS, UINT64_C(0xc6122), UINT64_C(0x200000000), ~UINT64_C(0)},
    {CSR_HSTATUS, UINT64_C(0x7003c0), UINT64_C(0x200000000), ~UINT64_C(0)},
    {CSR_MENVCFG, 1, 0, ~UINT64_C(0)},
    {CSR_HENVCFG, 1, 0, ~UINT64_C(0)},
    {CSR_SENVCFG, 1, 0, ~UINT64_C(0)},
    {CSR_SIP, 0x222, 0, ~UINT64_C(0)},
    {CSR_VSIP, 0x222, 0, ~UINT64_C(0)},
    {CSR_STVEC, ~UINT64_C(2), 0, ~UINT64_C(0)},
    {CSR_VSTVEC, ~UINT64_C(2), 0, ~UINT64_C(0)},
    {CSR_MEPC, ~UINT64_C(1), 0, ~UINT64_C(0)},
    {CSR_SEPC, ~UINT64_C(1), 0, ~UINT64_C(0)},
    {CSR_VSEPC, ~UINT64_C(1), 0, ~UINT64_C(0)},
    {CSR_HTINST, 0, 0, 0},
    {CSR_MTINST, 0, 0, 0},
    {CSR_SCAUSE, CAUSE_INTERRUPT | 31, 0, ~UINT64_C(0)},
    {CSR_VSCAUSE, CAUSE_INTERRUPT | 31, 0, ~UINT64_C(0)},
    {CSR_MCAUSE, CAUSE_INTERRUPT | 31, 0, ~UINT64_C(0)},
    {CSR_SCOUNTEREN, UINT32_MAX, 0, ~UINT64_C(0)},
    {CSR_MCOUNTEREN, UINT32_MAX, 0, ~UINT64_C(0)},
    {CSR_HCOUNTEREN, UINT32_MAX, 0, ~UINT64_C(0)},
    {CSR_MIP, ~UINT64_C(0x2440), 0, ~UINT64_C(0)},
    {CSR_MEDELEG, ~UINT64_C(0x800), 0, ~UINT64_C(0)},
    {CSR_MIDELEG, ~UINT64_C(0x2000), 0, ~UINT64_C(0)},
    {CSR_MIE, ~UINT64_C(0x3000), 0, ~UINT64_C(0)},
    {CSR_HIE, ~UINT64_C(0x1000), 0, ~UINT64_C(0)},
    {CSR_SIE, 0x222, 0, ~UINT64_C(0)},
    {CSR_VSIE, 0x222, 0, ~UINT64_C(0)},
    /* Else fetch would be translated. */
    {CSR_SATP, ~UINT64_C(0), 0, 0},
    {CSR_VSATP, ~UINT64_C(0), 0, 0},
    {CSR_HGATP, UINT64_C(0xf3fffffffffffffc), 0, 0},
};

static uint64_t tame(uint32_t csr, bool m, uint64_t value)
{
    if (csr == CSR_HGATP || csr == CSR_VSATP) {
        static const uint8_t modes[] = {0, 8, 9, 10};
        value = (value & ~UINT64_C(0) >> 4) | (uint64_t)modes[value >> 60 & 3] << 60;
    }
    if (csr == CSR_MSTATUS && (value >> 11 & 3) == 2)
        value |= STATUS_MPP_S;
    for (uint32_t i = 0; i < sizeof(tamed) / sizeof(tamed[0]); i++)
        if (tamed[i].csr == csr)
            return ((value & tamed[i].random) | tamed[i].fixed) &
                   (m ? ~UINT64_C(0) : tamed[i].below_m);
    return value;
}

/* Whether QEMU forgets a check of the CSR itself (README.md). */
static bool unchecked(uint32_t csr, enum program_mode mode)
{
    return csr == CSR_HGATP || (csr == CSR_SATP && (mode & 4));
}

static void emit_csr_access(struct image *image, enum program_mode mode)
{
    static const char *const writes[] = {"csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"};
    struct random *r = &image->random;
    struct comparable_csr csr = csrs_at(random_below(r, csrs_count()));
    uint32_t how = random_below(r, 6), rs = 5 + random_below(r, 3);
    uint64_t value = random_integer(r) & csr.writable;
    bool m = (mode & 7) == PROGRAM_M;
    if (!m && unchecked(csr.number, mode))
        return;
    value = tame(csr.number, m, value);
    /* Setting or clearing tame bits is not tame. */
    if (tame(csr.number, m, 0) != 0 || tame(csr.number, m, ~UINT64_C(0)) != ~UINT64_C(0))
        how = 0;
    if (csr.number == CSR_MIP)
        how = 1 + random_below(r, 2);
    image_li(image, rs, value);
    image_csr_op(image, writes[how], 10 + random_below(r, 3), csr.number,
                 random_one_in(r, 8) && how % 3 ? 0 : rs);
    image_csr_op(image, "csrrs", 14 + random_below(r, 3), csr.number, 0);
}

void class_csr(struct image *image, uint32_t cases)
{
    struct random *r = &image->random;
    while (cases-- > 0) {
        enum program_mode mode = random_one_in(r, 2) ? PROGRAM_M : random_mode(r);
        begin_case(image, PROGRAM_SKIP);
        uint64_t status =
            random_bits(r, (mode & 4 ? 0 : STATUS_TVM) | STATUS_MXR | STATUS_SUM | STATUS_FS);
        image_csr(image, CSR_MSTATUS, status);
        image_csr(image, CSR_HSTATUS, random_bits(r, HSTATUS_VTVM | HSTATUS_HU));
        image_csr(image, CSR_VSSTATUS, random_bits(r, STATUS_FS));
        image_csr(image, CSR_MCOUNTEREN, (uint32_t)random_next(r));
        image_csr(image, CSR_HCOUNTEREN, (uint32_t)random_next(r));
        image_csr(image, CSR_MIDELEG,
                  tame(CSR_MIDELEG, true, random_next(r)) | (mode & 4 ? 0x222 : 0));
        image_csr(image, CSR_HIDELEG, random_next(r));
        uint64_t start = image_pc(image);
        for (uint32_t n = 0; n < 24; n++) {
            emit_csr_access(image, mode);
            image_ebreak(image);
        }
        finish_case(image, mode, start);
    }
}

/* --- trap --- */

/* An access to where there is nothing, or to what is not aligned enough for it. */
static void emit_bad_access(struct image *image)
{
    static const char *const loads[] = {"lb",  "lh",  "lw",   "ld",  "lbu",
                                        "lhu", "lwu", "lr_w", "lr_d"};
    static const char *const stores[] = {"sb", "sh", "sw", "sd", "amoadd_w", "amoor_d"};
    struct random *r = &image->random;
    uint64_t addresses[] = {0x50, 0x90000000, PROGRAM_SCRATCH + random_below(r, 64),
                            PROGRAM_SCRATCH + 8 * random_below(r, 64)};
    image_li(image, 5, addresses[random_below(r, 4)]);
    if (random_one_in(r, 2))
        image_op(image, loads[random_below(r, 9)], 10, 5, 0, 0);
    else
        image_op(image, stores[random_below(r, 6)], 10, 5, 11, 0);
}

static void emit_privileged(struct image *image, enum program_mode mode)
{
    /* In U-mode QEMU executes the last two (README.md). */
    static const char *const supervisor[] = {
        "sret",       "mret",        "sfence_vma",  "hfence_vvma",    "hfence_gvma",
        "sinval_vma", "hinval_vvma", "hinval_gvma", "sfence_w_inval", "sfence_inval_ir"};
    static const char *const names[] = {"ecall",   "hlv_b", "hlv_bu", "hlv_h",   "hlv_hu",
                                        "hlvx_hu", "hlv_w", "hlv_wu", "hlvx_wu", "hlv_d",
                                        "hsv_b",   "hsv_h", "hsv_w",  "hsv_d"};
    static const uint32_t illegal[] = {0x00000000, 0xffffffff, 0x0000100b, 0x00000057,
                                       0x7fe00073, 0x00004073, 0x0000202f, 0x10000053};
    struct random *r = &image->random;
    uint32_t kind = random_below(r, 16);
    if (kind == 0) {
        image_word(image, illegal[random_below(r, 8)]);
    } else if (kind == 1) {
        emit_bad_access(image);
    } else if (kind < 6) {
        static const char *const writes[] = {"csrrw", "csrrs", "csrrc"};
        uint32_t csr = csrs_at(random_below(r, csrs_count())).number;
        if (!unchecked(csr, mode))
            image_csr_op(image, writes[1 + random_below(r, 2)], 10, csr, 0);
    } else {
        const char *name =
            kind < 11 ? supervisor[random_below(r, mode & 3 ? 10 : 8)] : names[random_below(r, 14)];
        image_li(image, 5, PROGRAM_SCRATCH + 8 * random_below(r, 64));
        image_op(image, name, 10, 5, 11, 0);
    }
}

/* Where QEMU takes one cause for another (README.md), both go the same way. */
static uint64_t random_delegation(struct random *r)
{
    static const uint8_t pairs[][2] = {{6, 4}, {7, 5}, {15, 13}, {23, 21}, {22, 2}};
    uint64_t bits = tame(CSR_MEDELEG, true, random_next(r)) & ~CAUSE_EBREAK_BIT;
    for (uint32_t i = 0; i < 5; i++) {
        bits &= ~(UINT64_C(1) << pairs[i][1]);
        bits |= (bits >> pairs[i][0] & 1) << pairs[i][1];
    }
    return bits;
}

void class_trap(struct image *image, uint32_t cases)
{
    struct random *r = &image->random;
    while (cases-- > 0) {
        enum program_mode mode = random_mode(r);
        begin_case(image, PROGRAM_SKIP);
        bool delegate = random_one_in(r, 2);
        image_csr(image, CSR_MSTATUS,
                  random_bits(r, (mode & 4 ? 0 : STATUS_TVM | STATUS_TSR) | STATUS_TW | STATUS_MXR |
                                     STATUS_SUM | STATUS_SPIE | STATUS_MPIE | STATUS_FS));
        image_csr(
            image, CSR_HSTATUS,
            random_bits(r, HSTATUS_VTVM | HSTATUS_VTW | HSTATUS_VTSR | HSTATUS_HU | HSTATUS_SPVP));
        image_csr(image, CSR_VSSTATUS, random_bits(r, STATUS_FS | STATUS_SUM | STATUS_MXR));
        image_csr(image, CSR_MCOUNTEREN, (uint32_t)random_next(r));
        image_csr(image, CSR_HCOUNTEREN, (uint32_t)random_next(r));
        image_csr(image, CSR_MEDELEG, delegate ? random_delegation(r) : 0);
        uint64_t to_guest = random_delegation(r);
        image_csr(image, CSR_HEDELEG, (mode & 3) ? to_guest : to_guest & ~CAUSE_ILLEGAL_BIT);
        uint64_t start = image_pc(image);
        for (uint32_t n = 0; n < 4; n++) {
            emit_privileged(image, mode);
            image_ebreak(image);
        }
        image_csr(image, CSR_VSEPC, image_pc(image));
        image_csr(image, CSR_SEPC, image_pc(image));
        finish_case(image, mode, start);
    }
}

/* --- interrupt --- */

void class_interrupt(struct image *image, uint32_t cases)
{
    struct random *r = &image->random;
    const uint64_t supervisor = 0x222, guest = 0x444;
    while (cases-- > 0) {
        enum program_mode mode = random_mode(r);
        begin_case(image, 0);
        image_csr(image, CSR_MSTATUS,
                  STATUS_FS | random_bits(r, STATUS_SIE | STATUS_SPIE | STATUS_MPIE));
        image_csr(image, CSR_VSSTATUS, STATUS_FS | random_bits(r, STATUS_SIE));
        /* With V=1, what QEMU reads from sie depends on mideleg. */
        bool guest_sie = (mode & 4) && random_one_in(r, 3);
        image_csr(image, CSR_MIDELEG,
                  tame(CSR_MIDELEG, true, random_next(r)) | (guest_sie ? supervisor : 0));
        image_csr(image, CSR_HIDELEG, random_one_in(r, 3) ? 0 : random_next(r));
        image_csr(image, CSR_MIE,
                  random_bits(r, random_one_in(r, 2) ? supervisor : supervisor | guest));
        image_csr(image, CSR_MIP, random_bits(r, supervisor));
        image_csr(image, CSR_HVIP, random_one_in(r, 2) ? 0 : random_bits(r, guest));
        image_csr(image, CSR_STVEC, PROGRAM_STUB | random_below(r, 2));
        image_csr(image, CSR_VSTVEC, PROGRAM_STUB | random_below(r, 2));
        uint64_t start = image_pc(image);
        for (uint32_t n = 0; n < 4; n++)
            image_op(image, "addi", 10 + n, 10 + n, 0, 1);
        /* What becomes possible while the program runs. */
        if (random_one_in(r, 2)) {
            static const uint32_t csrs[] = {CSR_SSTATUS, CSR_SIE,     CSR_SIP,  CSR_MSTATUS,
                                            CSR_MIE,     CSR_MIP,     CSR_HVIP, 0x604,
                                            0x644,       CSR_VSSTATUS};
            uint32_t csr = guest_sie ? csrs[1 + random_below(r, 2)] : csrs[random_below(r, 10)];
            if ((mode & 4) && !guest_sie && (csr == CSR_SIE || csr == CSR_SIP))
                csr = CSR_SSTATUS;
            bool status = csr == CSR_SSTATUS || csr == CSR_MSTATUS || csr == CSR_VSSTATUS;
            uint64_t bits = status ? STATUS_SIE | 8 : supervisor | guest;
            image_li(image, 5, tame(csr, false, random_bits(r, bits)) & bits);
            image_csr_op(image, random_one_in(r, 3) ? "csrrc" : "csrrs", 6, csr, 5);
            image_op(image, "addi", 7, 7, 0, 1);
        }
        image_ebreak(image);
        finish_case(image, mode, start);
    }
}

/* --- wait --- */

/* Where WFI is allowed an interrupt is pending that the mode masks, so that it goes on at once.
 * Where TW or VTW make it trap there is none: whether it traps before it looks is a choice. */
void class_wait(struct image *image, uint32_t cases)
{
    struct random *r = &image->random;
    while (cases-- > 0) {
        enum program_mode mode = random_mode(r);
        uint64_t tw = random_bits(r, STATUS_TW), vtw = random_bits(r, HSTATUS_VTW);
        bool traps = (mode & 3) != PROGRAM_M && (tw || !(mode & 3) || (mode & 4 && vtw));
        uint64_t pending = traps ? 0 : mode & 4 ? 0x4 : 0x2; /* VSSI, SSI */
        begin_case(image, PROGRAM_SKIP);
        image_csr(image, CSR_MSTATUS, STATUS_FS | tw);
        image_csr(image, CSR_HSTATUS, vtw);
        image_csr(image, CSR_MIDELEG, 0x222);
        image_csr(image, CSR_HIDELEG, 0x444);
        image_csr(image, CSR_MIE, pending);
        image_csr(image, CSR_MIP, pending & 0x2);
        image_csr(image, CSR_HVIP, pending & 0x4);
        image_csr(image, CSR_MEDELEG, random_one_in(r, 2) ? random_delegation(r) : 0);
        uint64_t start = image_pc(image);
        for (uint32_t n = 0; n < 3; n++) {
            image_op(image, "addi", 10 + n, 10 + n, 0, 1);
            image_op(image, "wfi", 0, 0, 0, 0);
            image_ebreak(image);
        }
        finish_case(image, mode, start);
    }
}

/* --- pmp --- */

/* A part of the scratch area in units of 8 bytes: a smaller one would stop the harness, since M too
 * may not load a doubleword of which an entry matches a part [priv norm:pmp_full_match_required].
 */
static uint64_t random_pmpaddr(struct random *r, bool tor)
{
    uint64_t address = PROGRAM_SCRATCH >> 2;
    uint32_t bits = 1 + random_below(r, 11), offset = random_below(r, PROGRAM_SCRATCH_SIZE / 4);
    if (tor)
        return address + (offset & ~1U);
    return address + (offset & ~((2U << bits) - 1)) + ((UINT64_C(1) << bits) - 1);
}

/* W without R is reserved [priv norm:pmp_rwx_warl]; L would stay for the cases that follow. */
static uint64_t random_pmpcfg(struct random *r, bool tor)
{
    uint64_t config = 0;
    for (uint32_t i = 0; i < 7; i++) {
        uint64_t entry = random_below(r, 8), matching = tor ? 0x08 : 0x18;
        entry = (entry & 3) == 2 ? entry ^ 1 : entry;
        config |= (entry | (random_one_in(r, 4) ? 0 : matching)) << (8 * i);
    }
    return config;
}

void class_pmp(struct image *image, uint32_t cases)
{
    static const char *const names[] = {"lb", "lw", "ld", "sb", "sw", "sd", "lhu", "sh"};
    struct random *r = &image->random;
    while (cases-- > 0) {
        begin_case(image, PROGRAM_SKIP | PROGRAM_MEMORY);
        uint64_t start = image_pc(image);
        bool tor = random_one_in(r, 2);
        for (uint32_t i = 0; i < 7; i++)
            image_csr(image, 0x3b0 + i, random_pmpaddr(r, tor));
        /* The last of the eight lets what the others leave open, sometimes. */
        image_csr(image, 0x3b7, UINT64_MAX >> 10);
        uint64_t config = random_pmpcfg(r, tor);
        image_csr(image, 0x3a0, config | (random_one_in(r, 6) ? 0 : UINT64_C(0x1f) << 56));
        for (uint32_t n = 0; n < 12; n++) {
            uint32_t offset =
                random_below(r, PROGRAM_SCRATCH_SIZE) & ~(random_one_in(r, 4) ? 0U : 7U);
            image_li(image, 5, PROGRAM_SCRATCH + offset);
            image_op(image, names[random_below(r, 8)], 10, 5, 11, 0);
            image_ebreak(image);
        }
        finish_case(image, random_one_in(r, 2) ? PROGRAM_S : PROGRAM_U, start);
    }
}
