/* SPDX-License-Identifier: BSD-2-Clause */
#include "line.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SYMBOLIC = 1 };

static const char *const statuses[] = {"S", "UR", "CA", NULL};
static const char *const address_types[] = {"U", "A", "T", NULL};
static const char *const directions[] = {"R", "W", NULL};

/* A field without a name before its value is positional. */
struct field {
    const char *name;
    uint8_t base; /* 10, 16 or SYMBOLIC */
    bool positional;
    const char *const *symbols;
};

#define KEY(name)                                                                                  \
    {                                                                                              \
        name, 16, false, NULL                                                                      \
    }
#define KEY_DEC(name)                                                                              \
    {                                                                                              \
        name, 10, false, NULL                                                                      \
    }
#define KEY_SYM(name, s)                                                                           \
    {                                                                                              \
        name, SYMBOLIC, false, s                                                                   \
    }
#define POS(name)                                                                                  \
    {                                                                                              \
        name, 16, true, NULL                                                                       \
    }
#define POS_DEC(name)                                                                              \
    {                                                                                              \
        name, 10, true, NULL                                                                       \
    }

static const struct {
    const char *name;
    struct field fields[LINE_FIELDS];
} kinds[LINE_KINDS] = {
    [LINE_WORLD] = {"WORLD",
                    {POS_DEC("n"), POS("seed"), POS_DEC("profile"), POS("caps"), POS("fctl"),
                     POS_DEC("max_mode"), POS_DEC("num_vec_bits")}},
    [LINE_MEM] = {"MEM", {POS("addr"), POS("value")}},
    [LINE_POISON] = {"POISON", {POS("addr")}},
    [LINE_REGW] = {"REGW", {POS("off"), POS_DEC("size"), POS("data")}},
    [LINE_REQ] = {"REQ",
                  {POS_DEC("i"), KEY("did"), KEY("pv"), KEY("pid"), KEY("priv"), KEY("x"),
                   KEY("nw"), KEY("cxl"), KEY_SYM("at", address_types), KEY_SYM("rw", directions),
                   KEY("iova")}},
    [LINE_CMD] = {"CMD", {POS("lo"), POS("hi")}},
    [LINE_PREQ] = {"PREQ",
                   {KEY("rid"), KEY("dsv"), KEY("dseg"), KEY("pv"), KEY("pid"), KEY("priv"),
                    KEY("x"), KEY("payload")}},
    [LINE_DBG] = {"DBG", {KEY("iova"), KEY("ctl")}},
    [LINE_END] = {"END",
                  {KEY_DEC("worlds"), KEY_DEC("reqs"), KEY_DEC("success"), KEY_DEC("ur"),
                   KEY_DEC("ca"), KEY_DEC("faults"), KEY_DEC("mrif"), KEY_DEC("msi"),
                   KEY("digest")}},
    [LINE_MW] = {"MW", {POS("addr"), POS_DEC("size"), POS("d0"), POS("d1"), POS("d2"), POS("d3")}},
    [LINE_MSI] = {"MSI", {POS("addr"), POS("data")}},
    [LINE_ATSMSG] = {"ATSMSG",
                     {KEY("code"), KEY("tag"), KEY("rid"), KEY("pv"), KEY("pid"), KEY("dsv"),
                      KEY("dseg"), KEY("payload")}},
    [LINE_SYNC] = {"SYNC", {KEY("pr"), KEY("pw")}},
    [LINE_RSP] = {"RSP",
                  {KEY_SYM("st", statuses), KEY("ppn"), KEY("s"), KEY("pbmt"), KEY("msi"),
                   KEY("mrif"), KEY("mrifaddr"), KEY("nid"), KEY("nppn"), KEY("R"), KEY("W"),
                   KEY("X"), KEY("U"), KEY("G"), KEY("Pr"), KEY("IO")}},
    [LINE_FLT] = {"FLT",
                  {KEY_DEC("cause"), KEY("ttyp"), KEY("did"), KEY("pv"), KEY("pid"), KEY("priv"),
                   KEY("iotval"), KEY("iotval2")}},
    [LINE_IPSR] = {"IPSR", {POS("v")}},
    [LINE_STATE] = {"->",
                    {KEY("cqh"), KEY("cqcsr"), KEY("ipsr"), KEY("pqt"), KEY("pqcsr"), KEY("rsp")}},
    [LINE_CQRESTART] = {"CQRESTART", {{0}}},
    [LINE_PQDRAIN] = {"PQDRAIN", {{0}}},
};

