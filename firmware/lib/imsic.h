/* SPDX-License-Identifier: BSD-2-Clause */
/* This hart's interrupt files: the one of its own privilege level through siselect/sireg (in a
 * guest that is its guest file), and, for a hypervisor, guest files through vsiselect/vsireg. */
#ifndef LIB_IMSIC_H
#define LIB_IMSIC_H

#include <stdbool.h>
#include <stdint.h>

#include "csr.h"
#include "mmio.h"

/* Values of siselect [aia IMSIC-reg-eidelivery]; eip and eie have only even numbers on RV64. */
enum imsic_register {
    IMSIC_EIDELIVERY = 0x70,
    IMSIC_EITHRESHOLD = 0x72,
    IMSIC_EIP0 = 0x80,
    IMSIC_EIE0 = 0xc0,
};

enum { IMSIC_IDS_MAX = 2047, IMSIC_WORDS = 32, IMSIC_SETEIPNUM_LE = 0, IMSIC_SETEIPNUM_BE = 4 };

static inline uint32_t imsic_word_register(uint32_t array0, uint32_t id)
{
    return array0 + 2 * (id / 64);
}

static inline uint64_t imsic_read(uint32_t reg)
{
    csr_write(CSR_SISELECT, reg);
    return csr_read(CSR_SIREG);
}

static inline void imsic_write(uint32_t reg, uint64_t value)
{
    csr_write(CSR_SISELECT, reg);
    csr_write(CSR_SIREG, value);
}

static inline void imsic_set(uint32_t reg, uint64_t bits)
{
    csr_write(CSR_SISELECT, reg);
    csr_set(CSR_SIREG, bits);
}

static inline void imsic_clear(uint32_t reg, uint64_t bits)
{
    csr_write(CSR_SISELECT, reg);
    csr_clear(CSR_SIREG, bits);
}

/* Claims the highest-priority identity, 0 if there is none.  One instruction both reads and
 * claims: with two, an identity that becomes pending in between is claimed unseen. */
static inline uint32_t imsic_claim(void)
{
    return (uint32_t)(csr_swap(CSR_STOPEI, 0) >> 16);
}

static inline void imsic_send(uint64_t page, uint32_t id)
{
    mmio_write32(page + IMSIC_SETEIPNUM_LE, id);
}

/* Everything disabled and not pending, then delivery on. */
void imsic_init(uint32_t ids);
void imsic_enable(uint32_t id, bool on);
bool imsic_pending(uint32_t id);

/* The state that moves with a virtual hart. */
struct imsic_state {
    uint64_t eidelivery, eithreshold;
    uint64_t eip[IMSIC_WORDS], eie[IMSIC_WORDS];
};

/* A guest file of this hart is reached while hstatus.VGEIN names it: these two bracket accesses
 * with vsiselect and vsireg.  The guest's own vsiselect is kept. */
struct guest_window {
    uint64_t hstatus, vsiselect;
};

struct guest_window guest_file_open(uint32_t guest);
void guest_file_close(struct guest_window window);
uint64_t guest_file_read(uint32_t reg);
void guest_file_write(uint32_t reg, uint64_t value);
uint64_t guest_file_swap(uint32_t reg, uint64_t value);
void guest_file_set(uint32_t reg, uint64_t bits);
/* GEILEN. */
uint32_t guest_files(void);

#endif
