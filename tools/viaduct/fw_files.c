/* SPDX-License-Identifier: BSD-2-Clause */
#include "fw_files.h"

#include <inttypes.h>
#include <string.h>

#include "arguments.h"
#include "properties.h"

static bool set(struct arguments *a, const char *key, const char *value, struct vd_error *err)
{
    char whole[64];
    snprintf(whole, sizeof(whole), "fw_cfg_file%" PRIu32 ".%s", a->num_fw_files, key);
    return !*value || arguments_add_copy(a, whole, value, err);
}

bool fw_files_take(void *arguments, const struct option *option, const char *value,
                   struct vd_error *err)
{
    struct arguments *a = arguments;
    char name[FW_CFG_NAME_SIZE] = "", file[VIRT_PATH_SIZE] = "", text[VIRT_APPEND_SIZE] = "";
    const struct property list[] = {{"name", name, sizeof(name), NULL},
                                    {"file", file, sizeof(file), NULL},
                                    {"string", text, sizeof(text), NULL},
                                    {NULL, NULL, 0, NULL}};
    (void)option;
    size_t first = strcspn(value, ",");
    if (!memchr(value, '=', first)) { /* the name alone */
        if (first >= sizeof(name))
            return vd_fail(err, "-fw_cfg name is too long: accepted are %zu characters",
                           sizeof(name) - 1);
        memcpy(name, value, first);
        value += first + (value[first] == ',');
    }
    if (!properties_parse(list, "-fw_cfg", value, err))
        return false;
    if (!*name || !*file == !*text)
        return vd_fail(err, "-fw_cfg: accepted is name=NAME with file=FILE or string=TEXT");
    if (a->num_fw_files == VIRT_FW_FILES)
        return vd_fail(err, "at most %d -fw_cfg are accepted", VIRT_FW_FILES);
    bool ok = set(a, "name", name, err) && set(a, "file", file, err) && set(a, "text", text, err);
    a->num_fw_files++;
    return ok;
}
