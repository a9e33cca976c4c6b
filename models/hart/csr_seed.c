/* SPDX-License-Identifier: BSD-2-Clause */
/* Zkr's entropy source: every run with the same seed polls the same entropy. */
#include "hart/csr.h"

enum { OPST_BIST, OPST_WAIT, OPST_ES16, OPST_LSB = 30 };

/* Number n of a sequence in which equal neighbours of n do not look alike (splitmix64). */
static uint64_t scattered(uint64_t n)
{
    n *= UINT64_C(0x9e3779b97f4a7c15);
    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

/* [unpriv norm:seed_wipe_on_read].  CHOICE: the first poll after reset finds the self-test, then
 * there is entropy for every second poll; it never dies. */
uint64_t read_seed(struct hart *h, uint32_t number)
{
    (void)number;
    uint64_t poll = h->st.csr.seed_polls++;
    if (poll == 0)
        return (uint64_t)OPST_BIST << OPST_LSB;
    if (poll % 2 == 0)
        return (uint64_t)OPST_WAIT << OPST_LSB;
    return (uint64_t)OPST_ES16 << OPST_LSB | (uint16_t)scattered(scattered(h->cfg.seed) + poll);
}
