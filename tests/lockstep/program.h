/* SPDX-License-Identifier: BSD-2-Clause */
/* What the generator writes and the harness interprets: a list of steps, and where things are in
 * RAM. */
#ifndef LOCKSTEP_PROGRAM_H
#define LOCKSTEP_PROGRAM_H

#include <stdint.h>

#define PROGRAM_HARNESS UINT64_C(0x80000000)
#define PROGRAM_STEPS   UINT64_C(0x80100000)
#define PROGRAM_CODE    UINT64_C(0x80400000)
#define PROGRAM_END     UINT64_C(0x80600000)
/* A page of ebreak: where delegated traps end. */
#define PROGRAM_STUB UINT64_C(0x80600000)
/* What loads and stores may touch; filled anew for each case. */
#define PROGRAM_SCRATCH UINT64_C(0x80610000)
/* Root tables, then the pages of the tables; zero between cases. */
#define PROGRAM_TABLES UINT64_C(0x80700000)

enum { PROGRAM_SCRATCH_SIZE = 0x2000, PROGRAM_MAX_CSRS = 64, PROGRAM_MAX_CHECKPOINTS = 256 };

enum program_op {
    PROGRAM_OP_END,
    PROGRAM_OP_LOG_CSR, /* argument: CSR; value: the bits that are compared */
    PROGRAM_OP_CASE,    /* argument: enum program_flag; all state is as documented in README.md */
    PROGRAM_OP_CSR,     /* argument: CSR; value */
    PROGRAM_OP_POKE,    /* value: address; more: 8 bytes.  Zero again after the case */
    PROGRAM_OP_X,       /* argument: register; value */
    PROGRAM_OP_F,
    PROGRAM_OP_RUN /* argument: enum program_mode; value: pc; more: physical address of the end */
};

enum program_flag {
    PROGRAM_SKIP = 1,   /* go on behind an instruction that trapped; else only behind ebreak */
    PROGRAM_MEMORY = 2, /* compare the scratch area */
    PROGRAM_MAPPED = 4  /* pc is a virtual address, all instructions are 4 bytes long */
};

/* The privilege as MPP has it, and V. */
enum program_mode {
    PROGRAM_U = 0,
    PROGRAM_S = 1,
    PROGRAM_M = 3,
    PROGRAM_VU = 4,
    PROGRAM_VS = 5,
    PROGRAM_BY_SRET = 8 /* entered by sret from M */
};

struct program_step {
    uint32_t op, argument;
    uint64_t value, more;
};

#endif
