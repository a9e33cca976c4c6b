/* SPDX-License-Identifier: BSD-2-Clause */
/* What the root complex keeps, and how its parts reach each other. */
#ifndef PCIE_STATE_H
#define PCIE_STATE_H

#include "pcie/root.h"

enum {
    PCIE_FUNCTIONS = 256, /* of one bus */
    PCIE_LINES = 4,       /* INTA..INTD */
    PCIE_LINK_DEPTH = 64,
};

/* What is behind one devfn; constant once every function is plugged in. */
struct pcie_slot {
    struct pcie_function *function;
    uint8_t writable[PCIE_CONFIG_SIZE]; /* which bits of configuration space software may change */
    uint16_t power, express, msix, msi; /* where the capabilities are, 0: not there */
};

/* Transactions on their way from the functions to the host, oldest first. */
struct pcie_link_state {
    struct vd_txn txn[PCIE_LINK_DEPTH];
    vd_time arrival[PCIE_LINK_DEPTH];
    uint32_t head, count;
    vd_time next_start;    /* when the link can take up the next transaction */
    vd_time blocked_until; /* the host has refused the oldest one until then */
    uint32_t starved;      /* 1: a message waits in a PBA for room */
    uint32_t pad;
};

/* All that a snapshot of the root complex holds: the functions' states are the devices'. */
struct pcie_state {
    uint32_t size;
    uint32_t lines; /* bit n: INTx line n is high */
    struct pcie_link_state link;
    uint64_t wrote[PCIE_FUNCTIONS / 64]; /* it may have writes under way that are no MSIs */
    uint64_t told[PCIE_FUNCTIONS / 64];  /* its INTx is part of its line */
    uint32_t read_attempts, intx_attempts;
    vd_time intx_due; /* when lines that wait for data are looked at again, VD_NEVER: none */
    struct pcie_function_state bridge;
};

struct pcie_root {
    struct pcie_config config;
    struct vd_host host;
    struct pcie_function bridge; /* the host bridge at 00.0 */
    struct pcie_slot *slots[PCIE_FUNCTIONS];
    struct pcie_upstream upstream;
    struct vd_event link_event, intx_event;
    bool link_busy; /* the host is being asked: what arrives meanwhile queues up */
    struct pcie_state *state;
};

static inline struct pcie_slot *slot_of(const struct pcie_function *function)
{
    return function->root->slots[function->devfn];
}

/* config_space.c */
bool config_valid(const struct pcie_identity *id, struct vd_error *err);
/* Fills in the function's configuration space as after reset, and slot->writable. */
void config_build(struct pcie_slot *slot, bool multifunction);
uint32_t config_read(const struct pcie_slot *slot, uint32_t offset, unsigned size);
void config_write(struct pcie_slot *slot, uint32_t offset, unsigned size, uint32_t value);
bool config_memory_enabled(const struct pcie_slot *slot);
bool config_bus_master(const struct pcie_slot *slot);
bool config_intx_enabled(const struct pcie_slot *slot);
uint64_t config_bar_base(const struct pcie_slot *slot, uint32_t bar);

/* msix.c */
void msix_reset(struct pcie_function *function);
bool msix_enabled(const struct pcie_slot *slot);
bool msix_covers(const struct pcie_function *function, uint32_t bar, const struct vd_txn *txn);
enum vd_status msix_access(struct pcie_function *function, struct vd_txn *txn);
/* Sends what is pending and no longer held back. */
void msix_flush(struct pcie_function *function);

/* link.c */
void link_reset(struct pcie_root *root);
void link_restart(struct pcie_root *root);
/* A message found no room: see to it that msix_flush() is called when there is some. */
void link_starved(struct pcie_root *root);
bool link_state_valid(const struct pcie_link_state *link);

/* order.c */
/* The function has sent something that takes time. */
void order_wrote(const struct pcie_function *function, const struct vd_txn *txn);
/* Whether a function may be read now: then the answer is delayed as its writes demand, else the
 * reader is told when to ask again. */
bool order_read(struct pcie_root *root, uint32_t devfn, struct vd_txn *txn);
/* Whether the function drives its line; if not yet, *wait says when to look again. */
bool order_intx(struct pcie_root *root, const struct pcie_slot *slot, vd_time *wait);

/* root.c */
void root_function_reset(struct pcie_slot *slot);
void root_update_intx(struct pcie_root *root);

#endif
