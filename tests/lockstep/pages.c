/* SPDX-License-Identifier: BSD-2-Clause */
/* Translated accesses: one stage from S, U and M with MPRV; two stages from VS, VU and by HLV and
 * HSV. */
#include <string.h>

#include "classes.h"
#include "privileged.h"
#include "tables.h"

/* The upper alias of RAM is for U-mode, the lower for S-mode. */
#define USER_ALIAS UINT64_C(0x40000000)
/* A page that PMP denies to all but M. */
#define DENIED UINT64_C(0x80620000)
#define FAULT_CAUSES                                                                               \
    (UINT64_C(0xb0f3)) /* misaligned, access and page faults: 0 1 4 5 6 7 12 13 15 */
#define GUEST_FAULT_CAUSES UINT64_C(0xb00000)

struct access {
    struct image *image;
    struct random *random;
    struct tables tables;
    struct stage s, vs, g;
    uint64_t target;  /* physical */
    uint64_t address; /* what the instruction has in x10 */
    uint64_t entry;   /* where its leaf is */
    bool fetch, guest;
    bool table; /* what is being mapped is read by the walk */
    bool newer; /* for a witness that knows A, D and the reserved bits of a PTE, and HLVX */
};

static uint32_t random_levels(struct random *r, bool bare)
{
    return bare && random_one_in(r, 4) ? 0 : 3 + random_below(r, 3);
}

/* The address where leaf's page begins to be chosen at random; the root's first entries are kept
 * free. */
static uint64_t random_address(struct access *a, const struct stage *stage, uint32_t leaf_level,
                               uint64_t physical)
{
    uint32_t offset_bits = 12 + 9 * leaf_level, root_shift = 12 + 9 * (stage->levels - 1);
    uint64_t offset = physical & ((UINT64_C(1) << offset_bits) - 1);
    /* A PTE has room for 56 bits of a guest physical address, Sv57x4 for 59; QEMU sign-extends it
     * (README.md). */
    uint32_t guest_indices = stage->levels == 5 ? 256 : 1024;
    uint64_t index = 4 + random_below(a->random, (stage->guest ? guest_indices : 512) - 4);
    uint64_t middle = random_next(a->random) & ((UINT64_C(1) << root_shift) - 1);
    uint64_t address = index << root_shift | middle >> offset_bits << offset_bits | offset;
    uint32_t unused = 64 - root_shift - 9;
    return stage->guest ? address : (uint64_t)((int64_t)(address << unused) >> unused);
}

static uint64_t random_leaf(struct access *a, bool user)
{
    struct random *r = a->random;
    uint64_t flags = PTE_GOOD | (user ? PTE_U : 0);
    static const uint64_t choices[] = {PTE_R, PTE_W, PTE_X, PTE_U, PTE_R | PTE_W, PTE_W | PTE_X};
    if (random_one_in(r, 2))
        flags ^= choices[random_below(r, 6)];
    if (random_one_in(r, 24))
        flags ^= PTE_V;
    return flags;
}

/* QEMU lets MXR make a table readable for the walk (README.md). */
static uint64_t without_execute_only(const struct access *a, uint64_t leaf)
{
    return a->table && !(leaf & PTE_R) ? leaf & ~PTE_X : leaf;
}

/* Sometimes a pointer or a leaf is made one that no translation may accept. */
static void spoil(struct access *a, const struct path *path)
{
    struct random *r = a->random;
    if (!random_one_in(r, a->newer ? 2 : 6))
        return;
    uint32_t level = path->leaf_level + random_below(r, path->top_level - path->leaf_level + 1);
    uint64_t entry = path->entry[level], value = tables_get(&a->tables, entry);
    bool leaf = level == path->leaf_level;
    switch (random_below(r, a->newer ? 8 : 5)) {
    case 0:
        value ^= PTE_V;
        break;
    case 1: /* U in a pointer is reserved; a superpage that is not aligned */
        value ^= leaf ? (level ? UINT64_C(1) << (10 + random_below(r, 9 * level)) : 0) : PTE_U;
        break;
    case 2:
        value ^= leaf ? PTE_R : PTE_W;
        break;
    case 3:
        value |= UINT64_C(1) << (61 + random_below(r, 3));
        break;
    case 4: /* PMP does not let the walk read there */
        value = leaf || a->guest ? value ^ PTE_X : (DENIED >> 2 | PTE_V);
        break;
    case 5: /* in a pointer both are reserved */
        value ^= leaf && random_one_in(r, 2) ? PTE_A : PTE_D;
        break;
    case 6:
        value ^= leaf ? PTE_A | PTE_D : PTE_A;
        break;
    default:
        value |= UINT64_C(1) << (54 + random_below(r, 7));
    }
    tables_set(&a->tables, entry, leaf ? without_execute_only(a, value) : value);
}

