/* SPDX-License-Identifier: BSD-2-Clause */
/* generate CLASS SEED CASES HARNESS OUTPUT: one random program as an ELF file.  The same arguments,
 * the same file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classes.h"

/* What is compared at each checkpoint.  Bits that are left out are explained in README.md. */
static const struct {
    uint32_t csr;
    uint64_t mask;
} logged[] = {
    {0x003, ~UINT64_C(0)},      /* fcsr */
    {0x342, ~UINT64_C(0)},      /* mcause */
    {0x343, ~UINT64_C(0)},      /* mtval */
    {0x300, ~UINT64_C(0)},      /* mstatus */
    {0x303, ~UINT64_C(0x1000)}, /* mideleg */
    {0x603, ~UINT64_C(0)},      /* hideleg */
    {0x344, ~UINT64_C(0)},      /* mip */
    {0x304, ~UINT64_C(0x1000)}, /* mie */
    {0x34a, ~UINT64_C(0)},      /* mtinst */
    {0x34b, ~UINT64_C(0)},      /* mtval2 */
    {0x141, ~UINT64_C(0)},      /* sepc */
    {0x142, ~UINT64_C(0)},      /* scause */
    {0x143, ~UINT64_C(0)},      /* stval */
    {0x180, ~UINT64_C(0)},      /* satp */
    {0x600, ~UINT64_C(0)},      /* hstatus */
    {0x643, ~UINT64_C(0)},      /* htval */
    {0x64a, ~UINT64_C(0)},      /* htinst */
    {0x645, ~UINT64_C(0)},      /* hvip */
    {0x680, ~UINT64_C(0)},      /* hgatp */
    {0x200, ~UINT64_C(0) >> 1}, /* vsstatus without SD */
    {0x241, ~UINT64_C(0)},      /* vsepc */
    {0x242, ~UINT64_C(0)},      /* vscause */
    {0x243, ~UINT64_C(0)},      /* vstval */
    {0x280, ~UINT64_C(0)},      /* vsatp */
};

static const struct {
    const char *name;
    void (*add)(struct image *image, uint32_t cases);
} classes[] = {
    {"integer", class_integer},
    {"float", class_float},
    {"atomic", class_atomic},
    {"decode", class_decode},
    {"csr", class_csr},
    {"trap", class_trap},
    {"interrupt", class_interrupt},
    {"pmp", class_pmp},
    {"pages", class_pages},
    {"guest", class_guest},
    {"newer", class_newer},
    {"wait", class_wait},
    {"iprio", class_iprio},
    {"entries", class_entries},
    {"guest_entries", class_guest_entries},
    {"aia", class_aia},
    {"filter", class_filter},
    {"files", class_files},
    {"sleep", class_sleep},
    {"stall", class_stall},
    {"stacks", class_stacks},
    {"pads", class_pads},
};

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: generate CLASS SEED CASES HARNESS OUTPUT\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (strcmp(classes[i].name, argv[1]) != 0)
            continue;
        struct image image;
        image_init(&image, strtoull(argv[2], NULL, 0) ^ (uint64_t)(i + 1) << 56);
        for (size_t n = 0; n < sizeof(logged) / sizeof(logged[0]); n++)
            image_step(&image, PROGRAM_OP_LOG_CSR, logged[n].csr, logged[n].mask, 0);
        classes[i].add(&image, (uint32_t)strtoul(argv[3], NULL, 0));
        image_step(&image, PROGRAM_OP_END, 0, 0, 0);
        bool ok = image_write(&image, argv[4], argv[5]);
        image_free(&image);
        return ok ? 0 : 1;
    }
    fprintf(stderr, "generate: there is no class %s\n", argv[1]);
    return 2;
}
