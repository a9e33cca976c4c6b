/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's devices as one: its vectors go round over them. */
#ifndef GUEST_DEVICE_H
#define GUEST_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

/* The vector's message: to that vCPU, with an identity of its own. */
void device_program(uint32_t vector, uint32_t vcpu);
/* Has them send count MSIs, each its part; flags as in struct endpoint_pattern. */
void devices_generate(uint32_t count, uint32_t flags);
bool devices_busy(void);
uint32_t devices_sent(void);

#endif