/* RAM at its own address for S, at the alias for U, in gigapages. */
static void map_ram(struct access *a, const struct stage *stage)
{
    if (stage->levels == 0)
        return;
    tables_map(&a->tables, stage, UINT64_C(0x80000000), 2, 0x80000000,
               PTE_GOOD | (stage->guest ? PTE_U : 0));
    if (!stage->guest)
        tables_map(&a->tables, stage, 0x80000000 + USER_ALIAS, 2, 0x80000000, PTE_GOOD | PTE_U);
}

/* Returns an address that the stage translates to physical, more or less. */
static uint64_t map_target(struct access *a, const struct stage *stage, uint64_t physical,
                           uint64_t flags)
{
    if (stage->levels == 0)
        return physical;
    uint32_t level;
    uint64_t address;
    do {
        level = random_below(a->random, stage->levels);
        address = random_address(a, stage, level, physical);
    } while (tables_taken(&a->tables, stage, address, level));
    struct path path = tables_map(&a->tables, stage, address, level, physical, flags);
    a->entry = path.entry[level];
    spoil(a, &path);
    return address;
}

static void choose_target(struct access *a)
{
    struct random *r = a->random;
    a->fetch = random_one_in(r, 5);
    uint64_t offset = random_one_in(r, 12) ? 0x1000 - 1 - random_below(r, 7)
                                           : 8 * random_below(r, 512) +
                                                 (random_one_in(r, 4) ? random_below(r, 8) : 0);
    a->target = a->fetch ? PROGRAM_STUB + 4 * random_below(r, 1000) : PROGRAM_SCRATCH + offset;
    if (!a->guest && random_one_in(r, 24))
        a->target = DENIED + (a->target & 0xff8);
}

static void emit_access(struct access *a)
{
    static const char *const names[] = {"lb",  "lh",       "lw",        "ld",       "lbu",
                                        "lhu", "lwu",      "sb",        "sh",       "sw",
                                        "sd",  "amoadd_w", "amoswap_d", "amomaxu_w"};
    struct random *r = a->random;
    uint32_t which = random_below(r, 14);
    if (a->fetch) {
        image_op(a->image, "jalr", 1, 10, 0, 0);
        return;
    }
    /* Alignment is the class atomic's; in two stages QEMU takes atomics for loads first
     * (README.md). */
    if (which >= 11 && (a->guest || (a->target & 7)))
        which = 10;
    image_op(a->image, names[which], 12, 10, 11, 0);
}

/* In two stages QEMU takes what PMP denies for a guest-page fault (README.md). */
static struct access begin(struct image *image, bool guest)
{
    struct access a = {.image = image, .random = &image->random, .guest = guest};
    image_step(image, PROGRAM_OP_CASE, PROGRAM_MAPPED | PROGRAM_MEMORY, 0, 0);
    choose_target(&a);
    image_csr(image, 0x3b1, UINT64_MAX >> 10);
    image_csr(image, 0x3a0, 0x1f1f);
    image_csr(image, 0x3b0, DENIED >> 2 | 0x1ff);
    image_csr(image, 0x3a0, 0x1f18);
    return a;
}

