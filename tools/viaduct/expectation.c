/* SPDX-License-Identifier: BSD-2-Clause */
#include "expectation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/sample.h"
#include "results.h"

#define COUNT(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct ledger_counts, name)                                                \
    }
static const struct {
    const char *name;
    size_t offset;
} counts[] = {
    COUNT(issued),  COUNT(claimed), COUNT(coalesced), COUNT(held),  COUNT(moved),
    COUNT(dropped), COUNT(lost),    COUNT(duplicate), COUNT(stray), COUNT(inexact),
    COUNT(pending), COUNT(wakeups), COUNT(notices),   COUNT(junk),  COUNT(traps),
};

static const char *const counters[] = {
#define COUNTER(name, what) #name,
#include "firmware/lib/counters.def"
#undef COUNTER
};

/* Causes of drops, drop_size and so on. */
static const struct {
    const char *name, *text;
} drops[VD_DROP_COUNT] = {
#define VD_DROP(name, text) [VD_DROP_##name] = {#name, text},
#include "viaduct/drops.def"
#undef VD_DROP
};

#define LATENCY(name)                                                                              \
    {                                                                                              \
#name, offsetof(struct statistic, name)                                                    \
    }
static const struct {
    const char *name;
    size_t offset;
} latencies[] = {LATENCY(p50), LATENCY(p90), LATENCY(p99), LATENCY(max)};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What the names mean on one path. */
struct scope {
    const struct ledger *ledger;
    uint32_t path;
    vd_time cycle_ps;
    const struct statistic *total;
};

static bool drop_count(const struct scope *scope, const char *name, uint64_t *value)
{
    static const char prefix[] = "drop_";
    if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
        return false;
    for (size_t i = 0; i < VD_DROP_COUNT; i++)
        if (strcmp(drops[i].name, name + sizeof(prefix) - 1) == 0) {
            *value = ledger_counts(scope->ledger, scope->path)->drops[i];
            return true;
        }
    return false;
}

static bool value_of(const struct scope *scope, const char *name, uint64_t *value)
{
    const char *base = (const char *)ledger_counts(scope->ledger, scope->path);
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        if (strcmp(counts[i].name, name) == 0) {
            memcpy(value, base + counts[i].offset, sizeof(*value));
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(counters); i++)
        if (strcmp(counters[i], name) == 0) {
            *value = ledger_counted(scope->ledger, scope->path, (uint32_t)i);
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(latencies); i++)
        if (strcmp(latencies[i].name, name) == 0) {
            vd_time ps;
            memcpy(&ps, (const char *)scope->total + latencies[i].offset, sizeof(ps));
            *value = ps / scope->cycle_ps;
            return true;
        }
    return drop_count(scope, name, value);
}

/* NUMBER, NAME or NUMBER*NAME. */
static bool term_value(const struct scope *scope, const char *text, uint64_t *value)
{
    char *end;
    uint64_t factor = strtoull(text, &end, 10);
    if (end == text)
        return value_of(scope, text, value);
    *value = 1;
    if (*end == '*' && !value_of(scope, end + 1, value))
        return false;
    *value *= factor;
    return *end == '*' || *end == '\0';
}

static bool compare(uint64_t left, const char *op, uint64_t right)
{
    bool equal = strchr(op, '=') && left == right;
    switch (*op) {
    case '!':
        return left != right;
    case '<':
        return left < right || equal;
    case '>':
        return left > right || equal;
    default:
        return equal;
    }
}

static bool condition_holds(const struct scope *scope, const char *condition, struct vd_error *why)
{
    char name[64], op[3] = "", path[32];
    uint64_t left, right;
    size_t length = strcspn(condition, "!<>="), ops = strspn(condition + length, "!<>=");
    snprintf(name, sizeof(name), "%.*s", (int)length, condition);
    snprintf(op, sizeof(op), "%.*s", (int)ops, condition + length);
    if (ops < 1 || ops > 2 || !value_of(scope, name, &left) ||
        !term_value(scope, condition + length + ops, &right))
        return vd_fail(why, "experiment.holds: '%s' is no condition", condition);
    if (compare(left, op, right))
        return true;
    path_name(scope->path, path, sizeof(path));
    return vd_fail(why, "%s: %s: %" PRIu64 " and %" PRIu64, path, condition, left, right);
}

static bool path_holds(const char *conditions, const struct scope *scope, struct vd_error *why)
{
    for (const char *at = conditions + strspn(conditions, " "); *at; at += strspn(at, " ")) {
        char one[128];
        size_t length = strcspn(at, " ");
        snprintf(one, sizeof(one), "%.*s", (int)length, at);
        if (!condition_holds(scope, one, why))
            return false;
        at += length;
    }
    return true;
}

/* The latencies of a path, as the report has them. */
static bool total_of(const struct ledger *ledger, uint32_t path, struct path_summary *summary)
{
    uint32_t count = ledger_num_samples(ledger);
    struct sample *samples = malloc((count + 1) * sizeof(*samples));
    if (!samples)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        samples[i] = ledger_samples(ledger)[i];
        sample_normalize(&samples[i]);
    }
    *summary = (struct path_summary){.name = ""};
    bool ok = path_summarize(summary, path, samples, count);
    free(samples);
    return ok;
}

bool expectation_holds(const char *conditions, const struct ledger *ledger, vd_time cycle_ps,
                       struct vd_error *why)
{
    if (!*conditions)
        return true;
    if (!ledger_num_paths(ledger))
        return vd_fail(why, "nothing was measured");
    for (uint32_t i = 0; i < ledger_num_paths(ledger); i++) {
        struct path_summary summary;
        struct scope scope = {ledger, ledger_nth_path(ledger, i), cycle_ps, &summary.total};
        if (!total_of(ledger, scope.path, &summary))
            return vd_fail(why, "no memory");
        if (!path_holds(conditions, &scope, why))
            return false;
    }
    return true;
}

void expectation_print_drops(const struct ledger *ledger, FILE *out)
{
    for (size_t drop = 0; drop < VD_DROP_COUNT; drop++) {
        uint64_t count = 0;
        for (uint32_t i = 0; i < ledger_num_paths(ledger); i++)
            count += ledger_counts(ledger, ledger_nth_path(ledger, i))->drops[drop];
        if (count)
            fprintf(out, "dropped %" PRIu64 ", %s: %s\n", count, drops[drop].name,
                    drops[drop].text);
    }
}
