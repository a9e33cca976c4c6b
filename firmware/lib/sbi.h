/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls to the firmware below, or, in a guest, to the hypervisor. */
#ifndef LIB_SBI_H
#define LIB_SBI_H

#include <stddef.h>
#include <stdint.h>

enum sbi_extension {
    SBI_LEGACY_PUTCHAR = 0x01,
    SBI_BASE = 0x10,
    SBI_TIME = 0x54494d45,
    SBI_IPI = 0x735049,
    SBI_RFENCE = 0x52464e43,
    SBI_HSM = 0x48534d,
    SBI_SRST = 0x53525354,
    SBI_DBCN = 0x4442434e,
};

enum sbi_error {
    SBI_SUCCESS = 0,
    SBI_FAILED = -1,
    SBI_NOT_SUPPORTED = -2,
    SBI_INVALID_PARAM = -3,
    SBI_INVALID_ADDRESS = -5,
    SBI_ALREADY_AVAILABLE = -6,
    SBI_ALREADY_STARTED = -7,
};

enum { SBI_BASE_SPEC_VERSION = 0, SBI_BASE_IMPL_ID = 1, SBI_BASE_PROBE = 3 };
enum { SBI_HSM_START = 0, SBI_HSM_STOP = 1, SBI_HSM_STATUS = 2 };
enum { SBI_HSM_STARTED = 0, SBI_HSM_STOPPED = 1 };
enum { SBI_DBCN_WRITE = 0, SBI_DBCN_READ = 1, SBI_DBCN_WRITE_BYTE = 2 };
enum { SBI_SRST_SHUTDOWN = 0, SBI_SRST_COLD_REBOOT = 1, SBI_SRST_NO_REASON = 0, SBI_SRST_FAILURE };

struct sbi_result {
    int64_t error;
    uint64_t value;
};

struct sbi_result sbi_call(uint64_t extension, uint64_t function, uint64_t a0, uint64_t a1,
                           uint64_t a2, uint64_t a3);
struct sbi_result sbi_hart_start(uint64_t hartid, uint64_t addr, uint64_t opaque);
/* To the harts base + i for each bit i of the mask. */
void sbi_send_ipi(uint64_t mask, uint64_t base);
void sbi_set_timer(uint64_t time);
void sbi_console_write(const char *text, size_t length);
_Noreturn void sbi_shutdown(uint64_t reason);

#endif
