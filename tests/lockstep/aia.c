/* SPDX-License-Identifier: BSD-2-Clause */
/* AIA's CSRs: priorities, filtered and injected interrupts, interrupt files. */
#include "classes.h"
#include "privileged.h"

enum {
    CSR_SISELECT = 0x150,
    CSR_SIREG = 0x151,
    CSR_STOPEI = 0x15c,
    CSR_VSISELECT = 0x250,
    CSR_VSIREG = 0x251,
    CSR_VSTOPEI = 0x25c,
    CSR_MVIEN = 0x308,
    CSR_MVIP = 0x309,
    CSR_MISELECT = 0x350,
    CSR_MIREG = 0x351,
    CSR_MTOPEI = 0x35c,
    CSR_HVIEN = 0x608,
    CSR_HVICTL = 0x609,
    CSR_HIP = 0x644,
    CSR_HVIPRIO1 = 0x646,
    CSR_HVIPRIO2 = 0x647,
    CSR_STOPI = 0xdb0,
    CSR_VSTOPI = 0xeb0,
    CSR_MTOPI = 0xfb0
};

#define SUPERVISOR UINT64_C(0x222)
#define GUEST      UINT64_C(0x444)
/* Interrupts 16 to 23 and 32 to 47: the order of the others is a choice.  Not 22: where mvip has
 * it, QEMU takes virtual instruction exceptions to HS-mode. */
#define LOCAL UINT64_C(0x0000ffff00bf0000)
/* VS-level interrupts but the external one. */
#define FILTERED      UINT64_C(0x044)
#define HVICTL_VTI    UINT64_C(0x40000000)
#define HVICTL_IPRIOM UINT64_C(0x100)
/* Of the numbers of interrupts 0 to 7, those of 1 and 5. */
#define IPRIO_S UINT64_C(0x0000ff000000ff00)

static void emit_write(struct image *image, uint32_t csr, uint64_t value)
{
    image_li(image, 5, value);
    image_csr_op(image, "csrrw", 0, csr, 5);
}

/* What is on top, into x8, x9 and x10. */
static void emit_topi(struct image *image, enum program_mode mode)
{
    if ((mode & 7) == PROGRAM_M)
        image_csr_op(image, "csrrs", 8, CSR_MTOPI, 0);
    image_csr_op(image, "csrrs", 9, CSR_STOPI, 0);
    if (!(mode & 4))
        image_csr_op(image, "csrrs", 10, CSR_VSTOPI, 0);
}

/* --- iprio --- */

/* The iprio arrays and what they make of pending interrupts; no interrupt is taken in M. */
void class_iprio(struct image *image, uint32_t cases)
{
    static const uint32_t topi[] = {CSR_MTOPI, CSR_STOPI};
    /* Priorities of 1, 3, 5, 7 and 9; at S level of what is delegated. */
    static const uint64_t exist[2][2] = {{0x0300030003000300, 0x0300}, {0x0000030000000300, 0}};
    struct random *r = &image->random;
    while (cases-- > 0) {
        begin_case(image, PROGRAM_SKIP);
        image_csr(image, CSR_MIDELEG, SUPERVISOR);
        image_csr(image, CSR_MIE, random_bits(r, 0xaaa));
        image_csr(image, CSR_MIP, random_bits(r, 0x22)); /* not SEI (README.md) */
        uint64_t start = image_pc(image);
        for (uint32_t n = 0; n < 10; n++) {
            uint32_t select = random_one_in(r, 2) ? CSR_MISELECT : CSR_SISELECT;
            uint32_t second = random_below(r, 2);
            emit_write(image, select, 0x30 + 2 * second);
            image_li(image, 6, random_next(r) & exist[select == CSR_SISELECT][second]);
            image_csr_op(image, "csrrw", 0, select + 1, 6);
            image_csr_op(image, "csrrs", 7, select + 1, 0);
            image_csr_op(image, "csrrs", 8, topi[random_below(r, 2)], 0);
            image_ebreak(image);
        }
        finish_case(image, PROGRAM_M, start);
    }
}

