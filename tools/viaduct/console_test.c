/* SPDX-License-Identifier: BSD-2-Clause */
/* Input that comes while the machine runs, recorded and replayed. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command_rig.h"
#include "status.h"

/* Hart 0 echoes a line on the UART, then passes; all others count in one place. */
static const uint32_t echoes[] = {
    0xf14022f3, 0x02029c63, 0x10000537, 0x00a00693, 0x00554583, 0x0015f593, 0x001e8e93, 0xfe058ae3,
    0x00054603, 0x00c50023, 0xfed614e3, 0x00100537, 0x000055b7, 0x5555859b, 0x00b52023, 0x00000317,
    0x01430313, 0x005323af, 0xff5ff06f, 0x00000013, 0x00000000, 0x00000000};
static const uint32_t sleeps[] = {0x10500073, 0xffdff06f}; /* wfi; j -4 */

static int write_files(void **state)
{
    if (rig_create(state) != 0)
        return -1;
    rig_write("echoes.bin", echoes, sizeof(echoes));
    rig_write("sleeps.bin", sleeps, sizeof(sleeps));
    rig_write_text("line", "hello\nunread");
    rig_write_text("header.tape", "console input\n");
    rig_write_text("hex.tape", "viaduct console input 1\n5 6g\n");
    rig_write_text("odd.tape", "viaduct console input 1\n5 616\n");
    rig_write_text("order.tape", "viaduct console input 1\n5 61\n4 62\n");
    rig_write_text("late.tape", "viaduct console input 1\n5 end\n6 62\n");
    rig_write_text("left.tape", "viaduct console input 1\n3000000000 68\n5000000000 left\n");
    return 0;
}

static void same_files(const char *first, const char *second)
{
    char command[256];
    snprintf(command, sizeof(command), "cd %s && cmp %s %s", rig_folder, first, second);
    assert_int_equal(system(command), 0);
}

/* The pipe stays open, and empty, while the machine runs. */
static void an_open_pipe_does_not_hold_the_start(void **state)
{
    (void)state;
    time_t start = time(NULL);
    assert_int_equal(
        rig_run("run -bios none -kernel echoes.bin --limit 30ms < <(exec sleep 30 2>&-)"),
        STATUS_LIMIT);
    assert_true(time(NULL) - start < 25);
}

static void what_comes_through_a_pipe_is_recorded_and_replayed(void **state)
{
    (void)state;
    static const char *const presets[] = {"functional", "inorder"};
    for (size_t i = 0; i < 2; i++) {
        char arguments[256];
        snprintf(
            arguments, sizeof(arguments),
            "run -smp 4 --timing %s -bios none -kernel echoes.bin --record tape --stats a.json "
            "< <(printf he; sleep 0.3; echo llo)",
            presets[i]);
        assert_int_equal(rig_run(arguments), 0);
        assert_string_equal(rig_output, "hello\n");
        snprintf(
            arguments, sizeof(arguments),
            "run -smp 4 --timing %s -bios none -kernel echoes.bin --replay tape --record again "
            "--stats b.json",
            presets[i]);
        assert_int_equal(rig_run(arguments), 0);
        assert_string_equal(rig_output, "hello\n");
        same_files("a.json", "b.json");
        same_files("tape", "again");
    }
}

static void a_file_is_recorded_too(void **state)
{
    (void)state;
    assert_int_equal(
        rig_run("run -bios none -kernel echoes.bin --record tape --stats a.json < line"), 0);
    assert_int_equal(rig_run("run -bios none -kernel echoes.bin --replay tape --stats b.json"), 0);
    same_files("a.json", "b.json");
}

static void a_replay_leaves_where_the_user_left(void **state)
{
    (void)state;
    assert_int_equal(rig_run("run -bios none -kernel echoes.bin --replay left.tape"), 0);
    assert_string_equal(rig_output, "h");
}

/* Nobody listens to the UART. */
static void a_deadlock_is_recognised_though_input_may_come(void **state)
{
    (void)state;
    assert_int_equal(rig_run("run -smp 2 -bios none -kernel sleeps.bin < <(exec sleep 30 2>&-)"),
                     STATUS_DEADLOCK);
    assert_non_null(strstr(rig_output, "nothing can happen any more: every hart sleeps\n"));
}

static void files_that_are_no_recording_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *sentence;
    } rows[] = {
        {"none.tape", "none.tape cannot be read"},  {"header.tape", "header.tape:1: this is no"},
        {"hex.tape", "hex.tape:2: this is no"},     {"odd.tape", "odd.tape:2: this is no"},
        {"order.tape", "order.tape:3: this is no"}, {"late.tape", "late.tape:3: this is no"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char arguments[256];
        snprintf(arguments, sizeof(arguments), "run -bios none -kernel echoes.bin --replay %s",
                 rows[i].name);
        assert_int_equal(rig_run(arguments), STATUS_FILE);
        assert_non_null(strstr(rig_output, rows[i].sentence));
    }
    assert_int_equal(rig_run("run -bios none -kernel echoes.bin --record /none/tape"), STATUS_HOST);
    assert_non_null(strstr(rig_output, "cannot be recorded in '/none/tape'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_pipe_does_not_hold_the_start),
        cmocka_unit_test(what_comes_through_a_pipe_is_recorded_and_replayed),
        cmocka_unit_test(a_file_is_recorded_too),
        cmocka_unit_test(a_replay_leaves_where_the_user_left),
        cmocka_unit_test(a_deadlock_is_recognised_though_input_may_come),
        cmocka_unit_test(files_that_are_no_recording_are_refused),
    };
    return cmocka_run_group_tests(tests, write_files, rig_remove);
}
