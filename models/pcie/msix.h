/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI-X for a device that says more than pcie_msix_raise() about its message. */
#ifndef PCIE_MSIX_H
#define PCIE_MSIX_H

#include "pcie/function.h"

/* As pcie_msix_raise(), with attributes of struct vd_txn for the write. */
uint64_t msix_raise(struct pcie_function *function, uint32_t vector, uint32_t attrs);

#endif
