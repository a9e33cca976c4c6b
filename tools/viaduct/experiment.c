/* SPDX-License-Identifier: BSD-2-Clause */
#include "experiment.h"

#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "expectation.h"
#include "machine.h"
#include "platforms/file.h"
#include "report/timeline.h"
#include "verbs.h"

enum { SHOWN_VIOLATIONS = 5, MAX_NAMES = 256 };

static bool unknown(const char *name, struct vd_error *err)
{
    const char *names[MAX_NAMES];
    char bare[MAX_NAMES][64];
    size_t count = 0;
    for (const struct embedded_file *f = platform_files; f->name && count < MAX_NAMES; f++) {
        if (strncmp(f->name, EXPERIMENT_FOLDER, strlen(EXPERIMENT_FOLDER)) != 0)
            continue;
        const char *base = f->name + strlen(EXPERIMENT_FOLDER);
        snprintf(bare[count], sizeof(bare[0]), "%.*s", (int)strcspn(base, "."), base);
        names[count] = bare[count];
        count++;
    }
    char hint[384];
    config_suggest(name, names, count, hint, sizeof(hint));
    return vd_fail(err, "there is no experiment '%.80s'%s", name, hint);
}

enum status experiment_open(const char *name, struct experiment_file *file, struct vd_error *err)
{
    char path[256];
    snprintf(path, sizeof(path), EXPERIMENT_FOLDER "%.200s.yaml", name);
    const struct embedded_file *embedded = embedded_find(platform_files, path);
    *file = (struct experiment_file){.name = name};
    if (embedded) {
        *file = (struct experiment_file){.name = embedded->name,
                                         .text = embedded->data,
                                         .length = (size_t)(embedded->end - embedded->data)};
        return STATUS_OK;
    }
    if (!strpbrk(name, "./")) {
        unknown(name, err);
        return STATUS_USAGE;
    }
    file->text = file->owned = file_read(name, &file->length, err);
    return file->owned ? STATUS_OK : STATUS_FILE;
}

void experiment_close(struct experiment_file *file)
{
    free(file->owned);
}

bool experiment_about(const struct embedded_file *file, struct virt_experiment_config *about,
                      struct vd_error *err)
{
    struct virt_config *config = malloc(sizeof(*config));
    struct virt_setting setting = {file->name, file->data, (size_t)(file->end - file->data)};
    bool ok = config && virt_configure(config, &setting, 1, err);
    if (ok)
        *about = config->experiment;
    free(config);
    return ok;
}

/* Of two boot arguments with one key the hypervisor takes the later one: the user's. */
static bool add_bootargs(struct virt_config *config, struct vd_error *err)
{
    struct virt_machine_config *m = &config->machine;
    char text[2 * sizeof(m->append)];
    virt_bootargs(config, text, sizeof(m->append));
    size_t own = strlen(text);
    if (*m->append)
        snprintf(text + own, sizeof(text) - own, " %s", m->append);
    if (strlen(text) >= sizeof(m->append))
        return vd_fail(err, "machine.append is too long: the experiment leaves room for %zu bytes",
                       sizeof(m->append) - own - 2);
    memcpy(m->append, text, strlen(text) + 1);
    return true;
}

/* Boots the hypervisor with what the experiment says. */
static enum status prepare(struct virt_config *config, struct vd_error *err)
{
    struct virt_machine_config *m = &config->machine;
    if (!add_bootargs(config, err))
        return STATUS_CONFIG;
    if (config->experiment.quick_start && !*m->bios)
        start_firmware_path(m->bios, sizeof(m->bios));
    if (*m->kernel)
        return STATUS_OK;
    if (*config->experiment.kernel) {
        memcpy(m->kernel, config->experiment.kernel, sizeof(m->kernel));
        return STATUS_OK;
    }
    return hypervisor_path(m->kernel, sizeof(m->kernel), err) ? STATUS_OK : STATUS_FILE;
}

