/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "report/report.h"
#include "verbs.h"

enum { SHOWN_FINDINGS = 10 };

int verb_report(int argc, char **argv)
{
    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        puts("viaduct report DIR: prints the table of a directory that `viaduct exp run --out DIR` "
             "wrote, and\nwrites its summary and its page again.");
        return STATUS_OK;
    }
    if (argc != 1 || argv[0][0] == '-')
        return fail(STATUS_USAGE, "viaduct report takes one argument, a run directory");
    struct report report;
    struct vd_error err;
    if (!report_load(argv[0], &report, &err))
        return fail(STATUS_FILE, err.text);
    bool ok = report_summarize(&report, &err);
    if (ok) {
        report_print(stdout, &report);
        report_print_findings(stdout, &report, SHOWN_FINDINGS);
    }
    ok = ok && report_write(argv[0], &report, &err);
    report_free(&report);
    return ok ? STATUS_OK : fail(STATUS_HOST, err.text);
}
