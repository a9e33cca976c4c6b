/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void require(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "tests/support/folder: %s\n", what);
    abort();
}

char *folder_new(void)
{
    char *folder = strdup("/tmp/viaduct-test-XXXXXX");
    require(mkdtemp(folder) != NULL, folder);
    return folder;
}

static FILE *open_in(const char *folder, const char *name, const char *mode)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, mode);
    require(file != NULL, path);
    return file;
}

void folder_remove(char *folder)
{
    DIR *dir = opendir(folder);
    require(dir != NULL, folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_type == DT_REG)
            unlink(path);
    }
    closedir(dir);
    rmdir(folder);
    free(folder);
}

char *folder_read(const char *folder, const char *name)
{
    char *text = NULL;
    size_t size = 0;
    FILE *in = open_in(folder, name, "r");
    require(getdelim(&text, &size, 0, in) > 0, name);
    fclose(in);
    return text;
}

void folder_write(const char *folder, const char *name, const char *text)
{
    FILE *out = open_in(folder, name, "w");
    require(fputs(text, out) >= 0, name);
    fclose(out);
}

size_t text_count(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}
