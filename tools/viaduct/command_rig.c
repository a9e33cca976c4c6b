/* SPDX-License-Identifier: BSD-2-Clause */
#include "command_rig.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

char rig_folder[] = "/tmp/viaduct_test.XXXXXX";
char rig_output[RIG_OUTPUT_SIZE];

int rig_create(void **state)
{
    (void)state;
    return mkdtemp(rig_folder) ? 0 : -1;
}

int rig_remove(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof(command), "rm -r %s", rig_folder);
    return system(command);
}

int rig_run(const char *arguments)
{
    char command[4096];
    snprintf(command, sizeof(command),
             "cd %s && cat >command <<\\END\n(" VIADUCT_BINARY " %s) </dev/null 2>&1\nEND\n"
             "bash command",
             rig_folder, arguments);
    FILE *in = popen(command, "r");
    assert_non_null(in);
    size_t size = fread(rig_output, 1, sizeof(rig_output) - 1, in);
    rig_output[size] = '\0';
    int status = pclose(in);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

void rig_write(const char *name, const void *data, size_t size)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", rig_folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, size, out), size);
    fclose(out);
}

void rig_write_text(const char *name, const char *text)
{
    rig_write(name, text, strlen(text));
}
