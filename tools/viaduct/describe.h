/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command can ask for in place of a run.  Each returns an exit status. */
#ifndef VIADUCT_DESCRIBE_H
#define VIADUCT_DESCRIBE_H

#include "platforms/virt_config.h"

int describe_config(struct virt_config *config);
int describe_devicetree(const struct virt_config *config, const char *path);

#endif