static void write_timeline(struct machine *machine, const char *dir, struct vd_error *err)
{
    const struct ledger *ledger = virt_core(machine->virt)->ledger;
    char path[1100];
    snprintf(path, sizeof(path), "%s/timeline.json", dir);
    struct timeline *timeline = timeline_open(path, err);
    if (!timeline)
        return;
    for (uint32_t i = 0; i < ledger_num_samples(ledger); i++) {
        struct sample sample = ledger_samples(ledger)[i];
        char name[32];
        path_name(sample.path, name, sizeof(name));
        sample_normalize(&sample);
        timeline_msi(timeline, &sample, name);
    }
    timeline_close(timeline, err);
}

/* An experiment programs its devices right, unless it says otherwise, and its guest handles all
 * that it asks for: whatever is dropped while it measures, or left pending, is missing. */
static bool misses_measured(const struct ledger *ledger, enum virt_expects expects)
{
    for (uint32_t i = 0; i < ledger_num_paths(ledger); i++) {
        const struct ledger_counts *counts = ledger_counts(ledger, ledger_nth_path(ledger, i));
        if ((counts->dropped && expects != VIRT_EXPECTS_DROPS) || counts->pending)
            return true;
    }
    return false;
}

/* The guest has ended the run. */
static int conclude(struct experiment_run *run, struct machine *machine,
                    const struct virt_config *config, const char *name, const char *label)
{
    const struct virt_experiment_config *experiment = &config->experiment;
    struct core *core = virt_core(machine->virt);
    struct vd_error err = {""};
    char sentence[512];
    bool balanced = machine->balanced;
    int guest = machine_guest_status(machine);
    if (!results_add(&run->results, core->ledger, trace_hash(core->trace), label) ||
        !protocols_add(&run->protocols, experiment, core->ledger) ||
        (experiment->per_vcpu &&
         !fairness_add(&run->fairness, core->ledger, config->machine.cycle_ps, label)))
        return fail(STATUS_HOST, "no memory for the results");
    if (run->arguments->out && run->runs == 1)
        write_timeline(machine, run->arguments->out, &err);
    if (*err.text)
        return fail(STATUS_HOST, err.text);
    if (!run->member)
        expectation_print_drops(core->ledger, stdout);
    if (!balanced || misses_measured(core->ledger, experiment->expects)) {
        bool foreseen = run->member && experiment->expects == VIRT_EXPECTS_VIOLATION;
        machine_print_findings(machine, balanced, foreseen ? 0 : SHOWN_VIOLATIONS);
        return STATUS_LEDGER;
    }
    if (guest) {
        snprintf(sentence, sizeof(sentence),
                 "%s: the hypervisor ended with status %d and the words '%s'; --console shows all "
                 "that it printed",
                 name, guest, console_last_line(machine->console));
        return fail((enum status)guest, sentence);
    }
    return STATUS_OK;
}

/* What it expects of the ledger, and its conditions. */
static int judge(const struct experiment_run *run, struct machine *machine,
                 const struct virt_config *config, const char *name, int result)
{
    const struct virt_experiment_config *e = &config->experiment;
    char sentence[512];
    struct vd_error why = {""};
    if (!config->machine.ledger || (result != STATUS_OK && result != STATUS_LEDGER))
        return result;
    bool violation = e->expects == VIRT_EXPECTS_VIOLATION;
    bool held = (result == STATUS_LEDGER) == violation;
    if (!held)
        vd_fail(&why, "%s", violation ? "the ledger is balanced" : "the ledger is not balanced");
    else
        held = expectation_holds(e->holds, virt_core(machine->virt)->ledger,
                                 config->machine.cycle_ps, &why);
    if (!run->member)
        printf("%s: %s%s%s: expectation %s\n", name, violation ? "violation" : "balance",
               *e->holds ? ", " : "", e->holds, held ? "held" : "did NOT hold");
    if (held || (result == STATUS_LEDGER && !violation))
        return result;
    snprintf(sentence, sizeof(sentence), "%s: %s", name, why.text);
    return fail(STATUS_UNEXPECTED, sentence);
}

