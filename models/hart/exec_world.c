/* SPDX-License-Identifier: BSD-2-Clause */
#include "hart/exec_world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PULSE = 16 * WORLD_CYCLE, DEVICE_LATENCY = 3 * WORLD_CYCLE };

static const struct vd_host_ops *bench_ops;

/* --- the host --- */

static vd_time world_now(void *ctx)
{
    const struct world *w = ctx;
    return w->running ? w->hart->runner.time : w->bench.now;
}

/* As the simulator does it: the slice ends with the event. */
static void world_post(void *ctx, struct vd_event *ev, vd_time when)
{
    struct world *w = ctx;
    assert(when >= world_now(w));
    bench_ops->post(ctx, ev, when);
    if (w->running && when <= w->hart->runner.limit) {
        w->hart->runner.limit = when;
        w->hart->runner.loose = false;
    }
}

/* The bench does not take back grants, the bus does. */
static void world_watch(void *ctx, uint64_t spa, bool on)
{
    struct world *w = ctx;
    bench_ops->watch(ctx, spa, on);
    if (on)
        hart_revoke(w->hart, spa);
}

static uint64_t world_mtime(void *ctx)
{
    return world_now(ctx) / HART_MTIME_PS + ((struct world *)ctx)->mtime_shift;
}

static void snoop(void *ctx, uint64_t spa, uint64_t size)
{
    hart_snoop(((struct world *)ctx)->hart, spa, size);
}

/* --- interrupt files of 64 identities --- */

enum { EIDELIVERY = 0x70, EITHRESHOLD = 0x72, EIP = 0x80, EIE = 0xc0 };

static uint32_t top(const struct world_file *f)
{
    uint64_t asks = f->eip & f->eie;
    uint32_t identity = asks ? (uint32_t)__builtin_ctzll(asks) : 0;
    return f->eithreshold && identity >= f->eithreshold ? 0 : identity;
}

static void drive(struct world *w, uint32_t file)
{
    static const uint32_t lines[] = {VD_LINE_MEIP, VD_LINE_SEIP};
    uint32_t line = file < 2 ? lines[file] : VD_LINE_HGEIP + file - 1;
    hart_wire(w->hart, line, w->file[file].eidelivery == 1 && top(&w->file[file]));
}

static void arrive(struct world *w, uint32_t file, uint64_t identity)
{
    if (!w->files || identity == 0 || identity > 63)
        return;
    w->file[file].eip |= VD_BIT(identity);
    drive(w, file);
}

static uint64_t file_read(void *ctx, uint32_t file, uint32_t select)
{
    const struct world_file *f = &((struct world *)ctx)->file[file];
    switch (select) {
    case EIDELIVERY:
        return f->eidelivery;
    case EITHRESHOLD:
        return f->eithreshold;
    case EIP:
        return f->eip;
    default:
        return select == EIE ? f->eie : 0;
    }
}

static void file_write(void *ctx, uint32_t file, uint32_t select, uint64_t value)
{
    struct world *w = ctx;
    struct world_file *f = &w->file[file];
    if (select == EIDELIVERY)
        f->eidelivery = value & 1;
    else if (select == EITHRESHOLD)
        f->eithreshold = value & 63;
    else if (select == EIP)
        f->eip = value & ~UINT64_C(1);
    else if (select == EIE)
        f->eie = value & ~UINT64_C(1);
    drive(w, file);
}

static uint32_t file_topei(void *ctx, uint32_t file)
{
    uint32_t identity = top(&((struct world *)ctx)->file[file]);
    return identity << 16 | identity;
}

static void file_claim(void *ctx, uint32_t file)
{
    struct world *w = ctx;
    w->file[file].eip &= ~VD_BIT(top(&w->file[file]));
    drive(w, file);
}

static const struct vd_imsic_ops file_ops = {file_read, file_write, file_topei, file_claim};

/* --- the outside --- */

/* A store of an identity to the page of a file; some offsets are slow, some not always ready. */
static bool device(void *ctx, struct vd_txn *txn)
{
    struct world *w = ctx;
    if (txn->addr - WORLD_DEVICE >= WORLD_FILES * UINT64_C(4096))
        return false;
    if (txn->addr & 0x40)
        txn->delay += DEVICE_LATENCY;
    w->busy = !w->busy && (txn->addr & 0x80);
    txn->status = w->busy ? VD_RETRY : VD_OK;
    if (w->busy)
        return true;
    if (txn->cmd == VD_READ)
        txn->data[0] = txn->addr * 3;
    else
        arrive(w, (uint32_t)(txn->addr >> 12 & 0xf), txn->data[0] & 0x7f);
    return true;
}

