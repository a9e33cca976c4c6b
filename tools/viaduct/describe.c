/* SPDX-License-Identifier: BSD-2-Clause */
#include "describe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platforms/virt.h"
#include "verbs.h"

int describe_config(struct virt_config *config)
{
    struct config schema = virt_schema(config);
    config_print(&schema, stdout);
    return STATUS_OK;
}

int describe_devicetree(const struct virt_config *config, const char *path)
{
    struct vd_error err;
    size_t size;
    struct virt *virt = virt_create(config, &err);
    if (!virt)
        return fail(STATUS_CONFIG, err.text);
    void *blob = virt_devicetree(virt, &size, &err);
    virt_destroy(virt);
    if (!blob)
        return fail(STATUS_FILE, err.text);
    FILE *out = fopen(path, "wb");
    bool ok = out && fwrite(blob, 1, size, out) == size;
    free(blob);
    if (out && fclose(out) != 0)
        ok = false;
    if (ok)
        return STATUS_OK;
    vd_fail(&err, "%s cannot be written: %s", path, strerror(errno));
    return fail(STATUS_HOST, err.text);
}
