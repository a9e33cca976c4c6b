/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/json_check.h"

#include <ctype.h>
#include <stdlib.h>

static const char *json_value(const char *p);

static const char *json_space(const char *p)
{
    while (p && isspace((unsigned char)*p))
        p++;
    return p;
}

static const char *json_string(const char *p)
{
    if (*p++ != '"')
        return NULL;
    for (; *p != '"'; p++) {
        if ((unsigned char)*p < 0x20)
            return NULL;
        if (*p == '\\' && !*++p)
            return NULL;
    }
    return p + 1;
}

static const char *json_members(const char *p, char close, bool keyed)
{
    p = json_space(p + 1);
    if (*p == close)
        return p + 1;
    for (;;) {
        if (keyed) {
            p = json_space(json_string(json_space(p)));
            if (!p || *p++ != ':')
                return NULL;
        }
        p = json_space(json_value(json_space(p)));
        if (!p || (*p != ',' && *p != close))
            return NULL;
        if (*p++ == close)
            return p;
    }
}

static const char *json_value(const char *p)
{
    if (*p == '{')
        return json_members(p, '}', true);
    if (*p == '[')
        return json_members(p, ']', false);
    if (*p == '"')
        return json_string(p);
    char *end;
    strtod(p, &end);
    return end == p ? NULL : end;
}

bool json_valid(const char *text)
{
    const char *end = json_space(json_value(json_space(text)));
    return end && !*end;
}
