/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/ledger_violation.h"

enum { IOMMU = 2, WAIT = 20000000 };
enum { MOVE = 7, MRIF_OWNER = 9, VCPU_STATE = 10, VCPU_PAGE = 12 };
enum { READY = 1, BLOCKED };
enum { GVMA = 1 | 1 << 7, FENCE = 2, PW = 1 << 13 };
#define PAGE_OF(vcpu) (UINT64_C(0x28000000) + ((uint64_t)(vcpu) << 12))
#define BASIC(spa)    ((uint64_t)(spa) >> 12 << 10 | 7)
#define MRIF_AT(spa)  ((uint64_t)(spa) >> 9 << 7 | 3)
#define MRIF          UINT64_C(0x80001000)
#define PTE           UINT64_C(0x80002000)
#define TARGET        UINT64_C(0x28001000)
#define NOTICE_TO     UINT64_C(0x24000000)
#define NID           7

static void by_iommu(struct story *s, struct vd_record rec)
{
    rec.source = IOMMU;
    tell(s, rec);
}

static void accept(struct story *s, uint64_t serial, uint64_t iova)
{
    by_iommu(
        s, (struct vd_record){.kind = VD_REC_msi_accept, .serial = serial, .a = DEVICE, .b = iova});
}

static void leave(struct story *s, uint64_t serial, uint64_t spa)
{
    by_iommu(s, (struct vd_record){
                    .kind = VD_REC_msi_translate, .serial = serial, .a = PAGE_OF(0), .b = spa});
}

static void pte_read(struct story *s, uint64_t serial, uint64_t dw0)
{
    by_iommu(s, (struct vd_record){.kind = VD_REC_msi_pte,
                                   .serial = serial,
                                   .a = PTE,
                                   .b = dw0,
                                   .c = NOTICE_TO >> 12 << 10 | NID});
}

static void word(struct story *s, uint16_t source, uint64_t addr, uint64_t old, uint64_t new)
{
    tell(s,
         (struct vd_record){.kind = VD_REC_word, .source = source, .a = addr, .b = old, .c = new});
}

static void command(struct story *s, uint64_t dw0, uint64_t cqh)
{
    by_iommu(s, (struct vd_record){.kind = VD_REC_iommu_command, .a = dw0, .c = cqh});
}

static void store(struct story *s, uint64_t serial, uint32_t identity)
{
    by_iommu(s, (struct vd_record){
                    .kind = VD_REC_mrif_store, .serial = serial, .a = MRIF, .b = identity});
}

static void notice(struct story *s, uint64_t serial)
{
    by_iommu(s, (struct vd_record){.kind = VD_REC_msi_issue,
                                   .serial = serial,
                                   .a = NOTICE_TO,
                                   .b = NID,
                                   .c = VD_REQUESTER_IOMMU(0)});
    record(s, serial, S_FILE, NID, false);
    claim(s, S_FILE, NID);
}

static void line(struct story *s, enum vd_record_kind kind, uint64_t bits)
{
    tell(s, (struct vd_record){.kind = (uint16_t)kind, .a = HART0, .b = bits});
}

static void owner(struct story *s, uint64_t file, int64_t vm, uint64_t vcpu)
{
    HINT(s, HART0, 2, VD_FILE_HART(file), VD_FILE_INDEX(file) - 1, (uint64_t)vm, vcpu);
}

static void arrive(struct story *s, uint64_t serial, uint32_t identity)
{
    arrive_in(s, serial, GUEST_FILE, identity);
}

static void sent_by(struct story *s, uint64_t serial, uint32_t data, uint32_t requester)
{
    tell(s,
         (struct vd_record){.kind = VD_REC_msi_issue, .serial = serial, .b = data, .c = requester});
}

/* --- ledger and liveness --- */

static void no_loss(struct story *s, bool planted)
{
    arrive(s, 1, 5);
    if (!planted)
        claim(s, GUEST_FILE, 5);
}

static void no_duplicate(struct story *s, bool planted)
{
    arrive(s, 1, 5);
    claim(s, GUEST_FILE, 5);
    if (planted)
        claim(s, GUEST_FILE, 5);
}

