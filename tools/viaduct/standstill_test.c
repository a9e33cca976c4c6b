/* SPDX-License-Identifier: BSD-2-Clause */
/* Machines that will do the same for ever are recognised, whatever they do; those in which
 * something can still come are not. */
#include <string.h>

#include "command_rig.h"
#include "status.h"

#define PROGRAM(name) rig_write(#name ".bin", name, sizeof(name))

/* A timer interrupt, whose handler only returns, in front of a loop that counts. */
static const uint32_t storm[] = {0x00000297, 0x02c28293, 0x30529073, 0x02004337,
                                 0x00000393, 0x00733023, 0x08000293, 0x30429073,
                                 0x30046073, 0x001e0e13, 0xffdff06f, 0x30200073};
/* The same with an MSI. */
static const uint32_t message[] = {0x00000297, 0x04c28293, 0x30529073, 0x07000293, 0x35029073,
                                   0x3510d073, 0x0c000293, 0x35029073, 0xfff00293, 0x35129073,
                                   0x240002b7, 0x00500313, 0x0062a023, 0x000012b7, 0x8002829b,
                                   0x30429073, 0x30046073, 0x001e0e13, 0xffdff06f, 0x30200073};
/* A program in U-mode executes an ecall again and again, and the handler returns to it. */
static const uint32_t user[] = {0x00000297, 0x03428293, 0x30529073, 0xfff00293, 0x3b029073,
                                0x01f00293, 0x3a029073, 0x00000297, 0x01428293, 0x34129073,
                                0x30001073, 0x30200073, 0x00000073, 0x30200073};
/* Hart 0 waits for a lock with LR, others with AMOSWAP. */
static const uint32_t locked[] = {0x00000297, 0x03028293, 0xf1402573, 0x00051863, 0x1002a32f,
                                  0xfe031ee3, 0xff9ff06f, 0x00100393, 0x0c72a32f, 0xfe031ee3,
                                  0x0000006f, 0x00000013, 0x00000001, 0x00000000};
/* The timer interrupt of hart 0 is taken away by hart 1, which sleeps for 50 ms. */
static const uint32_t rescued[] = {
    0x00000297, 0x07c28293, 0x30529073, 0x08000293, 0xf1402573, 0x02051c63, 0x02004337, 0x00000393,
    0x00733023, 0x30429073, 0x30046073, 0x3e800f13, 0xffff0f13, 0xfe0f1ee3, 0x00100537, 0x000055b7,
    0x5555859b, 0x00b52023, 0x0000006f, 0x02004337, 0x0083031b, 0x0007a3b7, 0x1203839b, 0x00733023,
    0x30429073, 0x10500073, 0x02004337, 0xfff00393, 0x00733023, 0x10500073, 0xffdff06f, 0x30200073};
/* The word that hart 0 polls is written by hart 1, which sleeps for 50 ms. */
static const uint32_t unlocked[] = {
    0x00000617, 0x05860613, 0xf1402573, 0x02051063, 0x00062303, 0xfe031ee3, 0x00100537, 0x000055b7,
    0x5555859b, 0x00b52023, 0x0000006f, 0x02004337, 0x0083031b, 0x0007a3b7, 0x1203839b, 0x00733023,
    0x08000293, 0x30429073, 0x10500073, 0x00062023, 0x10500073, 0xffdff06f, 0x00000001};
/* Polls mip for the timer. */
static const uint32_t pending[] = {0x02004337, 0x0007a3b7, 0x1203839b, 0x00733023,
                                   0x344022f3, 0x0802f293, 0xfe028ce3, 0x00100537,
                                   0x000055b7, 0x5555859b, 0x00b52023, 0x0000006f};
/* Polls time. */
static const uint32_t polls_time[] = {0x0007a337, 0x1203031b, 0xc01022f3, 0x0062b3b3,
                                      0x00000293, 0xfe039ae3, 0x00100537, 0x000055b7,
                                      0x5555859b, 0x00b52023, 0x0000006f};
/* Waits for the timer in a loop that lets interrupts in now and then. */
static const uint32_t window[] = {0x00000297, 0x03028293, 0x30529073, 0x02004337, 0x0007a3b7,
                                  0x1203839b, 0x00733023, 0x08000293, 0x30429073, 0x30046073,
                                  0x30047073, 0xff9ff06f, 0x00100537, 0x000055b7, 0x5555859b,
                                  0x00b52023, 0x0000006f};
