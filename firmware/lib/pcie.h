/* SPDX-License-Identifier: BSD-2-Clause */
/* PCIe functions behind an ECAM: found on bus 0, given addresses, MSI-X located. */
#ifndef LIB_PCIE_H
#define LIB_PCIE_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"

enum pcie_register {
    PCIE_ID = 0x00,
    PCIE_COMMAND = 0x04,
    PCIE_STATUS = 0x06,
    PCIE_CLASS = 0x08,
    PCIE_HEADER_TYPE = 0x0e,
    PCIE_BAR0 = 0x10,
    PCIE_CAPABILITIES = 0x34,
    PCIE_INTERRUPT_PIN = 0x3d,
};

enum { PCIE_COMMAND_MEMORY = 1 << 1, PCIE_COMMAND_MASTER = 1 << 2, PCIE_COMMAND_NO_INTX = 1 << 10 };
enum { PCIE_STATUS_CAPABILITIES = 1 << 4, PCIE_CAP_MSIX = 0x11, PCIE_BARS = 6 };

struct pcie_function {
    uint64_t config; /* its configuration space */
    uint32_t device_id;
    uint16_t vendor, device;
    uint64_t bar[PCIE_BARS], bar_size[PCIE_BARS];
    uint8_t pin;   /* INTx: 1..4, 0 none */
    uint32_t msix; /* offset of the capability, 0: none */
    uint32_t msix_vectors;
    uint64_t msix_table; /* address */
};

/* Where the next BAR goes. */
struct pcie_windows {
    uint64_t next32, end32, next64, end64;
};

struct pcie_windows pcie_windows(const struct board_pcie *pcie);
/* The n-th vendor:device on bus 0; reads what it is, and does not touch others. */
bool pcie_find(const struct board_pcie *pcie, uint16_t vendor, uint16_t device, uint32_t n,
               struct pcie_function *function);
/* Where in configuration space a capability is, 0: it has none of that kind. */
uint32_t pcie_capability(const struct pcie_function *function, uint8_t id);
/* Reads what a function of bus 0 is; false: there is none. */
bool pcie_at(const struct board_pcie *pcie, uint32_t device_id, struct pcie_function *function);
/* Gives it addresses, switches memory and bus mastering on.  False if a window is full. */
bool pcie_assign(struct pcie_function *function, struct pcie_windows *windows);
/* MSI-X on or off; INTx is on while MSI-X is off. */
void pcie_msix_enable(struct pcie_function *function, bool on);
/* The address and data are written while the vector is masked: the function never sees half. */
void pcie_msix_write(const struct pcie_function *function, uint32_t vector, uint64_t addr,
                     uint32_t data);
void pcie_msix_mask(const struct pcie_function *function, uint32_t vector);
/* APLIC source of the function's INTx pin. */
uint32_t pcie_intx_source(const struct board_pcie *pcie, const struct pcie_function *function);

#endif
