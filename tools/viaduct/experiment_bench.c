/* SPDX-License-Identifier: BSD-2-Clause */
#include "experiment_bench.h"

#include <sys/wait.h>
#include <unistd.h>

char folder[] = "/tmp/viaduct_exp.XXXXXX";
char output[1 << 20];

int run(const char *arguments)
{
    char command[4096];
    snprintf(command, sizeof(command), "cd %s && (" VIADUCT_BINARY " %s) 2>&1 </dev/null", folder,
             arguments);
    FILE *in = popen(command, "r");
    assert_non_null(in);
    size_t size = fread(output, 1, sizeof(output) - 1, in);
    output[size] = '\0';
    int status = pclose(in);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

int remove_folder(void **state)
{
    char command[256];
    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

struct row row_of(const char *path)
{
    struct row r = {0};
    char start[64];
    snprintf(start, sizeof(start), "\n%s ", path);
    const char *line = strstr(output, start);
    if (!line)
        fail_msg("no path %s in:\n%s", path, output);
    int fields = sscanf(line + strlen(start), "%u %u %u %u %u %u %u %lf", &r.issued, &r.claimed,
                        &r.coalesced, &r.lost, &r.duplicate, &r.stray, &r.dropped, &r.traps);
    assert_int_equal(fields, 8);
    return r;
}

unsigned median(const char *path, const char *segment)
{
    char start[64];
    unsigned cycles = 0;
    snprintf(start, sizeof(start), "\n%s ", path);
    const char *table = strstr(output, start);
    table = table ? strstr(table + 1, start) : NULL;
    const char *line = table ? strstr(table, segment) : NULL;
    if (!line || sscanf(line + strlen(segment), "%u", &cycles) != 1)
        fail_msg("no %s of %s in:\n%s", segment, path, output);
    return cycles;
}

void all_claimed(const char *path, unsigned count)
{
    struct row r = row_of(path);
    assert_int_equal(r.issued, count);
    assert_int_equal(r.claimed, count);
    assert_int_equal(r.lost + r.duplicate + r.stray + r.dropped, 0);
}
