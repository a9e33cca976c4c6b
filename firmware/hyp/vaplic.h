/* SPDX-License-Identifier: BSD-2-Clause */
/* The APLIC that a guest sees: one wire, in MSI delivery mode, emulated. */
#ifndef HYP_VAPLIC_H
#define HYP_VAPLIC_H

#include <stdbool.h>
#include <stdint.h>

struct vm;

struct vaplic {
    bool rectified; /* level of the wire */
    uint32_t vcpu, eiid;
};

/* The wire of an emulated device: KVM_IRQ_LINE. */
void vaplic_line(struct vm *vm, bool level);

#endif
