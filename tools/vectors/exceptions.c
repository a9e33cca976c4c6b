/* SPDX-License-Identifier: BSD-2-Clause */
/* Differences that the specification allows; docs/iommu-choices.md explains each by its name. */
#include "compare.h"

#include "viaduct/bits.h"

enum { FCTL = 8, DDTP = 16 };
enum { CAP_MSI_FLAT = 22, CAP_PAS = 32 };
enum { FCTL_GXL = 2, TC_T2GPA = 3, TC_GADE = 7, TC_SADE = 8 };
enum { PTE_V = 0, PTE_R = 1, PTE_W = 2, PTE_X = 3, PTE_U = 4, PTE_D = 7 };
enum { PPN_BITS = 44 };
enum { DDI_FIELDS = 3 };

struct context {
    uint64_t word[8]; /* tc, iohgatp, ta, fsc, msiptp, mask, pattern, reserved */
};

static bool bit(uint64_t word, unsigned n)
{
    return word >> n & 1;
}

static uint32_t device_of(const struct record *record)
{
    const uint64_t *v = record->head.value;
    if (record->head.kind == LINE_DBG)
        return (uint32_t)vd_get(v[DBG_ctl], 40, 24);
    if (record->head.kind == LINE_PREQ)
        return (uint32_t)(v[PREQ_rid] | (v[PREQ_dsv] ? v[PREQ_dseg] << 16 : 0));
    return (uint32_t)v[REQ_did];
}

/* The device context, read without any check. */
static struct context context_of(const struct world *w, const struct record *record)
{
    static const uint8_t bits[2][DDI_FIELDS] = {{7, 9, 8}, {6, 9, 9}};
    bool extended = bit(w->capabilities, CAP_MSI_FLAT);
    uint64_t ddtp = world_register((struct world *)w, DDTP, 8);
    uint64_t table = vd_get(ddtp, 10, 44) << 12;
    uint32_t device = device_of(record), low = bits[extended][0], size = extended ? 64 : 32;
    struct context dc = {0};
    for (unsigned level = (unsigned)(ddtp & 15) - 2; level > 0 && level < DDI_FIELDS; level--) {
        unsigned lsb = level == 1 ? low : low + bits[extended][1];
        uint64_t index = vd_get(device, lsb, bits[extended][level]);
        table = vd_get(world_read_entry(w, table + 8 * index), 10, 44) << 12;
    }
    table += vd_get(device, 0, low) * size;
    for (unsigned i = 0; i < size / 8; i++)
        dc.word[i] = world_read_entry(w, table + 8 * i);
    return dc;
}

static uint64_t read_pte(const struct world *w, uint64_t addr, bool narrow)
{
    if (!narrow)
        return world_read_entry(w, addr);
    uint32_t half = (uint32_t)(world_read(w, addr & ~UINT64_C(7)) >> (addr & 4 ? 32 : 0));
    return w->big_endian ? __builtin_bswap32(half) : half;
}

/* The leaf of the second stage for a guest address, 0 if there is none; no other check. */
static uint64_t second_leaf(const struct world *w, const struct context *dc, uint64_t gpa)
{
    bool narrow = bit(world_register((struct world *)w, FCTL, 4), FCTL_GXL);
    unsigned levels = narrow ? 2 : (unsigned)vd_get(dc->word[1], 60, 4) - 5;
    unsigned bits = narrow ? 10 : 9, bytes = narrow ? 4 : 8;
    uint64_t table = vd_get(dc->word[1], 0, PPN_BITS) << 12, pte = 0;
    for (unsigned level = levels; level-- > 0;) {
        uint64_t index = vd_get(gpa, 12 + level * bits, bits + (level + 1 == levels ? 2 : 0));
        pte = read_pte(w, table + index * bytes, narrow);
        if (!bit(pte, PTE_V) || bit(pte, PTE_R) || bit(pte, PTE_X))
            break;
        table = vd_get(pte, 10, PPN_BITS) << 12;
    }
    return pte;
}

static bool is_request(const struct difference *d, unsigned at)
{
    return d->record->head.kind == LINE_REQ && d->record->head.value[REQ_at] == at;
}

