/* SPDX-License-Identifier: BSD-2-Clause */
/* One interrupt domain of an APLIC [aia AdvPLIC-domainControlRegion]; the functions are for MSI
 * delivery mode. */
#ifndef LIB_APLIC_H
#define LIB_APLIC_H

#include <stdbool.h>
#include <stdint.h>

enum aplic_register {
    APLIC_DOMAINCFG = 0x0000,
    APLIC_SOURCECFG = 0x0000, /* + 4 * source */
    APLIC_MMSIADDRCFG = 0x1bc0,
    APLIC_MMSIADDRCFGH = 0x1bc4,
    APLIC_SMSIADDRCFG = 0x1bc8,
    APLIC_SMSIADDRCFGH = 0x1bcc,
    APLIC_SETIP = 0x1c00,
    APLIC_SETIPNUM = 0x1cdc,
    APLIC_IN_CLRIP = 0x1d00,
    APLIC_CLRIPNUM = 0x1ddc,
    APLIC_SETIE = 0x1e00,
    APLIC_SETIENUM = 0x1edc,
    APLIC_CLRIENUM = 0x1fdc,
    APLIC_GENMSI = 0x3000,
    APLIC_TARGET = 0x3000, /* + 4 * source */
    APLIC_IDCS = 0x4000,   /* + 32 * hart index: direct delivery [aia AdvPLIC-IDC] */
};

enum { APLIC_DOMAINCFG_BE = 1 << 0, APLIC_DOMAINCFG_DM = 1 << 2, APLIC_DOMAINCFG_IE = 1 << 8 };
enum { APLIC_IDELIVERY = 0x00, APLIC_ITHRESHOLD = 0x08, APLIC_TOPI = 0x18, APLIC_CLAIMI = 0x1c };
enum { APLIC_SOURCECFG_D = 1 << 10, APLIC_GENMSI_BUSY = 1 << 12 };

/* Source modes [aia TableAdvPLIC-sourcecfg-SM]. */
enum aplic_mode {
    APLIC_INACTIVE = 0,
    APLIC_DETACHED = 1,
    APLIC_EDGE_RISING = 4,
    APLIC_EDGE_FALLING = 5,
    APLIC_LEVEL_HIGH = 6,
    APLIC_LEVEL_LOW = 7,
};

/* Interrupts enabled, MSI delivery mode.  False if the domain has only direct delivery. */
bool aplic_enable(uint64_t base);
/* The source's MSIs go to identity eiid of the hart's own file (guest 0) or guest file. */
void aplic_route(uint64_t base, uint32_t source, enum aplic_mode mode, uint32_t hart_index,
                 uint32_t guest, uint32_t eiid);
/* Sends the MSIs elsewhere, in one store, while the source goes on. */
void aplic_retarget(uint64_t base, uint32_t source, uint32_t hart_index, uint32_t guest,
                    uint32_t eiid);
void aplic_off(uint64_t base, uint32_t source);
/* A level source that is still asserted becomes pending again; nothing happens otherwise. */
void aplic_retrigger(uint64_t base, uint32_t source);
/* Sends eiid to the hart and waits until it has left, behind all earlier MSIs of this domain
 * [aia AdvPLIC-MSISync]. */
void aplic_sync(uint64_t base, uint32_t hart_index, uint32_t eiid);

#endif
