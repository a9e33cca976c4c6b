/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcie/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "pcie/endpoint_state.h"
#include "pcie/link.h"
#include "pcie/state.h"

enum {
    VENDOR = 0x1af0,
    DEVICE = 0x0001,
    CLASS = 0xff0000,
    BAR0_SIZE = 0x4000,
    BAR2_SIZE = 0x10000,
    MSIX_PBA = 0x8000,
};

static const struct vd_param params[] = {
    {"vectors", VD_PARAM_U32, offsetof(struct endpoint_config, vectors), 64, 1, PCIE_MAX_VECTORS,
     NULL, "", "size of the MSI-X table"},
    {"seed", VD_PARAM_U64, offsetof(struct endpoint_config, seed), 1, 0, UINT64_MAX, NULL, "",
     "of the pattern generator's random periods"},
    {"ats", VD_PARAM_BOOL, offsetof(struct endpoint_config, ats), 0, 0, 1, NULL, "",
     "offers the ATS, PRI and PASID capabilities"},
    {"cycle_ps", VD_PARAM_U64, offsetof(struct endpoint_config, cycle_ps), 1000, 1, 1000000000,
     NULL, "ps", "one cycle of the machine's clock"},
};

const struct vd_param *endpoint_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}

vd_time endpoint_now(const struct endpoint *e)
{
    return e->host.ops->now(e->host.ctx);
}

/* Saturates: a deadline beyond the end of time is the last moment of it. */
vd_time endpoint_after(const struct endpoint *e, uint64_t cycles)
{
    vd_time now = endpoint_now(e);
    if (cycles > (VD_NEVER - 1 - now) / e->config.cycle_ps)
        return VD_NEVER - 1;
    return now + cycles * e->config.cycle_ps;
}

static void post(struct endpoint *e, struct vd_event *ev, vd_time when)
{
    if (when == VD_NEVER)
        e->host.ops->cancel(e->host.ctx, ev);
    else
        e->host.ops->post(e->host.ctx, ev, when);
}

void endpoint_arm(struct endpoint *e, struct vd_event *ev, vd_time *due, vd_time when)
{
    *due = when;
    post(e, ev, when);
}

