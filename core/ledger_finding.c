/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences about what went wrong, and the closing of the books. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/ledger_state.h"
#include "viaduct/bits.h"

static const char *const names[LEDGER_INVARIANTS] = {
    [LEDGER_NO_INVARIANT] = "",
#define LEDGER_INVARIANT(id, name, sentence, checked) [LEDGER_##id] = #id " " name,
#include "core/ledger_invariants.def"
#undef LEDGER_INVARIANT
};

const char *ledger_invariant_name(enum ledger_invariant invariant)
{
    return names[invariant];
}

static uint32_t most_findings(enum ledger_finding_kind kind)
{
    bool many = kind == LEDGER_DROPPED || kind == LEDGER_PENDING;
    return many ? LEDGER_MAX_DROPS : LEDGER_MAX_FINDINGS;
}

static struct ledger_finding *new_finding(struct ledger *l, enum ledger_finding_kind kind,
                                          enum ledger_invariant invariant)
{
    static const bool notes[LEDGER_KINDS] = {[LEDGER_DROPPED] = true,
                                             [LEDGER_PENDING] = true,
                                             [LEDGER_STALE] = true,
                                             [LEDGER_MIXED] = true};
    l->violations += !notes[kind];
    if (l->num_findings >= most_findings(kind))
        return NULL;
    if (kind == LEDGER_BROKEN && l->broken[invariant]++ == LEDGER_MAX_BROKEN)
        return NULL;
    l->findings = ledger_grow(l->findings, l->num_findings + 1, sizeof(*l->findings));
    struct ledger_finding *f = &l->findings[l->num_findings++];
    *f = (struct ledger_finding){
        .kind = kind, .invariant = invariant, .when = l->now, .path = l->path};
    return f;
}

