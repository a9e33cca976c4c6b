/* SPDX-License-Identifier: BSD-2-Clause */
/* One hart on a bench, and an assembler made of the instruction table. */
#ifndef HART_EXEC_RIG_H
#define HART_EXEC_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hart/cause.h"
#include "hart/csr.h"
#include "hart/exec.h"
#include "support/bench.h"

enum { NS = 1000 };
#define RAM_AT  UINT64_C(0x80000000)
#define DATA_AT UINT64_C(0x80010000)
#define TRAP_AT UINT64_C(0x80020000)
#define MIN64   (UINT64_C(1) << 63)
#define MIN32   UINT64_C(0xffffffff80000000)
#define ONES    UINT64_MAX

struct rig {
    struct bench bench;
    struct vd_host_ops ops;
    struct hart *hart;
    vd_time drain;
    uint64_t end; /* of the program assembled so far */
};

struct rig *rig_new(const struct hart_config *config);
void rig_free(struct rig *r);
/* With every extension, memory open to all modes, and with or without dynamic costs. */
struct rig *rig_complete(bool timed);
void rig_enter(struct rig *r, enum vd_mode mode);
/* Appends an instruction; imm as in assembly, relative for branches and jumps. */
uint32_t rig_encode(enum insn_code code, unsigned rd, unsigned rs1, unsigned rs2, int32_t imm);
void rig_emit(struct rig *r, uint32_t bits, unsigned size);
/* Runs so many cycles. */
void rig_run(struct rig *r, uint64_t cycles);
/* Runs until the hart has executed so many instructions or taken a trap. */
void rig_step(struct rig *r, unsigned instructions);
/* The first instruction raises this exception, and does nothing else. */
void rig_step_to_trap(struct rig *r, uint64_t cause, uint64_t tval, uint64_t epc);
/* What one instruction with rs1 x6 and rs2 x7 leaves in x5. */
uint64_t rig_result(enum insn_code code, uint64_t a, uint64_t b);
/* A debug trigger, in place of what it was. */
void rig_trigger(struct rig *r, unsigned i, uint64_t tdata1, uint64_t tdata2);
struct hart_timing rig_inorder(void);

#define EMIT(r, name, rd, rs1, rs2, imm)                                                           \
    rig_emit(r, rig_encode(INSN_##name, rd, rs1, rs2, (int32_t)(imm)), 4)

#endif
