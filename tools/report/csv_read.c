/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/csv.h"

/* Takes the quotes off a field in place; *end is where the field's text stops. */
static char *unquote(char *p, char **end)
{
    char *to = p;
    for (p++; *p; p++) {
        if (*p == '"' && *++p != '"')
            break;
        *to++ = *p;
    }
    *end = to;
    return p;
}

static char *plain(char *p, char **end)
{
    while (*p && *p != ',' && *p != '\n' && *p != '\r')
        p++;
    *end = p;
    return p;
}

bool csv_next(struct csv *csv)
{
    char *p = csv->next;
    csv->count = 0;
    if (!*p)
        return false;
    csv->line++;
    for (;;) {
        char *end;
        char *begin = p;
        p = *p == '"' ? unquote(p, &end) : plain(p, &end);
        char separator = *p;
        char *after = separator ? p + 1 : p;
        *end = '\0';
        if (csv->count < CSV_FIELDS)
            csv->field[csv->count++] = begin;
        if (separator == '\r' && *after == '\n')
            after++;
        p = after;
        if (separator != ',')
            break;
    }
    csv->next = p;
    return true;
}