static size_t put(char *text, size_t size, size_t used, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static size_t put(char *text, size_t size, size_t used, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (used < size)
        used += (size_t)vsnprintf(text + used, size - used, format, args);
    va_end(args);
    return used < size ? used : size - 1;
}

static size_t put_requester(char *text, size_t size, size_t used, uint32_t requester)
{
    static const char *const kinds[] = {"hart", "IOMMU", "APLIC", "board device"};
    uint32_t kind = (requester >> 24) - (VD_REQUESTER_HART(0) >> 24);
    if (kind < sizeof(kinds) / sizeof(kinds[0]))
        return put(text, size, used, "%s %u", kinds[kind], requester & 0xffffff);
    return put(text, size, used, "device %02x:%02x.%u", requester >> 8, requester >> 3 & 0x1f,
               requester & 7);
}

static size_t put_name(char *text, size_t size, enum ledger_invariant invariant)
{
    return invariant ? put(text, size, 0, "[%s] ", names[invariant]) : 0;
}

static size_t put_time(char *text, size_t size, size_t used, vd_time time)
{
    return put(text, size, used, "%" PRIu64 ".%03u ns", time / 1000, (unsigned)(time % 1000));
}

static const size_t counter_of[LEDGER_KINDS] = {
    [LEDGER_LOST] = LEDGER_COUNTER(lost),
    [LEDGER_DUPLICATE] = LEDGER_COUNTER(duplicate),
    [LEDGER_STRAY] = LEDGER_COUNTER(stray),
    [LEDGER_PENDING] = LEDGER_COUNTER(pending),
};

void finding_add(struct ledger *l, enum ledger_finding_kind kind, enum ledger_invariant invariant,
                 struct msi *msi, const char *format, ...)
{
    struct ledger_finding *f = new_finding(l, kind, invariant);
    bool counted = kind == LEDGER_DROPPED || (kind == LEDGER_STRAY && msi->stray);
    if (!counted)
        msi_count(l, msi, counter_of[kind], 1);
    msi->stray |= kind == LEDGER_STRAY;
    if (!f)
        return;
    size_t size = sizeof(f->text);
    f->serial = msi->serial;
    f->identity = msi->identity;
    f->path = msi->path;
    bool software = msi->serial >= LEDGER_SOFTWARE_SERIAL;
    size_t used = put_name(f->text, size, invariant);
    used = put(f->text, size, used, "%s %" PRIu64 " of ", software ? "Interrupt" : "MSI",
               software ? msi->serial - LEDGER_SOFTWARE_SERIAL : msi->serial);
    used = put_requester(f->text, size, used, msi->requester);
    used = put(f->text, size, used, ", identity %u, ", msi->identity);
    va_list args;
    va_start(args, format);
    used += (size_t)vsnprintf(f->text + used, size - used, format, args);
    va_end(args);
    if (used >= size)
        used = size - 1;
    if (msi->stale)
        used = put(f->text, size, used, ", by a cached translation that %s should have removed",
                   stale_command(msi->stale));
    used = put(f->text, size, used, " (at ");
    used = put_time(f->text, size, used, l->now);
    put(f->text, size, used, ")");
}

void finding_stale(struct ledger *l, const struct ledger_stale *stale)
{
    struct ledger_finding *f = new_finding(l, LEDGER_STALE, LEDGER_NO_INVARIANT);
    if (!f)
        return;
    size_t size = sizeof(f->text);
    size_t used = put(f->text, size, 0, "IOMMU %u used a translation of ", stale->command >> 16);
    used = put_requester(f->text, size, used, stale->device_id);
    used = put(f->text, size, used, ", IOVA 0x%" PRIx64 ", that %s should have removed",
               stale->page << 12, stale_command(stale->command));
    used = put(f->text, size, used, ": an IOFENCE.C has passed since memory differs (at ");
    used = put_time(f->text, size, used, l->now);
    put(f->text, size, used, ")");
}

void finding_mixed(struct ledger *l, const struct ledger_context *x, const struct ledger_context *y)
{
    struct ledger_finding *f = new_finding(l, LEDGER_MIXED, LEDGER_I14);
    if (!f)
        return;
    size_t size = sizeof(f->text);
    size_t used = put_name(f->text, size, LEDGER_I14);
    used = put_requester(f->text, size, used, x->device_id);
    used = put(f->text, size, used, " and ");
    used = put_requester(f->text, size, used, y->device_id);
    used = put(f->text, size, used, " have GSCID %u in one IOMMU, but not the same %s (at ",
               (uint32_t)vd_get(x->iohgatp, GSCID_LSB, GSCID_WIDTH),
               x->iohgatp == y->iohgatp ? "MSI page table" : "second stage");
    used = put_time(f->text, size, used, l->now);
    put(f->text, size, used, ")");
}

/* The texts of drops end in "(detail: what it is)". */
void finding_dropped(struct ledger *l, struct msi *msi, uint32_t drop, uint64_t detail)
{
    static const char *const texts[VD_DROP_COUNT] = {
#define VD_DROP(name, text) [VD_DROP_##name] = text,
#include "viaduct/drops.def"
#undef VD_DROP
    };
    static const char mark[] = "(detail: ";
    const char *text = texts[drop], *what = strstr(text, mark);
    if (!what) {
        finding_add(l, LEDGER_DROPPED, LEDGER_NO_INVARIANT, msi, "was dropped: %s", text);
        return;
    }
    int before = (int)(what - text);
    what += sizeof(mark) - 1;
    bool is_address = strncmp(what, "address", 7) == 0;
    finding_add(l, LEDGER_DROPPED, LEDGER_NO_INVARIANT, msi,
                is_address ? "was dropped: %.*s(%.*s 0x%" PRIx64 ")"
                           : "was dropped: %.*s(%.*s %" PRIu64 ")",
                before, text, (int)strcspn(what, ")"), what, detail);
}

static void say(struct ledger *l, struct ledger_finding *f, const char *where, const char *format,
                va_list args)
{
    size_t size = sizeof(f->text);
    size_t used = put_name(f->text, size, f->invariant);
    used += (size_t)vsnprintf(f->text + used, size - used, format, args);
    if (used >= size)
        used = size - 1;
    used = put(f->text, size, used, " (%sat ", where);
    used = put_time(f->text, size, used, l->now);
    put(f->text, size, used, ")");
}

void finding_of_nothing(struct ledger *l, uint32_t hart, uint32_t identity, const char *format, ...)
{
    struct ledger_finding *f = new_finding(l, LEDGER_DUPLICATE, LEDGER_I2);
    struct msi nobody = {.path = l->path, .phase = l->phase};
    char where[32];
    msi_count(l, &nobody, LEDGER_COUNTER(duplicate), 1);
    if (!f)
        return;
    f->identity = identity;
    snprintf(where, sizeof(where), "hart %u ", hart);
    va_list args;
    va_start(args, format);
    say(l, f, where, format, args);
    va_end(args);
}

void finding_broken(struct ledger *l, enum ledger_invariant invariant, uint64_t serial,
                    const char *format, ...)
{
    struct ledger_finding *f = new_finding(l, LEDGER_BROKEN, invariant);
    if (!f)
        return;
    f->serial = serial;
    va_list args;
    va_start(args, format);
    say(l, f, "", format, args);
    va_end(args);
}

void finding_unseen(struct ledger *l, const char *format, ...)
{
    struct ledger_finding *f = new_finding(l, LEDGER_LOST, LEDGER_I1);
    struct msi nobody = {.path = l->path, .phase = l->phase};
    msi_count(l, &nobody, LEDGER_COUNTER(lost), 1);
    if (!f)
        return;
    va_list args;
    va_start(args, format);
    size_t used = put_name(f->text, sizeof(f->text), f->invariant);
    vsnprintf(f->text + used, sizeof(f->text) - used, format, args);
    va_end(args);
}

static void last_seen(const struct msi *msi, char *text, size_t size)
{
    char name[64] = "";
    size_t used = 0;
    switch (msi->state) {
    case MSI_ISSUED:
        used = put(text, size, 0, "leaving its source for 0x%" PRIx64, msi->target);
        break;
    case MSI_ACCEPTED:
        used = put(text, size, 0, "in the IOMMU, on its way to 0x%" PRIx64, msi->target);
        break;
    case MSI_TRANSLATED:
        used = put(text, size, 0, "leaving the IOMMU for 0x%" PRIx64, msi->target);
        break;
    case MSI_HELD:
        place_name(msi->held_from, name, sizeof(name));
        used = put(text, size, 0, "when software cleared its pending bit in %s", name);
        break;
    default:
        if (msi->place)
            place_name(msi->place, name, sizeof(name));
        used = put(text, size, 0, "pending in %s", name);
        break;
    }
    used = put(text, size, used, " at ");
    put_time(text, size, used, msi->seen);
}

void finding_lost(struct ledger *l, struct msi *msi, enum ledger_invariant invariant,
                  const char *why)
{
    char seen[128];
    last_seen(msi, seen, sizeof(seen));
    vd_time when = msi->seen;
    finding_add(l, LEDGER_LOST, invariant, msi, "is lost: last seen %s, %s", seen, why);
    if (l->num_findings && l->findings[l->num_findings - 1].serial == msi->serial)
        l->findings[l->num_findings - 1].when = when;
    msi_sample(l, msi, SAMPLE_LOST);
    msi_end(l, msi, MSI_LOST);
}

static const char *why_masked(const struct place *place, uint32_t identity)
{
    if (place->kind == PLACE_MRIF)
        return "which is no vCPU's";
    if (place->eidelivery != 1)
        return "whose eidelivery is off";
    if (!(place->eie[identity / 64] >> (identity % 64) & 1))
        return "where it is not enabled";
    return "masked by eithreshold";
}

void finding_pending(struct ledger *l, struct msi *msi)
{
    char name[64];
    place_name(msi->place, name, sizeof(name));
    if (msi->host || msi->phase != PHASE_MEASURED)
        msi_count(l, msi, LEDGER_COUNTER(pending), 1);
    else
        finding_add(l, LEDGER_PENDING, LEDGER_NO_INVARIANT, msi, "is left pending in %s, %s", name,
                    why_masked(msi->place, msi->identity));
}

/* A run is often ended by a hart that has just told the others to stop: its IPIs need not arrive.
 * Before the first phase and in the quiet one they are not held against it. */
static bool excused(const struct msi *msi)
{
    if (msi->requester >> 24 == VD_REQUESTER_IOMMU(0) >> 24)
        return true; /* a notice too late: what it is about is followed by itself */
    bool from_hart = msi->requester >> 24 == VD_REQUESTER_HART(0) >> 24;
    return from_hart && (msi->phase == 0 || msi->phase == PHASE_QUIET);
}

static const char *why_pending_is_wrong(const struct msi *msi, enum ledger_invariant *invariant)
{
    const struct place *place = msi->place;
    if (place->kind == PLACE_FILE && place->free) {
        *invariant = LEDGER_I28;
        return "a file that no VM owns any more";
    }
    if (place->kind == PLACE_MRIF || !place_enables(place, msi->identity))
        return NULL;
    return "enabled and deliverable, but never claimed";
}

static void close_msi(struct ledger *l, struct msi *msi)
{
    enum ledger_invariant invariant = LEDGER_I1;
    const char *why = NULL;
    switch (msi->state) {
    case MSI_ISSUED:
    case MSI_ACCEPTED:
    case MSI_TRANSLATED:
        why = "and never recorded in a file";
        break;
    case MSI_HELD:
        invariant = LEDGER_I28;
        why = "and it was set in no other file since";
        break;
    case MSI_PENDING:
        why = why_pending_is_wrong(msi, &invariant);
        break;
    default:
        return;
    }
    /* A stray is reported as that and not once more as what became of it. */
    if (msi->stray) {
        msi_sample(l, msi, SAMPLE_STRAY);
        return;
    }
    if (!why)
        finding_pending(l, msi);
    else if (excused(msi))
        msi_count(l, msi, LEDGER_COUNTER(pending), 1);
    else
        finding_lost(l, msi, invariant, why);
}

bool ledger_finish(struct ledger *l, vd_time now)
{
    l->now = now;
    for (uint32_t i = 0; i < l->num_harts; i++)
        file_check_injected(l, l->harts[i]);
    for (uint32_t i = 0; i < l->num_chunks; i++)
        for (uint32_t j = 0; l->chunks[i] && j < LEDGER_CHUNK; j++)
            close_msi(l, &l->chunks[i]->msis[j]);
    for (uint32_t i = 0; i < l->num_software; i++)
        close_msi(l, &l->software[i / LEDGER_CHUNK]->msis[i % LEDGER_CHUNK]);
    check_finish(l);
    mrif_finish(l);
    return l->violations == 0;
}
