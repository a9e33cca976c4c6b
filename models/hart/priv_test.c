/* SPDX-License-Identifier: BSD-2-Clause */
/* The fuzzer's checks on a fixed stream of pseudo-random bytes. */
#include "hart/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void invariants_hold_on_random_streams(void **state)
{
    (void)state;
    enum { STREAMS = 100, BYTES = 4096 };
    static uint8_t bytes[BYTES];
    uint64_t seed = 1;
    for (unsigned stream = 0; stream < STREAMS; stream++) {
        for (unsigned i = 0; i < BYTES; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[i] = (uint8_t)(seed >> 56);
        }
        assert_int_equal(LLVMFuzzerTestOneInput(bytes, BYTES), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invariants_hold_on_random_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
