/* SPDX-License-Identifier: BSD-2-Clause */
/* Control-flow integrity: shadow-stack instructions and ordinary accesses to pages of all kinds
 * under SSE; indirect jumps to landing pads and to what is none under LPE. */
#include "classes.h"
#include "privileged.h"
#include "tables.h"

/* The upper alias of RAM is for U-mode; the page of the shadow stack is somewhere above. */
#define USER_ALIAS   UINT64_C(0x40000000)
#define STACK        UINT64_C(0x140000000)
#define FAULT_CAUSES (UINT64_C(0x4b0f7)) /* with illegal instructions and software checks */
#define ENVCFG_LPE   UINT64_C(4)
#define ENVCFG_SSE   UINT64_C(8)
#define ENVCFG_CBZE  UINT64_C(0x80)
#define ENVCFG_ADUE  (UINT64_C(1) << 61)

enum { CSR_SSP = 0x011, PAGE = 0x1000 };

static bool chance(struct random *r, uint32_t of)
{
    return !random_one_in(r, of);
}

/* Not those that QEMU takes for shadow-stack pages (README.md). */
static uint64_t random_stack_leaf(struct random *r, bool user)
{
    static const uint64_t rights[] = {PTE_W, PTE_W, PTE_W, PTE_R, PTE_W | PTE_X};
    uint64_t leaf = PTE_V | PTE_A | PTE_D | rights[random_below(r, 5)];
    leaf |= user != random_one_in(r, 6) ? PTE_U : 0;
    return random_one_in(r, 4) ? leaf & ~random_bits(r, PTE_A | PTE_D) : leaf;
}

/* x1 and x5 are what is pushed, x10 and x15 point into the page, x11 is stored. */
static void emit_stack_instruction(struct image *image)
{
    static const uint32_t words[] = {
        0xce104073, /* sspush x1 */
        0xce504073, /* sspush x5 */
        0xcdc0c073, /* sspopchk x1 */
        0xcdc2c073, /* sspopchk x5 */
        0x00016081, /* c.sspush x1, c.nop */
        0x00016281, /* c.sspopchk x5, c.nop */
        0xcdc046f3, /* ssrdp x13 */
        0xcdc04073, /* mop.r.28 x0, x0 */
        0xcdc14073, /* mop.r.28 x0, x2 */
        0xce104773, /* mop.rr.7 x14, x0, x1 */
    };
    static const char *const names[] = {"ssamoswap_d", "ssamoswap_w", "ld",  "sd",
                                        "amoswap_w",   "cbo_zero",    "lr_d"};
    struct random *r = &image->random;
    uint32_t which = random_below(r, 19);
    if (which < 10)
        image_word(image, words[which]);
    else if (which < 17)
        image_op(image, names[which - 10], which == 13 ? 0 : 12, which == 15 ? 15 : 10, 11, 0);
    else
        image_csr_op(image, which == 17 ? "csrrs" : "csrrw", 14, CSR_SSP, which == 17 ? 0 : 10);
}

static void stack_case(struct image *image)
{
    struct random *r = &image->random;
    enum program_mode mode = random_one_in(r, 2) ? PROGRAM_S : PROGRAM_U;
    uint64_t sse = chance(r, 6) ? ENVCFG_SSE : 0; /* one for all modes (README.md) */
    struct tables tables = {0};
    struct stage stage = tables_stage(0, 3 + random_below(r, 3));
    uint64_t page = STACK + PAGE * (uint64_t)random_below(r, 512);
    image_step(image, PROGRAM_OP_CASE, PROGRAM_MAPPED | PROGRAM_MEMORY | PROGRAM_SKIP, 0, 0);
    tables_map(&tables, &stage, UINT64_C(0x80000000), 2, 0x80000000, PTE_GOOD);
    tables_map(&tables, &stage, 0x80000000 + USER_ALIAS, 2, 0x80000000, PTE_GOOD | PTE_U);
    tables_map(&tables, &stage, page, 0, PROGRAM_SCRATCH, random_stack_leaf(r, mode == PROGRAM_U));
    image_csr(image, CSR_MENVCFG, ENVCFG_SSE); /* or senvcfg.SSE is kept, and counts (README.md) */
    image_csr(image, CSR_SENVCFG, sse | ENVCFG_CBZE);
    image_csr(image, CSR_MENVCFG, sse | random_bits(r, ENVCFG_ADUE) | ENVCFG_CBZE);
    image_csr(image, CSR_SSP, page + 8 * random_below(r, 512));
    image_csr(image, CSR_SATP, random_one_in(r, 12) ? 0 : tables_register(&stage));
    image_csr(image, CSR_MSTATUS, STATUS_FS | random_bits(r, STATUS_SUM | STATUS_MXR));
    image_csr(image, CSR_MEDELEG, random_one_in(r, 4) ? FAULT_CAUSES : 0);
    uint64_t start = image_pc(image);
    for (uint32_t i = 4 + random_below(r, 10); i > 0; i--)
        emit_stack_instruction(image);
    uint64_t end = image_pc(image), alias = mode == PROGRAM_U ? USER_ALIAS : 0;
    image_ebreak(image);
    image_step(image, PROGRAM_OP_X, 1, random_next(r), 0);
    image_step(image, PROGRAM_OP_X, 5, random_next(r), 0);
    image_step(image, PROGRAM_OP_X, 10, page + 8 * random_below(r, 512), 0);
    image_step(image, PROGRAM_OP_X, 11, random_next(r), 0);
    image_step(image, PROGRAM_OP_X, 15, page + 64 * random_below(r, 64), 0);
    tables_emit(&tables, image);
    image_step(image, PROGRAM_OP_RUN, (uint32_t)mode, start + alias, end + alias);
}

