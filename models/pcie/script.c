/* SPDX-License-Identifier: BSD-2-Clause */
/* A small program of the endpoint's own.  CHOICE: every entry takes at least one cycle. */
#include "pcie/endpoint_state.h"

enum script_op {
    OP_END,
    OP_WAIT,
    OP_RAISE,
    OP_WRITE,
    OP_FORGE,
    OP_INTX,
    OP_GOTO,
    OP_WAIT_ACK,
    OP_RAISE_RANGE,
};

static void arm(struct endpoint *e, vd_time when)
{
    endpoint_arm(e, &e->script_event, &e->state->script.due, when);
}

static void go_to(struct endpoint *e, uint32_t entry)
{
    struct script_state *s = &e->state->script;
    if (entry >= EP_SCRIPT_ENTRIES) {
        script_stop(e);
        return;
    }
    s->entry = entry;
    s->raised = 0;
    e->state->reg[EP_SCRIPT_ENTRY] = entry;
    arm(e, endpoint_after(e, 1));
}

static void again_later(struct endpoint *e)
{
    arm(e, endpoint_now(e) + endpoint_backoff(e));
}

static void raise_range(struct endpoint *e, uint32_t first, uint64_t count)
{
    struct script_state *s = &e->state->script;
    uint64_t all = count < PCIE_MAX_VECTORS ? count : PCIE_MAX_VECTORS;
    while (s->raised < all) {
        if (!endpoint_room(e)) {
            again_later(e);
            return;
        }
        pcie_msix_raise(&e->function, first + s->raised++);
    }
    go_to(e, s->entry + 1);
}

/* The IOVA is in the next entry, which is consumed. */
static void write_iova(struct endpoint *e, uint64_t value)
{
    struct script_state *s = &e->state->script;
    if (s->entry + 1 >= EP_SCRIPT_ENTRIES) {
        script_stop(e);
        return;
    }
    struct vd_txn txn = {
        .cmd = VD_WRITE,
        .addr = s->entries[s->entry + 1].value & ~UINT64_C(7),
        .size = 8,
        .data = {value},
        .attrs = VD_POSTED,
    };
    if (pcie_send(&e->function, &txn) == VD_RETRY)
        again_later(e);
    else
        go_to(e, s->entry + 2);
}

static void forge(struct endpoint *e, uint64_t addr, uint32_t data)
{
    if (endpoint_forge(e, addr, data, 0) == VD_RETRY)
        again_later(e);
    else
        go_to(e, e->state->script.entry + 1);
}

/* An exhausted count starts anew, so that loops nest. */
static void jump(struct endpoint *e, const struct script_entry *entry)
{
    struct script_state *s = &e->state->script;
    uint64_t *taken = &s->jumps[s->entry];
    if (*taken < entry->value) {
        ++*taken;
        go_to(e, entry->arg);
    } else {
        *taken = 0;
        go_to(e, s->entry + 1);
    }
}

static void wait_ack(struct endpoint *e)
{
    struct script_state *s = &e->state->script;
    s->waiting = !s->acked;
    if (s->waiting)
        return;
    s->acked = 0;
    go_to(e, s->entry + 1);
}

static void wait_cycles(struct endpoint *e, uint64_t cycles)
{
    go_to(e, e->state->script.entry + 1);
    if (e->state->reg[EP_SCRIPT_CONTROL] & EP_GO)
        arm(e, endpoint_after(e, cycles ? cycles : 1));
}

static void execute(struct endpoint *e, const struct script_entry *entry)
{
    switch ((enum script_op)entry->op) {
    case OP_WAIT:
        wait_cycles(e, entry->value);
        return;
    case OP_RAISE:
        raise_range(e, entry->arg, 1);
        return;
    case OP_WRITE:
        write_iova(e, entry->value);
        return;
    case OP_FORGE:
        forge(e, entry->value, entry->arg);
        return;
    case OP_INTX:
        e->state->reg[EP_INTX] = entry->arg & 1;
        pcie_intx(&e->function, entry->arg & 1);
        go_to(e, e->state->script.entry + 1);
        return;
    case OP_GOTO:
        jump(e, entry);
        return;
    case OP_WAIT_ACK:
        wait_ack(e);
        return;
    case OP_RAISE_RANGE:
        raise_range(e, entry->arg, entry->value);
        return;
    case OP_END:
    default: /* CHOICE: an unknown op ends the script */
        script_stop(e);
    }
}

void script_fire(void *ctx, uint32_t arg)
{
    struct endpoint *e = ctx;
    struct script_state *s = &e->state->script;
    (void)arg;
    s->due = VD_NEVER;
    execute(e, &s->entries[s->entry]);
}

void script_stop(struct endpoint *e)
{
    e->state->reg[EP_SCRIPT_CONTROL] &= ~(uint64_t)EP_GO;
    e->state->script.waiting = 0;
    arm(e, VD_NEVER);
}

void script_start(struct endpoint *e)
{
    struct script_state *s = &e->state->script;
    for (uint32_t i = 0; i < EP_SCRIPT_ENTRIES; i++)
        s->jumps[i] = 0;
    s->acked = s->waiting = 0;
    go_to(e, 0);
    arm(e, endpoint_now(e));
}

void script_ack(struct endpoint *e)
{
    struct script_state *s = &e->state->script;
    if (!(e->state->reg[EP_SCRIPT_CONTROL] & EP_GO))
        return;
    s->acked = 1;
    if (!s->waiting)
        return;
    s->waiting = 0;
    arm(e, endpoint_now(e));
}
