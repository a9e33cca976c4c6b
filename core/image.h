/* SPDX-License-Identifier: BSD-2-Clause */
/* Program images: ELF, the RISC-V boot Image of Linux, U-Boot's uImage, raw bytes. */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include "core/bus.h"
#include "viaduct/error.h"

struct image {
    uint64_t entry;
    uint64_t start, end;               /* addresses that it occupies */
    bool has_htif;                     /* the ELF has the symbol tohost */
    uint64_t tohost, fromhost;         /* valid with has_htif; fromhost 0 if there is none */
    uint64_t signature, signature_end; /* begin_signature and end_signature; equal: none */
};

/* Each returns false with one sentence in err that names the file and what would be accepted. */
bool image_load_elf(struct bus *bus, const char *path, struct image *image, struct vd_error *err);
/* Raw bytes at addr. */
bool image_load_raw(struct bus *bus, const char *path, uint64_t addr, struct image *image,
                    struct vd_error *err);
/* A RISC-V boot Image at addr, whatever its text_offset. */
bool image_load_linux(struct bus *bus, const char *path, uint64_t addr, struct image *image,
                      struct vd_error *err);
/* Whichever of these the file is.  A uImage and an ELF have their own addresses, but for a
 * position-independent one that was linked for where there is no memory. */
bool image_load(struct bus *bus, const char *path, uint64_t addr, struct image *image,
                struct vd_error *err);

#endif
