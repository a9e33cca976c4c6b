/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives every file of a fuzzer's corpus to the fuzzer's function, in the order of their names. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 1 << 20 };

static int regular(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay(const char *folder, const char *name)
{
    static uint8_t data[LONGEST];
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    size_t size = fread(data, 1, sizeof(data), file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int count = argc == 2 ? scandir(argv[1], &entries, regular, alphasort) : 0;
    if (count <= 0) {
        fprintf(stderr, "usage: %s FOLDER, with at least one input in it\n", argv[0]);
        return 2;
    }
    int failures = 0;
    for (int i = 0; i < count; i++) {
        failures += replay(argv[1], entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    printf("%d inputs\n", count);
    return failures != 0;
}
