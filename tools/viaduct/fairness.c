/* SPDX-License-Identifier: BSD-2-Clause */
#include "fairness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/sample.h"
#include "results.h"

enum { MAX_VCPUS = 64 };

/* The totals of the MSIs of a vCPU that had their own claim. */
static size_t totals_of(const struct ledger *ledger, uint32_t path, int32_t vcpu, vd_time *totals)
{
    size_t count = 0;
    for (uint32_t i = 0; i < ledger_num_samples(ledger); i++) {
        struct sample sample = ledger_samples(ledger)[i];
        if (sample.path != path || sample.vcpu != vcpu || sample.coalesced_into)
            continue;
        sample_normalize(&sample);
        totals[count++] = sample_total(&sample);
    }
    return count;
}

static bool add_row(struct fairness_table *table, const struct fairness_row *row)
{
    struct fairness_row *rows = realloc(table->rows, (table->num_rows + 1) * sizeof(*rows));
    if (!rows)
        return false;
    table->rows = rows;
    rows[table->num_rows++] = *row;
    return true;
}

static bool add_path(struct fairness_table *table, const struct ledger *ledger, uint32_t path,
                     vd_time cycle_ps, const char *run)
{
    vd_time *totals = malloc((ledger_num_samples(ledger) + 1) * sizeof(*totals));
    bool ok = totals != NULL;
    for (int32_t vcpu = 0; ok && vcpu < MAX_VCPUS; vcpu++) {
        size_t count = totals_of(ledger, path, vcpu, totals);
        struct statistic s = statistic_of(totals, count);
        struct fairness_row row = {.vcpu = vcpu,
                                   .msis = count,
                                   .p50 = s.p50 / cycle_ps,
                                   .p99 = s.p99 / cycle_ps,
                                   .mean = s.mean / cycle_ps};
        snprintf(row.run, sizeof(row.run), "%s", run);
        ok = !count || add_row(table, &row);
    }
    free(totals);
    return ok;
}

bool fairness_add(struct fairness_table *table, const struct ledger *ledger, vd_time cycle_ps,
                  const char *label)
{
    for (uint32_t i = 0; i < ledger_num_paths(ledger); i++) {
        char name[32], run[96];
        path_name(ledger_nth_path(ledger, i), name, sizeof(name));
        snprintf(run, sizeof(run), "%s%s%.60s", name, *label ? " " : "", label);
        if (!add_path(table, ledger, ledger_nth_path(ledger, i), cycle_ps, run))
            return false;
    }
    return true;
}

static uint64_t jain(const struct fairness_row *rows, uint32_t count)
{
    uint64_t sum = 0, squares = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += rows[i].mean;
        squares += rows[i].mean * rows[i].mean;
    }
    return squares ? 1000 * (sum * sum / count) / squares : 1000;
}

void fairness_print(FILE *out, const struct fairness_table *table)
{
    for (uint32_t first = 0, end; first < table->num_rows; first = end) {
        const struct fairness_row *rows = &table->rows[first];
        for (end = first; end < table->num_rows && !strcmp(table->rows[end].run, rows->run); end++)
            ;
        fprintf(out, "\n%s: latency of each vCPU in cycles, fairness %" PRIu64 "/1000\n", rows->run,
                jain(rows, end - first));
        fprintf(out, "  %4s %9s %9s %9s %9s\n", "vCPU", "MSIs", "p50", "p99", "mean");
        for (uint32_t i = 0; i < end - first; i++)
            fprintf(out, "  %4" PRId32 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
                    rows[i].vcpu, rows[i].msis, rows[i].p50, rows[i].p99, rows[i].mean);
    }
}

void fairness_free(struct fairness_table *table)
{
    free(table->rows);
    *table = (struct fairness_table){NULL, 0};
}
