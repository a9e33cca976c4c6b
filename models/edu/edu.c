/* SPDX-License-Identifier: BSD-2-Clause */
#include "edu/edu.h"

#include <stdlib.h>
#include <string.h>

#include "edu/state.h"
#include "viaduct/bits.h"

enum { VENDOR = 0x1234, DEVICE = 0x11e8, REVISION = 0x10, CLASS = 0x00ff00, BAR0_SIZE = 1 << 20 };

#define FIELD(name) offsetof(struct edu_config, name)

enum { PARAM_MASK, PARAM_CYCLE = 3 };
static const struct vd_param params[] = {
    {"dma_mask", VD_PARAM_U64, FIELD(dma_mask), 0xfffffff, 1, UINT64_MAX, NULL, "",
     "bits of a memory address that its DMA keeps"},
    {"factorial_cycles", VD_PARAM_U32, FIELD(factorial_cycles), 0, 0, 1000000000, NULL, "cycles",
     "to compute a factorial"},
    {"dma_cycles", VD_PARAM_U32, FIELD(dma_cycles), 0, 0, 1000000000, NULL, "cycles",
     "from the command to the start of DMA"},
    {"cycle_ps", VD_PARAM_U64, FIELD(cycle_ps), 1000, 1, 1000000000, NULL, "ps",
     "one cycle of the machine's clock"},
};

const struct vd_param *edu_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}

static vd_time now(const struct edu *e)
{
    return e->host.ops->now(e->host.ctx);
}

/* --- interrupts: one MSI per raise, or the pin for as long as a bit is set --- */

void edu_raise(struct edu *e, uint32_t what)
{
    e->st->interrupts |= what;
    pcie_intx(&e->function, e->st->interrupts != 0);
    if (e->st->interrupts && pcie_msix_enabled(&e->function))
        pcie_msix_raise(&e->function, 0);
}

void edu_acknowledge(struct edu *e, uint32_t what)
{
    e->st->interrupts &= ~what;
    pcie_intx(&e->function, e->st->interrupts != 0);
}

/* --- the factorial, modulo 2^32 --- */

static uint32_t factorial_of(uint32_t number)
{
    uint32_t product = 1;
    for (; number && product; number--)
        product *= number;
    return product;
}

static void factorial_done(void *ctx, uint32_t arg)
{
    struct edu *e = ctx;
    (void)arg;
    e->st->factorial_due = VD_NEVER;
    e->st->factorial = factorial_of(e->st->factorial);
    e->st->status &= ~(uint32_t)EDU_STATUS_COMPUTING;
    if (e->st->status & EDU_STATUS_INTERRUPT)
        edu_raise(e, EDU_RAISED_BY_FACTORIAL);
}

void edu_compute(struct edu *e, uint32_t number)
{
    if (e->st->status & EDU_STATUS_COMPUTING)
        return;
    e->st->factorial = number;
    e->st->status |= EDU_STATUS_COMPUTING;
    e->st->factorial_due = now(e) + e->config.factorial_cycles * e->config.cycle_ps;
    if (e->config.factorial_cycles)
        e->host.ops->post(e->host.ctx, &e->factorial, e->st->factorial_due);
    else
        factorial_done(e, 0);
}

/* --- DMA between memory and the buffer --- */

static bool to_ram(const struct edu *e)
{
    return e->st->command & EDU_DMA_TO_RAM;
}

/* Which byte of the buffer it starts at; false if it is not wholly inside. */
static bool inside(const struct edu *e, uint32_t *at)
{
    uint64_t start = (to_ram(e) ? e->st->source : e->st->destination) - EDU_BUFFER;
    *at = (uint32_t)start;
    return start <= EDU_BUFFER_SIZE && e->st->count <= EDU_BUFFER_SIZE - start;
}

static void end_dma(struct edu *e)
{
    uint32_t at;
    uint64_t command = e->st->command;
    if (!to_ram(e) && inside(e, &at) && dma_status(&e->dma) == VD_OK)
        memcpy(e->st->buffer + at, e->st->dma.buffer, e->st->count);
    e->st->phase = EDU_IDLE;
    e->st->command &= ~(uint64_t)EDU_DMA_RUN;
    if (command & EDU_DMA_INTERRUPT)
        edu_raise(e, EDU_RAISED_BY_DMA);
}

/* CHOICE: what is not wholly inside of the buffer is not moved. */
static void move(struct edu *e)
{
    uint32_t at;
    e->st->phase = EDU_MOVE;
    if (inside(e, &at) && e->st->count) {
        uint64_t memory = (to_ram(e) ? e->st->destination : e->st->source) & e->config.dma_mask;
        if (to_ram(e))
            memcpy(e->st->dma.buffer, e->st->buffer + at, e->st->count);
        dma_move(&e->dma, to_ram(e) ? VD_WRITE : VD_READ, memory, (uint32_t)e->st->count);
    }
    if (!dma_busy(&e->dma))
        end_dma(e);
}

static void dma_due(void *ctx)
{
    struct edu *e = ctx;
    if (e->st->phase == EDU_WAIT)
        move(e);
    else
        end_dma(e);
}

