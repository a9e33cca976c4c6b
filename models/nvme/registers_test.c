/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nvme/driver.h"

static const struct nvme_config plain = {
    .queues = 3, .queue_entries = 64, .serial = "serial", .cycle_ps = 1000};

static int setup(void **state)
{
    *state = driver_new(&plain, false);
    return 0;
}

static int teardown(void **state)
{
    driver_free(*state);
    return 0;
}

static void registers_follow_their_table(void **state)
{
    struct driver *d = *state;
    uint32_t count;
    const struct vd_reg *regs = nvme_regs(&count);
    driver_write(d, CC, 4, 0);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(driver_access(d, VD_READ, regs[i].offset, 1), VD_DENIED);
        assert_int_equal(driver_access(d, VD_WRITE, regs[i].offset + 2, 4), VD_DENIED);
        if (regs[i].fields[0].access != VD_RO)
            continue;
        uint64_t before = driver_read(d, regs[i].offset, regs[i].size);
        driver_write(d, regs[i].offset, regs[i].size, ~before);
        assert_int_equal(driver_read(d, regs[i].offset, regs[i].size), before);
    }
    assert_int_equal(driver_read(d, CAP, 8), UINT64_C(0x20) << 32 | 0x01010000 | 63);
    assert_int_equal(driver_read(d, CAP + 4, 4), 0x20);
    assert_int_equal(driver_read(d, VS, 4), 0x10400);
    driver_write(d, ASQ, 4, 0x12345fff);
    driver_write(d, ASQ + 4, 4, 0xabcd);
    assert_int_equal(driver_read(d, ASQ, 8), 0xabcd12345000);
    driver_write(d, AQA, 4, UINT32_MAX);
    assert_int_equal(driver_read(d, AQA, 4), 0x0fff0fff);
    driver_write(d, INTMS, 4, 6);
    driver_write(d, INTMC, 4, 2);
    assert_int_equal(driver_read(d, INTMS, 4), 4);
    assert_int_equal(driver_read(d, 0x100, 4), 0);
}

static void enabling_and_disabling(void **state)
{
    struct driver *d = *state;
    assert_int_equal(driver_read(d, CSTS, 4), 1);
    driver_write(d, ASQ, 8, 0); /* only while disabled */
    assert_int_equal(driver_read(d, ASQ, 8), DRIVER_ASQ);
    driver_write(d, CC, 4, 0x00460000);
    assert_int_equal(driver_read(d, CSTS, 4), 0);
    assert_int_equal(driver_read(d, CC, 4), 0);
    assert_int_equal(driver_read(d, ASQ, 8), DRIVER_ASQ);
}

static void unsupported_settings_are_fatal(void **state)
{
    struct driver *d = *state;
    static const uint32_t values[] = {0x00460081, 0x00460011, 0x00460801};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        driver_write(d, CC, 4, 0);
        driver_write(d, CC, 4, values[i]);
        assert_int_equal(driver_read(d, CSTS, 4), 2);
    }
    driver_write(d, CC, 4, 0);
    driver_write(d, AQA, 4, 0);
    driver_write(d, CC, 4, 0x00460001);
    assert_int_equal(driver_read(d, CSTS, 4), 2);
    driver_enable(d);
    assert_int_equal(driver_read(d, CSTS, 4), 1);
}

/* A command that cannot be fetched leaves nothing to complete. */
static void lost_queue(void **state)
{
    struct driver *d = *state;
    driver_write(d, CC, 4, 0);
    driver_write(d, ASQ, 8, 0x1000);
    driver_write(d, CC, 4, 0x00460001);
    driver_write(d, 0x1000, 4, 1);
    assert_int_equal(driver_read(d, CSTS, 4), 3);
    driver_write(d, 0x1000, 4, 2);
    driver_enable(d);
    assert_int_equal(driver_read(d, CSTS, 4), 1);
}

static void doorbells(void **state)
{
    struct driver *d = *state;
    struct completion c;
    assert_int_equal(driver_read(d, 0x1000, 4), 0);
    driver_write(d, 0x1004, 4, 3); /* beyond what was completed */
    driver_write(d, 0x1000 + 8 * 32, 4, 1);
    driver_write(d, 0x1ff8, 4, 1);
    assert_int_equal(driver_read(d, CSTS, 4), 1);
    const struct command identify = {.opcode = 6, .prp1 = DRIVER_DATA, .dw10 = 1};
    assert_int_equal(driver_do(d, 0, &identify, &c), NVME_OK);
    driver_write(d, CC, 4, 0);
    driver_write(d, 0x1000, 4, 1); /* disabled: nobody listens */
    assert_true(nvme_idle(d->nvme));
}

static void function_level_reset(void **state)
{
    struct driver *d = *state;
    driver_config_write(d, 0x58, 2, 0x8000);
    driver_config_write(d, 0x10, 4, DRIVER_BAR);
    driver_config_write(d, 0x04, 2, 0x0006);
    assert_int_equal(driver_read(d, CSTS, 4), 0);
    assert_int_equal(driver_read(d, AQA, 4), 0);
}

static void create_refuses(void **state)
{
    struct driver *d = *state;
    struct vd_error err;
    struct nvme_config config = plain;
    struct vd_disk none = {0};
    config.queues = 33;
    assert_null(nvme_create(&config, NULL, 0, &d->bench.host, &err));
    config = plain;
    config.queue_entries = 100;
    assert_null(nvme_create(&config, NULL, 0, &d->bench.host, &err));
    config = plain;
    assert_null(nvme_create(&config, &none, 1, &d->bench.host, &err));
    assert_non_null(strstr(err.text, "namespace 1"));
    config.commands = NVME_COMMANDS_MAX + 1;
    assert_null(nvme_create(&config, NULL, 0, &d->bench.host, &err));
    config.commands = 0;
    assert_null(nvme_create(&config, NULL, 9, &d->bench.host, &err));
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(registers_follow_their_table),
        RULE(enabling_and_disabling),
        RULE(unsupported_settings_are_fatal),
        RULE(lost_queue),
        RULE(doorbells),
        RULE(function_level_reset),
        RULE(create_refuses),
    };
    return cmocka_run_group_tests_name("nvme-registers", tests, NULL, NULL);
}
