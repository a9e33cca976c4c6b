/* SPDX-License-Identifier: BSD-2-Clause */
/* A ticket lock: harts get it in the order in which they asked. */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include <stdint.h>

/* These order memory, as the memory model has it.  The compiler's own order devices too, and so
 * wait for stores to them. */
static inline void store_release(uint32_t *at, uint32_t value)
{
    asm volatile("fence rw, w\n\tsw %1, %0" : "=m"(*at) : "r"(value) : "memory");
}

static inline uint32_t load_acquire(const uint32_t *at)
{
    uint32_t value;
    asm volatile("lw %0, %1\n\tfence r, rw" : "=r"(value) : "m"(*at) : "memory");
    return value;
}

struct spinlock {
    uint32_t next, serving;
};

static inline void spin_lock(struct spinlock *lock)
{
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (load_acquire(&lock->serving) != ticket)
        ;
}

static inline void spin_unlock(struct spinlock *lock)
{
    store_release(&lock->serving, lock->serving + 1);
}

#endif
