/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests that will come to nothing more are recognised, and others are left alone. */
#include <string.h>

#include "command_rig.h"
#include "status.h"

#define PROGRAM(name) rig_write(#name ".bin", name, sizeof(name))

/* Hart 0 jumps to itself, others sleep. */
static const uint32_t half[] = {0xf14022f3, 0x00029463, 0x0000006f, 0x10500073, 0xffdff06f};
/* Hart 0 jumps to itself around a fence, others count. */
static const uint32_t works[] = {0xf14022f3, 0x00029663, 0x0ff0000f,
                                 0xffdff06f, 0x00130313, 0xffdff06f};
/* Jumps to itself until a timer interrupt ends the run. */
static const uint32_t timer[] = {
    0x00000297, 0x02c28293, 0x30529073, 0x02004337, 0x0007a3b7, 0x1203839b, 0x00733023, 0x08000393,
    0x30439073, 0x30046073, 0x0000006f, 0x00100537, 0x000055b7, 0x5555859b, 0x00b52023, 0x0000006f};
/* A trap handler whose third instruction traps. */
static const uint32_t nested[] = {0x00000297, 0x01028293, 0x30529073, 0x00000073,
                                  0x00130313, 0x00138393, 0x00602023, 0x0000006f};
/* Goes where nothing is, and so does its trap handler. */
static const uint32_t astray[] = {0x10501073, 0x00000067};
/* An ecall in a loop that counts, whose handler goes on behind it. */
static const uint32_t emulated[] = {0x00000297, 0x01828293, 0x30529073, 0x00000073, 0x001e0e13,
                                    0xff9ff06f, 0x34102373, 0x00430313, 0x34131073, 0x30200073};
/* A program in U-mode executes an ecall again and again; the handler counts. */
static const uint32_t user[] = {0x00000297, 0x03428293, 0x30529073, 0xfff00313, 0x3b031073,
                                0x01f00313, 0x3a031073, 0x00000297, 0x01428293, 0x34129073,
                                0x30001073, 0x30200073, 0x00000073, 0x001e0e13, 0x30200073};
/* Prints a panic on the UART, then counts. */
static const uint32_t panics[] = {
    0x00000297, 0x02828293, 0x10000337, 0x0002c383, 0x00038863, 0x00730023, 0x00128293,
    0xff1ff06f, 0x001e0e13, 0xffdff06f, 0x2020205b, 0x312e3020, 0x654b205d, 0x6c656e72,
    0x6e617020, 0x2d206369, 0x746f6e20, 0x6e797320, 0x676e6963, 0x6574203a, 0x000a7473};
/* The same in a program in U-mode. */
static const uint32_t quotes[] = {
    0x00000297, 0x05028293, 0x10000337, 0x0002c383, 0x00038863, 0x00730023, 0x00128293, 0xff1ff06f,
    0x00000297, 0x02828293, 0x34129073, 0x3b001073, 0xfff00313, 0x3b031073, 0x01f00313, 0x3a031073,
    0x30001073, 0x30200073, 0x001e0e13, 0xffdff06f, 0x2020205b, 0x312e3020, 0x654b205d, 0x6c656e72,
    0x6e617020, 0x2d206369, 0x746f6e20, 0x6e797320, 0x676e6963, 0x6574203a, 0x000a7473};
/* Resets the machine instead. */
static const uint32_t resets[] = {
    0x00000297, 0x03428293, 0x10000337, 0x0002c383, 0x00038863, 0x00730023, 0x00128293, 0xff1ff06f,
    0x00100537, 0x000075b7, 0x7775859b, 0x00b52023, 0x0000006f, 0x2020205b, 0x312e3020, 0x654b205d,
    0x6c656e72, 0x6e617020, 0x2d206369, 0x746f6e20, 0x6e797320, 0x676e6963, 0x6574203a, 0x000a7473};
/* Counts; a log with a panic, and the format of one, are in memory. */
static const uint32_t silent[] = {
    0x001e0e13, 0xffdff06f, 0x5b2d2d2d, 0x646e6520, 0x72654b20, 0x206c656e, 0x696e6170,
    0x202d2063, 0x20746f6e, 0x636e7973, 0x3a676e69, 0x20732520, 0x2d2d2d5d, 0x2d2d2d00,
    0x6e65205b, 0x654b2064, 0x6c656e72, 0x6e617020, 0x2d206369, 0x746f6e20, 0x6e797320,
    0x676e6963, 0x6e75203a, 0x72616568, 0x2d5d2064, 0x00002d2d};
/* Counts. */
static const uint32_t counts[] = {0x001e0e13, 0xffdff06f};

static int write_files(void **state)
{
    if (rig_create(state) != 0)
        return -1;
    PROGRAM(half);
    PROGRAM(works);
    PROGRAM(timer);
    PROGRAM(nested);
    PROGRAM(astray);
    PROGRAM(emulated);
    PROGRAM(user);
    PROGRAM(panics);
    PROGRAM(quotes);
    PROGRAM(resets);
    PROGRAM(silent);
    PROGRAM(counts);
    return 0;
}

static void expect(const char *arguments, int status, const char *sentence)
{
    int actual = rig_run(arguments);
    if (actual != status || !strstr(rig_output, sentence))
        fail_msg("viaduct %s: status %d, not %d, or not \"%s\":\n%s", arguments, actual, status,
                 sentence, rig_output);
}