void class_stacks(struct image *image, uint32_t cases)
{
    while (cases-- > 0)
        stack_case(image);
}

/* --- landing pads --- */

static uint32_t random_label(struct random *r)
{
    static const uint32_t labels[] = {0, 1, 0xfffff, 0x80000};
    return labels[random_below(r, 4)];
}

static void emit_target(struct image *image)
{
    static const uint32_t others[] = {
        0x00000013, /* nop */
        0x00000197, /* auipc x3 */
        0xffffffff, /* no instruction */
        0x00010001, /* c.nop twice */
        0x00000073, /* ecall */
    };
    struct random *r = &image->random;
    if (chance(r, 4))
        image_word(image, 0x017 | random_label(r) << 12);
    else
        image_word(image, others[random_below(r, 5)]);
}

/* To an instruction ahead, which sometimes begins in the middle of a word. */
static void emit_jump(struct image *image)
{
    static const uint8_t registers[] = {1, 5, 6, 6, 7, 28, 28, 31};
    struct random *r = &image->random;
    uint32_t rs1 = registers[random_below(r, 8)], gap = random_below(r, 3),
             form = random_below(r, 4);
    bool odd = random_one_in(r, 6);
    image_op(image, "lui", rs1 == 7 ? 4 : 7, 0, 0, random_label(r) << 12);
    image_op(image, "auipc", rs1, 0, 0, 0);
    image_op(image, "addi", rs1, rs1, 0, 12 + 4 * gap + (odd ? 2 : 0));
    if (form < 2)
        image_op(image, "jalr", form, rs1, 0, 0);
    else
        image_word(image, 0x00010000 | (form == 2 ? 0x8002 : 0x9002) | rs1 << 7);
    while (gap-- > 0)
        image_op(image, "addi", 9, 9, 0, 1);
    if (odd)
        image_half(image, 0x0001);
    emit_target(image);
    if (odd)
        image_half(image, 0x0001);
}

static void pad_case(struct image *image)
{
    struct random *r = &image->random;
    enum program_mode mode = random_one_in(r, 2) ? PROGRAM_S : PROGRAM_U;
    image_step(image, PROGRAM_OP_CASE, PROGRAM_SKIP, 0, 0);
    image_csr(image, CSR_MENVCFG, chance(r, 5) ? ENVCFG_LPE : 0);
    image_csr(image, CSR_SENVCFG, chance(r, 5) ? ENVCFG_LPE : 0);
    image_csr(image, CSR_MEDELEG, random_one_in(r, 4) ? FAULT_CAUSES : 0);
    image_align(image, 4);
    uint64_t start = image_pc(image);
    for (uint32_t i = 2 + random_below(r, 8); i > 0; i--)
        emit_jump(image);
    uint64_t end = image_pc(image);
    image_ebreak(image);
    image_step(image, PROGRAM_OP_RUN, (uint32_t)mode, start, end);
}

void class_pads(struct image *image, uint32_t cases)
{
    while (cases-- > 0)
        pad_case(image);
}
