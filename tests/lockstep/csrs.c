/* SPDX-License-Identifier: BSD-2-Clause */
#include "csrs.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    uint32_t first, last;
    const char *all, *any;
} table[] = {
#define CSR(number, name, all, any, ...)            {number, number, #all, #any},
#define CSR_ARRAY(first, last, name, all, any, ...) {first, last, #all, #any},
#include "hart/csr.def"
#undef CSR
#undef CSR_ARRAY
};

/* What is not written at random (0: not used at all), and why. */
static const struct {
    uint32_t first, last;
    uint64_t writable;
    const char *why;
} exceptions[] = {
    {0x305, 0x305, 0, "mtvec is the harness's"},
    {0x340, 0x340, 0, "mscratch is the harness's"},
    {0xf11, 0xf15, 0, "mvendorid and its like identify an implementation"},
    {0x301, 0x301, 0, "misa: what can be switched is a choice"},
    {0xb00, 0xb1f, 0, "counters"},
    {0xc00, 0xc1f, 0, "counters"},
    {0x320, 0x33f, 0, "which counters and events exist is a choice"},
    {0x3a0, 0x3ef, 0, "PMP keeps the harness alive"},
    {0x14d, 0x14d, 0, "stimecmp: time differs"},
    {0x24d, 0x24d, 0, "vstimecmp: time differs"},
    {0x607, 0x607, 0, "hgeie: GEILEN is a choice"},
    {0xe12, 0xe12, 0, "hgeip: GEILEN is a choice"},
};

enum { MAX_CSRS = 256 };

static bool needs(const char *text, const char *extension)
{
    return strstr(text, extension) != NULL;
}

static bool on_both_sides(const char *all, const char *any)
{
    static const char *const ours[] = {"Smaia",    "Ssaia", "Smstateen",
                                       "Smcsrind", "Zihpm", "Sdtrig"};
    for (uint32_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (needs(all, ours[i]) || needs(any, ours[i]))
            return false;
    return true;
}

static struct comparable_csr exception(uint32_t number)
{
    for (uint32_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        if (number >= exceptions[i].first && number <= exceptions[i].last)
            return (struct comparable_csr){number, exceptions[i].writable};
    return (struct comparable_csr){number, ~UINT64_C(0)};
}

static uint32_t list(struct comparable_csr *all)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (uint32_t n = table[i].first; n <= table[i].last; n++) {
            struct comparable_csr csr = exception(n);
            if (csr.writable && count < MAX_CSRS && on_both_sides(table[i].all, table[i].any))
                all[count++] = csr;
        }
    }
    return count;
}

uint32_t csrs_count(void)
{
    struct comparable_csr all[MAX_CSRS];
    return list(all);
}

struct comparable_csr csrs_at(uint32_t index)
{
    struct comparable_csr all[MAX_CSRS];
    list(all);
    return all[index];
}
