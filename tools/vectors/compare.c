/* SPDX-License-Identifier: BSD-2-Clause */
#include "compare.h"

#include <string.h>

#include "viaduct/bits.h"

enum { FQB = 40, FAULT_RECORD = 32 };
#define PAGE_OFFSET UINT64_C(0xfff)

/* The page that was asked for, out of a range that is encoded as the ones below its size. */
static uint64_t page_within(uint64_t ppn, uint64_t page)
{
    uint64_t mask = ppn ^ (ppn + 1);
    return (ppn & ~mask) | (page & mask);
}

static void normalise_response(const struct record *record, struct line *line)
{
    const uint64_t *asked = record->head.value;
    bool ats = asked[REQ_at] == AT_A;
    if (!ats && line->value[RSP_st] == ST_CA)
        line->value[RSP_st] = ST_UR; /* both are refusals, and IO protocol */
    if (line_has(line, RSP_ppn) && line->value[RSP_s])
        line->value[RSP_ppn] = page_within(line->value[RSP_ppn], asked[REQ_iova] >> 12);
    line_forget(line, RSP_s);
    /* An MRIF has no translated address. */
    if (line_has(line, RSP_mrif) && line->value[RSP_mrif])
        line_forget(line, RSP_ppn);
    if (ats && !line->value[RSP_R] && !line->value[RSP_W])
        line_forget(line, RSP_msi);
}

static void normalise_debug(const struct record *record, struct line *line)
{
    uint64_t rsp = line->value[STATE_rsp];
    uint64_t ppn = vd_get(rsp, 10, 44), page = record->head.value[DBG_iova] >> 12;
    if (rsp & 1)
        rsp = 1;
    else if (vd_get(rsp, 9, 1))
        rsp = vd_set(vd_set(rsp, 9, 1, 0), 10, 44, page_within(ppn, page));
    line->value[STATE_rsp] = rsp;
}

static uint64_t without(const struct world *w, uint64_t word, uint64_t bits)
{
    return word & ~(w->big_endian ? __builtin_bswap64(bits) : bits);
}

/* What may differ (docs/vectors.md, "What is not compared"). */
static void normalise(const struct world *w, const struct record *record, struct line *line)
{
    if (line->kind == LINE_RSP) {
        normalise_response(record, line);
    } else if (line->kind == LINE_FLT) {
        line->value[FLT_iotval] &= ~PAGE_OFFSET;
        line->value[FLT_iotval2] &= ~(PAGE_OFFSET & ~UINT64_C(3));
    } else if (line->kind == LINE_MW && line->value[MW_size] == FAULT_RECORD) {
        line->value[MW_d2] = without(w, line->value[MW_d2], PAGE_OFFSET);
        line->value[MW_d3] = without(w, line->value[MW_d3], PAGE_OFFSET & ~UINT64_C(3));
    } else if (line->kind == LINE_STATE && line_has(line, STATE_rsp)) {
        normalise_debug(record, line);
    } else if (line->kind == LINE_ATSMSG) {
        if (line_has(line, ATSMSG_dsv) && !line->value[ATSMSG_dsv])
            line->value[ATSMSG_dseg] = 0;
        line_forget(line, ATSMSG_dsv);
        if (!line->value[ATSMSG_pv])
            line->value[ATSMSG_pid] = 0;
    }
}

static unsigned first_field(const struct line *expected, const struct line *got)
{
    uint32_t both = expected->present & got->present;
    for (unsigned i = 0; i < LINE_FIELDS; i++)
        if ((both >> i & 1) && expected->value[i] != got->value[i])
            return i;
    return LINE_FIELDS;
}

/* Values tell reasons apart only where they are few. */
static bool telling(unsigned kind, unsigned field)
{
    return (kind == LINE_FLT && field <= FLT_ttyp) || kind == LINE_RSP || kind == LINE_IPSR ||
           (kind == LINE_STATE &&
            (field == STATE_cqcsr || field == STATE_pqcsr || field == STATE_ipsr));
}

static bool wide(unsigned kind, unsigned field)
{
    return kind == LINE_RSP &&
           (field == RSP_ppn || field == RSP_mrifaddr || field == RSP_nid || field == RSP_nppn);
}

static const char *kind_name(const struct line *line)
{
    return line->kind == LINE_KINDS ? "nothing" : line_name(line->kind);
}

static void kind_text(const struct line *line, char *text, size_t size)
{
    if (line->kind == LINE_FLT)
        snprintf(text, size, "FLT %u", (unsigned)line->value[FLT_cause]);
    else
        snprintf(text, size, "%s", kind_name(line));
}

static void classify(struct difference *d)
{
    const char *head = line_name(d->record->head.kind);
    char expected[32] = "", got[32] = "";
    if (d->field == LINE_FIELDS) {
        kind_text(&d->expected, expected, sizeof(expected));
        kind_text(&d->got, got, sizeof(got));
        snprintf(d->class, sizeof(d->class), "%s: %s expected, %s got", head, expected, got);
        return;
    }
    const char *kind = kind_name(&d->expected),
               *field = line_field_name(d->expected.kind, d->field);
    if (telling(d->expected.kind, d->field) && !wide(d->expected.kind, d->field)) {
        line_value(&d->expected, d->field, expected, sizeof(expected));
        line_value(&d->got, d->field, got, sizeof(got));
        snprintf(d->class, sizeof(d->class), "%s: %s %s %s expected, %s got", head, kind, field,
                 expected, got);
    } else {
        snprintf(d->class, sizeof(d->class), "%s: %s %s", head, kind, field);
    }
}

