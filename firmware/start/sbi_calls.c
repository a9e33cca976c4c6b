/* SPDX-License-Identifier: BSD-2-Clause */
/* The few SBI calls that the firmware of this project uses. */
#include "csr.h"
#include "finisher.h"
#include "mmio.h"
#include "print.h"
#include "sbi.h"
#include "start.h"

enum { CLINT_MTIMECMP = 0x4000, LEGACY_SET_TIMER = 0x00, A6 = 6, A7 = 7 };

static struct sbi_result ok(uint64_t value)
{
    return (struct sbi_result){SBI_SUCCESS, value};
}

static struct sbi_result failed(int64_t error)
{
    return (struct sbi_result){error, 0};
}

static struct sbi_result base_call(const uint64_t *args)
{
    static const uint64_t present[] = {SBI_LEGACY_PUTCHAR, SBI_BASE, SBI_TIME, SBI_IPI, SBI_HSM,
                                       SBI_SRST,           SBI_DBCN};
    if (args[A6] == SBI_BASE_SPEC_VERSION)
        return ok(2ul << 24);
    if (args[A6] != SBI_BASE_PROBE)
        return ok(0);
    for (unsigned i = 0; i < sizeof present / sizeof *present; i++)
        if (present[i] == args[0])
            return ok(1);
    return ok(0);
}

/* Without Sstc, the machine timer stands in and its handler raises STIP. */
static struct sbi_result timer_call(const uint64_t *args)
{
    uint64_t mtimecmp = board.clint + CLINT_MTIMECMP + 8 * csr_read(CSR_MHARTID);
    csr_clear(CSR_MIP, 1ul << IRQ_STI);
    mmio_write64(mtimecmp, args[0]);
    /* The write is posted: until it has arrived, the time before still interrupts. */
    mmio_read64(mtimecmp);
    csr_set(CSR_MIE, 1ul << IRQ_MTI);
    return ok(0);
}

static struct sbi_result ipi_call(const uint64_t *args)
{
    uint64_t mask = args[0], base = args[1];
    if (base == UINT64_MAX) {
        base = 0;
        mask = UINT64_MAX;
    }
    for (uint64_t hart = base; hart < START_HARTS && hart - base < 64; hart++)
        if (mask >> (hart - base) & 1 && hart_is_started(hart))
            software_interrupt(hart, true);
    return ok(0);
}

static struct sbi_result hsm_call(const uint64_t *args)
{
    uint64_t hart = args[0];
    if (args[A6] == SBI_HSM_STOP) {
        hart = csr_read(CSR_MHARTID);
        hart_stopped(hart);
        hart_wait(hart);
    }
    if (board_hart_index(&board, hart) == UINT32_MAX || hart >= START_HARTS)
        return failed(SBI_INVALID_PARAM);
    if (args[A6] == SBI_HSM_STATUS)
        return ok(hart_is_started(hart) ? SBI_HSM_STARTED : SBI_HSM_STOPPED);
    if (args[A6] != SBI_HSM_START)
        return failed(SBI_NOT_SUPPORTED);
    return hart_start(hart, args[1], args[2]) ? ok(0) : failed(SBI_ALREADY_AVAILABLE);
}

static struct sbi_result console_call(const uint64_t *args)
{
    char byte = (char)args[0];
    if (args[A6] == SBI_DBCN_WRITE_BYTE) {
        console_write(&byte, 1);
        return ok(0);
    }
    if (args[A6] != SBI_DBCN_WRITE)
        return failed(SBI_NOT_SUPPORTED);
    console_write((const char *)args[1], args[0]);
    return ok(args[0]);
}

static struct sbi_result reset_call(const uint64_t *args)
{
    if (board.finisher)
        finisher_exit(board.finisher, args[1] == SBI_SRST_NO_REASON ? 0 : 1);
    return failed(SBI_NOT_SUPPORTED);
}

static struct sbi_result dispatch(const uint64_t *args)
{
    char byte = (char)args[0];
    switch (args[A7]) {
    case SBI_LEGACY_PUTCHAR:
        console_write(&byte, 1);
        return ok(args[1]);
    case LEGACY_SET_TIMER:
    case SBI_TIME:
        return timer_call(args);
    case SBI_BASE:
        return base_call(args);
    case SBI_IPI:
        return ipi_call(args);
    case SBI_HSM:
        return hsm_call(args);
    case SBI_SRST:
        return reset_call(args);
    case SBI_DBCN:
        return console_call(args);
    default:
        return failed(SBI_NOT_SUPPORTED);
    }
}

void sbi_handle(uint64_t *args)
{
    struct sbi_result result = dispatch(args);
    args[0] = (uint64_t)result.error;
    args[1] = result.value;
}