/* Polls a word that the DMA of the edu at 1.0 writes. */
static const uint32_t dma[] = {
    0x300082b7, 0x40000337, 0x0062a823, 0x00600393, 0x00729223, 0x00000617, 0x04460613, 0x000402b7,
    0x08533023, 0x08c33423, 0x00800293, 0x08533823, 0x00300293, 0x08533c23, 0x00062e03, 0xfe0e1ee3,
    0x00100537, 0x000055b7, 0x5555859b, 0x00b52023, 0x0000006f, 0x00000013, 0x00000001, 0x00000000};
/* A guest, whose handler returns to what it cannot execute; the host's timer ends the run. */
static const uint32_t guest[] = {
    0x00000297, 0x08028293, 0x30529073, 0x02004337, 0x0007a3b7, 0x1203839b, 0x00733023, 0x08000293,
    0x30429073, 0xfff00293, 0x3b029073, 0x01f00293, 0x3a029073, 0x40000293, 0x00400293, 0x30229073,
    0x60229073, 0x00000297, 0x02828293, 0x34129073, 0x000012b7, 0x8002829b, 0x30029073, 0x0010029b,
    0x02729293, 0x3002a073, 0x30200073, 0x00000297, 0x01028293, 0x10529073, 0x00000000, 0x10200073,
    0x00100537, 0x000055b7, 0x5555859b, 0x00b52023, 0x0000006f};
/* A guest polls a word that nobody writes. */
static const uint32_t guest_polls[] = {0x00000297, 0x04028293, 0x30529073, 0xfff00293, 0x3b029073,
                                       0x01f00293, 0x3a029073, 0x00000297, 0x02828293, 0x34129073,
                                       0x080002b7, 0x0012829b, 0x00c29293, 0x80028293, 0x30029073,
                                       0x30200073, 0x0000006f, 0x00000297, 0x01428293, 0x0002b303,
                                       0xfe031ee3, 0x0000006f, 0x00000001, 0x00000000, 0x00000000};
/* Counts in memory, and nowhere else. */
static const uint32_t counter[] = {0x00000297, 0x04028293, 0x00100393, 0x0000fe37, 0xa60e0e1b,
                                   0x0072a02f, 0x0002a303, 0x01c33eb3, 0x00000313, 0xfe0e98e3,
                                   0x00100537, 0x000055b7, 0x5555859b, 0x00b52023, 0x0000006f,
                                   0x00000013, 0x00000000, 0x00000000};
/* Hart 0 ends the run when its SC fails, which hart 1's stores never make it do. */
static const uint32_t conditional[] = {0x00000297, 0x04028293, 0xf1402573, 0x02051263, 0x1002a32f,
                                       0x1862a3af, 0xfe038ce3, 0x00100537, 0x000055b7, 0x5555859b,
                                       0x00b52023, 0x0000006f, 0x00000013, 0x0002a023, 0x00000013,
                                       0xff9ff06f, 0x00000000, 0x00000000, 0x00000000};

static int write_files(void **state)
{
    if (rig_create(state) != 0)
        return -1;
    PROGRAM(storm);
    PROGRAM(message);
    PROGRAM(user);
    PROGRAM(locked);
    PROGRAM(rescued);
    PROGRAM(unlocked);
    PROGRAM(pending);
    PROGRAM(polls_time);
    PROGRAM(window);
    PROGRAM(dma);
    PROGRAM(guest);
    PROGRAM(guest_polls);
    PROGRAM(counter);
    PROGRAM(conditional);
    return 0;
}

/* Slow harts, so that a look is soon. */
#define SLOW                                                                                       \
    " --set hart.alu=100 --set hart.load=100 --set hart.amo=100 --set hart.branch_taken=100"       \
    " --set hart.jump=100 --set hart.csr=100 --set hart.trap_entry=100 --set hart.store=100"

static void expect(const char *arguments, int status, const char *sentence)
{
    char command[768];
    snprintf(command, sizeof(command), "run -bios none -kernel %s", arguments);
    int actual = rig_run(command);
    if (actual != status || !strstr(rig_output, sentence))
        fail_msg("viaduct %s: status %d, not %d, or not \"%s\":\n%s", command, actual, status,
                 sentence, rig_output);
}

