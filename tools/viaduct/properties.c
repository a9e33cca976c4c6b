/* SPDX-License-Identifier: BSD-2-Clause */
#include "properties.h"

#include <stdio.h>
#include <string.h>

static bool set_property(const struct property *p, const char *what, const char *value,
                         size_t length, struct vd_error *err)
{
    if (p->only && (strlen(p->only) != length || memcmp(p->only, value, length) != 0))
        return vd_fail(err, "%s %s=%.*s: accepted is %s=%s", what, p->name,
                       (int)(length < 60 ? length : 60), value, p->name, p->only);
    if (p->only)
        return true;
    if (length >= p->size)
        return vd_fail(err, "%s %s is too long: accepted are %zu characters", what, p->name,
                       p->size - 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i += value[i] == ',' ? 2 : 1)
        p->place[used++] = value[i];
    p->place[used] = '\0';
    return true;
}

static bool find_property(const struct property *list, const char *what, const char *text,
                          size_t length, struct vd_error *err)
{
    const char *equals = memchr(text, '=', length);
    size_t name = equals ? (size_t)(equals - text) : length;
    char known[256] = "";
    for (const struct property *p = list; p->name; p++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", p->name);
        if (equals && strlen(p->name) == name && memcmp(p->name, text, name) == 0)
            return set_property(p, what, equals + 1, length - name - 1, err);
    }
    return vd_fail(err, "%s does not take '%.*s': accepted are %s, each with =value", what,
                   (int)(length < 60 ? length : 60), text, known);
}

/* Up to a comma that is not doubled. */
static size_t length_of(const char *text)
{
    size_t length = strcspn(text, ",");
    while (text[length] == ',' && text[length + 1] == ',')
        length += 2 + strcspn(text + length + 2, ",");
    return length;
}

bool properties_parse(const struct property *list, const char *what, const char *text,
                      struct vd_error *err)
{
    while (*text) {
        size_t length = length_of(text);
        if (!find_property(list, what, text, length, err))
            return false;
        text += length + (text[length] == ',');
    }
    return true;
}
