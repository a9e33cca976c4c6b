/* SPDX-License-Identifier: BSD-2-Clause */
#include "sequence.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/trace.h"
#include "report/sequence.h"
#include "viaduct/bits.h"
#include "viaduct/imsic_port.h"

enum { KINDS = 256, MSIS = 1 << 16, MOST_HARTS = 64, NO_HART = UINT32_MAX };
enum { HINT_PHASE = 1, HINT_FILE_OWNER, HINT_DEVICE_OWNER, HINT_INJECT, HINT_SOFTWARE_CLAIM };
enum { HINT_MOVE = 7, HINT_MRIF_OWNER = 9, HINT_VCPU_STATE, HINT_VCPU_PAGE = 12 };
enum { PHASE_MEASURED = 2 };

struct drawing {
    struct trace_reader *reader;
    const struct sequence_view *view;
    struct sequence *rows;
    vd_time begin, end;
    uint16_t kinds[KINDS]; /* of the file: enum vd_record_kind, VD_REC_COUNT if not known */
    uint8_t at[MSIS];      /* lane that an MSI has reached */
    bool kick[MSIS];       /* the hypervisor has sent it to itself */
    uint32_t requester[MSIS];
    vd_time issued[MSIS];
    uint8_t mode[MOST_HARTS];
    uint64_t hgeip[MOST_HARTS];
    struct vd_record hint; /* whose other arguments are to come */
};

static uint16_t kind_of(const struct drawing *d, uint32_t kind)
{
    const struct trace_kind *written = trace_read_kind(d->reader, kind);
    for (uint16_t k = 0; written && k < VD_REC_COUNT; k++)
        if (!strcmp(trace_kind(k)->name, written->name))
            return k;
    return VD_REC_COUNT;
}

static uint32_t hart_of(const struct drawing *d, const struct vd_record *rec)
{
    const char *name = trace_read_source(d->reader, rec->source);
    uint32_t hart;
    char rest;
    if (name && sscanf(name, "hart%u%c", &hart, &rest) == 1 && hart < MOST_HARTS)
        return hart;
    return NO_HART;
}

static const char *file_text(uint64_t file, char *text, size_t size)
{
    uint32_t hart = VD_FILE_HART(file), index = VD_FILE_INDEX(file);
    if ((int64_t)file < 0)
        snprintf(text, size, "memory");
    else if (index < 2)
        snprintf(text, size, "h%u.%c", hart, index ? 'S' : 'M');
    else
        snprintf(text, size, "h%u.g%u", hart, index - 1);
    return text;
}

static enum sequence_lane lane_of_hart(const struct drawing *d, uint32_t hart)
{
    bool guest = hart < MOST_HARTS && (d->mode[hart] == VD_MODE_VS || d->mode[hart] == VD_MODE_VU);
    return guest ? LANE_GUEST : LANE_HYPERVISOR;
}

static enum sequence_lane lane_of_source(const struct drawing *d, uint64_t requester)
{
    if (requester >> 24 == VD_REQUESTER_HART(0) >> 24)
        return lane_of_hart(d, (uint32_t)requester & 0xffffff);
    if (requester >> 24 == VD_REQUESTER_IOMMU(0) >> 24)
        return LANE_IOMMU;
    return requester >> 24 == VD_REQUESTER_APLIC(0) >> 24 ? LANE_APLIC : LANE_DEVICE;
}

#define ADD(d, rec, from, to, ...) sequence_add((d)->rows, (rec)->time, from, to, __VA_ARGS__)

/* --- the way of an MSI --- */

static void issue(struct drawing *d, const struct vd_record *rec)
{
    if (rec->serial >= MSIS)
        return;
    d->at[rec->serial] = (uint8_t)lane_of_source(d, rec->c);
    d->requester[rec->serial] = (uint32_t)rec->c;
    d->issued[rec->serial] = rec->time;
}

static enum sequence_lane lane_of_msi(const struct drawing *d, const struct vd_record *rec)
{
    return rec->serial < MSIS ? (enum sequence_lane)d->at[rec->serial] : LANE_DEVICE;
}

