/* SPDX-License-Identifier: BSD-2-Clause */
#include "results.h"

#include <stdlib.h>
#include <string.h>

enum { LETTER = 10000, NUMBER = 100 };
enum { PATH_A03 = 10300, PATH_E06 = 50600, PATH_E07 = 50700, PATH_B05 = 20500 };
/* Of a protocol: its letter and number. */
enum { PROTOCOLS_OF_LETTER = 20, PROTOCOLS_F = 90, PROTOCOL_B_LATE = 32 };

static const struct {
    uint32_t number;
    const char *title;
} titles[] = {
    {10100, "native MSI to the host's file"},
    {10200, "guest file, IOMMU caches hot"},
    {10300, "guest file, IOMMU caches cold"},
    {10500, "MRIF of a blocked vCPU"},
    {10600, "MRIF of a running vCPU"},
    {10700, "software file, trap and emulate"},
    {10800, "guest file of a preempted vCPU"},
    {10900, "guest file of a blocked vCPU"},
    {20100, "vCPU that migrates"},
    {20200, "vCPU that migrates under fire"},
    {20300, "two IOMMUs, a vCPU that migrates"},
    {20400, "two MSIs in order to a vCPU that migrates"},
    {20500, "guest file that moves under fire"},
    {20600, "virtual IPIs to a guest file that moves"},
    {20700, "wire to a vCPU that migrates"},
    {21300, "vCPU that migrates itself"},
    {20800, "migration that forgets the IOMMU"},
    {30100, "into the MRIF and back under fire"},
    {40100, "MSI while the vCPU falls asleep"},
    {40200, "blocked vCPU that migrates"},
    {40300, "several blocked vCPUs of a hart"},
    {50100, "virtual IPI to a guest file"},
    {50200, "virtual IPI to a software file"},
    {50300, "virtual IPI by SBI call"},
    {30400, "MSI to an identity that is enabled later"},
    {40400, "masked MSI to a blocked vCPU"},
    {40500, "blocked vCPU that leaves hgeie behind"},
    {50400, "virtual IPI to all at once"},
    {50500, "MSI of an emulated device"},
    {50600, "wire of an emulated APLIC"},
    {50700, "wire through the APLIC to a guest file"},
    {50800, "level that has two causes"},
    {30200, "two IOMMUs, into the MRIF and back"},
    {30500, "MSI while the vCPU falls asleep into its MRIF"},
    {30600, "thousands of MRIFs"},
    {30700, "accesses to an MRIF that are no MSIs"},
    {30900, "MRIFs that cannot be written"},
    {31100, "MSIs while the vCPU falls asleep into its MRIF, nothing late"},
    {31000, "MSI behind a notice that is late"},
    {60200, "file in memory, no MRIF"},
    {60300, "file in memory, MRIF"},
    {60400, "fewer guest files than vCPUs, skewed rates"},
    {60500, "every identity of a software file"},
    {60600, "every identity of a guest file"},
    {60100, "more vCPUs than guest files"},
    {100100, "everything at random"},
};

const char *path_title(uint32_t number)
{
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
        if (titles[i].number == number / NUMBER * NUMBER)
            return titles[i].title;
    return "";
}

static void protocol_name(uint32_t variant, char *text, size_t size)
{
    char letter = (char)('A' + variant / PROTOCOLS_OF_LETTER);
    static const char *const named[] = {"B0late", "B0two", "B6once", "B12"};
    uint32_t index = variant - PROTOCOL_B_LATE;
    if (index < sizeof(named) / sizeof(named[0]))
        snprintf(text, size, "-%s", named[index]);
    else if (variant >= PROTOCOLS_F)
        snprintf(text, size, "-F%u", variant - PROTOCOLS_F);
    else
        snprintf(text, size, "-%c%u", letter, variant % PROTOCOLS_OF_LETTER);
}

void path_name(uint32_t number, char *text, size_t size)
{
    uint32_t letter = number / LETTER, variant = number % NUMBER;
    uint32_t base = number - variant;
    if (letter < 1 || letter > 26) {
        snprintf(text, size, "%u", number);
        return;
    }
    int used = snprintf(text, size, "%c%02u", (int)('a' + letter - 1), number % LETTER / NUMBER);
    if (base == PATH_A03 || base == PATH_E06 || base == PATH_E07) {
        if (variant)
            snprintf(text + used, size - (size_t)used, "-%u", variant);
    } else if (variant || base == PATH_B05) {
        protocol_name(variant, text + used, size - (size_t)used);
    }
}

