/* SPDX-License-Identifier: BSD-2-Clause */
/* The ELF part of program loading. */
#ifndef CORE_IMAGE_ELF_H
#define CORE_IMAGE_ELF_H

#include "core/image.h"

/* A file as it lies on disk, mapped for reading. */
struct image_file {
    const char *path;
    uint8_t *bytes;
    uint64_t size;
};

/* `addr` is for a position-independent program that was linked for where there is no memory. */
bool image_place_elf(struct bus *bus, const struct image_file *file, uint64_t addr,
                     struct image *image, struct vd_error *err);
/* Fails with a sentence that lists the memories. */
bool image_outside(const struct bus *bus, const char *what, uint64_t addr, uint64_t size,
                   struct vd_error *err);

#endif