/* --- aia --- */

/* A number that is small, so that two are equal now and then. */
static uint64_t random_number(struct random *r)
{
    return random_one_in(r, 3) ? 0 : 1 + random_below(r, random_one_in(r, 4) ? 255 : 3);
}

static uint64_t random_numbers(struct random *r)
{
    uint64_t numbers = 0;
    for (uint32_t i = 0; i < 8; i++)
        numbers |= random_number(r) << 8 * i;
    return numbers;
}

/* Where the VS level's external interrupt, SSI and STI, or what VTI injects can be on top: QEMU
 * knows no other combinations of them (README.md). */
enum injection { PENDING, EXTERNAL, INJECTED, INJECTIONS };

static uint64_t random_hvictl(struct random *r, enum injection kind)
{
    static const uint8_t iids[] = {1, 5, 13, 20, 44, 63};
    uint64_t iid = kind == INJECTED   ? iids[random_below(r, sizeof(iids))]
                   : kind == EXTERNAL ? 9
                                      : random_below(r, 2) * 9;
    uint64_t number = kind == PENDING ? 0 : 1 + random_below(r, 4);
    uint64_t vti = kind == INJECTED   ? HVICTL_VTI
                   : kind == EXTERNAL ? random_bits(r, HVICTL_VTI)
                                      : 0;
    return vti | iid << 16 | random_bits(r, HVICTL_IPRIOM) | number;
}

/* What hvip has, and vsie, as bits of VS interrupts in mie. */
static uint64_t random_guest_pending(struct random *r, enum injection kind)
{
    return kind == EXTERNAL ? 0x400 : random_bits(r, 0x44);
}

/* What may be written to a CSR; false: whether bits of it are set or cleared does not matter. */
static bool random_value(struct random *r, uint32_t csr, enum injection kind, uint64_t *value)
{
    uint64_t guest = random_guest_pending(r, kind);
    if (csr == CSR_HVICTL)
        *value = random_hvictl(r, kind);
    else if (csr == CSR_HVIPRIO1 || csr == CSR_HVIPRIO2 || csr == CSR_SIREG || csr == CSR_VSIREG)
        *value = random_numbers(r) & IPRIO_S;
    else if (csr == CSR_SISELECT || csr == CSR_VSISELECT)
        *value = 0x30;
    else if (csr == CSR_HVIP)
        *value = guest;
    else if (csr == CSR_MIE)
        *value = guest | random_bits(r, SUPERVISOR);
    else if (csr == CSR_VSIE)
        *value = guest >> 1;
    else
        *value = random_bits(r, 0x202);
    return csr != CSR_VSIP && csr != CSR_SIE && csr != CSR_SIP;
}

/* One access, and what is there then in x7. */
static void emit_aia_access(struct image *image, enum injection kind)
{
    static const char *const writes[] = {"csrrw", "csrrs", "csrrc"};
    static const uint32_t csrs[] = {
        CSR_HVICTL, CSR_HVICTL,   CSR_HVIPRIO1, CSR_HVIPRIO2,  CSR_HVIP,  CSR_VSIE,
        CSR_VSIP,   CSR_SIE,      CSR_SIP,      CSR_MIE,       CSR_STOPI, CSR_VSTOPI,
        CSR_MTOPI,  CSR_SISELECT, CSR_SIREG,    CSR_VSISELECT, CSR_VSIREG};
    struct random *r = &image->random;
    uint32_t csr = csrs[random_below(r, sizeof(csrs) / sizeof(csrs[0]))];
    uint64_t value;
    if (csr == CSR_SIE && kind == EXTERNAL)
        csr = CSR_SIP;
    if ((csr & 0xc00) == 0xc00) { /* QEMU lets zero be written to what is read-only */
        image_csr_op(image, "csrrs", 7, csr, 0);
        return;
    }
    bool whole = random_value(r, csr, kind, &value);
    image_li(image, 5, value);
    image_csr_op(image, writes[whole ? 0 : random_below(r, 3)], 0, csr, 5);
    if (csr != CSR_HVIP) /* which QEMU reads with bits of others */
        image_csr_op(image, "csrrs", 7, csr, 0);
}

