/* SPDX-License-Identifier: BSD-2-Clause */
#include "nvme/nvme.h"

#include <stdlib.h>
#include <string.h>

#include "nvme/state.h"

enum {
    VENDOR = 0x1af0,
    DEVICE = 0x0010,
    CLASS = 0x010802,
    BAR0_SIZE = 0x4000,
    MSIX_TABLE = 0x2000,
    MSIX_PBA = 0x3000,
};

#define FIELD(name) offsetof(struct nvme_config, name)

enum { PARAM_QUEUES, PARAM_ENTRIES, PARAM_COMMANDS, PARAM_CYCLE = 7 };
static const struct vd_param params[] = {
    {"queues", VD_PARAM_U32, FIELD(queues), 8, 1, NVME_QUEUES_MAX, NULL, "",
     "I/O queue pairs, each with an MSI-X vector of its own"},
    {"queue_entries", VD_PARAM_U32, FIELD(queue_entries), 1024, 2, 4096, NULL, "",
     "of the longest I/O queue, a power of two"},
    {"commands", VD_PARAM_U32, FIELD(commands), 32, 1, NVME_COMMANDS_MAX, NULL, "",
     "fetched and not completed at the same time, so that the disk works on several"},
    {"command_cycles", VD_PARAM_U32, FIELD(command_cycles), 0, 0, 1000000000, NULL, "cycles",
     "a command fetched to the start of its work"},
    {"read_cycles", VD_PARAM_U32, FIELD(read_cycles), 0, 0, 1000000000, NULL, "cycles",
     "the disk, per piece of up to 64 KiB that is read"},
    {"write_cycles", VD_PARAM_U32, FIELD(write_cycles), 0, 0, 1000000000, NULL, "cycles",
     "the disk, per piece of up to 64 KiB that is written"},
    {"flush_cycles", VD_PARAM_U32, FIELD(flush_cycles), 0, 0, 1000000000, NULL, "cycles",
     "the disk, a flush"},
    {"cycle_ps", VD_PARAM_U64, FIELD(cycle_ps), 1000, 1, 1000000000, NULL, "ps",
     "one cycle of the machine's clock"},
};

const struct vd_param *nvme_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}

static bool config_valid(struct nvme_config *c, const struct vd_disk *disks, uint32_t num_disks,
                         struct vd_error *err)
{
    if (!c->queues)
        c->queues = (uint32_t)params[PARAM_QUEUES].fallback;
    if (!c->queue_entries)
        c->queue_entries = (uint32_t)params[PARAM_ENTRIES].fallback;
    if (!c->commands)
        c->commands = (uint32_t)params[PARAM_COMMANDS].fallback;
    if (!c->cycle_ps)
        c->cycle_ps = params[PARAM_CYCLE].fallback;
    if (c->queues > NVME_QUEUES_MAX)
        return vd_fail(err, "nvme: queues is %u; accepted are 1 to %u", c->queues, NVME_QUEUES_MAX);
    if (!vd_is_power_of_two(c->queue_entries) || c->queue_entries < 2 || c->queue_entries > 4096)
        return vd_fail(err, "nvme: queue_entries is %u; accepted are 2, 4, 8 ... 4096",
                       c->queue_entries);
    if (c->commands > NVME_COMMANDS_MAX)
        return vd_fail(err, "nvme: commands is %u; accepted are 1 to %u", c->commands,
                       NVME_COMMANDS_MAX);
    if (num_disks > NVME_NAMESPACES_MAX)
        return vd_fail(err, "nvme: %u namespaces; accepted are at most %u", num_disks,
                       NVME_NAMESPACES_MAX);
    for (uint32_t i = 0; i < num_disks; i++)
        if (!disks[i].ops || disks[i].size % VD_SECTOR)
            return vd_fail(err, "nvme: namespace %u needs a disk of whole sectors of %u bytes",
                           i + 1, VD_SECTOR);
    return true;
}

void nvme_controller_fatal(struct nvme *n)
{
    n->st->csts |= CSTS_CFS;
    n->st->phase = NVME_IDLE;
    nvme_flight_reset(n);
}

void nvme_controller_reset(struct nvme *n)
{
    struct nvme_state *st = n->st;
    dma_reset(&n->dma);
    nvme_flight_reset(n);
    memset(st->sqs, 0, sizeof(st->sqs));
    memset(st->cqs, 0, sizeof(st->cqs));
    memset(&st->command, 0, sizeof(st->command));
    st->phase = NVME_IDLE;
    st->queue_next = 0;
    st->queues_set = 0;
    st->num_event_requests = 0;
    st->events = 0;
    st->events_masked = 0;
    nvme_features_reset(n);
    if (n->function.root)
        nvme_queue_update_pin(n);
}

static void function_reset(void *ctx)
{
    struct nvme *n = ctx;
    nvme_registers_reset(n);
    nvme_controller_reset(n);
}

static enum vd_status bar_access(void *ctx, uint32_t bar, struct vd_txn *txn)
{
    (void)bar;
    return nvme_registers_access(ctx, txn);
}

