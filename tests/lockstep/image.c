/* SPDX-License-Identifier: BSD-2-Clause */
#include "image.h"

#include <assert.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void image_init(struct image *image, uint64_t seed)
{
    *image = (struct image){.random = {seed}};
    image->code = calloc(1, PROGRAM_END - PROGRAM_CODE);
    assert(image->code);
}

void image_free(struct image *image)
{
    free(image->steps);
    free(image->code);
}

void image_step(struct image *image, enum program_op op, uint32_t argument, uint64_t value,
                uint64_t more)
{
    if (image->num_steps == image->max_steps) {
        image->max_steps = image->max_steps ? 2 * image->max_steps : 1024;
        image->steps = realloc(image->steps, image->max_steps * sizeof(*image->steps));
        assert(image->steps);
    }
    image->steps[image->num_steps++] = (struct program_step){(uint32_t)op, argument, value, more};
}

void image_csr(struct image *image, uint32_t csr, uint64_t value)
{
    image_step(image, PROGRAM_OP_CSR, csr, value, 0);
}

uint64_t image_pc(const struct image *image)
{
    return PROGRAM_CODE + image->used;
}

void image_half(struct image *image, uint16_t half)
{
    assert(image->used + 2 <= PROGRAM_END - PROGRAM_CODE);
    memcpy(image->code + image->used, &half, 2);
    image->used += 2;
}

void image_word(struct image *image, uint32_t word)
{
    image_half(image, (uint16_t)word);
    image_half(image, (uint16_t)(word >> 16));
}

void image_align(struct image *image, uint32_t bytes)
{
    while (image->used % bytes)
        image_half(image, 0x0001);
}

void image_insn(struct image *image, const struct row *row, const struct filling *filling)
{
    uint32_t insn = row_encode(row, filling);
    if (row_is_compressed(row))
        image_half(image, (uint16_t)insn);
    else
        image_word(image, insn);
}

void image_patch(struct image *image, uint64_t pc, const struct row *row,
                 const struct filling *filling)
{
    uint32_t insn = row_encode(row, filling);
    memcpy(image->code + (pc - PROGRAM_CODE), &insn, row_is_compressed(row) ? 2 : 4);
}

void image_op(struct image *image, const char *name, uint32_t rd, uint32_t rs1, uint32_t rs2,
              uint32_t imm)
{
    const struct row *row = row_named(name, false);
    assert(row);
    image_insn(image, row, &(struct filling){.operand = {rd, rs1, rs2}, .imm = imm});
}

void image_csr_op(struct image *image, const char *name, uint32_t rd, uint32_t csr, uint32_t rs1)
{
    const struct row *row = row_named(name, false);
    assert(row);
    image_insn(image, row, &(struct filling){.operand = {rd, rs1}, .imm = rs1, .csr = csr});
}

void image_li(struct image *image, uint32_t rd, uint64_t value)
{
    int64_t low = (int64_t)(value << 52) >> 52;
    int64_t high = (int64_t)(value - (uint64_t)low);
    if (high == 0) {
        image_op(image, "addi", rd, 0, 0, (uint32_t)low);
        return;
    }
    if ((int64_t)value == (int32_t)value) {
        image_op(image, "lui", rd, 0, 0, (uint32_t)high);
        image_op(image, "addiw", rd, rd, 0, (uint32_t)low);
        return;
    }
    image_li(image, rd, (uint64_t)(high >> 12));
    image_op(image, "slli", rd, rd, 0, 12);
    image_op(image, "addi", rd, rd, 0, (uint32_t)low);
}

void image_ebreak(struct image *image)
{
    image_op(image, "ebreak", 0, 0, 0, 0);
}

/* --- the file --- */

struct segment {
    uint64_t address;
    const void *bytes;
    uint64_t size;
};

static bool write_elf(FILE *file, const struct segment *segments, uint16_t count)
{
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_RISCV,
        .e_version = EV_CURRENT,
        .e_entry = PROGRAM_HARNESS,
        .e_phoff = sizeof(header),
        .e_ehsize = sizeof(header),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = count};
    uint64_t offset = 0x1000;
    bool ok = fwrite(&header, sizeof(header), 1, file) == 1;
    for (uint16_t i = 0; i < count; i++) {
        Elf64_Phdr program = {.p_type = PT_LOAD,
                              .p_flags = PF_R | PF_W | PF_X,
                              .p_offset = offset,
                              .p_vaddr = segments[i].address,
                              .p_paddr = segments[i].address,
                              .p_filesz = segments[i].size,
                              .p_memsz = segments[i].size,
                              .p_align = 0x1000};
        ok = ok && fwrite(&program, sizeof(program), 1, file) == 1;
        offset += (segments[i].size + 0xfff) & ~UINT64_C(0xfff);
    }
    offset = 0x1000;
    for (uint16_t i = 0; i < count; i++) {
        ok = ok && fseek(file, (long)offset, SEEK_SET) == 0 &&
             fwrite(segments[i].bytes, segments[i].size, 1, file) == 1;
        offset += (segments[i].size + 0xfff) & ~UINT64_C(0xfff);
    }
    return ok;
}

static void *read_all(const char *path, uint64_t *size)
{
    FILE *file = fopen(path, "rb");
    void *bytes = malloc(1 << 20);
    if (file && bytes)
        *size = fread(bytes, 1, 1 << 20, file);
    if (file && fclose(file) == 0 && bytes && *size > 0)
        return bytes;
    fprintf(stderr, "generate: %s cannot be read\n", path);
    free(bytes);
    return NULL;
}

bool image_write(const struct image *image, const char *harness, const char *path)
{
    uint32_t stub[1024];
    struct segment segments[] = {
        {PROGRAM_HARNESS, NULL, 0},
        {PROGRAM_STEPS, image->steps, image->num_steps * sizeof(*image->steps)},
        {PROGRAM_CODE, image->code, image->used},
        {PROGRAM_STUB, stub, sizeof(stub)}};
    assert(PROGRAM_STEPS + segments[1].size <= PROGRAM_CODE);
    for (uint32_t i = 0; i < 1024; i++)
        stub[i] = 0x00100073; /* ebreak */
    segments[0].bytes = read_all(harness, &segments[0].size);
    if (!segments[0].bytes)
        return false;
    FILE *file = fopen(path, "wb");
    bool ok = file && write_elf(file, segments, 4);
    if (!file || fclose(file) != 0 || !ok) {
        fprintf(stderr, "generate: %s cannot be written\n", path);
        ok = false;
    }
    free((void *)(uintptr_t)segments[0].bytes);
    return ok;
}
