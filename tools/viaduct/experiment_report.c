/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "experiment.h"
#include "verbs.h"

static char *config_text(struct virt_config *config)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    struct config schema = virt_schema(config);
    config_print(&schema, out);
    fclose(out);
    return text;
}

int experiment_report(struct experiment_run *run)
{
    struct vd_error err;
    if (run->results.num_paths == 0)
        return STATUS_OK;
    char *config = config_text(&run->config);
    const struct virt_machine_config *m = &run->config.machine;
    struct report report = {
        .title = run->title,
        .command = run->arguments->command,
        .timing = *m->timing ? m->timing : "functional",
        .version = VIADUCT_VERSION,
        .config = config ? config : "",
        .seed = m->seed,
        .trace_hash = run->results.trace_hash,
        .cycle_ps = m->cycle_ps,
        .paths = run->results.paths,
        .num_paths = run->results.num_paths,
        .samples = run->results.samples,
        .num_samples = run->results.num_samples,
        .migrations = run->results.migrations,
        .num_migrations = run->results.num_migrations,
        .landings = run->results.landings,
        .num_landings = run->results.num_landings,
        .findings = (const char *const *)run->results.findings,
        .num_findings = run->results.num_findings,
    };
    bool ok = report_summarize(&report, &err);
    if (run->protocols.num_rows > 1)
        protocols_print(stdout, &run->protocols);
    else if (ok)
        report_print(stdout, &report);
    fairness_print(stdout, &run->fairness);
    if (ok && run->arguments->out)
        ok = report_write(run->arguments->out, &report, &err);
    free(config);
    return ok ? STATUS_OK : fail(STATUS_HOST, err.text);
}

void experiment_run_free(struct experiment_run *run)
{
    results_free(&run->results);
    protocols_free(&run->protocols);
    fairness_free(&run->fairness);
}
