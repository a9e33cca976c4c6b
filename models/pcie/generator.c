/* SPDX-License-Identifier: BSD-2-Clause */
/* Bursts of MSIs at a period. */
#include "pcie/endpoint_state.h"
#include "pcie/msix.h"

/* CHOICE: at most so many MSIs leave in one cycle, and bursts begin at least one cycle apart, so
 * that no setting of the registers makes time stand still. */
enum { MSIS_PER_CYCLE = 64 };

static void arm(struct endpoint *e, vd_time when)
{
    endpoint_arm(e, &e->generator_event, &e->state->generator.due, when);
}

static uint64_t at_least_one(uint64_t value)
{
    return value ? value : 1;
}

/* Uniform in [period/2, 3 period/2]. */
static uint64_t random_period(struct endpoint *e, uint64_t period)
{
    uint64_t bounded = period >> 62 ? UINT64_C(1) << 62 : period;
    return bounded / 2 + endpoint_random(e) % (bounded + 1);
}

static void wait_period(struct endpoint *e)
{
    uint64_t period = e->state->reg[EP_GEN_PERIOD];
    if (e->state->reg[EP_GEN_CONTROL] & GEN_RANDOM)
        period = random_period(e, period);
    arm(e, endpoint_after(e, at_least_one(period)));
}

static void write_count(struct endpoint *e, uint32_t vector, uint64_t count)
{
    struct vd_txn txn = {
        .cmd = VD_WRITE,
        .addr = (e->state->reg[EP_GEN_DATA] & ~UINT64_C(7)) + UINT64_C(8) * vector,
        .size = 8,
        .data = {count},
        .attrs = VD_POSTED,
    };
    if (e->state->reg[EP_GEN_CONTROL] & GEN_RELAXED)
        txn.attrs |= VD_RELAXED;
    pcie_send(&e->function, &txn);
}

static void send_one(struct endpoint *e)
{
    uint64_t *reg = e->state->reg;
    uint64_t vectors = at_least_one(reg[EP_GEN_VECTORS]);
    uint32_t vector = (uint32_t)(reg[EP_GEN_FIRST] + reg[EP_GEN_SENT] % vectors);
    reg[EP_GEN_SENT] = (uint32_t)(reg[EP_GEN_SENT] + 1);
    if (reg[EP_GEN_CONTROL] & GEN_DATA)
        write_count(e, vector, reg[EP_GEN_SENT]);
    bool relaxed = reg[EP_GEN_CONTROL] & GEN_RELAXED;
    msix_raise(&e->function, vector, relaxed ? VD_RELAXED : 0);
    e->state->generator.burst_left--;
    if (reg[EP_GEN_COUNT] && reg[EP_GEN_SENT] >= reg[EP_GEN_COUNT])
        generator_stop(e);
}

/* Returns false if the burst goes on later or the generator has come to its end. */
static bool send_burst(struct endpoint *e)
{
    const uint64_t *reg = e->state->reg;
    uint32_t needed = reg[EP_GEN_CONTROL] & GEN_DATA ? 2 : 1;
    for (uint32_t n = 0; e->state->generator.burst_left; n++) {
        if (n == MSIS_PER_CYCLE || endpoint_room(e) < needed) {
            arm(e,
                n == MSIS_PER_CYCLE ? endpoint_after(e, 1) : endpoint_now(e) + endpoint_backoff(e));
            return false;
        }
        send_one(e);
        if (!(reg[EP_GEN_CONTROL] & EP_GO))
            return false;
    }
    return true;
}

static void step(struct endpoint *e)
{
    struct generator_state *g = &e->state->generator;
    if (!g->burst_left) {
        g->burst_left = (uint32_t)at_least_one(e->state->reg[EP_GEN_BURST]);
        g->acked = 0;
    }
    if (!send_burst(e))
        return;
    if ((e->state->reg[EP_GEN_CONTROL] & GEN_ACK) && !g->acked)
        g->waiting = 1;
    else
        wait_period(e);
}

void generator_fire(void *ctx, uint32_t arg)
{
    struct endpoint *e = ctx;
    (void)arg;
    e->state->generator.due = VD_NEVER;
    step(e);
}

void generator_stop(struct endpoint *e)
{
    struct generator_state *g = &e->state->generator;
    e->state->reg[EP_GEN_CONTROL] &= ~(uint64_t)EP_GO;
    g->burst_left = g->acked = g->waiting = 0;
    arm(e, VD_NEVER);
}

/* The first burst leaves at once. */
void generator_start(struct endpoint *e)
{
    struct generator_state *g = &e->state->generator;
    g->burst_left = g->acked = g->waiting = 0;
    e->state->reg[EP_GEN_SENT] = 0;
    arm(e, endpoint_now(e));
}

void generator_ack(struct endpoint *e)
{
    struct generator_state *g = &e->state->generator;
    g->acked = 1;
    if (!g->waiting)
        return;
    g->waiting = 0;
    wait_period(e);
}