static void no_stray(struct story *s, bool planted)
{
    uint64_t file = planted ? OTHER_FILE : GUEST_FILE;
    HINT(s, HART0, VCPU_PAGE, VCPU(VM, 0), PAGE_OF(0));
    HINT(s, HART0, VCPU_PAGE, VCPU(VM, 1), PAGE_OF(1));
    owner(s, OTHER_FILE, VM, 1);
    issue(s, 1, 5);
    accept(s, 1, PAGE_OF(0));
    record(s, 1, file, 5, false);
    claim(s, file, 5);
}

static void drop_cause(struct story *s, bool planted)
{
    issue(s, 1, 5);
    if (planted)
        tell(s, (struct vd_record){
                    .kind = VD_REC_msi_drop, .serial = 1, .a = VD_DROP_iommu_fault, .c = 262});
    else
        drop(s, 1, VD_DROP_iommu_fault, 262);
    issue(s, 2, 5);
    drop(s, 2, VD_DROP_identity_zero, 0);
}

static void coalescing(struct story *s, bool planted)
{
    issue(s, 1, 5);
    record(s, 1, GUEST_FILE, 5, planted);
    claim(s, GUEST_FILE, 5);
}

static void wakeup(struct story *s, bool planted)
{
    HINT(s, HART0, VCPU_STATE, VCPU(VM, 0), BLOCKED);
    arrive(s, 1, 5);
    line(s, VD_REC_hgeip, 2);
    s->now += planted ? 2000000000 : 1000000;
    HINT(s, HART0, VCPU_STATE, VCPU(VM, 0), READY);
    claim(s, GUEST_FILE, 5);
    line(s, VD_REC_hgeip, 0);
}

static void sgei(struct story *s, bool planted)
{
    line(s, VD_REC_hgeie, planted ? 4 : 2);
    arrive(s, 1, 5);
    line(s, VD_REC_hgeip, 2);
    trap(s, HART0, INTERRUPT | 12, VD_MODE_VS, VD_MODE_S);
    claim(s, GUEST_FILE, 5);
    line(s, VD_REC_hgeip, 0);
}

static void hgeip(struct story *s, bool planted)
{
    arrive(s, 1, 5);
    if (!planted)
        line(s, VD_REC_hgeip, 2);
    s->now += WAIT;
    claim(s, GUEST_FILE, 5);
    if (!planted)
        line(s, VD_REC_hgeip, 0);
}

/* --- routing --- */

static void through(struct story *s, uint64_t serial, uint64_t spa)
{
    leave(s, serial, spa);
    record(s, serial, GUEST_FILE, 5, false);
    claim(s, GUEST_FILE, 5);
}

static void route(struct story *s, bool planted)
{
    issue(s, 1, 5);
    accept(s, 1, PAGE_OF(0));
    pte_read(s, 1, BASIC(TARGET));
    through(s, 1, TARGET);
    word(s, HART1, PTE, BASIC(TARGET), BASIC(TARGET + 0x1000));
    issue(s, 2, 5);
    accept(s, 2, PAGE_OF(0));
    through(s, 2, TARGET);
    command(s, GVMA, 0);
    command(s, FENCE | PW, 1);
    issue(s, 3, 5);
    accept(s, 3, PAGE_OF(0));
    through(s, 3, planted ? TARGET : TARGET + 0x1000);
}

static void fence(struct story *s, bool planted)
{
    issue(s, 1, 5);
    accept(s, 1, PAGE_OF(0));
    leave(s, 1, TARGET);
    command(s, GVMA, 0);
    if (planted)
        command(s, FENCE | PW, 1);
    record(s, 1, GUEST_FILE, 5, false);
    claim(s, GUEST_FILE, 5);
    if (!planted)
        command(s, FENCE | PW, 1);
}

static void no_cached_invalid(struct story *s, bool planted)
{
    issue(s, 1, 5);
    accept(s, 1, PAGE_OF(0));
    pte_read(s, 1, BASIC(TARGET));
    through(s, 1, TARGET);
    issue(s, 2, 5);
    accept(s, 2, PAGE_OF(0));
    if (!planted)
        word(s, HART1, PTE, BASIC(TARGET), 0);
    drop(s, 2, VD_DROP_iommu_fault, 262);
}

