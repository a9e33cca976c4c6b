/* SPDX-License-Identifier: BSD-2-Clause */
/* The report as one self-contained page. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "report/report.h"

void html_write(FILE *out, const struct report *report);
/* Text with HTML's escapes. */
void html_text(FILE *out, const char *text);
/* plot.c: inline SVG. */
void plot_segments(FILE *out, const struct report *report);
void plot_distribution(FILE *out, const struct report *report);

#endif
