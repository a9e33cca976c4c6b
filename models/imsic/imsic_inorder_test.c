/* SPDX-License-Identifier: BSD-2-Clause */
/* The preset `inorder` against the IMSIC that it is calibrated on: zero-day-labs/riscv-aia cbcf761,
 * RTL simulation.  Prints every case, expected and got, and is exact to the cycle. */
#include <stdio.h>

#include "imsic/imsic_bench.h"
#include "support/preset.h"

enum { CYCLE = 1000, WAIT_LIMIT = 100 };

static unsigned failures;

static void report(const char *name, uint64_t expected, uint64_t got)
{
    print_message("    %-58s %8llu %7llu%s\n", name, (unsigned long long)expected,
                  (unsigned long long)got, got == expected ? "" : "  WRONG");
    failures += got != expected;
}

static struct imsic_config preset(void)
{
    uint32_t count;
    const struct vd_param *params = imsic_params(&count);
    struct imsic_config c = plain;
    preset_apply("imsic", params, count, &c);
    c.cycle_ps = CYCLE;
    return c;
}

static void start(struct imsic_config c)
{
    rebuild(c);
    for (uint32_t file = M_FILE; file <= G3; file++) {
        for (uint32_t identity = 1; identity <= N; identity++)
            enable(file, identity);
        deliver(file);
    }
    bench_run(&b, WAIT_LIMIT * CYCLE);
}

static uint32_t line_of(uint32_t file)
{
    static const uint32_t lines[] = {VD_LINE_MEIP, VD_LINE_SEIP, VD_LINE_HGEIP + 1,
                                     VD_LINE_HGEIP + 2, VD_LINE_HGEIP + 3};
    return lines[file];
}

/* Cycles until the line has the level, to the picosecond: a part of a cycle counts as one. */
static uint64_t until_line(uint32_t file, bool level)
{
    uint64_t cycles = 0;
    for (; b.lines[line_of(file)] != level && cycles < WAIT_LIMIT; cycles++)
        bench_run(&b, CYCLE);
    return cycles;
}

static void write_and_claim(const char *file_name, uint32_t file)
{
    char name[64];
    start(preset());
    msi(file, 9);
    snprintf(name, sizeof(name), "MSI write to interrupt line, %s file", file_name);
    report(name, 2, until_line(file, true));
    bench_run(&b, WAIT_LIMIT * CYCLE);
    port.ops->claim(port.ctx, file);
    snprintf(name, sizeof(name), "claim to line low, %s file", file_name);
    report(name, 1, until_line(file, false));
}

/* When the k-th of a burst of MSIs to one file is pending, and when the lines of many files rise.
 */
static void burst(void)
{
    enum { MSIS = 8 };
    start(preset());
    vd_time from = b.now;
    for (uint32_t i = 1; i <= MSIS; i++)
        msi(S_FILE, i);
    bench_run(&b, WAIT_LIMIT * CYCLE);
    uint64_t last = 0;
    for (uint32_t i = 0; i < MSIS; i++) {
        char name[64];
        uint64_t at = (bench_record(&b, VD_REC_msi_record, i)->time - from) / CYCLE;
        snprintf(name, sizeof(name), "burst to one file: MSI %u after the one before", i + 1);
        if (i)
            report(name, 3, at - last);
        last = at;
    }
    start(preset());
    for (uint32_t file = M_FILE; file <= G3; file++)
        msi(file, 9);
    for (uint32_t file = M_FILE, waited = 0; file <= G3; file++) {
        char name[64];
        waited += (uint32_t)until_line(file, true);
        snprintf(name, sizeof(name), "burst to %u files: line of file %u", (unsigned)G3 + 1, file);
        report(name, 2 + 3 * file, waited);
    }
}

/* BOSC/XiangShan, an asynchronous clock domain: 4 cycles, and 10 with its AXI front. */
static void across_clock_domains(void)
{
    static const uint32_t cycles[] = {4, 10};
    for (uint32_t i = 0; i < 2; i++) {
        struct imsic_config c = preset();
        char name[64];
        c.write_to_line_cycles = cycles[i];
        start(c);
        msi(G1, 9);
        snprintf(name, sizeof(name), "across clock domains: imsic.write_to_line=%u", cycles[i]);
        report(name, cycles[i], until_line(G1, true));
    }
}

static void inorder_is_calibrated(void **state)
{
    (void)state;
    print_message("    %-58s %8s %7s\n", "case", "expected", "got");
    write_and_claim("M", M_FILE);
    write_and_claim("S", S_FILE);
    write_and_claim("first guest", G1);
    write_and_claim("last guest", G3);
    burst();
    across_clock_domains();
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {RULE(inorder_is_calibrated)};
    return cmocka_run_group_tests_name("imsic inorder", tests, NULL, NULL);
}
