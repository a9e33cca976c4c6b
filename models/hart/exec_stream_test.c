/* SPDX-License-Identifier: BSD-2-Clause */
/* The fuzzer's comparison of two harts on fixed pseudo-random programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void slices_and_snapshots_change_nothing(void **state)
{
    (void)state;
    enum { PROGRAMS = 400, BYTES = 400 };
    static uint8_t bytes[BYTES];
    uint64_t seed = 1;
    for (unsigned program = 0; program < PROGRAMS; program++) {
        for (unsigned i = 0; i < BYTES; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[i] = (uint8_t)(seed >> 56);
        }
        for (unsigned i = 7; i < BYTES; i += 6) /* mostly instructions that exist */
            bytes[i] &= i % 10 ? 0x7f : 0xff;
        assert_int_equal(LLVMFuzzerTestOneInput(bytes, BYTES), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_and_snapshots_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