static bool response_field(const struct difference *d, unsigned field, uint64_t expected,
                           uint64_t got)
{
    return d->expected.kind == LINE_RSP && d->got.kind == LINE_RSP && d->field == field &&
           d->expected.value[field] == expected && d->got.value[field] == got;
}

static const struct line *find(const struct line *lines, uint32_t count, enum line_kind kind)
{
    for (uint32_t i = 0; i < count; i++)
        if (lines[i].kind == kind)
            return &lines[i];
    return NULL;
}

static const struct line *seen_line(const struct difference *d, enum line_kind kind)
{
    return find(d->seen->answers, d->seen->num_answers, kind);
}

static const struct line *expected_line(const struct difference *d, enum line_kind kind)
{
    return find(d->record->answers, d->record->num_answers, kind);
}

static bool msi_address_reserved(const struct world *w, const struct difference *d)
{
    static const struct {
        uint8_t capability, width;
    } widths[] = {{19, 59}, {18, 50}, {17, 41}, {16, 34}};
    const struct line *fault = seen_line(d, LINE_FLT);
    if (d->record->head.kind == LINE_CMD || !fault || fault->value[FLT_cause] != 259)
        return false;
    struct context dc = context_of(w, d->record);
    unsigned width = (unsigned)vd_get(w->capabilities, CAP_PAS, 6);
    for (unsigned i = 4; i-- > 0;)
        if (bit(w->capabilities, widths[i].capability))
            width = widths[i].width;
    return ((dc.word[5] | dc.word[6]) & vd_mask(width - 12, 64 - width)) != 0;
}

static bool global_of_bare(const struct world *w, const struct difference *d)
{
    (void)w;
    return is_request(d, AT_A) && response_field(d, RSP_G, 1, 0) && !d->seen->reads[TABLE_FIRST];
}

/* What is left of a number when its highest bits are cut off, the lowest `kept` at most spared. */
static bool is_cut(uint64_t cut, uint64_t whole, unsigned kept)
{
    for (unsigned width = kept; width < 52; width++)
        if (cut == (whole & vd_mask(0, width)))
            return true;
    return false;
}

/* Nothing is cached before a request: what has read no table is Bare. */
static bool beyond_physical(const struct world *w, const struct difference *d)
{
    (void)w;
    const uint32_t *reads = d->seen->reads;
    uint64_t got = d->got.value[RSP_ppn];
    bool bare = !reads[TABLE_FIRST] && !reads[TABLE_SECOND] && !reads[TABLE_MSI];
    return d->record->head.kind == LINE_REQ && !is_request(d, AT_T) && bare &&
           d->expected.kind == LINE_RSP && d->got.kind == LINE_RSP && d->field == RSP_ppn &&
           got == d->record->head.value[REQ_iova] >> 12 && got >> PPN_BITS &&
           is_cut(d->expected.value[RSP_ppn], got, PPN_BITS);
}

/* A store that both sides made. */
static bool both_stored(const struct difference *d)
{
    const struct line *expected = expected_line(d, LINE_MW), *got = seen_line(d, LINE_MW);
    return expected && got && expected->value[MW_addr] == got->value[MW_addr] &&
           expected->value[MW_d0] == got->value[MW_d0];
}

static bool dirty_just_set(const struct world *w, const struct difference *d)
{
    (void)w;
    return is_request(d, AT_A) && !d->record->head.value[REQ_nw] &&
           response_field(d, RSP_W, 0, 1) && both_stored(d);
}

/* Either the recorded side set D in vain, or it refused because it was not allowed to. */
static bool dirty_without_write(const struct world *w, const struct difference *d)
{
    const struct line *response = expected_line(d, LINE_RSP), *got = seen_line(d, LINE_RSP);
    if (!is_request(d, AT_A) || d->record->head.value[REQ_nw] || !response || !got ||
        response->value[RSP_W] || got->value[RSP_W])
        return false;
    if (d->expected.kind == LINE_MW)
        return d->expected.value[MW_size] <= 8 && d->got.kind == LINE_RSP;
    uint64_t tc = context_of(w, d->record).word[0];
    return response_field(d, RSP_R, 0, 1) && !(bit(tc, TC_GADE) && bit(tc, TC_SADE));
}

