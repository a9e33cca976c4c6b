/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/ledger_story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void tell(struct story *s, struct vd_record rec)
{
    rec.time = s->now;
    ledger_record(s->ledger, &rec);
    s->now += 10;
}

void issue(struct story *s, uint64_t serial, uint32_t data)
{
    tell(s,
         (struct vd_record){
             .kind = VD_REC_msi_issue, .serial = serial, .a = 0x28000000, .b = data, .c = DEVICE});
}

void translate(struct story *s, uint64_t serial)
{
    tell(s, (struct vd_record){
                .kind = VD_REC_msi_accept, .serial = serial, .a = DEVICE, .b = 0x28000000});
    tell(s, (struct vd_record){
                .kind = VD_REC_msi_translate, .serial = serial, .a = 0x28000000, .b = 0x28001000});
}

void record(struct story *s, uint64_t serial, uint64_t file, uint32_t identity, bool was)
{
    tell(s, (struct vd_record){
                .kind = VD_REC_msi_record, .serial = serial, .a = file, .b = identity, .c = was});
}

void arrive_in(struct story *s, uint64_t serial, uint64_t file, uint32_t identity)
{
    issue(s, serial, identity);
    record(s, serial, file, identity, false);
}

void claim(struct story *s, uint64_t file, uint32_t identity)
{
    tell(s, (struct vd_record){.kind = VD_REC_msi_claim, .a = file, .b = identity});
}

void drop(struct story *s, uint64_t serial, enum vd_drop why, uint64_t detail)
{
    tell(s, (struct vd_record){.kind = VD_REC_msi_drop, .serial = serial, .a = why, .c = detail});
    if (why == VD_DROP_iommu_fault)
        tell(s, (struct vd_record){.kind = VD_REC_iommu_fault, .serial = serial, .a = detail});
}

void eip(struct story *s, enum vd_record_kind kind, uint64_t file, uint32_t identity)
{
    tell(s, (struct vd_record){.kind = (uint16_t)kind, .a = file, .b = identity});
}

void state_of(struct story *s, uint64_t file, uint32_t select, uint64_t value)
{
    tell(s, (struct vd_record){.kind = VD_REC_file_state, .a = file, .b = select, .c = value});
}

void enable(struct story *s, uint64_t file)
{
    state_of(s, file, 0x70, 1);
    state_of(s, file, 0xc0, UINT64_MAX - 1);
    state_of(s, file, 0xc2, UINT64_MAX);
}

void trap(struct story *s, uint32_t hart, uint64_t cause, enum vd_mode from, enum vd_mode to)
{
    tell(s, (struct vd_record){.kind = VD_REC_trap,
                               .source = (uint16_t)hart,
                               .a = cause,
                               .b = (uint64_t)from | (uint64_t)to << 8 | 5 << 16});
}

void hint(struct story *s, uint32_t hart, uint64_t code, const uint64_t x[4])
{
    tell(s, (struct vd_record){
                .kind = VD_REC_hint, .source = (uint16_t)hart, .a = code, .b = x[0], .c = x[1]});
    tell(s,
         (struct vd_record){
             .kind = VD_REC_hint_more, .source = (uint16_t)hart, .a = code, .b = x[2], .c = x[3]});
}

void phase(struct story *s, uint64_t number)
{
    HINT(s, HART0, 1, number);
}

void path(struct story *s, uint64_t number)
{
    HINT(s, HART0, 8, number);
}

void file_owner(struct story *s, uint64_t file, int64_t vm)
{
    HINT(s, HART0, 2, VD_FILE_HART(file), VD_FILE_INDEX(file) - 1, (uint64_t)vm, 0);
}

void device_owner(struct story *s, int64_t vm)
{
    HINT(s, HART0, 3, DEVICE, (uint64_t)vm);
}

void begin_move(struct story *s, uint64_t from, uint64_t to)
{
    HINT(s, HART0, 7, VCPU(VM, 0), from, to, 0);
}

void end_move(struct story *s, uint64_t from, uint64_t to)
{
    HINT(s, HART0, 7, VCPU(VM, 0), from, to, 1);
}

void inject(struct story *s, uint64_t vcpu, uint32_t identity, uint32_t host)
{
    HINT(s, HART0, 4, vcpu, identity, host);
}

void software_claim(struct story *s, uint64_t vcpu, uint32_t identity)
{
    HINT(s, HART0, 5, vcpu, identity);
}

int story_setup(void **state)
{
    struct story *s = calloc(1, sizeof(*s));
    s->ledger = ledger_create(&(struct ledger_config){.cycle_ps = 1});
    ledger_set_hart(s->ledger, 0, HART0);
    ledger_set_hart(s->ledger, 1, HART1);
    s->now = 1000;
    path(s, 10200);
    phase(s, MEASURED);
    file_owner(s, GUEST_FILE, VM);
    device_owner(s, VM);
    enable(s, GUEST_FILE);
    enable(s, OTHER_FILE);
    enable(s, S_FILE);
    enable(s, M_FILE);
    *state = s;
    return 0;
}

int story_teardown(void **state)
{
    struct story *s = *state;
    ledger_destroy(s->ledger);
    free(s);
    return 0;
}

const struct ledger_counts *counts(const struct story *s)
{
    const struct ledger_counts *c = ledger_counts(s->ledger, 10200);
    assert_non_null(c);
    return c;
}

void check_balance(const struct story *s)
{
    const struct ledger_counts *c = ledger_counts(s->ledger, LEDGER_ALL);
    assert_true(c->issued <=
                c->claimed + c->coalesced + c->dropped + c->lost + c->stray + c->pending);
    assert_int_equal(ledger_open(s->ledger) == 0, c->pending == 0);
}

void balanced(struct story *s)
{
    assert_true(ledger_finish(s->ledger, s->now));
    assert_int_equal(ledger_num_violations(s->ledger), 0);
    check_balance(s);
}

const struct ledger_finding *violated(struct story *s, enum ledger_finding_kind kind,
                                      const char *text, const char *more)
{
    const struct ledger_finding *f = NULL;
    assert_false(ledger_finish(s->ledger, s->now));
    assert_int_equal(ledger_num_violations(s->ledger), 1);
    for (uint32_t i = 0; i < ledger_num_findings(s->ledger); i++)
        if (ledger_finding(s->ledger, i)->kind < LEDGER_DROPPED)
            f = ledger_finding(s->ledger, i);
    assert_non_null(f);
    assert_int_equal(f->kind, kind);
    if (!strstr(f->text, text) || !strstr(f->text, more))
        fail_msg("'%s' does not say '%s' and '%s'", f->text, text, more);
    return f;
}