static int run_machine(struct experiment_run *run, const struct virt_config *config,
                       const char *name, const char *label)
{
    struct machine_setup setup = {.trace = run->arguments->trace,
                                  .stats = run->arguments->stats,
                                  .console = {.out = run->arguments->console ? stdout : NULL},
                                  .progress = true,
                                  .no_reboot = run->arguments->no_reboot,
                                  .name = name};
    struct machine machine;
    struct vd_error err = {""};
    enum status status = machine_open(&machine, config, &setup, &err);
    if (status == STATUS_OK)
        status = machine_run(&machine, &err);
    int result;
    if (status == STATUS_OK)
        result = judge(run, &machine, config, name, conclude(run, &machine, config, name, label));
    else
        result = fail(status, err.text);
    if (status_concerns_harts(status))
        virt_print_harts(machine.virt, watch_rounds(&machine.watch), stderr);
    machine_close(&machine);
    return result;
}

/* An experiment ends by itself; firmware that never gets there is ended after this time. */
#define EXPERIMENT_LIMIT_PS UINT64_C(10000000000000)

static int run_config(struct experiment_run *run, struct virt_config *config, const char *name,
                      const char *label)
{
    struct vd_error err;
    if (!config->machine.limit)
        config->machine.limit = EXPERIMENT_LIMIT_PS / config->machine.cycle_ps;
    if (run->arguments->print_config)
        return describe_config(config);
    enum status status = prepare(config, &err);
    if (status != STATUS_OK)
        return fail(status, err.text);
    if (run->arguments->dump_dtb)
        return describe_devicetree(config, run->arguments->dump_dtb);
    return run_machine(run, config, name, label);
}

static int run_point(struct experiment_run *run, struct arguments *arguments, const char *name,
                     const char *label)
{
    struct virt_config *config = malloc(sizeof(*config));
    struct vd_error err;
    int status;
    if (!config)
        return fail(STATUS_HOST, "no memory");
    if (!arguments_configure(arguments, config, &err)) {
        status = fail(arguments->status, err.text);
    } else {
        if (run->runs++ == 0) {
            run->config = *config;
            memcpy(run->title, config->experiment.title, sizeof(run->title));
        }
        status = run_config(run, config, name, label);
    }
    free(config);
    return status;
}

/* Every combination of the swept values; index counts them. */
static uint32_t num_points(const struct arguments *arguments)
{
    uint32_t points = 1;
    for (uint32_t i = 0; i < arguments->num_sweeps; i++)
        points *= arguments->sweeps[i].count;
    return points;
}

/* The label tells the paths of different runs apart: the member's name and the swept values. */
static bool add_point(struct arguments *arguments, uint32_t index, const char *member, char *label,
                      size_t size, struct vd_error *err)
{
    size_t used = (size_t)snprintf(label, size, "%s", member ? member : "");
    for (uint32_t i = 0; i < arguments->num_sweeps; i++) {
        const struct sweep *sweep = &arguments->sweeps[i];
        const char *value = sweep->values[index % sweep->count];
        index /= sweep->count;
        if (!arguments_add(arguments, sweep->key, value, err))
            return false;
        if (used < size)
            used += (size_t)snprintf(label + used, size - used, "%s%s=%s", used ? " " : "",
                                     sweep->key, value);
    }
    return true;
}

/* These options name one file, which every run would write anew. */
static const char *wants_one_run(const struct arguments *arguments)
{
    return arguments->trace      ? "--trace"
           : arguments->stats    ? "--stats"
           : arguments->dump_dtb ? "--dump-dtb"
                                 : NULL;
}

