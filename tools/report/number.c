/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/sample.h"

static void trim_zeros(char *text)
{
    size_t length = strlen(text);
    while (length && text[length - 1] == '0')
        text[--length] = '\0';
    if (length && text[length - 1] == '.')
        text[--length] = '\0';
}

struct number number_of(vd_time ps, vd_time unit_ps, unsigned digits)
{
    static const uint32_t scales[] = {1, 10, 100, 1000};
    uint32_t scale = scales[digits];
    struct number n;
    unsigned __int128 scaled = ((unsigned __int128)ps * scale + unit_ps / 2) / unit_ps;
    uint64_t whole = (uint64_t)(scaled / scale);
    if (!digits) {
        snprintf(n.text, sizeof(n.text), "%" PRIu64, whole);
        return n;
    }
    snprintf(n.text, sizeof(n.text), "%" PRIu64 ".%0*u", whole, (int)digits,
             (unsigned)(scaled % scale));
    trim_zeros(n.text);
    return n;
}

struct number number_ns(vd_time ps)
{
    return number_of(ps, 1000, 3);
}

struct number number_ratio(uint64_t numerator, uint64_t denominator)
{
    struct number n = {"-"};
    if (!denominator)
        return n;
    uint64_t hundredths =
        (uint64_t)(((unsigned __int128)numerator * 100 + denominator / 2) / denominator);
    snprintf(n.text, sizeof(n.text), "%" PRIu64 ".%02u", hundredths / 100,
             (unsigned)(hundredths % 100));
    return n;
}

const char *requester_kind(uint32_t requester)
{
    switch (requester >> 24) {
    case 0x80:
        return "hart";
    case 0x81:
        return "iommu";
    case 0x82:
        return "aplic";
    default:
        return "device";
    }
}

uint32_t requester_index(uint32_t requester)
{
    return requester & 0xffffff;
}

struct number file_name(uint32_t file)
{
    struct number n;
    uint32_t hart = VD_FILE_HART(file), index = VD_FILE_INDEX(file);
    if (file == SAMPLE_NO_FILE)
        snprintf(n.text, sizeof(n.text), "-");
    else if (index < 2)
        snprintf(n.text, sizeof(n.text), "h%u.%c", hart, index ? 'S' : 'M');
    else
        snprintf(n.text, sizeof(n.text), "h%u.g%u", hart, index - 1);
    return n;
}
