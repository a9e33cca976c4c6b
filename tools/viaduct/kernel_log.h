/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of a Linux kernel, where it is in the guest's memory. */
#ifndef VIADUCT_KERNEL_LOG_H
#define VIADUCT_KERNEL_LOG_H

#include "platforms/virt.h"

/* The text between the marks of a panic's end; false: there is none. */
bool kernel_log_panic(struct virt *virt, char *text, size_t size);

#endif
