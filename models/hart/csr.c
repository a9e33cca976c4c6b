/* SPDX-License-Identifier: BSD-2-Clause */
/* CSR instructions: which register, may it, read, write. */
#include "hart/csr.h"
#include "hart/interrupt.h"

#define E(ext)     VD_BIT(HART_EXT_##ext)
#define CAUSE_MASK (VD_BIT(63) | 0xfff)

enum row_index {
    ROW_NONE,
#define CSR(number, name, ...)            ROW_##name,
#define CSR_ARRAY(first, last, name, ...) ROW_##name,
#include "hart/csr.def"
#undef CSR
#undef CSR_ARRAY
};

/* By read function: CSR_LIVE or not. */
enum live {
#define CSR_CHECK(name)
#define CSR_READ(name) LIVE_##name = 0,
#define CSR_LIVE(name) LIVE_##name = 1,
#define CSR_WRITE(name)
#define CSR_STORE(name)
#include "hart/csr_hooks.def"
#undef CSR_CHECK
#undef CSR_READ
#undef CSR_LIVE
#undef CSR_WRITE
#undef CSR_STORE
};

/* A field of struct hart_csrs is read as it is. */
#define CSR(...)
#define CSR_ARRAY(...)
#define CSR_FIELD(number, name, all, any, check, store)                                            \
    enum { LIVE_##name = 0 };                                                                      \
    static uint64_t read_##name(struct hart *h, uint32_t own)                                      \
    {                                                                                              \
        (void)own;                                                                                 \
        return h->st.csr.name;                                                                     \
    }                                                                                              \
    static void write_##name(struct hart *h, uint32_t own, uint64_t value)                         \
    {                                                                                              \
        (void)own;                                                                                 \
        store_##store(h, &h->st.csr.name, value);                                                  \
    }
#include "hart/csr.def"
#undef CSR
#undef CSR_ARRAY

static const struct csr_row rows[] = {
#define ROW(NAME, ALL, ANY, CHECK, READ, WRITE)                                                    \
    [ROW_##NAME] = {                                                                               \
        .name = #NAME,                                                                             \
        .all = (ALL),                                                                              \
        .any = (ANY),                                                                              \
        .check = check_##CHECK,                                                                    \
        .read = read_##READ,                                                                       \
        .write = write_##WRITE,                                                                    \
        .live = LIVE_##READ,                                                                       \
    },
#define CSR(number, ...)                                ROW(__VA_ARGS__)
#define CSR_ARRAY(first, last, ...)                     ROW(__VA_ARGS__)
#define CSR_FIELD(number, name, all, any, check, store) ROW(name, all, any, check, name, name)
#include "hart/csr.def"
#undef CSR
#undef CSR_ARRAY
};

static const uint8_t row_of[4096] = {
#define CSR(number, name, ...)            [number] = ROW_##name,
#define CSR_ARRAY(first, last, name, ...) [first... last] = ROW_##name,
#include "hart/csr.def"
#undef CSR
#undef CSR_ARRAY
};

uint64_t read_zero(struct hart *h, uint32_t number)
{
    (void)h, (void)number;
    return 0;
}

void write_ignored(struct hart *h, uint32_t number, uint64_t value)
{
    (void)h, (void)number, (void)value;
}

void store_whole(struct hart *h, uint64_t *field, uint64_t value)
{
    (void)h;
    *field = value;
}

/* CHOICE: bit 1 of the MODE, which only reserved ones have, is zero [priv norm:mtvec_mode_enc]. */
void store_tvec(struct hart *h, uint64_t *field, uint64_t value)
{
    (void)h;
    *field = value & ~UINT64_C(2);
}

void store_cause(struct hart *h, uint64_t *field, uint64_t value)
{
    (void)h;
    *field = value & CAUSE_MASK;
}

/* [unpriv norm:ssp-field_1_0]: UXL is 64. */
void store_ssp(struct hart *h, uint64_t *field, uint64_t value)
{
    (void)h;
    *field = value & ~UINT64_C(7);
}

static const struct csr_row *find(const struct hart *h, uint32_t number)
{
    const struct csr_row *row = number < sizeof(row_of) ? &rows[row_of[number]] : &rows[ROW_NONE];
    uint64_t has = h->cfg.extensions;
    if (!row->name || (row->all & ~has) || (row->any && !(row->any & has)))
        return NULL;
    return row;
}

enum { LEVEL_U, LEVEL_S, LEVEL_H, LEVEL_M };

static unsigned level_of(uint32_t number)
{
    return number >> 8 & 3;
}

static bool read_only(uint32_t number)
{
    return number >> 10 == 3;
}

/* [priv H_cause_virtual_instruction]: refused for lack of privilege; virtual instruction if
 * HS-mode could have done it. */
static enum csr_result refused(const struct hart *h, const struct csr_row *row,
                               const struct csr_access *access)
{
    if (!access->virt || level_of(access->number) == LEVEL_M)
        return CSR_ILLEGAL;
    struct csr_access as_hs = *access;
    as_hs.virt = false;
    as_hs.priv = PRV_S;
    as_hs.qualify = true;
    return row->check(h, &as_hs) == CSR_OK ? CSR_VIRTUAL : CSR_ILLEGAL;
}

static enum csr_result permitted(const struct hart *h, const struct csr_row *row,
                                 const struct csr_access *access)
{
    unsigned level = level_of(access->number);
    if (access->write && read_only(access->number))
        return CSR_ILLEGAL;
    if (access->priv != PRV_M) {
        bool enough = access->priv == PRV_U ? level == LEVEL_U
                      : access->virt        ? level <= LEVEL_S
                                            : level <= LEVEL_H;
        if (!enough)
            return refused(h, row, access);
    }
    return row->check(h, access);
}

/* [priv norm:H_vscsrs_sub]: a VS CSR has the number of the supervisor's that it takes the place
 * of, and 0x100; scontext has none, hcontext is the hypervisor's. */
static uint32_t seen_by_guest(uint32_t number)
{
    uint32_t own = number + 0x100;
    return level_of(number) == LEVEL_S && row_of[own] && own != CSR_hcontext ? own : number;
}

enum csr_result csr_execute(struct hart *h, uint32_t number, enum csr_op op, uint64_t operand,
                            bool read, bool write, uint64_t *old)
{
    const struct csr_row *row = find(h, number);
    if (!row)
        return CSR_ILLEGAL;
    struct csr_access access = {
        .number = number, .priv = h->st.priv, .virt = h->st.virt, .write = write};
    enum csr_result result = permitted(h, row, &access);
    if (result != CSR_OK)
        return result;
    uint32_t own = h->st.virt ? seen_by_guest(number) : number;
    row = &rows[row_of[own]];
    if (read) {
        *old = row->read(h, own);
        h->live_reads += row->live;
    }
    if (!write)
        return CSR_OK;
    uint64_t base = op != CSR_RW && number == CSR_mip ? csr_mip_base(h) : *old;
    uint64_t value = op == CSR_RW ? operand : op == CSR_RS ? base | operand : base & ~operand;
    row->write(h, own, value);
    return CSR_OK;
}

bool csr_peek(struct hart *h, uint32_t number, uint64_t *value)
{
    const struct csr_row *row = find(h, number);
    struct csr_access access = {.number = number, .priv = PRV_M};
    if (!row || row->check(h, &access) != CSR_OK)
        return false;
    *value = row->read(h, number);
    return true;
}

bool csr_poke(struct hart *h, uint32_t number, uint64_t value)
{
    const struct csr_row *row = find(h, number);
    struct csr_access access = {.number = number, .priv = PRV_M, .write = true};
    if (!row || row->check(h, &access) != CSR_OK)
        return false;
    row->write(h, number, value);
    return true;
}

void csr_reset(struct hart *h)
{
    bool s = hart_has(h, HART_EXT_S);
    h->st.csr = (struct hart_csrs){
        .mstatus = (s ? XLEN_64 << 32 | XLEN_64 << 34 : 0) | MSTATUS_MPP,
        .vsstatus = XLEN_64 << 32,
    };
    csr_trigger_reset(h);
    interrupt_timers(h);
    h->attention = true;
}
