/* SPDX-License-Identifier: BSD-2-Clause */
/* The M-mode start code: what its two files share. */
#ifndef START_START_H
#define START_START_H

#define START_HARTS       64
#define START_STACK_BYTES 4096
#define START_NEXT        0x80200000

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

#include "board.h"

#define MSTATUS_MPIE       (1ul << 7)
#define MSTATUS_MPP        (3ul << 11)
#define MSTATUS_MPP_S      (1ul << 11)
#define MSTATUS_FS_INITIAL (1ul << 13)
#define MSTATUS_MPV        (1ul << 39)

extern struct board board;
extern char stacks[]; /* START_STACK_BYTES for each hart */

_Noreturn void boot_main(uint64_t hartid, const void *dtb);
_Noreturn void secondary_main(uint64_t hartid);
void machine_trap_handle(uint64_t cause, uint64_t *args);
/* Answers an ecall from S-mode in args[0] and args[1]. */
void sbi_handle(uint64_t *args);
/* Sleeps until there is work for the hart, then runs it in S-mode. */
_Noreturn void hart_wait(uint64_t hartid);
/* Gives a sleeping hart work: run from addr.  False if it runs already. */
bool hart_start(uint64_t hartid, uint64_t addr, uint64_t opaque);
bool hart_is_started(uint64_t hartid);
void hart_stopped(uint64_t hartid);
void software_interrupt(uint64_t hartid, bool on);

bool machine_try(void (*leaf)(void));
void mstateen0_open(void);
void menvcfg_open(void);
#endif
#endif
