/* SPDX-License-Identifier: BSD-2-Clause */
/* The preset `inorder` against the APLIC that it is calibrated on: zero-day-labs/riscv-aia cbcf761
 * with 64 sources, RTL simulation.  Prints every case, expected and got, and is exact to the cycle.
 */
#include <stdio.h>

#include "aplic/aplic_bench.h"
#include "support/preset.h"

enum { WAIT_LIMIT = 100 };

static unsigned failures;

static void report(const char *name, uint64_t expected, uint64_t got)
{
    print_message("    %-58s %8llu %7llu%s\n", name, (unsigned long long)expected,
                  (unsigned long long)got, got == expected ? "" : "  WRONG");
    failures += got != expected;
}

static void start(void)
{
    uint32_t count;
    const struct vd_param *params = aplic_params(&count);
    struct aplic_config c = usual_config();
    preset_apply("aplic", params, count, &c);
    c.sources = 64;
    rebuild(&c);
}

static uint64_t until_line(bool level)
{
    uint64_t cycles = 0;
    for (; line(ROOT, 1) != level && cycles < WAIT_LIMIT; cycles++)
        bench_run(&b, CYCLE);
    return cycles;
}

static void start_direct(uint32_t source, uint32_t mode)
{
    start();
    put(ROOT, IDELIVERY(1), 1);
    put(ROOT, DOMAINCFG, IE);
    route(ROOT, source, mode, direct_target(1, 1));
    bench_run(&b, WAIT_LIMIT * CYCLE);
}

static void direct_mode(uint32_t source)
{
    char name[64];
    start_direct(source, LEVEL1);
    aplic_wire(dut, source, true);
    snprintf(name, sizeof(name), "direct mode, source %u to line", source);
    report(name, 3, until_line(true));
    aplic_wire(dut, source, false);
    snprintf(name, sizeof(name), "direct mode, source %u deasserted to line low", source);
    report(name, 3, until_line(false));
    start_direct(source, EDGE1);
    aplic_wire(dut, source, true);
    snprintf(name, sizeof(name), "direct mode, edge of source %u to line", source);
    report(name, 3, until_line(true));
    start_direct(source, DETACHED);
    put(ROOT, SETIPNUM, source);
    snprintf(name, sizeof(name), "direct mode, setipnum of source %u to line", source);
    report(name, 1, until_line(true));
}

static void start_msis(void)
{
    start();
    put(ROOT, DOMAINCFG, DM | IE);
    for (uint32_t source = 1; source <= 64; source++)
        route(ROOT, source, EDGE1, msi_target(0, 0, source));
}

static uint64_t until_writes(uint32_t writes)
{
    uint64_t cycles = 0;
    for (; b.num_writes < writes && cycles < WAIT_LIMIT; cycles++)
        bench_run(&b, CYCLE);
    return cycles;
}

static void msi_mode(void)
{
    enum { MSIS = 8 };
    static const uint32_t sources[] = {1, 64};
    char name[64];
    for (uint32_t i = 0; i < 2; i++) {
        start_msis();
        aplic_wire(dut, sources[i], true);
        snprintf(name, sizeof(name), "MSI mode, source %u to the write's address", sources[i]);
        report(name, 4, until_writes(1));
    }
    start_msis();
    for (uint32_t source = 1; source <= MSIS; source++)
        aplic_wire(dut, source, true);
    for (uint32_t i = 1; i <= MSIS; i++) {
        uint64_t cycles = until_writes(i);
        snprintf(name, sizeof(name), "MSI mode, burst: MSI %u after the one before", i);
        if (i > 1)
            report(name, 5, cycles);
    }
}

static void inorder_is_calibrated(void **state)
{
    (void)state;
    print_message("    %-58s %8s %7s\n", "case", "expected", "got");
    direct_mode(1);
    direct_mode(64);
    msi_mode();
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {RULE(inorder_is_calibrated)};
    return cmocka_run_group_tests_name("aplic inorder", tests, NULL, NULL);
}