static void data_kept(struct story *s, bool planted)
{
    issue(s, 1, 5);
    accept(s, 1, PAGE_OF(0));
    through(s, 1, planted ? TARGET + 4 : TARGET);
}

static void context(struct story *s, uint32_t device, uint64_t iohgatp, uint64_t msi)
{
    by_iommu(s,
             (struct vd_record){.kind = VD_REC_iommu_context, .a = device, .b = iohgatp, .c = msi});
}

/* Two devices of one VM share a table, that of another VM has one of its own. */
static void tag(struct story *s, bool planted)
{
    const uint64_t gscid = UINT64_C(1) << 44;
    context(s, DEVICE, 3 * gscid | 0x1000, 7);
    context(s, DEVICE + 1, 3 * gscid | 0x1000, 7);
    context(s, DEVICE + 2, (planted ? 3 : 4) * gscid | 0x2000, 8);
}

static void isolation(struct story *s, bool planted)
{
    uint64_t file = planted ? S_FILE : GUEST_FILE;
    HINT(s, HART0, VCPU_PAGE, VCPU(VM, 0), PAGE_OF(0));
    issue(s, 1, 5);
    accept(s, 1, PAGE_OF(0));
    record(s, 1, file, 5, false);
    claim(s, file, 5);
}

/* --- MRIF --- */

static void into_mrif(struct story *s, uint64_t offset, uint64_t mrif)
{
    HINT(s, HART0, MRIF_OWNER, VCPU(VM, 0), MRIF, 1, 0);
    issue(s, 1, 5);
    accept(s, 1, PAGE_OF(0) + offset);
    pte_read(s, 1, MRIF_AT(mrif));
}

static void out_of_mrif(struct story *s)
{
    store(s, 1, 5);
    notice(s, 2);
    software_claim(s, VCPU(VM, 0), 5);
}

static void mrif_store(struct story *s, bool planted)
{
    into_mrif(s, 0, planted ? MRIF + 0x200 : MRIF);
    out_of_mrif(s);
}

static void notice_follows(struct story *s, bool planted)
{
    into_mrif(s, 0, MRIF);
    store(s, 1, 5);
    if (!planted)
        notice(s, 2);
    software_claim(s, VCPU(VM, 0), 5);
    s->now += WAIT;
}

static void mrif_enables(struct story *s, bool planted)
{
    into_mrif(s, 0, MRIF);
    word(s, IOMMU, planted ? MRIF + 8 : MRIF, 0, 1 << 5);
    out_of_mrif(s);
}

static void mrif_update(struct story *s, bool planted)
{
    into_mrif(s, 0, MRIF);
    word(s, IOMMU, MRIF, planted ? 1 << 9 : 0, 1 << 5);
    out_of_mrif(s);
}

static void mrif_out_of_use(struct story *s, bool planted)
{
    into_mrif(s, 0, MRIF);
    if (planted)
        HINT(s, HART0, MRIF_OWNER, VCPU(VM, 0), MRIF, 0, 0);
    store(s, 1, 5);
    notice(s, 2);
    if (!planted)
        software_claim(s, VCPU(VM, 0), 5);
}

static void mrif_layout(struct story *s, bool planted)
{
    into_mrif(s, 0, MRIF);
    word(s, IOMMU, MRIF, 0, planted ? 1 << 6 : 1 << 5);
    out_of_mrif(s);
}

/* --- interrupt files --- */

static void identities(struct story *s, bool planted)
{
    eip(s, VD_REC_eip_set, GUEST_FILE, planted ? 0 : 5);
    eip(s, VD_REC_eip_clear, GUEST_FILE, planted ? 0 : 5);
}

static void eip_atomic(struct story *s, bool planted)
{
    arrive(s, 1, 5);
    eip(s, VD_REC_eip_set, GUEST_FILE, 9);
    issue(s, 2, 5);
    record(s, 2, GUEST_FILE, 5, !planted);
    claim(s, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 9);
}

static void topei(struct story *s, bool planted)
{
    arrive(s, 1, 5);
    arrive(s, 2, 9);
    claim(s, GUEST_FILE, planted ? 9 : 5);
    claim(s, GUEST_FILE, planted ? 5 : 9);
}

