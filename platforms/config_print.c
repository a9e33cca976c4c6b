/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a configuration as YAML that config_read_yaml() takes. */
#include <string.h>

#include "platforms/config.h"

static bool is_plain(const char *text)
{
    static const char safe[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+";
    return *text != '\0' && strspn(text, safe) == strlen(text) && *text != '-';
}

/* A double-quoted scalar: the only style in which every string can be written. */
static void print_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void print_value(const struct config_slot *slot, FILE *out)
{
    char text[CONFIG_VALUE_SIZE];
    config_get(slot, text, sizeof(text));
    fprintf(out, "  %s: ", slot->param->name);
    if (slot->param->type == VD_PARAM_STRING && !is_plain(text))
        print_quoted(out, text);
    else
        fputs(text, out);
    const char *unit = slot->param->unit ? slot->param->unit : "";
    if (*unit || slot->param->text)
        fprintf(out, "  # %s%s%s", unit, *unit && slot->param->text ? ": " : "",
                slot->param->text ? slot->param->text : "");
    fputc('\n', out);
}

static bool is_first_of_section(const struct config *config, size_t t)
{
    for (size_t i = 0; i < t; i++)
        if (strcmp(config->tables[i].section, config->tables[t].section) == 0)
            return false;
    return true;
}

static void print_table(const struct config *config, const struct config_table *table, FILE *out)
{
    uint32_t count;
    const struct vd_param *params = table->params(&count);
    for (uint32_t i = 0; i < count; i++) {
        struct config_slot slot = {.table = table, .param = &params[i]};
        slot.field = (char *)config->values + table->offset + params[i].offset;
        print_value(&slot, out);
    }
}

void config_print(const struct config *config, FILE *out)
{
    for (size_t t = 0; t < config->count; t++) {
        if (!is_first_of_section(config, t))
            continue;
        const char *section = config->tables[t].section;
        fprintf(out, "%s:  # %s\n", section, config->tables[t].text);
        for (size_t i = t; i < config->count; i++)
            if (strcmp(config->tables[i].section, section) == 0)
                print_table(config, &config->tables[i], out);
    }
}