static void an_interrupt_that_nobody_takes_away_is_a_trap_loop(void **state)
{
    (void)state;
    expect("storm.bin" SLOW, STATUS_TRAPS,
           "hart 0 traps for ever: its handler of interrupt 7 returns");
    assert_non_null(strstr(rig_output, "1 instruction, 1 trap (cause 0x8000000000000007"));
    expect("storm.bin" SLOW " --timing inorder", STATUS_TRAPS, "its handler of interrupt 7");
    expect("message.bin" SLOW, STATUS_TRAPS, "its handler of interrupt 11");
}

static void another_hart_may_take_it_away(void **state)
{
    (void)state;
    expect("rescued.bin" SLOW " -smp 2", STATUS_OK, "");
}

static void an_exception_without_progress_is_a_trap_loop(void **state)
{
    (void)state;
    expect("user.bin" SLOW, STATUS_TRAPS,
           "hart 0 traps for ever: its handler of exception 8 returns");
}

static void a_lock_that_nobody_frees_is_a_deadlock(void **state)
{
    (void)state;
    expect(
        "locked.bin" SLOW " -smp 3", STATUS_DEADLOCK,
        "every hart polls memory that nobody will write (hart 0: 0x80000030) with interrupts off");
    assert_non_null(strstr(rig_output, "hart 2: pc 0x80000020, M mode, running\n  repeats itself "
                                       "exactly, until something stops it: 2 instructions, a load "
                                       "from 0x80000030"));
    expect("locked.bin" SLOW " --timing inorder", STATUS_DEADLOCK,
           "polls memory that nobody will write");
}

static void a_guest_may_wait_for_it(void **state)
{
    (void)state;
    expect("guest_polls.bin", STATUS_DEADLOCK,
           "every hart polls memory that nobody will write (hart 0: 0x80000058)");
}

static void another_hart_may_write_it(void **state)
{
    (void)state;
    expect("unlocked.bin" SLOW " -smp 2", STATUS_OK, "");
}

/* That it keeps its reservation is an accident of their timing. */
static void a_store_may_take_a_reservation_away(void **state)
{
    (void)state;
    expect("conditional.bin -smp 2 --quantum 1 --limit 21ms", STATUS_LIMIT, "the limit of");
}

static void it_may_write_it_itself(void **state)
{
    (void)state;
    expect("counter.bin" SLOW, STATUS_OK, "");
}

static void dma_may_write_it(void **state)
{
    (void)state;
    expect("dma.bin" SLOW " -M virt,iommu-sys=off -device edu,addr=1 --set edu.dma_mask=0xffffffff "
           "--set edu.dma_cycles=50000000",
           STATUS_OK, "");
}

static void time_goes_on(void **state)
{
    (void)state;
    expect("pending.bin" SLOW, STATUS_OK, "");
    expect("polls_time.bin" SLOW, STATUS_OK, "");
    expect("window.bin" SLOW, STATUS_OK, "");
}

static void a_guest_that_is_stuck_is_named_at_the_limit(void **state)
{
    (void)state;
    expect("guest.bin" SLOW, STATUS_OK, "");
    expect("guest.bin" SLOW " --limit 30ms", STATUS_LIMIT,
           "VS mode, running\n  repeats itself exactly, until something stops it: 1 instruction, 1 "
           "trap (cause 0x2, illegal instruction)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupt_that_nobody_takes_away_is_a_trap_loop),
        cmocka_unit_test(another_hart_may_take_it_away),
        cmocka_unit_test(an_exception_without_progress_is_a_trap_loop),
        cmocka_unit_test(a_lock_that_nobody_frees_is_a_deadlock),
        cmocka_unit_test(a_guest_may_wait_for_it),
        cmocka_unit_test(another_hart_may_write_it),
        cmocka_unit_test(a_store_may_take_a_reservation_away),
        cmocka_unit_test(it_may_write_it_itself),
        cmocka_unit_test(dma_may_write_it),
        cmocka_unit_test(time_goes_on),
        cmocka_unit_test(a_guest_that_is_stuck_is_named_at_the_limit),
    };
    return cmocka_run_group_tests(tests, write_files, rig_remove);
}
