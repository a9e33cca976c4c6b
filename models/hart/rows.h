/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of insn.def as functions, inlined into both run loops.  Their words: RD RS1 RS2 the
 * registers, IMM the immediate, SHAMT it as a shift, PC the block's pc (immediates of auipc and of
 * targets are relative to it), LINK the return address, S U S32 U32 SX32 casts, F1 F2 F3 the
 * floating-point registers, S1 S2 S3 and H1 H2 H3 their single- and half-precision values, FS_D
 * the result register. */
#ifndef HART_ROWS_H
#define HART_ROWS_H

#include "hart/cfi.h"
#include "hart/exec.h"
#include "hart/float.h"
#include "hart/integer.h"
#include "hart/mem.h"

#define RD    (h->st.x[op->rd])
#define RS1   (h->st.x[op->rs1])
#define RS2   (h->st.x[op->rs2])
#define IMM   ((uint64_t)(int64_t)op->imm)
#define SHAMT ((unsigned)op->imm)
#define PC    pc
#define LINK  ((uint64_t)(int64_t)op[1].return_offset)

#define S(v)    ((int64_t)(v))
#define U(v)    ((uint64_t)(v))
#define S32(v)  ((int32_t)(v))
#define U32(v)  ((uint32_t)(v))
#define SX32(v) ((uint64_t)(int64_t)(int32_t)(v))

#define F1       (h->st.f[op->rs1])
#define F2       (h->st.f[op->rs2])
#define F3       (h->st.f[op->imm])
#define S1       unbox(F1)
#define S2       unbox(F2)
#define S3       unbox(F3)
#define H1       unbox16(F1)
#define H2       unbox16(F2)
#define H3       unbox16(F3)
#define FS_D     (h->st.f[op->rd])
#define FLAGS    (&h->st.csr.fflags)
#define F16_SIGN UINT32_C(0x8000)
#define F32_SIGN UINT32_C(0x80000000)
#define F64_SIGN VD_BIT(63)

#define LOAD(type)     return load_##type(AT, timing)
#define STORE(type)    return store_##type(AT, timing)
#define FP_LOAD(type)  return fp_load_##type(AT, timing)
#define FP_STORE(type) return fp_store_##type(AT, timing)

/* Reserved and, through frm, invalid rounding modes are illegal instructions. */
#define FP_RM                                                                                      \
    unsigned rm = op->rm;                                                                          \
    if (rm == 7)                                                                                   \
        rm = h->st.csr.frm;                                                                        \
    if (rm > 4)                                                                                    \
    return slow_illegal(AT)

#define BRANCH_IF(condition)                                                                       \
    do {                                                                                           \
        bool taken = (condition);                                                                  \
        if (timing && timing_branch(h, b, op, pc, taken))                                          \
            return taken ? GO_STALL_TAKEN : GO_STALL;                                              \
        return taken ? GO_TAKEN : GO_NEXT;                                                         \
    } while (0)

/* Bit 0 of the target is cleared; without C, bit 1 must be clear. */
#define RETURN_TO(where)                                                                           \
    do {                                                                                           \
        uint64_t target = (where) & ~UINT64_C(1);                                                  \
        if (__builtin_expect((target & 2) && !hart_has(h, HART_EXT_C), 0))                         \
            return slow_jump_misaligned(AT, target);                                               \
        h->st.pc = target;                                                                         \
        if (timing && timing_jump_reg(h, b, op))                                                   \
            return GO_STALL_JUMP;                                                                  \
        return GO_JUMP;                                                                            \
    } while (0)

#define JUMP_REG(where)                                                                            \
    do {                                                                                           \
        uint64_t to = (where) & ~UINT64_C(1);                                                      \
        if (__builtin_expect((to & 2) && !hart_has(h, HART_EXT_C), 0))                             \
            return slow_jump_misaligned(AT, to);                                                   \
        RD = PC + LINK;                                                                            \
        RETURN_TO(to);                                                                             \
    } while (0)

#define DIVIDE(quotient)                                                                           \
    do {                                                                                           \
        uint64_t result = (quotient);                                                              \
        uint32_t more = timing ? timing_divide(h, RS1, RS2) : 0;                                   \
        RD = result;                                                                               \
        if (more) {                                                                                \
            h->stall += more;                                                                      \
            return GO_STALL;                                                                       \
        }                                                                                          \
        return GO_NEXT;                                                                            \
    } while (0)

#include "hart/timing_rows.h"

#ifdef HART_ONE_DISPATCH
#define ROW_INLINE
#else
#define ROW_INLINE inline __attribute__((always_inline))
#endif

#define ROW(name, ...)                                                                             \
    static ROW_INLINE __attribute__((unused)) enum go row_##name(AT_PARAMS, const bool timing)     \
    {                                                                                              \
        (void)b, (void)pc, (void)left, (void)timing, (void)op, (void)h;                            \
        __VA_ARGS__;                                                                               \
        return GO_NEXT;                                                                            \
    }
#define INSN(name, encoding, extension, class, ...) ROW(name, __VA_ARGS__)
#include "hart/insn.def"
#undef INSN
#define PSEUDO(name, class, ...) ROW(pseudo_##name, __VA_ARGS__)
#include "hart/pseudo.def"
#undef PSEUDO

#endif
