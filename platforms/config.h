/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine's configuration: the values behind a set of vd_param tables, one or more per section.
 * The tables are the schema of the YAML files, of `--set section.key=value` and of what is printed.
 */
#ifndef PLATFORMS_CONFIG_H
#define PLATFORMS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "viaduct/error.h"
#include "viaduct/param.h"

enum {
    CONFIG_VALUE_SIZE = 4096, /* the longest value as text */
    CONFIG_KEY_SIZE = 128,
};

/* One parameter table: `params` describe the struct at `offset` in the values.  Tables with the
 * same section name are one section to the user. */
struct config_table {
    const char *section;
    const char *text;
    size_t offset;
    const struct vd_param *(*params)(uint32_t *count);
};

struct config {
    const struct config_table *tables;
    size_t count;
    void *values;
};

/* A parameter and the place of its value. */
struct config_slot {
    const struct config_table *table;
    const struct vd_param *param;
    void *field;
};

/* Every value becomes its parameter's fallback. */
void config_defaults(const struct config *config);
/* key is "section.key".  The error names the key and what would be accepted. */
bool config_find(const struct config *config, const char *key, struct config_slot *slot,
                 struct vd_error *err);
bool config_set(const struct config *config, const char *key, const char *value,
                struct vd_error *err);
/* The value as config_set() takes it. */
void config_get(const struct config_slot *slot, char *text, size_t size);
/* What values a parameter takes, for error messages and documentation. */
void config_describe_range(const struct vd_param *param, char *text, size_t size);

/* Reads YAML: a mapping of sections to mappings of keys.  `name` is what errors call the text:
 * "name:line:column: ...". */
bool config_read_yaml(const struct config *config, const char *name, const char *text,
                      size_t length, struct vd_error *err);
/* Writes every value as YAML that config_read_yaml() takes, with units and meanings as comments. */
void config_print(const struct config *config, FILE *out);

/* Calls visit for every parameter in table order, until it returns false. */
bool config_visit(const struct config *config, bool (*visit)(void *ctx, struct config_slot slot),
                  void *ctx);

/* Numbers as users write them: decimal, 0x hexadecimal, with K, M, G or T (powers of 1024). */
bool config_parse_number(const char *text, uint64_t *value);

/* Appends the candidates that resemble `word` to text as ", did you mean 'x' or 'y'?"; if none
 * does, all of them as "; accepted are x, y, z". */
void config_suggest(const char *word, const char *const *candidates, size_t count, char *text,
                    size_t size);

#endif