static void moves_to(struct drawing *d, const struct vd_record *rec, enum sequence_lane lane)
{
    if (rec->serial < MSIS)
        d->at[rec->serial] = (uint8_t)lane;
}

static void accept(struct drawing *d, const struct vd_record *rec)
{
    ADD(d, rec, lane_of_msi(d, rec), LANE_IOMMU, "MSI %" PRIu64 " to 0x%" PRIx64, rec->serial,
        rec->b);
    moves_to(d, rec, LANE_IOMMU);
}

static void pte_text(uint64_t dw0, char *text, size_t size)
{
    if (!(dw0 & 1))
        snprintf(text, size, "invalid");
    else if (vd_get(dw0, 1, 2) == 1)
        snprintf(text, size, "MRIF 0x%" PRIx64, vd_get(dw0, 7, 47) << 9);
    else
        snprintf(text, size, "page 0x%" PRIx64, vd_get(dw0, 10, 44) << 12);
}

static void pte_read(struct drawing *d, const struct vd_record *rec)
{
    char text[64];
    pte_text(rec->b, text, sizeof(text));
    ADD(d, rec, LANE_MEMORY, LANE_IOMMU, "MSI PTE: %s", text);
}

static void mrif_store(struct drawing *d, const struct vd_record *rec)
{
    ADD(d, rec, LANE_IOMMU, LANE_MEMORY, "MRIF: bit %" PRIu64, rec->b);
}

/* What the hypervisor's harts tell each other is left out. */
static bool is_kick(const struct drawing *d, const struct vd_record *rec)
{
    return rec->serial < MSIS && VD_FILE_INDEX(rec->a) < 2 &&
           d->requester[rec->serial] >> 24 == VD_REQUESTER_HART(0) >> 24;
}

static void record(struct drawing *d, const struct vd_record *rec)
{
    char file[48];
    if (is_kick(d, rec)) {
        d->kick[rec->serial] = true;
        return;
    }
    ADD(d, rec, lane_of_msi(d, rec), LANE_FILE, "identity %" PRIu64 " in %s", rec->b,
        file_text(rec->a, file, sizeof(file)));
    moves_to(d, rec, LANE_FILE);
}

static void drop(struct drawing *d, const struct vd_record *rec)
{
    ADD(d, rec, lane_of_msi(d, rec), lane_of_msi(d, rec), "MSI %" PRIu64 " is dropped: %s",
        rec->serial, trace_drop_name((uint32_t)rec->a));
}

static void claim(struct drawing *d, const struct vd_record *rec)
{
    bool guest = VD_FILE_INDEX(rec->a) > 1;
    if (rec->serial < MSIS && d->kick[rec->serial])
        return;
    ADD(d, rec, guest ? LANE_GUEST : LANE_HYPERVISOR, LANE_FILE, "claims %" PRIu64, rec->b);
}

/* --- files, words, lines --- */

static void eip(struct drawing *d, const struct vd_record *rec)
{
    bool set = d->kinds[rec->kind] == VD_REC_eip_set;
    char file[48];
    ADD(d, rec, LANE_HYPERVISOR, LANE_FILE, "%s %" PRIu64 " in %s", set ? "sets" : "takes", rec->b,
        file_text(rec->a, file, sizeof(file)));
}

static void file_state(struct drawing *d, const struct vd_record *rec)
{
    enum { EIDELIVERY = 0x70 };
    char file[48];
    if (rec->b == EIDELIVERY)
        ADD(d, rec, LANE_HYPERVISOR, LANE_FILE, "eidelivery = %" PRIu64 " in %s", rec->c,
            file_text(rec->a, file, sizeof(file)));
}

static void word(struct drawing *d, const struct vd_record *rec)
{
    char text[64];
    if (hart_of(d, rec) == NO_HART)
        return;
    pte_text(rec->c, text, sizeof(text));
    bool pte = (rec->c & 7) == 7 || (rec->c & 7) == 3 || (rec->b & 7) == 7 || (rec->b & 7) == 3;
    if (pte && !(rec->a & 8))
        ADD(d, rec, LANE_HYPERVISOR, LANE_MEMORY, "MSI PTE: %s", text);
    else if (!(rec->a & 8))
        ADD(d, rec, LANE_HYPERVISOR, LANE_MEMORY, "MRIF word 0x%" PRIx64, rec->c);
}

