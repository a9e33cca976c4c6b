/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/report.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "report/csv.h"
#include "report/html.h"

bool report_summarize(struct report *report, struct vd_error *err)
{
    if (!report->cycle_ps)
        report->cycle_ps = 1000;
    for (size_t i = 0; i < report->num_samples; i++)
        sample_normalize(&report->samples[i]);
    for (uint32_t i = 0; i < report->num_paths; i++)
        if (!path_summarize(&report->paths[i], i, report->samples, report->num_samples))
            return vd_fail(err, "report: out of memory for %zu samples", report->num_samples);
    return true;
}

static void config_write(FILE *out, const struct report *report)
{
    fputs(report->config ? report->config : "", out);
}

struct output {
    const char *name;
    void (*write)(FILE *out, const struct report *report);
};

static const struct output outputs[] = {
    {"report.html", html_write},
    {"samples.csv", csv_write_samples},
    {"summary.csv", csv_write_summary},
    {"summary.json", json_write_summary},
    {"migrations.csv", csv_write_migrations},
    {"landings.csv", csv_write_landings},
    {"run.csv", csv_write_run},
    {"config.yaml", config_write},
};

static bool write_output(const char *dir, const struct output *output, const struct report *report,
                         struct vd_error *err)
{
    char path[4096];
    if (snprintf(path, sizeof(path), "%s/%s", dir, output->name) >= (int)sizeof(path))
        return vd_fail(err, "%.200s...: the path is longer than 4095 characters", dir);
    FILE *out = fopen(path, "w");
    if (!out)
        return vd_fail(err, "%s: %s", path, strerror(errno));
    output->write(out, report);
    bool written = !ferror(out);
    if (fclose(out) || !written)
        return vd_fail(err, "%s: cannot be written: %s", path, strerror(errno));
    return true;
}

/* Makes dir and whatever it is in. */
static bool make_directory(const char *dir, struct vd_error *err)
{
    char path[4096];
    if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
        return vd_fail(err, "%.200s...: the path is longer than 4095 characters", dir);
    for (char *p = path + 1; path[0]; p++) {
        char at = *p;
        if (at && at != '/')
            continue;
        *p = '\0';
        if (mkdir(path, 0777) && errno != EEXIST)
            return vd_fail(err, "%s: the directory cannot be made: %s", path, strerror(errno));
        if (!at)
            break;
        *p = at;
    }
    return true;
}

bool report_write(const char *dir, const struct report *report, struct vd_error *err)
{
    if (!make_directory(dir, err))
        return false;
    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++)
        if (!write_output(dir, &outputs[i], report, err))
            return false;
    return true;
}

bool report_write_page(const char *dir, const struct report *report, struct vd_error *err)
{
    return write_output(dir, &outputs[0], report, err);
}
