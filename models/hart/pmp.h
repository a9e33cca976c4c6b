/* SPDX-License-Identifier: BSD-2-Clause */
/* Physical memory protection, granularity 4 [priv norm:pmp]. */
#ifndef HART_PMP_H
#define HART_PMP_H

#include "hart/state.h"

enum { PMP_R = 1, PMP_W = 2, PMP_X = 4, PMP_A = 3 << 3, PMP_L = 1 << 7 };
/* mseccfg [priv norm:mseccfg_fields_exist]. */
enum { MSECCFG_MML = 1, MSECCFG_MMWP = 2, MSECCFG_RLB = 4 };
enum { PMP_OFF, PMP_TOR, PMP_NA4, PMP_NAPOT };

/* An entry that matches something, decoded: first and last byte. */
struct pmp_region {
    uint64_t first, last;
    uint8_t cfg;
};

struct pmp {
    struct pmp_region regions[64]; /* in order of priority */
    uint32_t count;
};

/* Decodes the CSRs again after one was written. */
void pmp_rebuild(struct hart *h);
/* May priv (PRV_*) make an access that needs all of the permissions `need` (PMP_R...)? */
bool pmp_allows(const struct hart *h, uint64_t spa, uint64_t size, uint8_t need, uint8_t priv);
/* Whether what holds for one byte of the 4-KiB page holds for all of them. */
bool pmp_one_verdict(const struct hart *h, uint64_t spa);

uint64_t pmp_read_cfg(const struct hart *h, uint32_t index);
void pmp_write_cfg(struct hart *h, uint32_t index, uint64_t value);
void pmp_write_mseccfg(struct hart *h, uint64_t value);
void pmp_write_addr(struct hart *h, uint32_t index, uint64_t value);

#endif
