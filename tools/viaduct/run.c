/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "describe.h"
#include "machine.h"
#include "signature.h"
#include "verbs.h"

enum { SHOWN_VIOLATIONS = 10 };

static const struct option *const tables[] = {machine_options, run_options, NULL};

static void print_help(void)
{
    puts("viaduct run [OPTION...]: runs a machine; the console is on stdin and stdout, Ctrl-A x "
         "leaves.\n"
         "The exit status is the guest's, or one of docs/usage.md.\n");
    options_print(tables, stdout);
}

static bool no_other(void *ctx, const char *argument, struct vd_error *err)
{
    (void)ctx;
    return vd_fail(err, "'%.80s' is not an option: write -kernel %.80s to run it", argument,
                   argument);
}

/* The guest has ended the run: its status, unless the ledger knows better. */
static int conclude(struct machine *machine)
{
    int guest = machine_guest_status(machine);
    if (machine->end != SIM_EXIT)
        return STATUS_OK;
    if (machine->balanced)
        return guest;
    machine_print_findings(machine, false, SHOWN_VIOLATIONS);
    return guest ? guest : STATUS_LEDGER;
}

static int run_machine(const struct virt_config *config, const struct machine_setup *setup,
                       const struct arguments *arguments)
{
    struct machine machine;
    struct vd_error err;
    uint32_t granularity = signature_granularity(arguments->granularity, &err);
    if (!granularity)
        return fail(STATUS_USAGE, err.text);
    enum status status = machine_open(&machine, config, setup, &err);
    if (status == STATUS_OK)
        status = machine_run(&machine, &err);
    if (status == STATUS_OK && arguments->signature)
        status = signature_write(machine.virt, arguments->signature, granularity, &err);
    int result;
    if (status == STATUS_OK)
        result = conclude(&machine);
    else
        result = fail(status, err.text);
    if (status_concerns_harts(status))
        virt_print_harts(machine.virt, watch_rounds(&machine.watch), stderr);
    machine_close(&machine);
    return result;
}

static int run_arguments(struct arguments *arguments)
{
    struct virt_config *config = malloc(sizeof(*config));
    struct vd_error err;
    if (!config)
        return fail(STATUS_HOST, "no memory");
    int status;
    uint64_t port = 0;
    if (arguments->gdb && (!config_parse_number(arguments->gdb, &port) || port - 1 >= UINT16_MAX)) {
        vd_fail(&err, "--gdb %.40s: accepted are ports, 1..65535", arguments->gdb);
        status = fail(STATUS_USAGE, err.text);
    } else if (arguments->halted && !port) {
        status = fail(STATUS_USAGE, "-S needs --gdb PORT, or -s");
    } else if (!arguments_configure(arguments, config, &err)) {
        status = fail(arguments->status, err.text);
    } else if (arguments->print_config) {
        status = describe_config(config);
    } else if (arguments->dump_dtb) {
        status = describe_devicetree(config, arguments->dump_dtb);
    } else {
        const struct machine_setup setup = {.trace = arguments->trace,
                                            .stats = arguments->stats,
                                            .gdb = (uint16_t)port,
                                            .halted = arguments->halted,
                                            .no_reboot = arguments->no_reboot,
                                            .console = {.out = stdout,
                                                        .input = true,
                                                        .record = arguments->record,
                                                        .replay = arguments->replay}};
        status = run_machine(config, &setup, arguments);
    }
    free(config);
    return status;
}

int verb_run(int argc, char **argv)
{
    if (options_want_help(argc, argv)) {
        print_help();
        return STATUS_OK;
    }
    struct arguments arguments = {.status = STATUS_USAGE};
    struct options options = {.tables = tables, .other = no_other, .ctx = &arguments};
    struct vd_error err;
    int status = options_parse(&options, argc, argv, &err) ? run_arguments(&arguments)
                                                           : fail(arguments.status, err.text);
    arguments_free(&arguments);
    return status;
}
