/* SPDX-License-Identifier: BSD-2-Clause */
/* What firmware tells the simulator's ledger (docs/hints.md): instructions of the custom HINT
 * space, which do nothing on any hart. */
#ifndef LIB_HINT_H
#define LIB_HINT_H

#include <stdint.h>

enum hint_code {
    HINT_PHASE = 1,
    HINT_FILE_OWNER,
    HINT_DEVICE_OWNER,
    HINT_INJECT,
    HINT_SOFTWARE_CLAIM,
    HINT_SOFTWARE_ENABLE,
    HINT_MOVE,
    HINT_PATH,
    HINT_MRIF_OWNER,
    HINT_VCPU_STATE,
    HINT_COUNT,
    HINT_VCPU_PAGE,
};

enum hint_phase { PHASE_WARMUP = 1, PHASE_MEASURED, PHASE_QUIET };

/* Of hint_count(). */
enum hint_counter {
#define COUNTER(name, what) COUNT_##name,
#include "counters.def"
#undef COUNTER
    COUNTERS
};

#define HINT_NOBODY           UINT64_MAX
#define HINT_VCPU(vm, vcpu)   ((uint64_t)(vm) << 16 | (uint64_t)(vcpu))
#define HINT_FILE(hart, file) ((uint64_t)(hart) << 8 | (1 + (uint64_t)(file)))

#define HINT(code, x10, x11, x12, x13)                                                             \
    do {                                                                                           \
        register uint64_t a0_ asm("a0") = (uint64_t)(x10);                                         \
        register uint64_t a1_ asm("a1") = (uint64_t)(x11);                                         \
        register uint64_t a2_ asm("a2") = (uint64_t)(x12);                                         \
        register uint64_t a3_ asm("a3") = (uint64_t)(x13);                                         \
        asm volatile("slti zero, a0, %4" ::"r"(a0_), "r"(a1_), "r"(a2_), "r"(a3_),                 \
                     "i"(0x560 + (code))                                                           \
                     : "memory");                                                                  \
    } while (0)

static inline void hint_phase(uint64_t phase)
{
    HINT(HINT_PHASE, phase, 0, 0, 0);
}

static inline void hint_path(uint64_t path)
{
    HINT(HINT_PATH, path, 0, 0, 0);
}

static inline void hint_file_owner(uint64_t hart, uint64_t guest_file, uint64_t vm, uint64_t vcpu)
{
    HINT(HINT_FILE_OWNER, hart, guest_file, vm, vcpu);
}

static inline void hint_device_owner(uint64_t device_id, uint64_t vm)
{
    HINT(HINT_DEVICE_OWNER, device_id, vm, 0, 0);
}

/* In place of a host identity: the trap that this hart handles is what makes the interrupt. */
#define HINT_OF_TRAP UINT64_MAX

static inline void hint_inject(uint64_t vcpu, uint64_t identity, uint64_t host_identity)
{
    HINT(HINT_INJECT, vcpu, identity, host_identity, 0);
}

static inline void hint_software_claim(uint64_t vcpu, uint64_t identity)
{
    HINT(HINT_SOFTWARE_CLAIM, vcpu, identity, 0, 0);
}

static inline void hint_software_enable(uint64_t vcpu, uint64_t identity, uint64_t enabled)
{
    HINT(HINT_SOFTWARE_ENABLE, vcpu, identity, enabled, 0);
}

static inline void hint_software_disable_all(uint64_t vcpu)
{
    HINT(HINT_SOFTWARE_ENABLE, vcpu, UINT64_MAX, 0, 0);
}

static inline void hint_move(uint64_t vcpu, uint64_t old_file, uint64_t new_file, uint64_t end)
{
    HINT(HINT_MOVE, vcpu, old_file, new_file, end);
}

static inline void hint_mrif_owner(uint64_t vcpu, uint64_t mrif, uint64_t in_use)
{
    HINT(HINT_MRIF_OWNER, vcpu, mrif, in_use, 0);
}

enum hint_vcpu_state { VCPU_IS_STOPPED, VCPU_IS_READY, VCPU_IS_BLOCKED, VCPU_IS_MASKED };

static inline void hint_vcpu_state(uint64_t vcpu, uint64_t state)
{
    HINT(HINT_VCPU_STATE, vcpu, state, 0, 0);
}

/* Under the path announced last. */
static inline void hint_count(enum hint_counter counter, uint64_t value)
{
    HINT(HINT_COUNT, counter, value, 0, 0);
}

static inline void hint_vcpu_page(uint64_t vcpu, uint64_t gpa)
{
    HINT(HINT_VCPU_PAGE, vcpu, gpa, 0, 0);
}

#endif
