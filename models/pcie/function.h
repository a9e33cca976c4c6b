/* SPDX-License-Identifier: BSD-2-Clause */
/* What every PCIe function has: configuration space, BARs, MSI-X, a way upstream.  A device model
 * embeds struct pcie_function and fills in the callbacks. */
#ifndef PCIE_FUNCTION_H
#define PCIE_FUNCTION_H

#include "viaduct/host.h"

enum { PCIE_CONFIG_SIZE = 4096, PCIE_BARS = 6, PCIE_MAX_VECTORS = 2048, PCIE_VENDOR_BYTES = 18 };

struct pcie_root;

struct pcie_bar {
    uint64_t size; /* power of two >= 16; 0: no BAR.  A 64-bit BAR uses two slots. */
    bool is64, prefetchable;
};

struct pcie_msix_entry {
    uint64_t addr;
    uint32_t data;
    uint32_t control; /* bit 0: mask */
};

/* What follows ID and next pointer of a vendor-specific capability, and the bits of it that
 * software may change. */
struct pcie_vendor_capability {
    uint8_t size; /* bytes used */
    uint8_t bytes[PCIE_VENDOR_BYTES], writable[PCIE_VENDOR_BYTES];
};

/* Constant for the life of a function. */
struct pcie_identity {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code; /* base << 16 | sub << 8 | interface */
    uint8_t revision;
    uint8_t interrupt_pin; /* 1 INTA .. 4 INTD, 0 none */
    uint16_t vectors;      /* MSI-X table size, 0: no MSI-X */
    uint8_t msix_bar;      /* which BAR holds table (offset msix_table) and PBA (offset msix_pba) */
    uint32_t msix_table, msix_pba;
    bool msi;             /* one message by MSI, in place of MSI-X */
    bool ats, pri, pasid; /* capabilities offered */
    struct pcie_bar bars[PCIE_BARS];
    const struct pcie_vendor_capability *vendor_capabilities;
    uint32_t num_vendor_capabilities;
};

struct pcie_function_state {
    uint8_t config[PCIE_CONFIG_SIZE];
    struct pcie_msix_entry msix[PCIE_MAX_VECTORS];
    uint64_t pba[PCIE_MAX_VECTORS / 64];
    uint64_t pba_serial[PCIE_MAX_VECTORS]; /* MSI serial waiting behind a mask */
    uint32_t intx;                         /* level that the device drives, 0 or 1 */
    uint32_t pad;
};

struct pcie_function {
    struct pcie_identity id;
    struct pcie_function_state *st; /* in the device's state struct */
    struct pcie_root *root;
    uint32_t devfn;
    void *ctx; /* the device */
    /* BAR access: txn->addr is the offset in the BAR; MSI-X table and PBA are handled before. */
    enum vd_status (*bar_access)(void *ctx, uint32_t bar, struct vd_txn *txn);
    /* Called, if set, before a vendor-specific capability is read and after it was written:
     * `offset` is in configuration space. */
    void (*config_access)(void *ctx, enum vd_cmd cmd, uint32_t offset, unsigned size);
    void (*complete)(void *ctx, const struct vd_txn *txn);
    void (*message)(void *ctx, uint32_t code, const uint64_t payload[2]);
    void (*reset)(void *ctx);
};

/* Sends a memory request upstream.  VD_PENDING: taken; unless VD_POSTED, complete() gets the result
 * with the same tag.  VD_RETRY: the link is full, ask again after txn->delay.  VD_DENIED: bus
 * mastering is off.  Anything else is the result, at once, because nothing has latency. */
enum vd_status pcie_send(struct pcie_function *function, struct vd_txn *txn);
/* False: Bus Master Enable is 0, or the function is not in D0. */
bool pcie_bus_master(const struct pcie_function *function);
/* Raises MSI-X vector, or the one message of MSI as vector 0: sends it, or remembers it in the PBA
 * while it may not leave.  Returns the MSI's serial: that of the one already waiting if the PBA bit
 * was set, 0 if there is no such vector. */
uint64_t pcie_msix_raise(struct pcie_function *function, uint32_t vector);
/* False: the function's interrupts are INTx. */
bool pcie_msix_enabled(const struct pcie_function *function);
void pcie_intx(struct pcie_function *function, bool level);
/* As a function level reset; of a function in no slot, its own reset alone. */
void pcie_function_reset(struct pcie_function *function);
/* Where in configuration space a vendor-specific capability is. */
uint32_t pcie_vendor_offset(const struct pcie_identity *id, uint32_t index);
/* The function's device_id. */
uint32_t pcie_device_id(const struct pcie_function *function);

#endif
