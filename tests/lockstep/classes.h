/* SPDX-License-Identifier: BSD-2-Clause */
/* The classes of programs: each adds its cases to an image. */
#ifndef LOCKSTEP_CLASSES_H
#define LOCKSTEP_CLASSES_H

#include "image.h"

void class_integer(struct image *image, uint32_t cases);
void class_float(struct image *image, uint32_t cases);
void class_atomic(struct image *image, uint32_t cases);
void class_newer(struct image *image, uint32_t cases);
void class_decode(struct image *image, uint32_t cases);
void class_csr(struct image *image, uint32_t cases);
void class_trap(struct image *image, uint32_t cases);
void class_interrupt(struct image *image, uint32_t cases);
void class_wait(struct image *image, uint32_t cases);
void class_iprio(struct image *image, uint32_t cases);
void class_aia(struct image *image, uint32_t cases);
void class_filter(struct image *image, uint32_t cases);
void class_files(struct image *image, uint32_t cases);
void class_sleep(struct image *image, uint32_t cases);
void class_stall(struct image *image, uint32_t cases);
void class_pmp(struct image *image, uint32_t cases);
void class_pages(struct image *image, uint32_t cases);
void class_entries(struct image *image, uint32_t cases);
void class_guest_entries(struct image *image, uint32_t cases);
void class_guest(struct image *image, uint32_t cases);
void class_stacks(struct image *image, uint32_t cases);
void class_pads(struct image *image, uint32_t cases);

#endif
