/* SPDX-License-Identifier: BSD-2-Clause */
/* A story told to the ledger in records, for its tests.  Where a story is one that a right machine
 * tells, there is one beside it with a planted defect. */
#ifndef CORE_LEDGER_STORY_H
#define CORE_LEDGER_STORY_H

#include "core/ledger.h"
#include "viaduct/imsic_port.h"

enum { DEVICE = 0x100, HART0 = 0, HART1 = 1, VM = 1 };
enum { WARM_UP = 1, MEASURED = 2, QUIET = 3 };
#define INTERRUPT      (UINT64_C(1) << 63)
#define GUEST_FILE     VD_FILE(0, 2)
#define OTHER_FILE     VD_FILE(1, 2)
#define M_FILE         VD_FILE(0, 0)
#define S_FILE         VD_FILE(0, 1)
#define VCPU(vm, vcpu) ((uint64_t)(vm) << 16 | (vcpu))

struct story {
    struct ledger *ledger;
    vd_time now;
};

void tell(struct story *s, struct vd_record rec);
void issue(struct story *s, uint64_t serial, uint32_t data);
void translate(struct story *s, uint64_t serial);
void record(struct story *s, uint64_t serial, uint64_t file, uint32_t identity, bool was);
/* MSI `serial` is issued and becomes pending in the file. */
void arrive_in(struct story *s, uint64_t serial, uint64_t file, uint32_t identity);
void claim(struct story *s, uint64_t file, uint32_t identity);
void drop(struct story *s, uint64_t serial, enum vd_drop why, uint64_t detail);
void eip(struct story *s, enum vd_record_kind kind, uint64_t file, uint32_t identity);
void state_of(struct story *s, uint64_t file, uint32_t select, uint64_t value);
void enable(struct story *s, uint64_t file);
void trap(struct story *s, uint32_t hart, uint64_t cause, enum vd_mode from, enum vd_mode to);
void hint(struct story *s, uint32_t hart, uint64_t code, const uint64_t x[4]);
void phase(struct story *s, uint64_t number);
void path(struct story *s, uint64_t number);
void file_owner(struct story *s, uint64_t file, int64_t vm);
void device_owner(struct story *s, int64_t vm);
/* The hypervisor moves the file of vCPU 0; MSIs may land in both places until the end. */
void begin_move(struct story *s, uint64_t from, uint64_t to);
void end_move(struct story *s, uint64_t from, uint64_t to);
void inject(struct story *s, uint64_t vcpu, uint32_t identity, uint32_t host);
void software_claim(struct story *s, uint64_t vcpu, uint32_t identity);
int story_setup(void **state);
int story_teardown(void **state);
const struct ledger_counts *counts(const struct story *s);
void check_balance(const struct story *s);
void balanced(struct story *s);
/* There is exactly one violation, and its sentence contains both texts. */
const struct ledger_finding *violated(struct story *s, enum ledger_finding_kind kind,
                                      const char *text, const char *more);

#define HINT(s, hart, code, ...) hint(s, hart, code, (const uint64_t[4]){__VA_ARGS__})

#endif
