/* SPDX-License-Identifier: BSD-2-Clause */
/* Words and numbers as users write them. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platforms/config.h"

static bool scale(const char *suffix, uint64_t *value)
{
    static const char letters[] = "KMGT";
    if (*suffix == '\0')
        return true;
    const char *letter = strchr(letters, toupper((unsigned char)*suffix));
    const char *rest = suffix + 1;
    if (!letter || (strcmp(rest, "") != 0 && strcmp(rest, "iB") != 0 && strcmp(rest, "B") != 0))
        return false;
    unsigned shift = 10u * (unsigned)(letter - letters + 1);
    if (*value > UINT64_MAX >> shift)
        return false;
    *value <<= shift;
    return true;
}

bool config_parse_number(const char *text, uint64_t *value)
{
    if (!isdigit((unsigned char)text[0]))
        return false;
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (hexadecimal && !isxdigit((unsigned char)text[2]))
        return false;
    char *end;
    errno = 0;
    *value = strtoull(text, &end, hexadecimal ? 16 : 10);
    return errno == 0 && scale(end, value);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace) from a to b; SIZE_MAX for words too long to be names. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t row[LONGEST + 1];
    size_t la = strlen(a), lb = strlen(b);
    if (la > LONGEST || lb > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = smaller(replace, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[lb];
}

static bool resembles(const char *word, const char *candidate)
{
    size_t length = strlen(word);
    if (length >= 2 && strstr(candidate, word))
        return true;
    return distance(word, candidate) <= 1 + length / 4;
}

static size_t append(char *text, size_t size, size_t used, const char *before, const char *word,
                     const char *after)
{
    if (used >= size)
        return used;
    int n = snprintf(text + used, size - used, "%s%s%s", before, word, after);
    return n > 0 ? used + (size_t)n : used;
}

void config_suggest(const char *word, const char *const *candidates, size_t count, char *text,
                    size_t size)
{
    size_t used = 0, near = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && near < 4; i++)
        if (resembles(word, candidates[i]))
            used =
                append(text, size, used, near++ ? "' or '" : ", did you mean '", candidates[i], "");
    if (near) {
        append(text, size, used, "", "'?", "");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *before = i ? ", " : "; accepted are ";
        if (used + strlen(before) + strlen(candidates[i]) + sizeof(", ...") > size) {
            append(text, size, used, i ? ", ..." : "", "", "");
            return;
        }
        used = append(text, size, used, before, candidates[i], "");
    }
}
