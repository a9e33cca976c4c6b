/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads and stores that the fast TLB answers.  The tag comparison includes the low bits of the
 * address, so that a misaligned access misses. */
#ifndef HART_MEM_H
#define HART_MEM_H

#include <string.h>

#include "hart/exec.h"
#include "hart/float.h"
#include "hart/timing_rows.h"

static inline const struct hart_tlb_entry *tlb_entry(const struct hart *h, uint64_t va)
{
    return &h->data[va >> 12 & (HART_TLB_SIZE - 1)];
}

static inline uint64_t tlb_tag(uint64_t va, unsigned size)
{
    return va & (~UINT64_C(4095) | (size - 1));
}

#define MEM_VA (h->st.x[op->rs1] + (uint64_t)(int64_t)op->imm)

#define MEM_LOAD(type)                                                                             \
    static inline __attribute__((always_inline)) enum go load_##type(AT_PARAMS, const bool timing) \
    {                                                                                              \
        uint64_t va = MEM_VA;                                                                      \
        const struct hart_tlb_entry *e = tlb_entry(h, va);                                         \
        if (__builtin_expect(e->read_tag != tlb_tag(va, sizeof(type)), 0))                         \
            return slow_load(AT, va, sizeof(type), (type)-1 < (type)1 ? 8 * sizeof(type) : 64);    \
        type value;                                                                                \
        memcpy(&value, (const void *)(uintptr_t)(va + e->addend), sizeof(value));                  \
        h->st.x[op->rd] = (uint64_t)(int64_t)value;                                                \
        return timing && timing_load_line(h, va) ? GO_STALL : GO_NEXT;                             \
    }
MEM_LOAD(int8_t)
MEM_LOAD(int16_t)
MEM_LOAD(int32_t)
MEM_LOAD(uint8_t)
MEM_LOAD(uint16_t)
MEM_LOAD(uint32_t)
MEM_LOAD(uint64_t)
#undef MEM_LOAD

#define MEM_STORE(name, type, source)                                                              \
    static inline                                                                                  \
        __attribute__((always_inline)) enum go name##_##type(AT_PARAMS, const bool timing)         \
    {                                                                                              \
        uint64_t va = MEM_VA;                                                                      \
        const struct hart_tlb_entry *e = tlb_entry(h, va);                                         \
        type value = (type)h->st.source[op->rs2];                                                  \
        (void)timing;                                                                              \
        if (__builtin_expect(e->write_tag != tlb_tag(va, sizeof(type)), 0))                        \
            return slow_store(AT, va, sizeof(type), value);                                        \
        memcpy((void *)(uintptr_t)(va + e->addend), &value, sizeof(value));                        \
        return GO_NEXT;                                                                            \
    }
MEM_STORE(store, uint8_t, x)
MEM_STORE(store, uint16_t, x)
MEM_STORE(store, uint32_t, x)
MEM_STORE(store, uint64_t, x)
MEM_STORE(fp_store, uint16_t, f)
MEM_STORE(fp_store, uint32_t, f)
MEM_STORE(fp_store, uint64_t, f)
#undef MEM_STORE

/* Narrower values have all upper bits set. */
static inline uint64_t boxed(uint64_t value, unsigned size)
{
    return size == 8 ? value : value | UINT64_MAX << 8 * (size & 7);
}

#define MEM_FP_LOAD(type)                                                                          \
    static inline                                                                                  \
        __attribute__((always_inline)) enum go fp_load_##type(AT_PARAMS, const bool timing)        \
    {                                                                                              \
        uint64_t va = MEM_VA;                                                                      \
        const struct hart_tlb_entry *e = tlb_entry(h, va);                                         \
        if (__builtin_expect(e->read_tag != tlb_tag(va, sizeof(type)), 0))                         \
            return slow_fp_load(AT, va, sizeof(type));                                             \
        type value;                                                                                \
        memcpy(&value, (const void *)(uintptr_t)(va + e->addend), sizeof(value));                  \
        h->st.f[op->rd] = boxed(value, sizeof(type));                                              \
        return timing && timing_load_line(h, va) ? GO_STALL : GO_NEXT;                             \
    }
MEM_FP_LOAD(uint16_t)
MEM_FP_LOAD(uint32_t)
MEM_FP_LOAD(uint64_t)
#undef MEM_FP_LOAD

#endif
