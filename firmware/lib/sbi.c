/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi.h"

struct sbi_result sbi_call(uint64_t extension, uint64_t function, uint64_t arg0, uint64_t arg1,
                           uint64_t arg2, uint64_t arg3)
{
    register uint64_t a0 asm("a0") = arg0;
    register uint64_t a1 asm("a1") = arg1;
    register uint64_t a2 asm("a2") = arg2;
    register uint64_t a3 asm("a3") = arg3;
    register uint64_t a6 asm("a6") = function;
    register uint64_t a7 asm("a7") = extension;
    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){(int64_t)a0, a1};
}

struct sbi_result sbi_hart_start(uint64_t hartid, uint64_t addr, uint64_t opaque)
{
    return sbi_call(SBI_HSM, SBI_HSM_START, hartid, addr, opaque, 0);
}

/* The only function of its extension is 0. */
void sbi_send_ipi(uint64_t mask, uint64_t base)
{
    sbi_call(SBI_IPI, 0, mask, base, 0, 0);
}

/* SBI_TIME_SET_TIMER is function 0. */
void sbi_set_timer(uint64_t time)
{
    sbi_call(SBI_TIME, 0, time, 0, 0, 0);
}

/* The debug console is younger than some firmware; the legacy call is everywhere. */
void sbi_console_write(const char *text, size_t length)
{
    while (length) {
        struct sbi_result r = sbi_call(SBI_DBCN, SBI_DBCN_WRITE, length, (uint64_t)text, 0, 0);
        if (r.error || !r.value)
            break;
        text += r.value;
        length -= r.value;
    }
    for (; length; text++, length--)
        sbi_call(SBI_LEGACY_PUTCHAR, 0, (uint8_t)*text, 0, 0, 0);
}

void sbi_shutdown(uint64_t reason)
{
    sbi_call(SBI_SRST, 0, SBI_SRST_SHUTDOWN, reason, 0, 0);
    for (;;)
        asm volatile("wfi");
}