static void finish(struct access *a, enum program_mode mode, uint64_t start, uint64_t alias)
{
    uint64_t end = image_pc(a->image);
    image_ebreak(a->image);
    image_step(a->image, PROGRAM_OP_X, 10, a->address, 0);
    image_step(a->image, PROGRAM_OP_X, 11, random_next(a->random), 0);
    tables_emit(&a->tables, a->image);
    image_step(a->image, PROGRAM_OP_RUN, (uint32_t)mode, start + alias, end + alias);
}

static uint64_t random_translation_status(struct random *r)
{
    return STATUS_FS | random_bits(r, STATUS_SUM | STATUS_MXR);
}

/* A load or store by M under another privilege, status being what MPRV needs beside it. */
static void emit_with_mprv(struct access *a, uint64_t status)
{
    image_li(a->image, 5, STATUS_MPRV | status);
    image_csr_op(a->image, "csrrs", 0, CSR_MSTATUS, 5);
    emit_access(a);
    image_csr_op(a->image, "csrrc", 0, CSR_MSTATUS, 5);
}

static void one_stage(struct image *image, uint32_t cases, bool newer)
{
    static const uint8_t modes[] = {PROGRAM_S, PROGRAM_S, PROGRAM_U, PROGRAM_U, PROGRAM_M};
    struct random *r = &image->random;
    while (cases-- > 0) {
        struct access a = begin(image, false);
        a.newer = newer;
        if (newer) /* ADUE and PBMTE */
            image_csr(image, 0x30a, random_bits(r, UINT64_C(3) << 61));
        enum program_mode mode = (enum program_mode)modes[random_below(r, 5)];
        bool as_user = mode == PROGRAM_U || (mode == PROGRAM_M && random_one_in(r, 2));
        a.fetch = a.fetch && mode != PROGRAM_M;
        a.s = tables_stage(0, random_levels(r, false));
        map_ram(&a, &a.s);
        a.address = map_target(&a, &a.s, a.target, random_leaf(&a, as_user ^ random_one_in(r, 4)));
        if (random_one_in(r, 24))
            a.address ^= UINT64_C(1) << 63;
        image_csr(image, CSR_SATP, tables_register(&a.s));
        image_csr(image, CSR_MSTATUS, random_translation_status(r));
        image_csr(image, CSR_MEDELEG, random_one_in(r, 2) ? FAULT_CAUSES : 0);
        uint64_t start = image_pc(image);
        if (mode == PROGRAM_M)
            emit_with_mprv(&a, as_user ? 0 : STATUS_MPP_S);
        else
            emit_access(&a);
        if (mode == PROGRAM_M && newer) { /* A and D as they are now */
            image_li(image, 5, a.entry);
            image_op(image, "ld", 13, 5, 0, 0);
        }
        finish(&a, mode, start, mode == PROGRAM_U ? USER_ALIAS : 0);
    }
}

void class_pages(struct image *image, uint32_t cases)
{
    one_stage(image, cases, false);
}

void class_entries(struct image *image, uint32_t cases)
{
    one_stage(image, cases, true);
}

/* --- two stages --- */

/* Sometimes a VS-stage table is at a guest physical address whose own mapping may fault. */
static void move_table(struct access *a, const struct path *path)
{
    if (a->g.levels == 0 || path->leaf_level == path->top_level || !random_one_in(a->random, 4))
        return;
    uint64_t entry = path->entry[path->leaf_level + 1];
    uint64_t table = path->entry[path->leaf_level] & ~UINT64_C(0xfff);
    a->table = true;
    uint64_t gpa = map_target(a, &a->g, table, without_execute_only(a, random_leaf(a, true)));
    a->table = false;
    tables_set(&a->tables, entry, gpa >> 12 << 10 | PTE_V);
}

static uint64_t map_guest_target(struct access *a, bool user)
{
    uint64_t gpa = map_target(a, &a->g, a->target, random_leaf(a, !random_one_in(a->random, 12)));
    /* Above what the format has. */
    if (a->g.levels > 2 && a->g.levels < 5 && random_one_in(a->random, 16))
        gpa |= UINT64_C(1) << (14 + 9 * a->g.levels + random_below(a->random, 3));
    if (a->vs.levels == 0)
        return gpa;
    uint32_t level = random_below(a->random, a->vs.levels);
    uint64_t address = random_address(a, &a->vs, level, gpa);
    struct path path = tables_map(&a->tables, &a->vs, address, level, gpa, random_leaf(a, user));
    if (random_one_in(a->random, 2))
        spoil(a, &path);
    else
        move_table(a, &path);
    return address;
}

