/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/statistic.h"

static void swap(vd_time *x, vd_time *y)
{
    vd_time held = *x;
    *x = *y;
    *y = held;
}

/* Moves the value of `rank` in values[from..count) to its place, smaller ones before it and greater
 * ones behind, and returns it.  Three parts, since most segments have few distinct values. */
static vd_time select_rank(vd_time *values, size_t from, size_t count, size_t rank)
{
    while (count - from > 1) {
        vd_time pivot = values[from + (count - from) / 2];
        size_t below = from, above = count;
        for (size_t i = from; i < above;) {
            if (values[i] < pivot)
                swap(&values[below++], &values[i++]);
            else if (values[i] > pivot)
                swap(&values[--above], &values[i]);
            else
                i++;
        }
        if (rank < below)
            count = below;
        else if (rank >= above)
            from = above;
        else
            break;
    }
    return values[rank];
}

/* The place of the smallest value that at least `percent` of all values do not exceed. */
static size_t nearest_rank(size_t count, unsigned percent)
{
    return (count * percent + 99) / 100 - 1;
}

static vd_time mean(const vd_time *values, size_t count)
{
    unsigned __int128 sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return (vd_time)(sum / count);
}

struct statistic statistic_of(vd_time *values, size_t count)
{
    if (!count)
        return (struct statistic){.max = 0};
    size_t p50 = nearest_rank(count, 50), p90 = nearest_rank(count, 90);
    struct statistic s = {.mean = mean(values, count)};
    s.p50 = select_rank(values, 0, count, p50);
    s.p90 = select_rank(values, p50, count, p90);
    s.p99 = select_rank(values, p90, count, nearest_rank(count, 99));
    s.max = select_rank(values, p90, count, count - 1);
    return s;
}
