/* SPDX-License-Identifier: BSD-2-Clause */
/* The image in the making: the steps for the harness, and the code that they run. */
#ifndef LOCKSTEP_IMAGE_H
#define LOCKSTEP_IMAGE_H

#include "encoding.h"
#include "program.h"
#include "random.h"

struct image {
    struct random random;
    struct program_step *steps;
    uint32_t num_steps, max_steps;
    uint8_t *code; /* PROGRAM_CODE .. PROGRAM_END */
    uint32_t used;
};

void image_init(struct image *image, uint64_t seed);
void image_free(struct image *image);
void image_step(struct image *image, enum program_op op, uint32_t argument, uint64_t value,
                uint64_t more);
void image_csr(struct image *image, uint32_t csr, uint64_t value);
/* Where the next instruction will be. */
uint64_t image_pc(const struct image *image);
void image_align(struct image *image, uint32_t bytes);
void image_insn(struct image *image, const struct row *row, const struct filling *filling);
/* Writes over what was emitted at pc, a row of the same length. */
void image_patch(struct image *image, uint64_t pc, const struct row *row,
                 const struct filling *filling);
void image_word(struct image *image, uint32_t word);
void image_half(struct image *image, uint16_t half);
/* By the name of the row; operands that it lacks are ignored. */
void image_op(struct image *image, const char *name, uint32_t rd, uint32_t rs1, uint32_t rs2,
              uint32_t imm);
void image_csr_op(struct image *image, const char *name, uint32_t rd, uint32_t csr, uint32_t rs1);
/* Any constant, in up to eight instructions. */
void image_li(struct image *image, uint32_t rd, uint64_t value);
void image_ebreak(struct image *image);
/* The harness and the program as an ELF file that starts in the harness. */
bool image_write(const struct image *image, const char *harness, const char *path);

#endif