static void hgeip(struct drawing *d, const struct vd_record *rec)
{
    ADD(d, rec, LANE_FILE, lane_of_hart(d, (uint32_t)rec->a), "hgeip = 0x%" PRIx64, rec->b);
}

static void hgeie(struct drawing *d, const struct vd_record *rec)
{
    ADD(d, rec, LANE_HYPERVISOR, LANE_HYPERVISOR, "hgeie = 0x%" PRIx64, rec->b);
}

/* --- harts --- */

static const char *cause_text(uint64_t cause)
{
    static const struct {
        uint64_t cause;
        const char *text;
    } texts[] = {{VD_BIT(63) | 9, "external interrupt"},
                 {VD_BIT(63) | 10, "VS external interrupt"},
                 {VD_BIT(63) | 12, "guest external interrupt"},
                 {VD_BIT(63) | 5, "timer interrupt"},
                 {10, "ecall"},
                 {20, "guest fetch page fault"},
                 {21, "guest load page fault"},
                 {22, "virtual instruction"},
                 {23, "guest store page fault"}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].cause == cause)
            return texts[i].text;
    return NULL;
}

static bool is_guest_mode(uint64_t mode)
{
    return mode == VD_MODE_VS || mode == VD_MODE_VU;
}

static void trap(struct drawing *d, const struct vd_record *rec)
{
    uint64_t from = rec->b & 0xff, to = rec->b >> 8 & 0xff;
    const char *text = cause_text(rec->a);
    if (!text || to == VD_MODE_M)
        return;
    uint32_t hart = hart_of(d, rec);
    bool by_file = hart == NO_HART || d->hgeip[hart];
    if (is_guest_mode(to) && rec->a >> 63)
        ADD(d, rec, by_file ? LANE_FILE : LANE_HYPERVISOR, LANE_GUEST, "interrupt");
    if (is_guest_mode(to))
        return;
    if (is_guest_mode(from))
        ADD(d, rec, LANE_GUEST, LANE_HYPERVISOR, "%s", text);
    else
        ADD(d, rec, LANE_HYPERVISOR, LANE_HYPERVISOR, "%s", text);
}

static void xret(struct drawing *d, const struct vd_record *rec)
{
    uint64_t from = rec->b & 0xff, to = rec->b >> 8 & 0xff;
    if (is_guest_mode(to) && from == VD_MODE_S)
        ADD(d, rec, LANE_HYPERVISOR, LANE_GUEST, "runs");
}

static void command(struct drawing *d, const struct vd_record *rec)
{
    static const char *const names[2][2] = {{"IOTINVAL.VMA", "IOTINVAL.GVMA"},
                                            {"IODIR.INVAL_DDT", "IODIR.INVAL_PDT"}};
    uint64_t opcode = rec->a & 0x7f, function = rec->a >> 7 & 7;
    if (opcode == 2)
        ADD(d, rec, LANE_IOMMU, LANE_HYPERVISOR, "IOFENCE.C%s is over",
            rec->a >> 13 & 1 ? " PW" : "");
    else if ((opcode == 1 || opcode == 3) && function < 2)
        ADD(d, rec, LANE_HYPERVISOR, LANE_IOMMU, "%s", names[opcode == 3][function]);
}

static void fault(struct drawing *d, const struct vd_record *rec)
{
    ADD(d, rec, LANE_IOMMU, LANE_MEMORY, "fault record, cause %" PRIu64, rec->a);
}

static void pend(struct drawing *d, const struct vd_record *rec)
{
    if (rec->b)
        ADD(d, rec, LANE_DEVICE, LANE_APLIC, "wire: source %" PRIu64, rec->a);
}

/* --- hints --- */

static void note(struct drawing *d, const struct vd_record *rec, const char *text)
{
    ADD(d, rec, LANE_HYPERVISOR, LANE_HYPERVISOR, "%s", text);
}

static void owner(struct drawing *d, const struct vd_record *first, const struct vd_record *rec)
{
    char text[96];
    if ((int64_t)rec->b < 0)
        snprintf(text, sizeof(text), "guest file %" PRIu64 " of hart %" PRIu64 " is free", first->c,
                 first->b);
    else
        snprintf(text, sizeof(text), "guest file %" PRIu64 " of hart %" PRIu64 ": vCPU %" PRIu64,
                 first->c, first->b, rec->c);
    note(d, rec, text);
}