static void random_status(struct image *image, bool v)
{
    struct random *r = &image->random;
    image_csr(image, CSR_STVEC, PROGRAM_STUB | random_below(r, 2));
    image_csr(image, CSR_VSTVEC, PROGRAM_STUB | random_below(r, 2));
    image_csr(image, CSR_MSTATUS, STATUS_FS | random_bits(r, STATUS_SIE));
    image_csr(image, CSR_VSSTATUS, STATUS_FS | (v ? random_bits(r, STATUS_SIE) : 0));
}

/* Interrupts that hvictl injects or hvip sets, by their priority numbers, in all modes; what VTI
 * takes from VS-mode. */
static void aia_case(struct image *image, enum program_mode mode)
{
    struct random *r = &image->random;
    enum injection kind = (enum injection)random_below(r, INJECTIONS);
    /* QEMU takes no interrupt that hvictl injects. */
    if ((mode & 7) == PROGRAM_VU)
        kind = PENDING;
    begin_case(image, PROGRAM_SKIP);
    image_csr(image, CSR_MVIEN, 0);
    image_csr(image, CSR_HVIEN, 0);
    image_csr(image, CSR_MIDELEG, SUPERVISOR);
    image_csr(image, CSR_HIDELEG, GUEST);
    image_csr(image, CSR_MIE, random_guest_pending(r, kind) | random_bits(r, SUPERVISOR));
    image_csr(image, CSR_MIP, random_bits(r, 0x22));
    image_csr(image, CSR_HVIP, random_guest_pending(r, kind));
    image_csr(image, CSR_HVICTL, random_hvictl(r, kind));
    image_csr(image, CSR_HVIPRIO1, random_numbers(r) & IPRIO_S);
    image_csr(image, CSR_HVIPRIO2, random_numbers(r));
    image_csr(image, CSR_SISELECT, 0x30);
    image_csr(image, CSR_SIREG, random_numbers(r) & IPRIO_S);
    image_csr(image, CSR_VSISELECT, 0x30);
    random_status(image, kind == PENDING);
    uint64_t start = image_pc(image);
    for (uint32_t n = 0; n < 8; n++) {
        emit_aia_access(image, kind);
        emit_topi(image, mode);
        image_ebreak(image);
    }
    finish_case(image, mode, start);
}

void class_aia(struct image *image, uint32_t cases)
{
    while (cases-- > 0)
        aia_case(image, random_entry(&image->random));
}

/* --- filter --- */

/* No two are equal, in no two words, and none is zero: QEMU does not have the default order. */
static uint64_t distinct_numbers(struct random *r, uint32_t word)
{
    uint64_t numbers = 0;
    for (uint32_t i = 0, step = 2 * random_below(r, 4) + 1, first = random_below(r, 8); i < 8; i++)
        numbers |= (uint64_t)(8 * ((first + i * step) % 8) + word + 1) << 8 * i;
    return numbers;
}

/* The arrays have numbers from reset on in QEMU. */
static void set_iprio(struct image *image, uint32_t select, bool random)
{
    static const uint64_t exist[8] = {
        [0] = IPRIO_S, [2] = ~UINT64_C(0), [4] = ~UINT64_C(0), [5] = ~UINT64_C(0)};
    for (uint32_t i = 0; i < 8; i++) {
        uint64_t numbers = random ? distinct_numbers(&image->random, i) : 0;
        image_csr(image, select, 0x30 + 2 * i);
        image_csr(image, select + 1, numbers & exist[i]);
    }
}

