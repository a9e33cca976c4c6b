/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arguments.h"
#include "experiment.h"
#include "machine.h"
#include "verbs.h"

static const struct option *const tables[] = {exp_options, machine_options, NULL};

static void print_help(void)
{
    puts("viaduct exp list: the experiments in this binary\n"
         "viaduct exp show NAME: what one does, what it should show, its configuration\n"
         "viaduct exp run NAME... [OPTION...]: runs them; a NAME may also be a YAML file.\n"
         "The exit status is 0 if every MSI is accounted for; docs/usage.md has the others.\n");
    options_print(tables, stdout);
}

static int list(void)
{
    for (const struct embedded_file *f = platform_files; f->name; f++) {
        struct virt_experiment_config about;
        struct vd_error err;
        if (strncmp(f->name, EXPERIMENT_FOLDER, strlen(EXPERIMENT_FOLDER)) != 0)
            continue;
        if (!experiment_about(f, &about, &err))
            return fail(STATUS_CONFIG, err.text);
        printf("%-28s %s\n", about.name, about.title);
    }
    return STATUS_OK;
}

static int show(const char *name)
{
    struct experiment_file file;
    struct vd_error err;
    enum status status = experiment_open(name, &file, &err);
    if (status != STATUS_OK)
        return fail(status, err.text);
    fwrite(file.text, 1, file.length, stdout);
    experiment_close(&file);
    return STATUS_OK;
}

static bool make_one(const char *dir, struct vd_error *err)
{
    if (*dir == '\0' || mkdir(dir, 0777) == 0 || errno == EEXIST)
        return true;
    return vd_fail(err, "%s cannot be made: %s", dir, strerror(errno));
}

static bool make_directory(const char *dir, struct vd_error *err)
{
    char path[1024];
    if (!dir)
        return true;
    if (strlen(dir) >= sizeof(path))
        return vd_fail(err, "--out: no folder's name is that long");
    for (const char *slash = strchr(dir, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(path, sizeof(path), "%.*s", (int)(slash - dir), dir);
        if (!make_one(path, err))
            return false;
    }
    return make_one(dir, err);
}

static int run_names(struct arguments *arguments)
{
    struct vd_error err;
    if (arguments->num_names == 0)
        return fail(STATUS_USAGE, "viaduct exp run needs a name; `viaduct exp list` shows them");
    if (!make_directory(arguments->out, &err))
        return fail(STATUS_HOST, err.text);
    struct experiment_run *run = calloc(1, sizeof(*run));
    if (!run)
        return fail(STATUS_HOST, "no memory");
    run->arguments = arguments;
    int status = STATUS_OK;
    for (uint32_t i = 0; i < arguments->num_names; i++) {
        int one = experiment_run_name(run, arguments->names[i]);
        status = status ? status : one;
    }
    int written = experiment_report(run);
    experiment_run_free(run);
    free(run);
    return status ? status : written;
}

/* The command line that repeats the run. */
static void join(int argc, char **argv, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "viaduct exp run");
    for (int i = 0; i < argc && used < size; i++) {
        const char *quote = strpbrk(argv[i], " \t\"'$&;()<>*?") ? "'" : "";
        used += (size_t)snprintf(text + used, size - used, " %s%s%s", quote, argv[i], quote);
    }
}

static int run(int argc, char **argv)
{
    char command[1024];
    join(argc, argv, command, sizeof(command));
    struct arguments arguments = {.status = STATUS_USAGE, .command = command};
    struct options options = {.tables = tables, .other = arguments_add_name, .ctx = &arguments};
    struct vd_error err;
    int status = options_parse(&options, argc, argv, &err) ? run_names(&arguments)
                                                           : fail(arguments.status, err.text);
    arguments_free(&arguments);
    return status;
}

int verb_exp(int argc, char **argv)
{
    if (options_want_help(argc, argv)) {
        print_help();
        return STATUS_OK;
    }
    if (argc == 1 && strcmp(argv[0], "list") == 0)
        return list();
    if (argc == 2 && strcmp(argv[0], "show") == 0)
        return show(argv[1]);
    if (argc >= 1 && strcmp(argv[0], "run") == 0)
        return run(argc - 1, argv + 1);
    return fail(STATUS_USAGE, "viaduct exp takes list, show NAME or run NAME...");
}
