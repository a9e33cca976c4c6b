/* SPDX-License-Identifier: BSD-2-Clause */
/* Bare-metal checks in HS-mode: each reports what it found, the summary comes at the end. */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "cpu.h"
#include "csr.h"

extern struct board board;

/* One check.  The text says what holds; it is printed if it does not. */
void report(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A group, or the rest of it, cannot run here. */
void skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

void check_csrs(void);
void check_traps(void);
void check_memory(void);
void check_two_stage(void);
void check_guest(void);
void check_aia(void);
void check_imsic(void);
void check_guest_files(void);
void check_aplic(void);
void check_timer(void);
void check_harts(void);
void check_iommu(void);
void check_endpoint(void);
void check_edu(void);
void check_iommus(void);

/* Set up by check_iommu(); without a base there is none. */
extern struct iommu iommu;
/* Interrupts taken in S-mode, by number; the handler disables what it takes in sie. */
extern volatile uint64_t interrupts[64];
/* CSRs of the hypervisor extension are there. */
bool has_guests(void);
/* There are interrupt files, and S-mode gets at its own. */
bool has_files(void);
/* The S-file's page of this hart. */
uint64_t own_page(void);
/* Waits until an identity is pending in this hart's S-file, not for ever. */
bool wait_pending(uint32_t id);

#endif