/* A line falls again after a while. */
static void pulse(struct world *w, uint32_t index)
{
    struct world_disturbance *what = &w->disturbance[index];
    hart_wire(w->hart, what->where, what->value);
    if (what->value)
        w->ops.post(w, &w->due[index], w->bench.now + PULSE);
    what->value = 0;
}

static void disturb(void *ctx, uint32_t index)
{
    struct world *w = ctx;
    const struct world_disturbance *what = &w->disturbance[index];
    struct vd_txn txn = bench_write(WORLD_RAM_AT + what->where, 4, what->value);
    switch (what->kind) {
    case WORLD_LINE:
        pulse(w, index);
        break;
    case WORLD_MSI:
        arrive(w, what->where, what->value);
        break;
    default:
        w->ops.access(w, &txn);
    }
}

void world_disturb(struct world *w, struct world_disturbance what)
{
    uint32_t i = w->disturbances++;
    w->disturbance[i] = what;
    w->due[i] = (struct vd_event){.fire = disturb, .ctx = w, .arg = i};
    w->ops.post(w, &w->due[i], what.at);
}

/* --- life --- */

static void begin(struct world *w)
{
    bench_init_ram(&w->bench, WORLD_RAM_AT, WORLD_RAM);
    bench_ops = w->bench.host.ops;
    w->ops = *bench_ops;
    w->ops.now = world_now;
    w->ops.post = world_post;
    w->ops.watch = world_watch;
    w->ops.mtime = world_mtime;
    w->bench.host.ops = &w->ops;
    w->bench.snoop = snoop;
    w->bench.snoop_ctx = w;
    w->bench.hook = device;
    w->bench.hook_ctx = w;
    w->running = w->busy = false;
    w->mtime_shift = 0;
    w->disturbances = 0;
    memset(w->file, 0, sizeof(w->file));
}

static struct hart *make(struct world *w, const struct hart_config *config)
{
    struct vd_error err;
    struct vd_imsic_port port = {&file_ops, w};
    struct hart *h = hart_create(config, &w->bench.host, w->files ? &port : NULL, &err);
    if (!h)
        abort();
    return h;
}

void world_start(struct world *w, const struct hart_config *config, uint32_t model, bool files)
{
    begin(w);
    w->files = files;
    struct hart **made = w->made[model];
    for (unsigned i = 0; i < 2 && !made[i]; i++)
        made[i] = make(w, config);
    w->hart = made[0];
    w->spare = made[1];
}

/* Reset takes back everything that a hart has asked the host for. */
void world_end(struct world *w)
{
    hart_reset(w->hart);
    hart_reset(w->spare);
    for (uint32_t i = 0; i < w->disturbances; i++)
        w->ops.cancel(w, &w->due[i]);
    if (w->bench.num_events)
        abort();
    bench_done(&w->bench);
}

void world_swap(struct world *w)
{
    static uint8_t buffer[1 << 18];
    struct hart *from = w->hart;
    size_t size = hart_save(from, buffer, sizeof(buffer));
    hart_reset(from);
    w->hart = w->spare;
    w->spare = from;
    if (size > sizeof(buffer) || !hart_restore(w->hart, buffer, size))
        abort();
}

static vd_time earlier(vd_time x, vd_time y)
{
    return x < y ? x : y;
}

void world_run(struct world *w, vd_time until, vd_time slice, bool loose)
{
    for (;;) {
        struct vd_runner *runner = hart_runner(w->hart);
        vd_time event = w->bench.num_events ? w->bench.events[0]->when : VD_NEVER;
        vd_time turn = runner->asleep ? VD_NEVER : runner->time;
        if (earlier(event, turn) >= until) {
            w->bench.now = until;
            return;
        }
        if (event <= turn) {
            bench_run(&w->bench, event - w->bench.now);
            continue;
        }
        vd_time end = earlier(event, until);
        runner->limit = earlier(end, turn + slice);
        runner->loose = loose && runner->limit < end;
        w->running = true;
        runner->run(runner);
        w->running = false;
        bench_forget(&w->bench);
    }
}
