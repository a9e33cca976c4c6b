/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of the program while the harness runs: x, f, the harness's stack. */
#ifndef LOCKSTEP_FRAME_H
#define LOCKSTEP_FRAME_H

#define FRAME_F    256
#define FRAME_SP   512
#define FRAME_SIZE 528

#ifndef __ASSEMBLER__
#include <stdint.h>

struct frame {
    uint64_t x[32], f[32];
    uint64_t harness_sp; /* 0: no case runs */
};
#endif
#endif
