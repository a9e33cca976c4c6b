/* SPDX-License-Identifier: BSD-2-Clause */
/* WFI that waits for a timer, WRS that has something to wait for. */
#include "classes.h"
#include "privileged.h"

enum {
    CSR_STIMECMP = 0x14d,
    CSR_VSTIMECMP = 0x24d,
    CSR_HTIMEDELTA = 0x605,
    CSR_TIME = 0xc01,
    COUNTEREN_TM = 2,
    INTERRUPT_STI = 0x20,
    INTERRUPT_VSTI = 0x40,
    INTERRUPT_MTI = 0x80
};
#define ENVCFG_STCE (UINT64_C(1) << 63)
#define MTIMECMP    UINT64_C(0x2004000)

enum { TIMER_M, TIMER_S, TIMER_VS, TIMERS };

static const uint64_t timer_bits[TIMERS] = {INTERRUPT_MTI, INTERRUPT_STI, INTERRUPT_VSTI};

/* A timer that expires a few hundred ticks from now, which is long after the WFI begins. */
static void emit_arm(struct image *image, uint32_t timer, uint32_t ticks)
{
    image_csr_op(image, "csrrs", 5, CSR_TIME, 0);
    if (timer == TIMER_VS) {
        image_csr_op(image, "csrrs", 6, CSR_HTIMEDELTA, 0);
        image_op(image, "add", 5, 5, 6, 0);
    }
    image_op(image, "addi", 5, 5, 0, ticks);
    if (timer == TIMER_M) {
        image_li(image, 6, MTIMECMP);
        image_op(image, "sd", 0, 6, 5, 0);
    } else {
        image_csr_op(image, "csrrw", 0, timer == TIMER_S ? CSR_STIMECMP : CSR_VSTIMECMP, 5);
    }
}

/* From M by SRET to the instruction behind; what depends on time is gone from the registers. */
static void emit_enter(struct image *image, enum program_mode mode, bool enabled)
{
    enum { TO_TARGET = 4 * 6 }; /* from the auipc */
    image_li(image, 6, (mode & 1 ? STATUS_SPP : 0) | (enabled ? STATUS_SPIE : 0));
    image_csr_op(image, "csrrs", 0, CSR_MSTATUS, 6);
    image_op(image, "auipc", 6, 0, 0, 0);
    image_op(image, "addi", 6, 6, 0, TO_TARGET);
    image_csr_op(image, "csrrw", 0, CSR_SEPC, 6);
    image_op(image, "addi", 5, 0, 0, 0);
    image_op(image, "addi", 6, 0, 0, 0);
    image_op(image, "sret", 0, 0, 0, 0);
}

static void prepare(struct image *image, enum program_mode mode, uint64_t wanted)
{
    struct random *r = &image->random;
    image_csr(image, CSR_MENVCFG, ENVCFG_STCE);
    image_csr(image, CSR_HENVCFG, ENVCFG_STCE);
    image_csr(image, CSR_STIMECMP, ~UINT64_C(0));
    image_csr(image, CSR_VSTIMECMP, ~UINT64_C(0));
    image_csr(image, CSR_HTIMEDELTA, random_bits(r, 0xffffffff));
    image_step(image, PROGRAM_OP_POKE, 0, MTIMECMP, ~UINT64_C(0));
    image_csr(image, CSR_MIDELEG, random_one_in(r, 4) ? 0 : 0x222);
    image_csr(image, CSR_HIDELEG, random_one_in(r, 4) ? 0 : 0x444);
    image_csr(image, CSR_MIE, wanted);
    image_csr(image, CSR_MSTATUS, STATUS_FS);
    image_csr(image, CSR_VSSTATUS, STATUS_FS | random_bits(r, STATUS_SIE));
    image_csr(image, CSR_HSTATUS, mode & 4 ? 0x80 : 0); /* SPV */
    image_csr(image, CSR_STVEC, PROGRAM_STUB | random_below(r, 2));
    image_csr(image, CSR_VSTVEC, PROGRAM_STUB | random_below(r, 2));
}

/* Timers of all levels, of which one is enabled; the others expire before it and do not wake. */
void class_sleep(struct image *image, uint32_t cases)
{
    static const uint8_t modes[] = {PROGRAM_M, PROGRAM_S, PROGRAM_VS};
    struct random *r = &image->random;
    while (cases-- > 0) {
        enum program_mode mode = (enum program_mode)modes[random_below(r, 3)];
        uint32_t waker = random_below(r, TIMERS);
        begin_case(image, 0);
        prepare(image, mode, timer_bits[waker]);
        uint64_t start = image_pc(image);
        for (uint32_t timer = 0; timer < TIMERS; timer++)
            if (timer == waker || random_one_in(r, 3))
                emit_arm(image, timer, timer == waker ? 600 : 100 + random_below(r, 400));
        if (mode != PROGRAM_M) {
            emit_enter(image, mode, random_one_in(r, 2));
        } else {
            image_op(image, "addi", 5, 0, 0, 0);
            image_op(image, "addi", 6, 0, 0, 0);
            if (random_one_in(r, 2))
                image_csr_op(image, "csrrsi", 0, CSR_MSTATUS, 8);
        }
        image_op(image, "addi", 10, 10, 0, 1);
        image_op(image, "wfi", 0, 0, 0, 0);
        image_op(image, "addi", 11, 11, 0, 1);
        image_ebreak(image);
        finish_case(image, PROGRAM_M, start);
    }
}

/* --- stall --- */

/* WRS with and without a reservation, in all modes; nothing that it could wait for for long.  TW
 * and VTW are clear: how long WRS.NTO has is a choice. */
void class_stall(struct image *image, uint32_t cases)
{
    static const char *const reserves[] = {"lr_w", "lr_d"}, *const waits[] = {"wrs_nto", "wrs_sto"};
    struct random *r = &image->random;
    while (cases-- > 0) {
        begin_case(image, PROGRAM_SKIP | PROGRAM_MEMORY);
        uint64_t start = image_pc(image);
        for (uint32_t n = 0; n < 6; n++) {
            image_li(image, 5, PROGRAM_SCRATCH + 8 * random_below(r, 64));
            if (random_one_in(r, 2))
                image_op(image, reserves[random_below(r, 2)], 6, 5, 0, 0);
            if (random_one_in(r, 4))
                image_op(image, "sd", 0, 5, 7, 0);
            image_op(image, waits[random_below(r, 2)], 0, 0, 0, 0);
            image_op(image, "addi", 10, 10, 0, 1);
            image_ebreak(image);
        }
        finish_case(image, random_entry(r), start);
    }
}