struct line line_make(enum line_kind kind)
{
    return (struct line){.kind = (uint8_t)kind};
}

void line_set(struct line *line, unsigned field, uint64_t value)
{
    line->present |= 1u << field;
    line->value[field] = value;
}

void line_forget(struct line *line, unsigned field)
{
    line->present &= ~(1u << field);
}

bool line_has(const struct line *line, unsigned field)
{
    return line->present >> field & 1;
}

const char *line_name(enum line_kind kind)
{
    return kinds[kind].name;
}

const char *line_field_name(enum line_kind kind, unsigned field)
{
    return kinds[kind].fields[field].name;
}

bool line_is_answer(enum line_kind kind)
{
    return kind >= LINE_MW;
}

static bool symbol(const struct field *f, const char *text, uint64_t *value)
{
    for (*value = 0; f->symbols[*value]; ++*value)
        if (strcmp(f->symbols[*value], text) == 0)
            return true;
    return false;
}

static bool number(const char *text, unsigned base, uint64_t *value)
{
    char *end;
    *value = strtoull(text, &end, (int)base);
    return end != text && *end == '\0';
}

/* The next positional field behind `from`; LINE_FIELDS: there is none. */
static unsigned positional(const struct field *fields, unsigned from)
{
    while (from < LINE_FIELDS && !(fields[from].name && fields[from].positional))
        from++;
    return from;
}

static unsigned keyed(const struct field *fields, const char *name, size_t length)
{
    unsigned i = 0;
    while (i < LINE_FIELDS &&
           !(fields[i].name && !fields[i].positional && strlen(fields[i].name) == length &&
             strncmp(fields[i].name, name, length) == 0))
        i++;
    return i;
}

static bool take(struct line *line, char *token, unsigned *position, struct vd_error *err)
{
    const struct field *fields = kinds[line->kind].fields;
    char *equals = strchr(token, '=');
    unsigned i =
        equals ? keyed(fields, token, (size_t)(equals - token)) : positional(fields, *position);
    const char *text = equals ? equals + 1 : token;
    uint64_t value;
    if (i == LINE_FIELDS)
        return vd_fail(err, "%s has no field for '%.60s'", line_name(line->kind), token);
    if (!equals)
        *position = i + 1;
    if (strcmp(text, "-") == 0)
        return true;
    if (fields[i].symbols ? !symbol(&fields[i], text, &value)
                          : !number(text, fields[i].base, &value))
        return vd_fail(err, "'%.60s' is no value for %s of %s", text, fields[i].name,
                       line_name(line->kind));
    line_set(line, i, value);
    return true;
}

static bool find_kind(const char *name, struct line *line)
{
    for (unsigned i = 0; i < LINE_KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *line = line_make(i);
            return true;
        }
    }
    return false;
}

bool line_parse(const char *text, struct line *line, struct vd_error *err)
{
    char copy[1024], *save = NULL;
    if (strlen(text) >= sizeof(copy))
        return vd_fail(err, "the line is longer than %zu characters", sizeof(copy) - 1);
    strcpy(copy, text);
    char *token = strtok_r(copy, " ", &save);
    unsigned position = 0;
    if (!token || !find_kind(token, line))
        return vd_fail(err, "'%.60s' begins no line of this format", token ? token : "");
    while ((token = strtok_r(NULL, " ,", &save)))
        if (!take(line, token, &position, err))
            return false;
    return true;
}

void line_value(const struct line *line, unsigned field, char *text, size_t size)
{
    const struct field *f = &kinds[line->kind].fields[field];
    uint64_t value = line->value[field];
    if (!line_has(line, field))
        snprintf(text, size, "-");
    else if (f->symbols)
        snprintf(text, size, "%s", f->symbols[value]);
    else if (f->base == 10)
        snprintf(text, size, "%" PRIu64, value);
    else
        snprintf(text, size, "%" PRIx64, value);
}

void line_print(const struct line *line, FILE *out)
{
    const struct field *fields = kinds[line->kind].fields;
    fprintf(out, "%s%s", line_is_answer(line->kind) ? "  " : "", line_name(line->kind));
    for (unsigned i = 0; i < LINE_FIELDS; i++) {
        char value[32];
        if (!line_has(line, i))
            continue;
        line_value(line, i, value, sizeof(value));
        bool list = line->kind == LINE_MW && i > MW_d0;
        fprintf(out, "%c%s%s%s", list ? ',' : ' ', fields[i].positional ? "" : fields[i].name,
                fields[i].positional ? "" : "=", value);
    }
    fputc('\n', out);
}
