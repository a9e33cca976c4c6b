/* SPDX-License-Identifier: BSD-2-Clause */
/* The APLIC that a guest sees: one supervisor-level domain without children, in MSI delivery mode,
 * emulated [aia AdvPLIC-domainControlRegion].  It knows nothing of the rest of the hypervisor. */
#ifndef HYP_VAPLIC_H
#define HYP_VAPLIC_H

#include <stdbool.h>
#include <stdint.h>

enum { VAPLIC_SOURCES = 63, VAPLIC_WORDS = 2, VAPLIC_BYTES = 0x4000 };

struct vaplic {
    uint32_t harts;
    bool enabled; /* domaincfg.IE */
    uint32_t sourcecfg[VAPLIC_SOURCES + 1], target[VAPLIC_SOURCES + 1];
    uint32_t wire[VAPLIC_WORDS], pending[VAPLIC_WORDS], enable[VAPLIC_WORDS];
    void (*send)(void *ctx, uint32_t hart, uint32_t eiid);
    void *ctx;
};

/* As after reset; the identities of MSIs are as the guest wrote them. */
void vaplic_init(struct vaplic *aplic, uint32_t harts,
                 void (*send)(void *ctx, uint32_t hart, uint32_t eiid), void *ctx);
/* An aligned 32-bit access to the control region. */
uint32_t vaplic_read(const struct vaplic *aplic, uint32_t offset);
void vaplic_write(struct vaplic *aplic, uint32_t offset, uint32_t value);
/* The wire of an emulated device: KVM_IRQ_LINE. */
void vaplic_wire(struct vaplic *aplic, uint32_t source, bool level);

#endif
