/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the IMSIC's rules share: one instance on a bench, and its registers by name. */
#ifndef IMSIC_BENCH_H
#define IMSIC_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imsic/imsic.h"
#include "support/bench.h"
#include "viaduct/bits.h"

enum { M_FILE = VD_IMSIC_FILE_M, S_FILE = VD_IMSIC_FILE_S, G1 = VD_IMSIC_FILE_GUEST0, G2, G3 };
enum { EIDELIVERY = 0x70, EITHRESHOLD = 0x72, EIP = 0x80, EIE = 0xc0 };
enum { N = 127, HART = 5 };

extern struct bench b;
extern struct imsic *m;
extern struct vd_imsic_port port;
extern const struct imsic_config plain;

int setup(void **state);
int teardown(void **state);
void rebuild(struct imsic_config config);

/* A write into the page of a file; msi(): of an identity to seteipnum_le. */
enum vd_status msi_at(uint32_t file, uint64_t offset, uint32_t value, uint64_t serial);
void msi(uint32_t file, uint32_t identity);
uint64_t csr(uint32_t file, uint32_t select);
void set_csr(uint32_t file, uint32_t select, uint64_t value);
uint32_t topei(uint32_t file);
/* What topei shows for an identity. */
uint32_t top(uint32_t identity);
bool pending(uint32_t file, uint32_t identity);
bool nothing_pending(uint32_t file);
void enable(uint32_t file, uint32_t identity);
void deliver(uint32_t file);

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
