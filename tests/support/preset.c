/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/preset.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_preset(void)
{
    FILE *file = fopen(INORDER_YAML, "r");
    if (!file) {
        perror(INORDER_YAML);
        exit(1);
    }
    return file;
}

/* Sections begin a line, and their keys are indented. */
static bool find_figure(const char *section, const char *key, uint32_t *value)
{
    FILE *file = open_preset();
    char line[256], name[64];
    bool inside = false, found = false;
    while (!found && fgets(line, sizeof(line), file)) {
        if (line[0] != ' ' && sscanf(line, "%63[a-z_]:", name) == 1)
            inside = strcmp(name, section) == 0;
        else if (inside && sscanf(line, " %63[a-z_]: %u", name, value) == 2)
            found = strcmp(name, key) == 0;
    }
    fclose(file);
    return found;
}

uint32_t preset_figure(const char *section, const char *key)
{
    uint32_t value = 0;
    if (!find_figure(section, key, &value)) {
        fprintf(stderr, "%s: no %s.%s\n", INORDER_YAML, section, key);
        exit(1);
    }
    return value;
}

void preset_apply(const char *section, const struct vd_param *params, uint32_t count, void *config)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value;
        if (params[i].type == VD_PARAM_U32 && find_figure(section, params[i].name, &value))
            memcpy((uint8_t *)config + params[i].offset, &value, sizeof(value));
    }
}