static void move(struct drawing *d, const struct vd_record *first, const struct vd_record *rec)
{
    char from[48], to[48], text[160];
    snprintf(text, sizeof(text), "vCPU %" PRIu64 " moves: %s to %s", first->b & 0xffff,
             file_text(first->c, from, sizeof(from)), file_text(rec->b, to, sizeof(to)));
    note(d, rec, rec->c ? "the move is over" : text);
}

static void state(struct drawing *d, const struct vd_record *first)
{
    static const char *const texts[] = {"is stopped", "is ready", "is blocked", "is blocked"};
    char text[64];
    snprintf(text, sizeof(text), "vCPU %" PRIu64 " %s", first->b & 0xffff, texts[first->c & 3]);
    note(d, first, text);
}

static void hint_more(struct drawing *d, const struct vd_record *rec)
{
    const struct vd_record *first = &d->hint;
    char text[64];
    switch (first->a) {
    case HINT_FILE_OWNER:
        owner(d, first, rec);
        return;
    case HINT_DEVICE_OWNER:
        note(d, rec, (int64_t)first->c > 0 ? "the device is the VM's" : "the device is the host's");
        return;
    case HINT_INJECT:
        snprintf(text, sizeof(text), "injects %" PRIu64, first->c);
        break;
    case HINT_SOFTWARE_CLAIM:
        snprintf(text, sizeof(text), "claims %" PRIu64 " in memory", first->c);
        break;
    case HINT_MOVE:
        move(d, first, rec);
        return;
    case HINT_MRIF_OWNER:
        note(d, rec, rec->b ? "the MRIF is in use" : "the MRIF is empty");
        return;
    case HINT_VCPU_STATE:
        state(d, first);
        return;
    default:
        return;
    }
    note(d, rec, text);
}

static void hint(struct drawing *d, const struct vd_record *rec)
{
    d->hint = *rec;
}

static void (*const drawers[VD_REC_COUNT])(struct drawing *d, const struct vd_record *rec) = {
    [VD_REC_msi_accept] = accept,   [VD_REC_msi_pte] = pte_read, [VD_REC_mrif_store] = mrif_store,
    [VD_REC_msi_record] = record,   [VD_REC_msi_drop] = drop,    [VD_REC_msi_claim] = claim,
    [VD_REC_eip_set] = eip,         [VD_REC_eip_clear] = eip,    [VD_REC_file_state] = file_state,
    [VD_REC_word] = word,           [VD_REC_hgeip] = hgeip,      [VD_REC_hgeie] = hgeie,
    [VD_REC_trap] = trap,           [VD_REC_xret] = xret,        [VD_REC_iommu_command] = command,
    [VD_REC_iommu_fault] = fault,   [VD_REC_aplic_pend] = pend,  [VD_REC_hint] = hint,
    [VD_REC_hint_more] = hint_more,
};

/* --- which part of the trace --- */

struct search {
    bool measured;
    uint32_t count;
    uint64_t serial; /* 0: any claim ends it */
};

/* An MSI counts when it arrives, in a guest file, in an MRIF, or from elsewhere than a hart. */
static bool arrives(const struct drawing *d, const struct vd_record *rec)
{
    uint16_t kind = d->kinds[rec->kind];
    if (rec->serial == 0 || rec->serial >= MSIS)
        return false;
    bool notice = d->requester[rec->serial] >> 24 == VD_REQUESTER_IOMMU(0) >> 24;
    return kind == VD_REC_mrif_store || (kind == VD_REC_msi_record && !notice && !is_kick(d, rec));
}

static bool is_begin(struct search *s, const struct drawing *d, const struct vd_record *rec)
{
    uint16_t kind = d->kinds[rec->kind];
    if (d->view->subject == SUBJECT_ROUTE)
        return kind == VD_REC_hint && rec->a == HINT_VCPU_PAGE;
    if (!s->measured)
        return false;
    if (d->view->subject == SUBJECT_MSI) {
        s->serial = rec->serial;
        return arrives(d, rec) && s->count++ >= d->view->number;
    }
    return kind == VD_REC_hint_more && rec->a == HINT_MOVE && rec->c == 0 &&
           s->count++ >= d->view->number;
}

