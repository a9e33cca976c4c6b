/* SPDX-License-Identifier: BSD-2-Clause */
/* A PCIe root complex with ECAM, one bus, and the functions plugged into it. */
#ifndef PCIE_ROOT_H
#define PCIE_ROOT_H

#include "pcie/function.h"
#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"

/* Zero means the default of pcie_params(). */
struct pcie_config {
    uint64_t mmio32_base, mmio32_size; /* windows as the CPU sees them; PCI addresses are equal */
    uint64_t mmio64_base, mmio64_size;
    uint32_t upstream_cycles;     /* function to IOMMU, per transaction */
    uint32_t tlp_interval_cycles; /* between two transactions of the link */
    vd_time cycle_ps;
};

struct pcie_root;

struct pcie_root *pcie_create(const struct pcie_config *config, const struct vd_host *host,
                              struct vd_error *err);
void pcie_destroy(struct pcie_root *root);
void pcie_reset(struct pcie_root *root);
/* Plugs a function in at devfn (device << 3 | function); the root does not own it. */
bool pcie_plug(struct pcie_root *root, uint32_t devfn, struct pcie_function *function,
               struct vd_error *err);
/* Target ports: txn->addr is the offset in ECAM; the absolute address in a window. */
enum vd_status pcie_ecam(struct pcie_root *root, struct vd_txn *txn);
enum vd_status pcie_mmio(struct pcie_root *root, struct vd_txn *txn);
/* What the platform knows of the way from the link to memory. */
struct pcie_upstream {
    /* False: a write of this device, no MSI, is being translated, and nobody knows how long.  Else
     * all it has written is in memory after *wait. */
    bool (*landing)(void *ctx, uint32_t device_id, vd_time *wait);
    void *ctx;
};

/* Without it the host's drain() says how long. */
void pcie_connect(struct pcie_root *root, const struct pcie_upstream *upstream);
/* Upstream: functions send through pcie_send() (function.h); what leaves the link goes to
 * host.submit with requester = bus << 8 | devfn, and completions come back here. */
void pcie_complete(struct pcie_root *root, const struct vd_txn *txn);
/* An ATS message from the IOMMU to the function with this device_id. */
void pcie_message(struct pcie_root *root, uint32_t device_id, uint32_t code,
                  const uint64_t payload[2]);
/* INTx: host.wire(line = (device + pin - 1) % 4), pin 1 being INTA, as the devicetree's
 * interrupt-map swizzles it.  Nothing is in flight: */
bool pcie_idle(const struct pcie_root *root);
size_t pcie_save(const struct pcie_root *root, void *buffer, size_t capacity);
bool pcie_restore(struct pcie_root *root, const void *buffer, size_t size);
const struct vd_param *pcie_params(uint32_t *count);

#endif
