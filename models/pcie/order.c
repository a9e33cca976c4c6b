/* SPDX-License-Identifier: BSD-2-Clause */
/* Neither the completion of a read nor an INTx message passes what the function has written before:
 * a driver that polls a register, or is interrupted, finds the data in memory.  MSIs are ordered by
 * the link itself. */
#include "pcie/state.h"

/* CHOICE: of a function that writes without end, software reads after so many attempts. */
enum { PATIENCE = 4096 };

static uint64_t *word_of(uint64_t *bits, uint32_t devfn)
{
    return &bits[devfn / 64];
}

static uint64_t bit_of(uint32_t devfn)
{
    return UINT64_C(1) << devfn % 64;
}

static bool is_data(const struct vd_txn *txn)
{
    return txn->cmd == VD_WRITE && (txn->attrs & VD_POSTED) && !txn->serial;
}

void order_wrote(const struct pcie_function *function, const struct vd_txn *txn)
{
    if (is_data(txn))
        *word_of(function->root->state->wrote, function->devfn) |= bit_of(function->devfn);
}

static bool on_link(const struct pcie_root *root, uint32_t devfn)
{
    const struct pcie_link_state *link = &root->state->link;
    for (uint32_t i = 0; i < link->count; i++) {
        const struct vd_txn *txn = &link->txn[(link->head + i) % PCIE_LINK_DEPTH];
        if (txn->requester == devfn && is_data(txn))
            return true;
    }
    return false;
}

static bool landing(const struct pcie_root *root, uint32_t devfn, vd_time *wait)
{
    if (on_link(root, devfn))
        return false;
    if (root->upstream.landing)
        return root->upstream.landing(root->upstream.ctx, devfn, wait);
    *wait = root->host.ops->drain(root->host.ctx);
    return true;
}

/* False: it is not known yet when what the function has written will be in memory.  Else it is
 * after *wait. */
static bool settled(struct pcie_root *root, uint32_t devfn, vd_time *wait)
{
    uint64_t *word = word_of(root->state->wrote, devfn);
    *wait = 0;
    if (!(*word & bit_of(devfn)))
        return true;
    if (!landing(root, devfn, wait))
        return false;
    if (!*wait)
        *word &= ~bit_of(devfn);
    return true;
}

static bool out_of_patience(uint32_t *attempts)
{
    bool out = ++*attempts > PATIENCE;
    if (out)
        *attempts = 0;
    return out;
}

bool order_read(struct pcie_root *root, uint32_t devfn, struct vd_txn *txn)
{
    vd_time wait;
    bool hart = txn->requester >> 24 == VD_REQUESTER_HART(0) >> 24;
    if (txn->cmd != VD_READ || !hart || (txn->attrs & VD_DEBUG))
        return true;
    if (settled(root, devfn, &wait)) {
        root->state->read_attempts = 0;
        txn->delay += wait;
        return true;
    }
    if (out_of_patience(&root->state->read_attempts))
        return true;
    txn->delay = root->config.cycle_ps;
    return false;
}

bool order_intx(struct pcie_root *root, const struct pcie_slot *slot, vd_time *wait)
{
    uint32_t devfn = slot->function->devfn;
    uint64_t *told = word_of(root->state->told, devfn);
    *wait = 0;
    if (!slot->function->st->intx || !config_intx_enabled(slot)) {
        *told &= ~bit_of(devfn);
        return false;
    }
    if (!(*told & bit_of(devfn))) {
        if (!settled(root, devfn, wait))
            *wait = out_of_patience(&root->state->intx_attempts) ? 0 : root->config.cycle_ps;
        if (*wait)
            return false;
        root->state->intx_attempts = 0;
        *told |= bit_of(devfn);
    }
    return true;
}