void edu_start_dma(struct edu *e, uint64_t command)
{
    if (!(command & EDU_DMA_RUN))
        return;
    e->st->command = command;
    e->st->phase = EDU_WAIT;
    dma_wait(&e->dma, e->config.dma_cycles);
    if (!dma_busy(&e->dma))
        move(e);
}

/* --- the function --- */

static void forget(struct edu *e)
{
    struct edu_state *st = e->st;
    dma_reset(&e->dma);
    e->host.ops->cancel(e->host.ctx, &e->factorial);
    st->liveness = st->factorial = st->status = st->interrupts = 0;
    st->phase = EDU_IDLE;
    st->factorial_due = VD_NEVER;
    st->source = st->destination = st->count = st->command = 0;
    memset(st->buffer, 0, sizeof(st->buffer));
}

static void function_reset(void *ctx)
{
    struct edu *e = ctx;
    forget(e);
    pcie_intx(&e->function, false);
}

static enum vd_status bar_access(void *ctx, uint32_t bar, struct vd_txn *txn)
{
    (void)bar;
    return edu_registers_access(ctx, txn);
}

static void completed(void *ctx, const struct vd_txn *txn)
{
    dma_complete(&((struct edu *)ctx)->dma, txn);
}

static enum vd_status send(void *ctx, struct vd_txn *txn)
{
    return pcie_send(&((struct edu *)ctx)->function, txn);
}

static void connect(struct edu *e)
{
    e->factorial = (struct vd_event){.fire = factorial_done, .ctx = e};
    e->function = (struct pcie_function){
        .id = {.vendor = VENDOR,
               .device = DEVICE,
               .class_code = CLASS,
               .revision = REVISION,
               .interrupt_pin = 1,
               .msi = true,
               .bars = {[0] = {BAR0_SIZE, false, false}}},
        .st = &e->st->function,
        .ctx = e,
        .bar_access = bar_access,
        .complete = completed,
        .reset = function_reset,
    };
    e->dma = (struct dma){.st = &e->st->dma,
                          .host = e->host,
                          .cycle_ps = e->config.cycle_ps,
                          .send = send,
                          .done = dma_due,
                          .ctx = e};
    dma_init(&e->dma);
}

struct edu *edu_create(const struct edu_config *config, const struct vd_host *host,
                       struct vd_error *err)
{
    struct edu *edu = calloc(1, sizeof(*edu));
    struct edu_state *state = calloc(1, sizeof(*state));
    if (!edu || !state) {
        free(edu);
        free(state);
        vd_fail(err, "edu: out of memory");
        return NULL;
    }
    edu->config = *config;
    if (!edu->config.dma_mask)
        edu->config.dma_mask = params[PARAM_MASK].fallback;
    if (!edu->config.cycle_ps)
        edu->config.cycle_ps = params[PARAM_CYCLE].fallback;
    edu->host = *host;
    edu->st = state;
    state->size = sizeof(*state);
    connect(edu);
    forget(edu);
    return edu;
}

void edu_destroy(struct edu *edu)
{
    if (!edu)
        return;
    edu->host.ops->cancel(edu->host.ctx, &edu->factorial);
    dma_done(&edu->dma);
    free(edu->st);
    free(edu);
}

void edu_reset(struct edu *edu)
{
    if (edu->function.root)
        pcie_function_reset(&edu->function);
    else
        forget(edu);
}

struct pcie_function *edu_function(struct edu *edu)
{
    return &edu->function;
}

bool edu_idle(const struct edu *edu)
{
    return edu->st->phase == EDU_IDLE && !(edu->st->status & EDU_STATUS_COMPUTING);
}

size_t edu_save(const struct edu *edu, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(*edu->st))
        memcpy(buffer, edu->st, sizeof(*edu->st));
    return sizeof(*edu->st);
}

/* A transfer under way is one of this buffer. */
static bool state_valid(const struct edu *e, const struct edu_state *st)
{
    bool computing = st->status & EDU_STATUS_COMPUTING, running = st->command & EDU_DMA_RUN;
    return st->size == sizeof(*st) && st->phase < EDU_PHASES &&
           computing == (st->factorial_due != VD_NEVER) && running == (st->phase != EDU_IDLE) &&
           running == (st->dma.busy != 0) &&
           (st->phase != EDU_MOVE || st->count <= EDU_BUFFER_SIZE) &&
           dma_state_valid(&st->dma, now(e));
}

bool edu_restore(struct edu *edu, const void *buffer, size_t size)
{
    const struct edu_state *st = buffer;
    if (size != sizeof(*st) || !state_valid(edu, st))
        return false;
    memcpy(edu->st, st, size);
    if (st->status & EDU_STATUS_COMPUTING) {
        vd_time due = st->factorial_due > now(edu) ? st->factorial_due : now(edu);
        edu->host.ops->post(edu->host.ctx, &edu->factorial, due);
    } else {
        edu->host.ops->cancel(edu->host.ctx, &edu->factorial);
    }
    dma_resume(&edu->dma);
    return true;
}
