/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/tables.h"

#include <stdio.h>
#include <string.h>

struct text {
    char buffer[1024];
    size_t used;
};

#define ADD(t, ...)                                                                                \
    ((t)->used +=                                                                                  \
     (size_t)snprintf((t)->buffer + (t)->used, sizeof((t)->buffer) - (t)->used, __VA_ARGS__))

static bool same(const struct text *t, const char *expected)
{
    if (strcmp(t->buffer, expected) == 0)
        return true;
    fprintf(stderr, "is:       %s\nexpected: %s\n", t->buffer, expected);
    return false;
}

static bool same_count(uint32_t count, uint32_t rows)
{
    if (count != rows)
        fprintf(stderr, "%u rows, %u expected\n", count, rows);
    return count == rows;
}

static void field_text(struct text *t, const struct vd_field *f, const char *before)
{
    static const char *const access[] = {"RO", "RW", "WARL", "WLRL", "RW1C", "RW1S", "WO", "WPRI"};
    ADD(t, "%s %s ", before, f->name);
    if (f->width != 1)
        ADD(t, "%u:", f->lsb + f->width - 1u);
    ADD(t, "%u %s", f->lsb, f->access < 8 ? access[f->access] : "?");
}

static void reg_text(struct text *t, const struct vd_reg *reg)
{
    ADD(t, "%s %u", reg->name, reg->offset);
    if (reg->stride || reg->count != 1)
        ADD(t, "+%u*%u", reg->stride, reg->count);
    ADD(t, " %u", reg->size);
    if (reg->reset)
        ADD(t, " reset %#llx", (unsigned long long)reg->reset);
    for (uint32_t i = 0; i < reg->num_fields && t->used < sizeof(t->buffer); i++)
        field_text(t, &reg->fields[i], i ? "," : ":");
}

bool table_regs_are(const struct vd_reg *regs, uint32_t count, const struct table_reg *expected,
                    uint32_t rows)
{
    bool equal = same_count(count, rows);
    for (uint32_t i = 0; i < count && i < rows; i++) {
        struct text t = {.used = 0};
        reg_text(&t, &regs[i]);
        equal &= same(&t, expected[i].text);
    }
    return equal;
}

static void param_text(struct text *t, const struct vd_param *p)
{
    static const char *const types[] = {"u32", "u64", "bool", "flag", "bits", "choice", "string"};
    ADD(t, "%s %s ", p->name, p->type <= VD_PARAM_STRING ? types[p->type] : "?");
    ADD(t, p->fallback < 1u << 31 ? "%llu" : "%#llx", (unsigned long long)p->fallback);
    ADD(t, p->max < UINT64_C(1) << 62 ? " %llu..%llu" : " %llu..%#llx", (unsigned long long)p->min,
        (unsigned long long)p->max);
    if (p->unit[0])
        ADD(t, " %s", p->unit);
    for (const char *const *choice = p->choices; choice && *choice; choice++)
        ADD(t, " %s", *choice);
}

bool table_params_are(const struct vd_param *params, uint32_t count,
                      const struct table_param *expected, uint32_t rows)
{
    bool equal = same_count(count, rows);
    for (uint32_t i = 0; i < count && i < rows; i++) {
        struct text t = {.used = 0};
        param_text(&t, &params[i]);
        equal &= same(&t, expected[i].text);
        if (params[i].offset != expected[i].offset) {
            fprintf(stderr, "%s: offset %zu, expected %zu\n", params[i].name, params[i].offset,
                    expected[i].offset);
            equal = false;
        }
    }
    return equal;
}
