/* SPDX-License-Identifier: BSD-2-Clause */
/* Moving a vCPU's interrupt file from one guest file to another while its devices go on [aia
 * virtHartMigration], by a protocol that can be made wrong on purpose. */
#ifndef HYP_MOVE_H
#define HYP_MOVE_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* A0 .. A10; A0 is right.  False: there is no such protocol. */
bool move_set_protocol(uint64_t number);
/* To another guest file of the hart that the vCPU is on; false if none is free. */
bool move_interrupt_file(struct vcpu *vcpu);

#endif
