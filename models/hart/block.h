/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the cache of blocks (block.c) and the translation of instructions to ops (translate is
 * the MMU's word, so: build.c). */
#ifndef HART_BLOCK_H
#define HART_BLOCK_H

#include "hart/exec.h"

enum { PAGE_BYTES = 4096, GRANULE_SHIFT = 6 };

/* What a block is made from. */
struct block_source {
    const uint8_t *page; /* host address of the page */
    uint64_t pc, spa;
    uint64_t spa2;    /* straddling instruction: where its second half is */
    uint16_t second;  /* and what it is */
    bool straddle;    /* the first instruction does not end in this page */
    bool single;      /* no more than one instruction: the page is checked at every fetch */
    uint8_t fp_state; /* 0 off, 1 on but clean, 2 dirty */
    uint8_t cfi;      /* cfi_now() */
};

/* A block under construction. */
struct block_build {
    struct hart *h;
    const struct block_source *source;
    struct hart_op ops[BLOCK_MAX_OPS];
    struct hart_mark marks[BLOCK_MAX_OPS + 1];
    unsigned num_ops, count, cost;
    unsigned last_cost; /* cost before the last instruction */
    uint64_t granules;  /* of the page, that instructions were taken from */
};
void build_block(struct block_build *b);

#endif