static void emit_guest_access(struct access *a)
{
    /* HLVX is not what it should be in QEMU 7.2 (README.md). */
    static const char *const names[] = {"hlv_b",  "hlv_bu",  "hlv_h",  "hlv_hu", "hlv_w",
                                        "hlv_wu", "hlv_d",   "hsv_b",  "hsv_h",  "hsv_w",
                                        "hsv_d",  "hlvx_hu", "hlvx_wu"};
    image_op(a->image, names[random_below(a->random, a->newer ? 13 : 11)], 12, 10, 11, 0);
}

/* MPV is what it was in QEMU 11.1: the newer one enters by sret only (README.md). */
static void two_stages(struct image *image, uint32_t cases, bool newer)
{
    static const uint8_t modes[] = {PROGRAM_VS,
                                    PROGRAM_VU,
                                    PROGRAM_VS | PROGRAM_BY_SRET,
                                    PROGRAM_VU | PROGRAM_BY_SRET,
                                    PROGRAM_S,
                                    PROGRAM_U,
                                    PROGRAM_M};
    struct random *r = &image->random;
    while (cases-- > 0) {
        struct access a = begin(image, true);
        enum program_mode mode = (enum program_mode)modes[random_below(r, 7)];
        if (newer && mode != PROGRAM_M)
            mode |= PROGRAM_BY_SRET;
        a.newer = newer;
        bool direct = mode & 4, spvp = random_one_in(r, 2);
        bool as_user = direct ? !(mode & 1) : !spvp;
        a.vs = tables_stage(1, random_levels(r, true));
        a.g = tables_stage(2, random_levels(r, true));
        a.fetch = a.fetch && direct;
        /* HLV with satp Bare: QEMU reports access faults (README.md). */
        a.s = tables_stage(0, direct ? 0 : random_levels(r, false));
        map_ram(&a, &a.s);
        image_csr(image, CSR_SATP, tables_register(&a.s));
        map_ram(&a, &a.vs);
        map_ram(&a, &a.g);
        a.address = map_guest_target(&a, as_user ^ random_one_in(r, 4));
        image_csr(image, CSR_VSATP, tables_register(&a.vs));
        image_csr(image, CSR_HGATP, tables_register(&a.g));
        /* MXR is the same in both, as QEMU applies one to both stages; for HLV it ignores SUM
         * (README.md). */
        uint64_t status = random_translation_status(r);
        image_csr(image, CSR_MSTATUS, status);
        image_csr(image, CSR_VSSTATUS,
                  direct ? status ^ random_bits(r, STATUS_SUM) : status | STATUS_SUM);
        image_csr(image, CSR_HSTATUS, (spvp ? HSTATUS_SPVP : 0) | HSTATUS_HU);
        image_csr(image, CSR_MEDELEG, random_one_in(r, 2) ? FAULT_CAUSES | GUEST_FAULT_CAUSES : 0);
        image_csr(image, CSR_HEDELEG, random_one_in(r, 2) ? FAULT_CAUSES : 0);
        uint64_t start = image_pc(image);
        if (direct)
            emit_access(&a);
        else if (mode == PROGRAM_M && !newer && random_one_in(r, 2))
            emit_with_mprv(&a, STATUS_MPV | (as_user ? 0 : STATUS_MPP_S));
        else
            emit_guest_access(&a);
        bool alias = direct ? !(mode & 3) && a.vs.levels : mode == PROGRAM_U;
        finish(&a, mode, start, alias ? USER_ALIAS : 0);
    }
}

void class_guest(struct image *image, uint32_t cases)
{
    two_stages(image, cases, false);
}

void class_guest_entries(struct image *image, uint32_t cases)
{
    two_stages(image, cases, true);
}