/* A file that has moved knows no serial any more. */
static bool is_end(const struct search *s, const struct drawing *d, const struct vd_record *rec)
{
    if (d->view->subject == SUBJECT_MOVE)
        return d->kinds[rec->kind] == VD_REC_hint_more && rec->a == HINT_MOVE && rec->c == 1;
    if (d->kinds[rec->kind] == VD_REC_hint)
        return d->view->subject == SUBJECT_MSI && rec->a == HINT_SOFTWARE_CLAIM;
    if (d->kinds[rec->kind] != VD_REC_msi_claim || VD_FILE_INDEX(rec->a) < 2)
        return false;
    return s->serial == 0 || rec->serial == 0 || rec->serial == s->serial;
}

static void found(struct drawing *d, const struct search *s, const struct vd_record *rec)
{
    vd_time begin = s->serial ? d->issued[s->serial] : rec->time;
    d->begin = begin > d->view->before ? begin - d->view->before : 0;
}

static void find(struct drawing *d)
{
    struct search s = {.count = 0};
    struct vd_record rec;
    bool truncated, begun = false;
    while (trace_read(d->reader, &rec, &truncated)) {
        uint16_t kind = d->kinds[rec.kind];
        if (kind == VD_REC_msi_issue)
            issue(d, &rec);
        if (kind == VD_REC_hint && rec.a == HINT_PHASE)
            s.measured = rec.b == PHASE_MEASURED;
        if (!begun && is_begin(&s, d, &rec)) {
            begun = true;
            found(d, &s, &rec);
        } else if (begun && is_end(&s, d, &rec)) {
            d->end = rec.time + d->view->after;
            return;
        }
    }
}

static void follow(struct drawing *d, const struct vd_record *rec)
{
    uint16_t kind = d->kinds[rec->kind];
    uint32_t hart = hart_of(d, rec);
    bool shown = rec->time >= d->begin && rec->time <= d->end;
    bool mine = hart == NO_HART || d->view->harts >> hart & 1;
    if (kind == VD_REC_msi_issue)
        issue(d, rec);
    if (kind < VD_REC_COUNT && drawers[kind] && (kind == VD_REC_hint || (shown && mine)))
        drawers[kind](d, rec);
    if (hart != NO_HART && kind == VD_REC_hgeip)
        d->hgeip[hart] = rec->b;
    if (hart != NO_HART && (kind == VD_REC_trap || kind == VD_REC_xret))
        d->mode[hart] = rec->b >> 8 & 0xff;
}

static bool open_trace(struct drawing *d, const char *path, struct vd_error *err)
{
    d->reader = trace_read_open(path, err);
    for (uint32_t i = 0; d->reader && i < KINDS; i++)
        d->kinds[i] = kind_of(d, i);
    return d->reader != NULL;
}

static bool write_svg(const struct drawing *d, const char *path, struct vd_error *err)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return vd_fail(err, "cannot write '%s': %s", path, strerror(errno));
    sequence_write(out, d->rows, d->view->title);
    return fclose(out) == 0 || vd_fail(err, "cannot write '%s': %s", path, strerror(errno));
}

bool sequence_draw(const char *trace, const char *svg, const struct sequence_view *view,
                   struct vd_error *err)
{
    static struct drawing d;
    struct vd_record rec;
    bool truncated;
    d = (struct drawing){.view = view, .rows = sequence_create()};
    bool ok = open_trace(&d, trace, err);
    if (ok) {
        find(&d);
        trace_read_close(d.reader);
        ok = open_trace(&d, trace, err);
    }
    while (ok && d.end && trace_read(d.reader, &rec, &truncated))
        follow(&d, &rec);
    trace_read_close(d.reader);
    if (ok && !sequence_rows(d.rows))
        ok = vd_fail(err, "%s has no such part: is the number too large?", trace);
    ok = ok && write_svg(&d, svg, err);
    sequence_destroy(d.rows);
    return ok;
}