static void completed(void *ctx, const struct vd_txn *txn)
{
    dma_complete(&((struct nvme *)ctx)->dma, txn);
}

static enum vd_status send(void *ctx, struct vd_txn *txn)
{
    return pcie_send(&((struct nvme *)ctx)->function, txn);
}

static void connect(struct nvme *n)
{
    n->function = (struct pcie_function){
        .id = {.vendor = VENDOR,
               .device = DEVICE,
               .subsystem_vendor = VENDOR,
               .subsystem = DEVICE,
               .class_code = CLASS,
               .interrupt_pin = 1,
               .vectors = (uint16_t)(n->config.queues + 1),
               .msix_bar = 0,
               .msix_table = MSIX_TABLE,
               .msix_pba = MSIX_PBA,
               .bars = {[0] = {BAR0_SIZE, true, false}}},
        .st = &n->st->function,
        .ctx = n,
        .bar_access = bar_access,
        .complete = completed,
        .reset = function_reset,
    };
    n->dma = (struct dma){.st = &n->st->dma,
                          .host = n->host,
                          .cycle_ps = n->config.cycle_ps,
                          .send = send,
                          .done = nvme_queue_run,
                          .ctx = n};
    dma_init(&n->dma);
    nvme_flight_init(n);
}

struct nvme *nvme_create(const struct nvme_config *config, const struct vd_disk *disks,
                         uint32_t num_disks, const struct vd_host *host, struct vd_error *err)
{
    struct nvme_config checked = *config;
    if (!config_valid(&checked, disks, num_disks, err))
        return NULL;
    struct nvme *n = calloc(1, sizeof(*n));
    struct nvme_state *state = calloc(1, sizeof(*state));
    if (!n || !state) {
        free(n);
        free(state);
        vd_fail(err, "nvme: out of memory");
        return NULL;
    }
    n->config = checked;
    n->host = *host;
    n->st = state;
    n->num_disks = num_disks;
    for (uint32_t i = 0; i < num_disks; i++)
        n->disks[i] = disks[i];
    state->size = sizeof(*state);
    connect(n);
    function_reset(n);
    return n;
}

void nvme_destroy(struct nvme *nvme)
{
    if (!nvme)
        return;
    dma_done(&nvme->dma);
    nvme->host.ops->cancel(nvme->host.ctx, &nvme->due);
    free(nvme->st);
    free(nvme);
}

/* Unlike a reset by the guest, this one makes the controller forget its logs. */
void nvme_reset(struct nvme *nvme)
{
    struct nvme_state *st = nvme->st;
    st->error_count = 0;
    memset(st->errors, 0, sizeof(st->errors));
    st->sectors_read = st->sectors_written = st->reads = st->writes = 0;
    pcie_function_reset(&nvme->function);
}

struct pcie_function *nvme_function(struct nvme *nvme)
{
    return &nvme->function;
}

bool nvme_idle(const struct nvme *nvme)
{
    return nvme->st->phase == NVME_IDLE && !dma_busy(&nvme->dma) && !nvme->st->num_flights;
}

size_t nvme_save(const struct nvme *nvme, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(*nvme->st))
        memcpy(buffer, nvme->st, sizeof(*nvme->st));
    return sizeof(*nvme->st);
}

static bool queues_valid(const struct nvme_state *st)
{
    for (uint32_t q = 0; q < NVME_QUEUES; q++) {
        const struct nvme_sq *sq = &st->sqs[q];
        const struct nvme_cq *cq = &st->cqs[q];
        if (sq->size && (sq->head >= sq->size || sq->tail >= sq->size || sq->cq >= NVME_QUEUES ||
                         !st->cqs[sq->cq].size))
            return false;
        if (cq->size && (cq->head >= cq->size || cq->tail >= cq->size || cq->phase > 1))
            return false;
    }
    return true;
}

static bool command_valid(const struct nvme *n, const struct nvme_state *st)
{
    const struct nvme_command *c = &st->command;
    uint64_t listed = 0;
    if (st->dma.count > NVME_SEGMENTS)
        return false;
    for (uint32_t i = 0; i < st->dma.count; i++)
        listed += st->dma.list[i].size;
    if (c->sq >= NVME_QUEUES || c->done > c->data || c->chunk > DMA_BUFFER ||
        (st->phase == NVME_EXECUTE && listed < c->data))
        return false;
    return st->phase < NVME_PRP || !c->sq || nvme_io_command_valid(n, c);
}

bool nvme_restore(struct nvme *nvme, const void *buffer, size_t size)
{
    const struct nvme_state *st = buffer;
    if (size != sizeof(*st) || st->size != size || st->phase > NVME_NOTIFY ||
        st->num_event_requests > NVME_EVENT_REQUESTS || st->queue_next >= NVME_QUEUES ||
        !queues_valid(st) || !command_valid(nvme, st) || !nvme_flight_valid(nvme, st) ||
        !dma_state_valid(&st->dma, nvme->host.ops->now(nvme->host.ctx)))
        return false;
    memcpy(nvme->st, st, size);
    dma_resume(&nvme->dma);
    nvme_flight_resume(nvme);
    return true;
}