/* A recorded store that the model did not make counts only if it would have changed memory. */
static bool store_needless(const struct world *w, const struct line *line)
{
    uint64_t size = line->value[MW_size], addr = line->value[MW_addr];
    if (line->kind != LINE_MW || size > 8)
        return false;
    uint64_t there = world_read(w, addr & ~UINT64_C(7));
    if (size == 4)
        there = vd_get(there, addr & 4 ? 32 : 0, 32);
    return there == line->value[MW_d0];
}

struct cursor {
    uint32_t i;
    struct line line;
};

static void next_expected(const struct world *w, const struct record *record, struct cursor *c)
{
    while (c->i < record->num_answers && record->answers[c->i].kind == LINE_SYNC)
        c->i++;
    c->line = c->i < record->num_answers ? record->answers[c->i] : line_make(LINE_KINDS);
    normalise(w, record, &c->line);
}

/* After a difference the model's fault records are not where the recorded ones were. */
static void shift(const struct world *w, struct line *line)
{
    if (line->kind != LINE_MW || line->value[MW_size] != FAULT_RECORD)
        return;
    uint64_t fqb = world_register((struct world *)w, FQB, 8);
    uint64_t base = vd_get(fqb, 10, 44) << 12, mask = vd_mask(0, (unsigned)vd_get(fqb, 0, 5) + 1);
    uint64_t index = (line->value[MW_addr] - base) / FAULT_RECORD - w->ahead;
    line->value[MW_addr] = base + (index & mask) * FAULT_RECORD;
}

static void next_got(const struct world *w, const struct record *record, struct cursor *c)
{
    const struct transcript *seen = &w->seen;
    c->line = c->i < seen->num_answers ? seen->answers[c->i] : line_make(LINE_KINDS);
    normalise(w, record, &c->line);
    shift(w, &c->line);
}

/* True if the two lines were equal or one of them is of no importance. */
static bool step(const struct world *w, struct cursor *expected, struct cursor *got,
                 uint32_t *forgiven)
{
    bool same = expected->line.kind == got->line.kind &&
                first_field(&expected->line, &got->line) == LINE_FIELDS;
    bool skip_got = got->line.kind == LINE_MW && w->seen.unchanged[got->i];
    if (!same && !skip_got &&
        !(expected->line.kind == LINE_MW && store_needless(w, &expected->line)))
        return false;
    if (same || skip_got)
        got->i++;
    if (same || !skip_got)
        expected->i++;
    *forgiven = 0;
    return true;
}

static void describe(const struct world *w, const struct record *record,
                     const struct cursor *expected, const struct cursor *got, struct difference *d)
{
    *d = (struct difference){
        .record = record, .seen = &w->seen, .expected = expected->line, .got = got->line};
    d->field = expected->line.kind == got->line.kind ? first_field(&expected->line, &got->line)
                                                     : (unsigned)LINE_FIELDS;
    classify(d);
}

/* A field that an exception explains is left out, and the comparison goes on behind it; a line that
 * one explains ends it, for what follows it differs too. */
enum verdict compare(const struct world *w, const struct record *record, struct difference *d,
                     const struct exception **exception)
{
    struct cursor expected = {0}, got = {0};
    uint32_t forgiven = 0; /* fields of the line */
    *exception = NULL;
    for (;;) {
        next_expected(w, record, &expected);
        next_got(w, record, &got);
        expected.line.present &= ~forgiven;
        if (expected.line.kind == LINE_KINDS && got.line.kind == LINE_KINDS)
            return *exception ? VERDICT_EXCEPTED : VERDICT_EQUAL;
        if (step(w, &expected, &got, &forgiven))
            continue;
        describe(w, record, &expected, &got, d);
        const struct exception *explanation = exception_for(w, d);
        if (!explanation)
            return VERDICT_DIFFERENT;
        *exception = explanation;
        if (d->field == LINE_FIELDS)
            return VERDICT_EXCEPTED;
        forgiven |= 1u << d->field;
    }
}

static uint32_t fault_records(const struct line *lines, uint32_t count)
{
    uint32_t records = 0;
    for (uint32_t i = 0; i < count; i++)
        records += lines[i].kind == LINE_MW && lines[i].value[MW_size] == FAULT_RECORD;
    return records;
}

void compare_resume(struct world *w, const struct record *record)
{
    w->ahead += fault_records(w->seen.answers, w->seen.num_answers) -
                fault_records(record->answers, record->num_answers);
    for (uint32_t i = 0; i < record->num_answers; i++) {
        const struct line *line = &record->answers[i];
        uint64_t addr = line->value[MW_addr], data = line->value[MW_d0];
        uint64_t there = world_read(w, addr & ~UINT64_C(7));
        if (line->kind != LINE_MW || line->value[MW_size] > 8)
            continue;
        if (line->value[MW_size] == 4)
            data = vd_set(there, addr & 4 ? 32 : 0, 32, data);
        world_write(w, addr & ~UINT64_C(7), data);
    }
}
