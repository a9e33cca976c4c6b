/* SPDX-License-Identifier: BSD-2-Clause */
/* -fw_cfg, as QEMU has it. */
#ifndef VIADUCT_FW_FILES_H
#define VIADUCT_FW_FILES_H

#include <stdbool.h>

#include "options.h"

/* A setting of one of the sections fw_cfg_file0, fw_cfg_file1, ... */
bool fw_files_take(void *arguments, const struct option *option, const char *value,
                   struct vd_error *err);

#endif