static bool supervisor_execute(const struct world *w, const struct difference *d)
{
    (void)w;
    const struct line *expected = expected_line(d, LINE_RSP), *got = seen_line(d, LINE_RSP);
    const uint64_t *v = d->record->head.value;
    return is_request(d, AT_A) && v[REQ_priv] && v[REQ_x] && expected && got &&
           !expected->value[RSP_R] && !expected->value[RSP_W] && got->value[RSP_R] &&
           !got->value[RSP_X];
}

static bool cxl_io_of_msi(const struct world *w, const struct difference *d)
{
    (void)w;
    return is_request(d, AT_A) && response_field(d, RSP_IO, 0, 1) && !d->got.value[RSP_R] &&
           d->seen->reads[TABLE_MSI];
}

static bool dirty_guest_table(const struct world *w, const struct difference *d)
{
    if (d->expected.kind != LINE_MW || d->got.kind != LINE_MW || d->field != MW_d0)
        return false;
    uint64_t tc = context_of(w, d->record).word[0];
    uint64_t expected = d->expected.value[MW_d0], got = d->got.value[MW_d0];
    if (w->big_endian && d->expected.value[MW_size] == 8) {
        expected = __builtin_bswap64(expected);
        got = __builtin_bswap64(got);
    }
    return (expected ^ got) == VD_BIT(PTE_D) && bit(expected, PTE_D) && bit(expected, PTE_W) &&
           bit(tc, TC_GADE) && (!bit(tc, TC_SADE) || d->seen->reads[TABLE_PDT]);
}

static bool translated_execute_only(const struct world *w, const struct difference *d)
{
    const struct line *fault = expected_line(d, LINE_FLT), *got = seen_line(d, LINE_RSP);
    if (!is_request(d, AT_T) || !d->record->head.value[REQ_x] || !fault || !got ||
        fault->value[FLT_cause] != 20 || got->value[RSP_st] != ST_S)
        return false;
    struct context dc = context_of(w, d->record);
    uint64_t pte = second_leaf(w, &dc, d->record->head.value[REQ_iova]);
    return bit(dc.word[0], TC_T2GPA) && bit(pte, PTE_X) && bit(pte, PTE_U) && !bit(pte, PTE_R);
}

const struct exception exceptions[] = {
    {"msi_address_reserved", "iommu MSI_ID",
     "bits of msi_addr_mask and pattern above the guest address width are reserved",
     msi_address_reserved},
    {"global_of_bare", "iommu ATS_FAULTS", "Global is 0 where there is no first stage",
     global_of_bare},
    {"beyond_physical", "iommu P2IOVA",
     "an IOVA wider than any physical address goes through Bare unchanged", beyond_physical},
    {"dirty_just_set", "iommu ATS_FAULTS", "W is granted when the request has set D itself",
     dirty_just_set},
    {"dirty_without_write", "priv svade", "D is not set where another stage denies the write",
     dirty_without_write},
    {"supervisor_execute", "iommu ATS_FAULTS",
     "execution of a user page is denied to a supervisor, reading is not", supervisor_execute},
    {"cxl_io_of_msi", "iommu ATS_FAULTS", "CXL.io is 1 for an MSI address without rights too",
     cxl_io_of_msi},
    {"dirty_guest_table", "priv svade",
     "D of the page of a guest's table is not set ahead of an update that cannot follow",
     dirty_guest_table},
    {"translated_execute_only", "iommu P2IOVA",
     "a translated read-for-execute needs X and not R as well", translated_execute_only},
    {NULL, NULL, NULL, NULL},
};
const uint32_t num_exceptions = sizeof(exceptions) / sizeof(exceptions[0]) - 1;

const struct exception *exception_for(const struct world *world,
                                      const struct difference *difference)
{
    for (uint32_t i = 0; i < num_exceptions; i++)
        if (exceptions[i].explains(world, difference))
            return &exceptions[i];
    return NULL;
}
