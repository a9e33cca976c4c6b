/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the APLIC share: one instance on a bench, and its registers by name. */
#ifndef APLIC_BENCH_H
#define APLIC_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aplic/aplic.h"
#include "support/bench.h"

enum {
    DOMAINCFG = 0x0000,
    MMSIADDRCFG = 0x1bc0,
    MMSIADDRCFGH = 0x1bc4,
    SMSIADDRCFG = 0x1bc8,
    SMSIADDRCFGH = 0x1bcc,
    SETIP = 0x1c00,
    SETIPNUM = 0x1cdc,
    IN_CLRIP = 0x1d00,
    CLRIPNUM = 0x1ddc,
    SETIE = 0x1e00,
    SETIENUM = 0x1edc,
    CLRIE = 0x1f00,
    CLRIENUM = 0x1fdc,
    SETIPNUM_LE = 0x2000,
    SETIPNUM_BE = 0x2004,
    GENMSI = 0x3000,
};
#define SOURCECFG(i)     (4u * (i))
#define TARGET(i)        (0x3000u + 4u * (i))
#define IDELIVERY(hart)  (0x4000u + 32u * (hart))
#define IFORCE(hart)     (0x4004u + 32u * (hart))
#define ITHRESHOLD(hart) (0x4008u + 32u * (hart))
#define TOPI(hart)       (0x4018u + 32u * (hart))
#define CLAIMI(hart)     (0x401cu + 32u * (hart))

enum { BE = 1 << 0, DM = 1 << 2, IE = 1 << 8, D = 1 << 10, BUSY = 1 << 12 };
enum { INACTIVE = 0, DETACHED = 1, EDGE1 = 4, EDGE0 = 5, LEVEL1 = 6, LEVEL0 = 7 };
/* Domains of the usual tree: the root, its child S, its child M2, and S2 below M2. */
enum { ROOT, S, M2, S2, DOMAINS };
enum { SOURCES = 100, HARTS = 4, GUESTS = 3, CYCLE = 1000 };

extern struct bench b;
extern struct aplic *dut;
extern uint32_t edges; /* of all output lines */

struct aplic_config usual_config(void);
void build(const struct aplic_config *config);
void rebuild(const struct aplic_config *config);
int setup(void **state);
int teardown(void **state);

void put(uint32_t domain, uint32_t offset, uint32_t value);
uint32_t get(uint32_t domain, uint32_t offset);
bool pending(uint32_t domain, uint32_t source);
bool enabled(uint32_t domain, uint32_t source);
bool input(uint32_t domain, uint32_t source);
/* Makes a source of the root active and enabled with this target. */
void route(uint32_t domain, uint32_t source, uint32_t mode, uint32_t target);
/* Delegates from the root to its child. */
void delegate(uint32_t source, uint32_t child);
/* The output line into a hart. */
bool line(uint32_t domain, uint32_t hart);
uint32_t direct_target(uint32_t hart, uint32_t iprio);
uint32_t msi_target(uint32_t hart, uint32_t guest, uint32_t eiid);
/* MSI addresses as on the virt machine: M at 0x24000000, S at 0x28000000, 4 files per hart. */
void set_msi_addresses(void);
uint64_t m_page(uint32_t hart);
uint64_t s_page(uint32_t hart, uint32_t guest);

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