/* Of what mvien and hvien give away: what sie, sip, vsie and vsip show, and who takes it. */
static void emit_filter_access(struct image *image, bool v, uint64_t mvien, uint64_t hvien)
{
    static const char *const writes[] = {"csrrw", "csrrs", "csrrc"};
    const struct {
        uint32_t csr;
        uint64_t bits;
    } rows[] = {
        {CSR_MVIP, mvien | 0x202},
        {CSR_SIE, mvien | (v ? 0 : 0x22)},
        {CSR_SIP, mvien | 2},
        {CSR_VSIP, mvien | hvien | 2},
        {CSR_VSIE, mvien | hvien | FILTERED >> 1},
        {CSR_HVIP, hvien | FILTERED},
        {CSR_MIE, v ? 0x2 : 0x22},
        {CSR_HIE, FILTERED},
    };
    struct random *r = &image->random;
    uint32_t i = random_below(r, sizeof(rows) / sizeof(rows[0]));
    image_li(image, 5, random_bits(r, rows[i].bits));
    image_csr_op(image, writes[rows[i].csr == CSR_HVIP ? 0 : random_below(r, 3)], 0, rows[i].csr,
                 5);
    for (uint32_t n = 0; n < 5; n++)
        if (!v)
            image_csr_op(image, "csrrs", 11 + n, rows[n].csr, 0);
    image_csr_op(image, "csrrs", 16, CSR_MVIEN, 0);
}

/* In V-mode QEMU sees an interrupt of mvip only if mip has anything at all. */
static void filter_case(struct image *image, enum program_mode mode)
{
    struct random *r = &image->random;
    bool v = mode & 4;
    uint64_t some = random_one_in(r, 2) ? LOCAL : UINT64_C(0x300030000);
    uint64_t mideleg = v ? SUPERVISOR : random_bits(r, SUPERVISOR), enable = v ? 0x2 : 0x22;
    /* Not the same: QEMU takes the interrupt of one at the level of the other. */
    uint64_t mvien = random_bits(r, (some & 0x5555555555555555) | (0x202 & ~(mideleg & 2)));
    uint64_t hvien = random_bits(r, some & UINT64_C(0x0000000000aa0000));
    begin_case(image, PROGRAM_SKIP);
    image_csr(image, CSR_MVIEN, 0);
    image_csr(image, CSR_HVIEN, 0);
    image_csr(image, CSR_HVICTL, 0);
    image_csr(image, CSR_MVIP, 0);
    image_csr(image, CSR_MIP, v ? 0x20 : 0);
    image_csr(image, CSR_MIDELEG, mideleg);
    image_csr(image, CSR_MVIEN, mvien);
    image_csr(image, CSR_HIDELEG, random_bits(r, GUEST));
    image_csr(image, CSR_HVIEN, hvien);
    /* What an enable bit is when it becomes one of its own is unspecified. */
    image_csr(image, CSR_MIE, random_bits(r, enable | FILTERED));
    image_csr(image, CSR_SIE, random_bits(r, (mvien & LOCAL) | enable));
    image_csr(image, CSR_VSIE, random_bits(r, hvien | FILTERED >> 1));
    image_csr(image, CSR_MVIP, random_one_in(r, 2) ? 0 : random_bits(r, mvien | 0x202));
    image_csr(image, CSR_HVIP, random_one_in(r, 2) ? 0 : random_bits(r, hvien | FILTERED));
    image_csr(image, CSR_HVIPRIO1, distinct_numbers(r, 0) & IPRIO_S);
    image_csr(image, CSR_HVIPRIO2, distinct_numbers(r, 1));
    set_iprio(image, CSR_MISELECT, false);
    set_iprio(image, CSR_SISELECT, true);
    random_status(image, true);
    uint64_t start = image_pc(image);
    for (uint32_t n = 0; n < 6; n++) {
        emit_filter_access(image, v, mvien & LOCAL, hvien);
        emit_topi(image, mode);
        image_ebreak(image);
    }
    finish_case(image, mode, start);
}

void class_filter(struct image *image, uint32_t cases)
{
    while (cases-- > 0)
        filter_case(image, random_entry(&image->random));
}

/* --- files --- */

