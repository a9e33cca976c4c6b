/* SPDX-License-Identifier: BSD-2-Clause */
#include "platforms/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 64 << 20 };

static char *read_stream(FILE *in, size_t *size)
{
    char *text = NULL;
    size_t used = 0, room = 0;
    for (;;) {
        if (used + 1 >= room) {
            room = room ? room * 2 : 4096;
            char *more = realloc(text, room);
            if (!more || room > LARGEST) {
                free(more ? more : text);
                errno = ENOMEM;
                return NULL;
            }
            text = more;
        }
        size_t n = fread(text + used, 1, room - used - 1, in);
        used += n;
        if (n == 0)
            break;
    }
    text[used] = '\0';
    *size = used;
    return text;
}

char *file_read(const char *path, size_t *size, struct vd_error *err)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        vd_fail(err, "%s cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    char *text = read_stream(in, size);
    if (!text || ferror(in)) {
        vd_fail(err, "%s cannot be read: %s", path, strerror(errno));
        free(text);
        text = NULL;
    }
    fclose(in);
    return text;
}