static struct path_summary summary_of(const struct ledger_counts *counts)
{
    return (struct path_summary){
        .issued = counts->issued,
        .claimed = counts->claimed,
        .coalesced = counts->coalesced,
        .lost = counts->lost,
        .duplicate = counts->duplicate,
        .stray = counts->stray,
        .dropped = counts->dropped,
        .traps = counts->traps,
    };
}

static bool add_paths(struct results *r, const struct ledger *ledger, const char *label)
{
    uint32_t count = ledger_num_paths(ledger), total = r->num_paths + count;
    if (count == 0)
        return true;
    struct path_summary *paths = realloc(r->paths, total * sizeof(*paths));
    if (paths)
        r->paths = paths;
    char(*names)[128] = realloc(r->names, total * sizeof(*names));
    if (names)
        r->names = names;
    if (!paths || !names)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = ledger_nth_path(ledger, i);
        char name[32];
        path_name(number, name, sizeof(name));
        r->paths[r->num_paths] = summary_of(ledger_counts(ledger, number));
        r->paths[r->num_paths].title = path_title(number);
        snprintf(r->names[r->num_paths++], sizeof(r->names[0]), "%s%s%s", name, *label ? " " : "",
                 label);
    }
    for (uint32_t i = 0; i < r->num_paths; i++)
        r->paths[i].name = r->names[i];
    return true;
}

static uint32_t path_index(const struct ledger *ledger, uint32_t number)
{
    uint32_t i = 0;
    while (i < ledger_num_paths(ledger) && ledger_nth_path(ledger, i) != number)
        i++;
    return i;
}

static bool is_worth_a_sentence(const struct ledger *ledger, const struct ledger_finding *finding)
{
    const struct ledger_counts *path = ledger_counts(ledger, finding->path);
    return finding->kind != LEDGER_DROPPED || (path && path->dropped);
}

static bool add_findings(struct results *r, const struct ledger *ledger, const char *label)
{
    uint32_t count = ledger_num_findings(ledger);
    char **findings = realloc(r->findings, (r->num_findings + count + 1) * sizeof(*findings));
    if (!findings)
        return false;
    r->findings = findings;
    for (uint32_t i = 0; i < count; i++) {
        const struct ledger_finding *finding = ledger_finding(ledger, i);
        char text[sizeof(finding->text) + 128];
        if (!is_worth_a_sentence(ledger, finding))
            continue;
        snprintf(text, sizeof(text), "%s%s%s", label, *label ? ": " : "", finding->text);
        findings[r->num_findings] = strdup(text);
        if (!findings[r->num_findings])
            return false;
        r->num_findings++;
    }
    return true;
}

static bool add_migrations(struct results *r, const struct ledger *ledger, uint32_t first_path)
{
    uint32_t count = ledger_num_migrations(ledger), first = r->num_migrations;
    struct migration *all = realloc(r->migrations, (first + count + 1) * sizeof(*all));
    if (!all)
        return false;
    r->migrations = all;
    for (uint32_t i = 0; i < count; i++) {
        all[first + i] = ledger_migrations(ledger)[i];
        all[first + i].path = first_path + path_index(ledger, all[first + i].path);
    }
    r->num_migrations += count;
    uint32_t more = ledger_num_landings(ledger);
    struct landing *landings =
        realloc(r->landings, (r->num_landings + more + 1) * sizeof(*landings));
    if (!landings)
        return false;
    r->landings = landings;
    for (uint32_t i = 0; i < more; i++) {
        landings[r->num_landings] = ledger_landings(ledger)[i];
        landings[r->num_landings++].migration += first;
    }
    return true;
}

bool results_add(struct results *r, const struct ledger *ledger, uint64_t trace_hash,
                 const char *label)
{
    uint32_t first = r->num_paths, count = ledger_num_samples(ledger);
    const struct sample *samples = ledger_samples(ledger);
    if (!add_paths(r, ledger, label) || !add_findings(r, ledger, label) ||
        !add_migrations(r, ledger, first))
        return false;
    if (count) {
        struct sample *all = realloc(r->samples, (r->num_samples + count) * sizeof(*all));
        if (!all)
            return false;
        r->samples = all;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = path_index(ledger, samples[i].path);
        if (first + index >= r->num_paths)
            continue;
        r->samples[r->num_samples] = samples[i];
        r->samples[r->num_samples++].path = first + index;
    }
    r->trace_hash = r->trace_hash * UINT64_C(0x9e3779b97f4a7c15) + trace_hash;
    return true;
}

void results_free(struct results *r)
{
    for (uint32_t i = 0; i < r->num_findings; i++)
        free(r->findings[i]);
    free(r->findings);
    free(r->paths);
    free(r->names);
    free(r->samples);
    free(r->migrations);
    free(r->landings);
    *r = (struct results){0};
}