/* xorshift64*, a plain generator of full period; the state is never 0. */
uint64_t endpoint_random(struct endpoint *e)
{
    uint64_t x = e->state->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    e->state->random = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

uint32_t endpoint_room(const struct endpoint *e)
{
    return link_room(e->function.root);
}

vd_time endpoint_backoff(const struct endpoint *e)
{
    return link_backoff(e->function.root);
}

/* Field size of forge_control: 0 is the 4 bytes of an MSI, 7 one byte, n 2^n bytes. */
static uint8_t forged_size(uint32_t control)
{
    static const uint8_t sizes[] = {4, 2, 4, 8, 16, 32, 64, 1};
    return sizes[control >> 4 & 7];
}

static struct vd_txn forged_write(uint64_t addr, uint32_t data, uint32_t control)
{
    uint32_t at = control >> 2 & 3;
    struct vd_txn txn = {
        .cmd = VD_WRITE,
        .addr = addr,
        .size = forged_size(control),
        .data = {data},
        .attrs = VD_POSTED,
        .at = (uint8_t)(at <= VD_AT_TRANSLATED ? at : VD_AT_UNTRANSLATED),
    };
    if (txn.addr % VD_TXN_BYTES + txn.size > VD_TXN_BYTES)
        txn.addr &= ~((uint64_t)txn.size - 1);
    return txn;
}

enum vd_status endpoint_forge(struct endpoint *e, uint64_t addr, uint32_t data, uint32_t control)
{
    struct vd_txn txn = forged_write(addr, data, control);
    if (!endpoint_room(e))
        return VD_RETRY;
    if (!config_bus_master(slot_of(&e->function)))
        return VD_DENIED;
    txn.serial = e->host.ops->serial(e->host.ctx);
    e->host.ops->trace(e->host.ctx, &(struct vd_record){.kind = VD_REC_msi_issue,
                                                        .serial = txn.serial,
                                                        .a = txn.addr,
                                                        .b = data,
                                                        .c = pcie_device_id(&e->function)});
    return pcie_send(&e->function, &txn);
}

void forge_fire(void *ctx, uint32_t arg)
{
    struct endpoint *e = ctx;
    struct forge_state *f = &e->state->forge;
    (void)arg;
    f->due = VD_NEVER;
    if (endpoint_forge(e, f->addr, f->data, f->control) == VD_RETRY)
        endpoint_arm(e, &e->forge_event, &f->due, endpoint_now(e) + endpoint_backoff(e));
}

/* CHOICE: GO is ignored while the last forged write still waits for the link. */
void forge_start(struct endpoint *e)
{
    struct forge_state *f = &e->state->forge;
    const uint64_t *reg = e->state->reg;
    if (f->due != VD_NEVER)
        return;
    f->addr = reg[EP_FORGE_ADDR];
    f->data = (uint32_t)reg[EP_FORGE_DATA];
    f->control = (uint32_t)reg[EP_FORGE_CONTROL];
    forge_fire(e, 0);
}

static enum vd_status bar_access(void *ctx, uint32_t bar, struct vd_txn *txn)
{
    if (bar == 0)
        return registers_access(ctx, txn);
    if (txn->cmd == VD_READ)
        memset(txn->data, 0, txn->size);
    return VD_OK;
}

static void reset_registers(struct endpoint *e)
{
    uint32_t count;
    const struct vd_reg *regs = endpoint_regs(&count);
    for (uint32_t i = 0; i < count; i++)
        e->state->reg[i] = regs[i].reset;
    e->state->reg[EP_VECTORS] = e->config.vectors;
}

/* Everything but the function's own state, which the root complex resets, and the DMA tag. */
static void device_reset(void *ctx)
{
    struct endpoint *e = ctx;
    struct endpoint_state *st = e->state;
    uint32_t tag = st->dma.tag;
    memset(st, 0, offsetof(struct endpoint_state, function));
    st->size = sizeof(*st);
    st->random = e->config.seed ^ UINT64_C(0x9e3779b97f4a7c15);
    if (!st->random)
        st->random = 1;
    st->dma.tag = tag;
    reset_registers(e);
    endpoint_arm(e, &e->generator_event, &st->generator.due, VD_NEVER);
    endpoint_arm(e, &e->dma_event, &st->dma.due, VD_NEVER);
    endpoint_arm(e, &e->forge_event, &st->forge.due, VD_NEVER);
    endpoint_arm(e, &e->script_event, &st->script.due, VD_NEVER);
}

void endpoint_reset(struct endpoint *endpoint)
{
    endpoint->state->dma.tag = 0;
    pcie_function_reset(&endpoint->function);
}

static void connect(struct endpoint *e)
{
    e->function = (struct pcie_function){
        .id = {.vendor = VENDOR,
               .device = DEVICE,
               .subsystem_vendor = VENDOR,
               .subsystem = DEVICE,
               .class_code = CLASS,
               .interrupt_pin = 1,
               .vectors = (uint16_t)e->config.vectors,
               .msix_bar = 2,
               .msix_pba = MSIX_PBA,
               .ats = e->config.ats,
               .pri = e->config.ats,
               .pasid = e->config.ats,
               .bars = {[0] = {BAR0_SIZE, true, false}, [2] = {BAR2_SIZE, true, false}}},
        .st = &e->state->function,
        .ctx = e,
        .bar_access = bar_access,
        .complete = endpoint_dma_complete,
        .reset = device_reset,
    };
    e->generator_event = (struct vd_event){.fire = generator_fire, .ctx = e};
    e->dma_event = (struct vd_event){.fire = endpoint_dma_fire, .ctx = e};
    e->forge_event = (struct vd_event){.fire = forge_fire, .ctx = e};
    e->script_event = (struct vd_event){.fire = script_fire, .ctx = e};
}

struct endpoint *endpoint_create(const struct endpoint_config *config, const struct vd_host *host,
                                 struct vd_error *err)
{
    if (config->vectors > PCIE_MAX_VECTORS) {
        vd_fail(err, "endpoint: vectors is %u; accepted are 1 to %u", config->vectors,
                PCIE_MAX_VECTORS);
        return NULL;
    }
    struct endpoint *e = calloc(1, sizeof(*e));
    struct endpoint_state *state = calloc(1, sizeof(*state));
    if (!e || !state) {
        free(e);
        free(state);
        vd_fail(err, "endpoint: out of memory");
        return NULL;
    }
    e->config = *config;
    if (!e->config.vectors)
        e->config.vectors = (uint32_t)params[0].fallback;
    if (!e->config.seed)
        e->config.seed = params[1].fallback;
    if (!e->config.cycle_ps)
        e->config.cycle_ps = params[3].fallback;
    e->host = *host;
    e->state = state;
    connect(e);
    device_reset(e);
    return e;
}

void endpoint_destroy(struct endpoint *endpoint)
{
    if (!endpoint)
        return;
    struct vd_event *events[] = {&endpoint->generator_event, &endpoint->dma_event,
                                 &endpoint->forge_event, &endpoint->script_event};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        endpoint->host.ops->cancel(endpoint->host.ctx, events[i]);
    free(endpoint->state);
    free(endpoint);
}

struct pcie_function *endpoint_function(struct endpoint *endpoint)
{
    return &endpoint->function;
}

bool endpoint_idle(const struct endpoint *endpoint)
{
    const struct endpoint_state *st = endpoint->state;
    uint64_t going = st->reg[EP_GEN_CONTROL] | st->reg[EP_DMA_CONTROL] | st->reg[EP_SCRIPT_CONTROL];
    return !(going & EP_GO) && st->forge.due == VD_NEVER;
}

size_t endpoint_save(const struct endpoint *endpoint, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(*endpoint->state))
        memcpy(buffer, endpoint->state, sizeof(*endpoint->state));
    return sizeof(*endpoint->state);
}

static bool state_valid(const struct endpoint *e, const struct endpoint_state *s)
{
    vd_time now = endpoint_now(e);
    return s->size == sizeof(*s) && s->random && s->script.entry < EP_SCRIPT_ENTRIES &&
           s->dma.length <= EP_BUFFER_SIZE && s->dma.offset <= s->dma.length &&
           s->generator.due >= now && s->dma.due >= now && s->forge.due >= now &&
           s->script.due >= now;
}

bool endpoint_restore(struct endpoint *endpoint, const void *buffer, size_t size)
{
    struct endpoint_state *st = endpoint->state;
    if (size != sizeof(*st) || !state_valid(endpoint, buffer))
        return false;
    memcpy(st, buffer, size);
    post(endpoint, &endpoint->generator_event, st->generator.due);
    post(endpoint, &endpoint->dma_event, st->dma.due);
    post(endpoint, &endpoint->forge_event, st->forge.due);
    post(endpoint, &endpoint->script_event, st->script.due);
    return true;
}