static int refuse_runs(const struct arguments *arguments)
{
    char sentence[128];
    snprintf(sentence, sizeof(sentence),
             "%s writes one file: give it one experiment without members and no --sweep",
             wants_one_run(arguments));
    return fail(STATUS_USAGE, sentence);
}

static int run_file(struct experiment_run *run, const struct experiment_file *file,
                    const char *name)
{
    int status = STATUS_OK;
    if (num_points(run->arguments) * run->arguments->num_names > 1 && wants_one_run(run->arguments))
        return refuse_runs(run->arguments);
    for (uint32_t point = 0; point < num_points(run->arguments); point++) {
        struct arguments *arguments = malloc(sizeof(*arguments));
        struct vd_error err;
        char label[96];
        if (!arguments)
            return fail(STATUS_HOST, "no memory");
        *arguments = *run->arguments;
        arguments->num_settings = 0;
        bool ok = arguments_add_text(arguments, file->name, file->text, file->length, &err);
        for (uint32_t i = 0; ok && i < run->arguments->num_settings; i++)
            ok = arguments_add_text(arguments, run->arguments->settings[i].name,
                                    run->arguments->settings[i].text,
                                    run->arguments->settings[i].length, &err);
        ok = ok && add_point(arguments, point, run->member, label, sizeof(label), &err);
        int one = ok ? run_point(run, arguments, name, label) : fail(STATUS_CONFIG, err.text);
        status = status ? status : one;
        free(arguments);
        if (one != STATUS_OK && one != STATUS_LEDGER && one != STATUS_UNEXPECTED)
            break;
    }
    return status;
}

/* A member may end as it is expected to: with a violation. */
static int run_member(struct experiment_run *run, const char *name)
{
    struct experiment_file file;
    struct virt_config *config = malloc(sizeof(*config));
    struct vd_error err;
    enum status status = config ? experiment_open(name, &file, &err) : STATUS_HOST;
    if (status != STATUS_OK) {
        free(config);
        return fail(status, config ? err.text : "no memory");
    }
    struct virt_setting setting = {file.name, file.text, file.length};
    bool violation = virt_configure(config, &setting, 1, &err) &&
                     config->experiment.expects == VIRT_EXPECTS_VIOLATION;
    free(config);
    run->member = name;
    int result = run_file(run, &file, name);
    run->member = NULL;
    experiment_close(&file);
    if (run->arguments->print_config || run->arguments->dump_dtb)
        return result;
    bool expected = result == (violation ? STATUS_LEDGER : STATUS_OK);
    if (!expected || !run->protocols.num_rows)
        printf("%s: %s%s\n", name,
               result == STATUS_LEDGER ? "reported by the ledger"
               : result == STATUS_OK   ? "balanced"
                                       : "failed",
               expected ? ", as expected" : ", NOT as expected");
    if (expected)
        return STATUS_OK;
    return result ? result : STATUS_LEDGER;
}

static int run_members(struct experiment_run *run, const char *members)
{
    int status = STATUS_OK;
    if (strchr(members, ' ') && wants_one_run(run->arguments))
        return refuse_runs(run->arguments);
    for (const char *at = members + strspn(members, " "); *at;) {
        char name[64];
        size_t length = strcspn(at, " ");
        snprintf(name, sizeof(name), "%.*s", (int)length, at);
        int one = run_member(run, name);
        status = status ? status : one;
        at += length;
        at += strspn(at, " ");
    }
    return status;
}

int experiment_run_name(struct experiment_run *run, const char *name)
{
    struct experiment_file file;
    struct vd_error err;
    enum status status = experiment_open(name, &file, &err);
    if (status != STATUS_OK)
        return fail(status, err.text);
    struct embedded_file text = {file.name, file.text, file.text + file.length};
    struct virt_experiment_config about;
    int result;
    if (!experiment_about(&text, &about, &err))
        result = fail(STATUS_CONFIG, err.text);
    else
        result = *about.members ? run_members(run, about.members) : run_file(run, &file, name);
    experiment_close(&file);
    return result;
}
