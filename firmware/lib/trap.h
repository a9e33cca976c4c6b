/* SPDX-License-Identifier: BSD-2-Clause */
/* Traps taken in S-mode from S-mode: interrupts go to the image, exceptions are expected or fatal.
 */
#ifndef LIB_TRAP_H
#define LIB_TRAP_H

#include <stdint.h>

/* As trap.S lays it out. */
struct trap_frame {
    uint64_t ra, t0, t1, t2, a[8], t3, t4, t5, t6;
};

/* The image's: irq is the exception code of an interrupt. */
void interrupt_handle(uint64_t irq);
/* The image's: the end, after the message. */
_Noreturn void panic_exit(void);

void trap_handle(uint64_t cause, struct trap_frame *frame);
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *exception_name(uint64_t cause);

#endif
