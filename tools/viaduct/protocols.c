/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocols.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum counter {
#define COUNTER(name, what) COUNT_##name,
#include "firmware/lib/counters.def"
#undef COUNTER
};

static const char ok[] = "ok";

/* What a protocol can do wrong, as `experiment.model` names it. */
struct outcome {
    const char *name;
    uint64_t (*count)(const struct protocol_row *row);
};

static uint64_t count_lost(const struct protocol_row *row)
{
    return row->counts.lost - row->counts.wakeups;
}

static uint64_t count_duplicate(const struct protocol_row *row)
{
    return row->counts.duplicate;
}

static uint64_t count_stray(const struct protocol_row *row)
{
    return row->counts.stray;
}

static uint64_t count_dropped(const struct protocol_row *row)
{
    return row->counts.dropped - row->counts.junk;
}

static uint64_t count_wakeups(const struct protocol_row *row)
{
    return row->counts.wakeups;
}

static uint64_t count_junk(const struct protocol_row *row)
{
    return row->counts.junk;
}

static const struct outcome outcomes[] = {
    {"lost", count_lost},       {"duplicate", count_duplicate}, {"stray", count_stray},
    {"dropped", count_dropped}, {"wakeup", count_wakeups},      {"junk", count_junk},
};
enum { OUTCOMES = sizeof(outcomes) / sizeof(outcomes[0]) };

/* A protocol is carried out when a file moves, goes into memory or comes back, when a vCPU that
 * runs on its MRIF goes to sleep, and when any does. */
static uint64_t runs_of(const struct ledger *ledger, uint32_t path, char letter)
{
    static const struct {
        char letter;
        enum counter counter;
    } counters[] = {{'A', COUNT_moves},         {'B', COUNT_evictions},    {'B', COUNT_blocks},
                    {'B', COUNT_exit_external}, {'C', COUNT_restorations}, {'D', COUNT_evictions},
                    {'E', COUNT_blocks}};
    uint64_t runs = 0;
    for (size_t i = 0; !runs && i < sizeof(counters) / sizeof(counters[0]); i++)
        if (counters[i].letter == letter)
            runs = ledger_counted(ledger, path, counters[i].counter);
    return runs;
}

/* The ledger's sentence has it. */
static uint32_t cause_of(const struct ledger *ledger)
{
    static const char mark[] = "(fault cause ";
    for (uint32_t i = 0; i < ledger_num_findings(ledger); i++) {
        const char *cause = strstr(ledger_finding(ledger, i)->text, mark);
        if (cause)
            return (uint32_t)strtoul(cause + sizeof(mark) - 1, NULL, 10);
    }
    return 0;
}

bool protocols_add(struct protocol_table *table, const struct virt_experiment_config *experiment,
                   const struct ledger *ledger)
{
    if (!*experiment->model || !ledger_num_paths(ledger))
        return true;
    struct protocol_row *rows = realloc(table->rows, (table->num_rows + 1) * sizeof(*rows));
    if (!rows)
        return false;
    table->rows = rows;
    struct protocol_row *row = &rows[table->num_rows++];
    uint32_t path = ledger_nth_path(ledger, 0);
    *row = (struct protocol_row){.runs = runs_of(ledger, path, experiment->protocol[0]),
                                 .cause = cause_of(ledger),
                                 .counts = *ledger_counts(ledger, path)};
    snprintf(row->name, sizeof(row->name), "%s", experiment->protocol);
    snprintf(row->model, sizeof(row->model), "%s", experiment->model);
    return true;
}

static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if ((at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* Where the model loses nothing nothing may be lost here, and where it does, in one of its ways. */
static bool agrees(const struct protocol_row *row)
{
    bool any = false, named = false;
    for (size_t i = 0; i < OUTCOMES; i++) {
        any |= outcomes[i].count(row) > 0;
        named |= outcomes[i].count(row) > 0 && has_word(row->model, outcomes[i].name);
    }
    return strcmp(row->model, ok) == 0 ? !any : named;
}

static void print_row(FILE *out, const struct protocol_row *row)
{
    char cause[32] = "";
    if (count_dropped(row) && row->cause)
        snprintf(cause, sizeof(cause), "cause %u", row->cause);
    fprintf(out, "%-8s %7" PRIu64 " %7" PRIu64, row->name, row->runs, row->counts.issued);
    for (size_t i = 0; i < OUTCOMES; i++) {
        fprintf(out, " %9" PRIu64, outcomes[i].count(row));
        if (outcomes[i].count == count_dropped)
            fprintf(out, " %-9s", cause);
    }
    fprintf(out, "  %-15s %s\n", row->model, agrees(row) ? "yes" : "NO");
}

void protocols_print(FILE *out, const struct protocol_table *table)
{
    fprintf(out, "%-8s %7s %7s", "variant", "runs", "MSIs");
    for (size_t i = 0; i < OUTCOMES; i++) {
        fprintf(out, " %9s", outcomes[i].name);
        if (outcomes[i].count == count_dropped)
            fprintf(out, " %-9s", "by");
    }
    fprintf(out, "  %-15s %s\n", "abstract model", "agrees");
    for (uint32_t i = 0; i < table->num_rows; i++)
        print_row(out, &table->rows[i]);
}

void protocols_free(struct protocol_table *table)
{
    free(table->rows);
    *table = (struct protocol_table){NULL, 0};
}
