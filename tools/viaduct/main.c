/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "platforms/config.h"
#include "verbs.h"

static const struct {
    const char *name;
    int (*verb)(int argc, char **argv);
    const char *arguments, *text;
} verbs[] = {
    {"run", verb_run, "[OPTION...]", "runs a machine"},
    {"exp", verb_exp, "list | show NAME | run NAME...", "experiments on the way of an interrupt"},
    {"report", verb_report, "DIR", "prints a run directory again and rewrites its page"},
    {"trace", verb_trace, "FILE", "prints a binary trace as text"},
    {"regs", verb_regs, "[MODEL]", "prints the registers of a model"},
    {"vectors", verb_vectors, "FILE...", "replays recorded requests on the IOMMU"},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

int fail(enum status status, const char *sentence)
{
    fprintf(stderr, "viaduct: %s\n", sentence);
    return status;
}

static void print_usage(FILE *out)
{
    fputs("Viaduct follows the interrupts of a RISC-V virtualization SoC from store to claim.\n\n",
          out);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(out, "  viaduct %-7s %-32s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].text);
    fputs("\n`viaduct VERB --help` explains a verb; docs/usage.md explains everything.\n", out);
}

static int unknown(const char *verb)
{
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i].name;
    char hint[256], sentence[384];
    config_suggest(verb, names, VERBS, hint, sizeof(hint));
    snprintf(sentence, sizeof(sentence), "unknown verb '%.60s'%s", verb, hint);
    return fail(STATUS_USAGE, sentence);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return STATUS_USAGE;
    }
    const char *verb = argv[1];
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "help") == 0) {
        print_usage(stdout);
        return STATUS_OK;
    }
    if (strcmp(verb, "--version") == 0) {
        puts("viaduct " VIADUCT_VERSION);
        return STATUS_OK;
    }
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verb, verbs[i].name) == 0)
            return verbs[i].verb(argc - 2, argv + 2);
    return unknown(verb);
}