static void file_owner_of(struct story *s, bool planted)
{
    if (!planted)
        owner(s, GUEST_FILE, -1, 0);
    owner(s, GUEST_FILE, VM, 1);
}

static void file_moves(struct story *s, bool planted)
{
    owner(s, OTHER_FILE, VM, 0);
    arrive(s, 1, 5);
    HINT(s, HART0, MOVE, VCPU(VM, 0), GUEST_FILE, OTHER_FILE, 0);
    eip(s, VD_REC_eip_clear, GUEST_FILE, 5);
    if (!planted)
        eip(s, VD_REC_eip_set, OTHER_FILE, 5);
    HINT(s, HART0, MOVE, VCPU(VM, 0), GUEST_FILE, OTHER_FILE, 1);
    if (!planted)
        claim(s, OTHER_FILE, 5);
}

static void move_stopped(struct story *s, bool planted)
{
    owner(s, OTHER_FILE, VM, 0);
    arrive(s, 1, 5);
    if (!planted)
        claim(s, GUEST_FILE, 5);
    HINT(s, HART0, MOVE, VCPU(VM, 0), GUEST_FILE, OTHER_FILE, 0);
    if (planted)
        claim(s, GUEST_FILE, 5);
    HINT(s, HART0, MOVE, VCPU(VM, 0), GUEST_FILE, OTHER_FILE, 1);
}

static void write_order(struct story *s, bool planted)
{
    issue(s, 1, 5);
    issue(s, 2, 9);
    record(s, planted ? 2 : 1, GUEST_FILE, planted ? 9 : 5, false);
    record(s, planted ? 1 : 2, GUEST_FILE, planted ? 5 : 9, false);
    claim(s, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 9);
}

static void command_order(struct story *s, bool planted)
{
    command(s, FENCE, 0);
    command(s, GVMA, 1);
    if (!planted)
        command(s, GVMA, 2);
    command(s, FENCE, 3);
}

static void aplic_order(struct story *s, bool planted)
{
    sent_by(s, 1, 5, VD_REQUESTER_APLIC(0));
    sent_by(s, 2, 6, VD_REQUESTER_APLIC(0));
    if (!planted)
        record(s, 1, GUEST_FILE, 5, false);
    record(s, 2, S_FILE, 6, false);
    if (planted)
        record(s, 1, GUEST_FILE, 5, false);
    claim(s, GUEST_FILE, 5);
    claim(s, S_FILE, 6);
}

const struct violation violations[LEDGER_INVARIANTS] = {
    [LEDGER_I1] = {.tell = no_loss},
    [LEDGER_I2] = {.tell = no_duplicate},
    [LEDGER_I3] = {.tell = no_stray},
    [LEDGER_I4] = {.tell = drop_cause},
    [LEDGER_I5] = {.tell = coalescing},
    [LEDGER_I6] = {.tell = wakeup},
    [LEDGER_I7] = {.tell = sgei},
    [LEDGER_I8] = {.tell = hgeip},
    [LEDGER_I9] = {.tell = route},
    [LEDGER_I10] = {.tell = fence},
    [LEDGER_I11] = {.tell = no_cached_invalid},
    [LEDGER_I13] = {.tell = data_kept},
    [LEDGER_I14] = {.tell = tag, .note = true},
    [LEDGER_I15] = {.tell = isolation},
    [LEDGER_I17] = {.tell = mrif_store},
    [LEDGER_I18] = {.tell = notice_follows},
    [LEDGER_I19] = {.tell = mrif_enables},
    [LEDGER_I20] = {.tell = mrif_update},
    [LEDGER_I21] = {.tell = mrif_out_of_use},
    [LEDGER_I22] = {.tell = mrif_layout},
    [LEDGER_I23] = {.tell = identities},
    [LEDGER_I24] = {.tell = eip_atomic},
    [LEDGER_I25] = {.tell = topei},
    [LEDGER_I27] = {.tell = file_owner_of},
    [LEDGER_I28] = {.tell = file_moves},
    [LEDGER_I29] = {.tell = move_stopped},
    [LEDGER_I30] = {.tell = write_order},
    [LEDGER_I32] = {.tell = command_order},
    [LEDGER_I34] = {.tell = aplic_order},
};