/* A file's registers by its select and window, claims by its topei; guest files by VGEIN. */
static void emit_file_access(struct image *image, uint32_t file)
{
    static const uint32_t levels[][3] = {{CSR_MISELECT, CSR_MIREG, CSR_MTOPEI},
                                         {CSR_SISELECT, CSR_SIREG, CSR_STOPEI},
                                         {CSR_VSISELECT, CSR_VSIREG, CSR_VSTOPEI}};
    static const char *const writes[] = {"csrrw", "csrrs", "csrrc"};
    struct random *r = &image->random;
    const uint32_t *level = levels[file];
    uint32_t kind = random_below(r, 8);
    if (kind == 0) { /* a claim, or a look */
        image_csr_op(image, "csrrw", 7, level[2], 0);
        image_csr_op(image, "csrrs", 6, level[2], 0);
        return;
    }
    uint32_t array = random_one_in(r, 3) ? 2 * random_below(r, 4) : 0; /* of 0 to 255 */
    uint32_t select = kind == 1 ? 0x70 : kind == 2 ? 0x72 : (kind < 6 ? 0x80 : 0xc0) + array;
    uint64_t value =
        random_next(r) & random_next(r) & (random_one_in(r, 2) ? ~UINT64_C(0) : 0xffff);
    if (kind == 1)
        value = random_below(r, 4) != 0;
    if (kind == 2)
        value = random_one_in(r, 2) ? 0 : 1 + random_below(r, random_one_in(r, 4) ? 255 : 16);
    emit_write(image, level[0], kind > 2 && random_one_in(r, 20) ? select + 1 : select);
    image_li(image, 6, value);
    image_csr_op(image, writes[kind < 3 ? 0 : random_below(r, 3)], 6, level[1], 6);
    image_csr_op(image, "csrrs", 7, level[1], 0);
    image_csr_op(image, "csrrs", 15, level[2], 0);
}

/* Empties what a case may have left. */
static void clear_file(struct image *image, uint32_t select)
{
    for (uint32_t i = 0; i < 8; i += 2) {
        image_csr(image, select, 0x80 + i);
        image_csr(image, select + 1, 0);
        image_csr(image, select, 0xc0 + i);
        image_csr(image, select + 1, 0);
    }
    image_csr(image, select, 0x70);
    image_csr(image, select + 1, 0);
    image_csr(image, select, 0x72);
    image_csr(image, select + 1, 0);
}

static void files_case(struct image *image)
{
    struct random *r = &image->random;
    uint32_t file = random_below(r, 3);
    uint64_t vgein = 1 + random_below(r, 3);
    begin_case(image, PROGRAM_SKIP);
    image_csr(image, CSR_MVIEN, 0);
    image_csr(image, CSR_HVIEN, 0);
    image_csr(image, CSR_HVICTL, 0);
    image_csr(image, CSR_HSTATUS, vgein << 12);
    clear_file(image, CSR_MISELECT);
    clear_file(image, CSR_SISELECT);
    clear_file(image, CSR_VSISELECT);
    static const uint32_t selects[] = {CSR_MISELECT, CSR_SISELECT, CSR_VSISELECT};
    for (uint32_t i = 0; i < 3; i++) {
        image_csr(image, selects[i], 0x70);
        image_csr(image, selects[i] + 1, !random_one_in(r, 4));
    }
    image_csr(image, CSR_MIDELEG, SUPERVISOR);
    image_csr(image, CSR_HIDELEG, GUEST);
    image_csr(image, CSR_MIE, random_bits(r, 0xeee));
    uint64_t start = image_pc(image);
    for (uint32_t n = 0; n < 12; n++) {
        emit_file_access(image, random_one_in(r, 4) ? random_below(r, 3) : file);
        emit_topi(image, PROGRAM_M);
        image_ebreak(image);
    }
    finish_case(image, PROGRAM_M, start);
}

void class_files(struct image *image, uint32_t cases)
{
    while (cases-- > 0)
        files_case(image);
}
