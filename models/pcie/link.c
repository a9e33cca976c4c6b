/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcie/link.h"

#include <string.h>

#include "pcie/state.h"

static vd_time now(const struct pcie_root *root)
{
    return root->host.ops->now(root->host.ctx);
}

static vd_time later(vd_time x, vd_time y)
{
    return x > y ? x : y;
}

/* While the host is asked, one place is kept for what it may refuse. */
uint32_t link_room(const struct pcie_root *root)
{
    uint32_t used = root->state->link.count + (root->link_busy ? 1 : 0);
    return used < PCIE_LINK_DEPTH ? PCIE_LINK_DEPTH - used : 0;
}

void link_starved(struct pcie_root *root)
{
    root->state->link.starved = !link_room(root);
}

static vd_time due(const struct pcie_link_state *link)
{
    return later(link->arrival[link->head], link->blocked_until);
}

vd_time link_backoff(const struct pcie_root *root)
{
    const struct pcie_link_state *link = &root->state->link;
    vd_time wait = link->count && due(link) > now(root) ? due(link) - now(root) : 0;
    return later(wait, root->config.cycle_ps);
}

static struct pcie_function *requester(const struct pcie_root *root, uint32_t device_id)
{
    struct pcie_slot *slot = device_id < PCIE_FUNCTIONS ? root->slots[device_id] : NULL;
    return slot ? slot->function : NULL;
}

void pcie_complete(struct pcie_root *root, const struct vd_txn *txn)
{
    struct pcie_function *function = requester(root, txn->requester);
    if (function && function->complete)
        function->complete(function->ctx, txn);
}

static enum vd_status submit(struct pcie_root *root, struct vd_txn *txn)
{
    txn->delay = 0;
    root->link_busy = true;
    enum vd_status status = root->host.ops->submit(root->host.ctx, txn);
    root->link_busy = false;
    txn->status = (uint8_t)status;
    return status;
}

static void block(struct pcie_root *root, vd_time delay)
{
    root->state->link.blocked_until = now(root) + later(delay, root->config.cycle_ps);
}

/* Messages that found no room wait in their function's PBA. */
static void flush_pending(struct pcie_root *root)
{
    for (uint32_t devfn = 0; devfn < PCIE_FUNCTIONS && link_room(root); devfn++)
        if (root->slots[devfn])
            msix_flush(root->slots[devfn]->function);
    link_starved(root);
}

/* Hands the oldest transaction over.  Returns false if the host wants to be asked later. */
static bool hand_over(struct pcie_root *root)
{
    struct pcie_link_state *link = &root->state->link;
    struct vd_txn txn = link->txn[link->head];
    enum vd_status status = submit(root, &txn);
    if (status == VD_RETRY) {
        block(root, txn.delay);
        return false;
    }
    link->head = (link->head + 1) % PCIE_LINK_DEPTH;
    link->count--;
    if (status != VD_PENDING && !(txn.attrs & VD_POSTED))
        pcie_complete(root, &txn);
    return true;
}

void link_restart(struct pcie_root *root)
{
    const struct pcie_link_state *link = &root->state->link;
    root->host.ops->cancel(root->host.ctx, &root->link_event);
    if (link->count)
        root->host.ops->post(root->host.ctx, &root->link_event, later(due(link), now(root)));
}

static void link_fire(void *ctx, uint32_t arg)
{
    struct pcie_root *root = ctx;
    const struct pcie_link_state *link = &root->state->link;
    (void)arg;
    while (link->count && due(link) <= now(root) && hand_over(root))
        ;
    if (link->starved)
        flush_pending(root);
    link_restart(root);
}

void link_reset(struct pcie_root *root)
{
    memset(&root->state->link, 0, sizeof(root->state->link));
    root->host.ops->cancel(root->host.ctx, &root->link_event);
    root->link_event = (struct vd_event){.fire = link_fire, .ctx = root};
    root->link_busy = false;
}

bool link_state_valid(const struct pcie_link_state *link)
{
    if (link->head >= PCIE_LINK_DEPTH || link->count > PCIE_LINK_DEPTH)
        return false;
    for (uint32_t i = 0; i < PCIE_LINK_DEPTH; i++)
        if (link->txn[i].size > VD_TXN_BYTES)
            return false;
    return true;
}

static void enqueue(struct pcie_root *root, const struct vd_txn *txn)
{
    struct pcie_link_state *link = &root->state->link;
    vd_time start = later(now(root), link->next_start);
    uint32_t tail = (link->head + link->count) % PCIE_LINK_DEPTH;
    link->txn[tail] = *txn;
    link->arrival[tail] = start + root->config.upstream_cycles * root->config.cycle_ps;
    link->next_start = start + root->config.tlp_interval_cycles * root->config.cycle_ps;
    link->count++;
    if (link->count == 1 && !root->link_busy)
        link_restart(root);
}

static bool transparent(const struct pcie_root *root)
{
    return !root->config.upstream_cycles && !root->config.tlp_interval_cycles &&
           !root->state->link.count && !root->link_busy;
}

/* Without latency the host is asked at once; what it refuses waits in the queue like the rest. */
static enum vd_status send_through(struct pcie_root *root, struct vd_txn *txn)
{
    enum vd_status status = submit(root, txn);
    if (status == VD_RETRY) {
        block(root, txn->delay);
        /* What was sent while the host was asked came later than this. */
        struct pcie_link_state *link = &root->state->link;
        link->head = (link->head + PCIE_LINK_DEPTH - 1) % PCIE_LINK_DEPTH;
        link->txn[link->head] = *txn;
        link->arrival[link->head] = now(root);
        link->count++;
        status = VD_PENDING;
    }
    link_restart(root);
    return status;
}

bool pcie_bus_master(const struct pcie_function *function)
{
    return config_bus_master(slot_of(function));
}

enum vd_status pcie_send(struct pcie_function *function, struct vd_txn *txn)
{
    struct pcie_root *root = function->root;
    txn->requester = pcie_device_id(function);
    txn->delay = 0;
    enum vd_status status = VD_PENDING;
    if (!pcie_bus_master(function)) {
        status = VD_DENIED;
    } else if (!link_room(root)) {
        txn->delay = link_backoff(root);
        status = VD_RETRY;
    } else if (transparent(root)) {
        status = send_through(root, txn);
    } else {
        enqueue(root, txn);
    }
    if (status == VD_PENDING)
        order_wrote(function, txn);
    txn->status = (uint8_t)status;
    return status;
}