static void harts_that_jump_to_themselves_are_dead(void **state)
{
    (void)state;
    expect("run -bios none -kernel half.bin", STATUS_DEADLOCK, "every hart jumps to itself with");
    expect("run -smp 2 -bios none -kernel half.bin", STATUS_DEADLOCK, "interrupts off, or sleeps");
    assert_non_null(strstr(rig_output, "hart 0: pc 0x80000008, M mode, running"));
    assert_non_null(strstr(rig_output, "hart 1: pc 0x80000010, M mode, asleep in wfi"));
    expect("run -bios none -kernel works.bin", STATUS_DEADLOCK, "every hart jumps to itself with");
}

static void nobody_is_dead_while_somebody_works(void **state)
{
    (void)state;
    expect("run -smp 2 -bios none -kernel works.bin --limit 50ms", STATUS_LIMIT, "the limit of");
}

static void an_interrupt_ends_a_loop(void **state)
{
    (void)state;
    expect("run -bios none -kernel timer.bin --limit 1s", STATUS_OK, "");
}

static void a_handler_that_traps_is_a_trap_loop(void **state)
{
    (void)state;
    expect("run -bios none -kernel nested.bin", STATUS_TRAPS, "hart 0 traps for ever");
    assert_non_null(strstr(rig_output, "mcause 0x7 (store access fault), mtval 0x0, mepc "
                                       "0x80000018, mtvec 0x80000010"));
    expect("run -smp 2 -bios none -kernel astray.bin", STATUS_TRAPS, "traps for ever");
    expect("run --timing inorder -bios none -kernel nested.bin", STATUS_TRAPS, "traps for ever");
}

/* Firmware hands each fault back to a handler that cannot be fetched. */
static void a_trap_loop_may_lead_through_the_firmware(void **state)
{
    (void)state;
    expect("run -smp 2 -kernel astray.bin", STATUS_TRAPS, "traps for ever");
    assert_non_null(strstr(rig_output, "scause 0x1 (instruction access fault), stval 0x0, sepc "
                                       "0x0, stvec 0x0"));
}

static void many_traps_are_no_trap_loop(void **state)
{
    (void)state;
    expect("run -bios none -kernel emulated.bin --limit 30ms", STATUS_LIMIT, "the limit of");
    expect("run -bios none -kernel user.bin --limit 30ms", STATUS_LIMIT, "the limit of");
}

static void a_panic_is_recognised(void **state)
{
    (void)state;
    expect(
        "run -bios none -kernel panics.bin --set hart.alu=500 --set hart.jump=500", STATUS_PANIC,
        "the guest's kernel has panicked: Kernel panic - not syncing: test\nhart 0: pc 0x8000002");
    expect("run -bios none -kernel resets.bin", STATUS_PANIC, "has panicked");
}

static void a_panic_that_a_program_prints_is_none(void **state)
{
    (void)state;
    expect("run -bios none -kernel quotes.bin --limit 600ms --set hart.alu=500 --set hart.jump=500",
           STATUS_LIMIT, "the limit of");
}

static void a_panic_is_found_in_the_log(void **state)
{
    (void)state;
    expect("run -bios none -kernel silent.bin --set hart.alu=500 --set hart.jump=500", STATUS_PANIC,
           "has panicked, and its console did not say so: unheard\n");
}

/* A log of many harts is not in the kernel's image, but elsewhere there are files as well. */
static void a_panic_is_found_in_a_log_far_away(void **state)
{
    (void)state;
    static const char file[] = "[    3.1] ---[ end Kernel panic - not syncing: of a file ]---\n";
    static const char log[] = "\x12\xf0\xff\xff\xff\xff\xff\x3f"
                              "---[ end Kernel panic - not syncing: far away ]---";
    rig_write("file", file, sizeof(file));
    rig_write("log", log, sizeof(log));
    expect("run -m 1G -bios none -kernel counts.bin -device loader,file=file,addr=0x85000000 "
           "-device loader,file=log,addr=0xb0000000 --set hart.alu=500 --set hart.jump=500",
           STATUS_PANIC, "has panicked, and its console did not say so: far away\n");
    expect("run -m 1G -bios none -kernel counts.bin -device loader,file=file,addr=0x85000000 "
           "--set hart.alu=500 --set hart.jump=500 --limit 700ms",
           STATUS_LIMIT, "the limit of");
}

static void no_reboot_ends_the_run_at_a_reset(void **state)
{
    (void)state;
    expect("run -bios none -kernel resets.bin -no-reboot", STATUS_OK, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harts_that_jump_to_themselves_are_dead),
        cmocka_unit_test(nobody_is_dead_while_somebody_works),
        cmocka_unit_test(an_interrupt_ends_a_loop),
        cmocka_unit_test(a_handler_that_traps_is_a_trap_loop),
        cmocka_unit_test(a_trap_loop_may_lead_through_the_firmware),
        cmocka_unit_test(many_traps_are_no_trap_loop),
        cmocka_unit_test(a_panic_is_recognised),
        cmocka_unit_test(a_panic_that_a_program_prints_is_none),
        cmocka_unit_test(a_panic_is_found_in_the_log),
        cmocka_unit_test(a_panic_is_found_in_a_log_far_away),
        cmocka_unit_test(no_reboot_ends_the_run_at_a_reset),
    };
    return cmocka_run_group_tests(tests, write_files, rig_remove);
}
