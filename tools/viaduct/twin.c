/* SPDX-License-Identifier: BSD-2-Clause */
#include "twin.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 1 << 16, MIP = 0x344 };

struct twin {
    struct virt *virt;
    struct bus *bus;
    struct hart *hart;
    struct vd_imsic_port files; /* of the hart whose twin it is */
    bool lost;                  /* nobody knows what comes of what it has done */
    bool writes;
    uint64_t traps, cause;
};

/* --- its world --- */

static vd_time now(void *ctx)
{
    struct twin *t = ctx;
    return t->hart ? hart_runner(t->hart)->time : sim_now(virt_core(t->virt)->sim);
}

/* Its own timers are those of the real one, which are known. */
static void post(void *ctx, struct vd_event *ev, vd_time when)
{
    struct twin *t = ctx;
    (void)ev, (void)when;
    t->lost = true;
}

static void cancel(void *ctx, struct vd_event *ev)
{
    (void)ctx, (void)ev;
}

static enum vd_status lost(struct twin *t, struct vd_txn *txn)
{
    t->lost = true;
    txn->data[0] = 0;
    return VD_OK;
}

static enum vd_status write_same(struct twin *t, const struct ram *ram, struct vd_txn *txn)
{
    const uint8_t *there = ram->bytes + (txn->addr - ram->base);
    t->writes = true;
    return memcmp(there, txn->data, txn->size) == 0 ? VD_OK : lost(t, txn);
}

static enum vd_status perform(void *ctx, struct vd_txn *txn)
{
    struct twin *t = ctx;
    struct ram *ram = bus_ram(t->bus, txn->addr, txn->size);
    if (!ram)
        return bus_name_at(t->bus, txn->addr) ? lost(t, txn) : VD_UNMAPPED;
    if (ram->flags)
        return lost(t, txn);
    if (txn->cmd == VD_WRITE)
        return write_same(t, ram, txn);
    if (txn->cmd != VD_READ)
        return lost(t, txn);
    ram_perform(ram, txn);
    return VD_OK;
}

static vd_time drain(void *ctx)
{
    (void)ctx;
    return 0;
}

static void wire(void *ctx, uint32_t line, bool level)
{
    (void)ctx, (void)line, (void)level;
}

static void *grant(void *ctx, uint64_t spa, bool write)
{
    struct twin *t = ctx;
    struct ram *ram = bus_ram(t->bus, spa, RAM_PAGE);
    if (ram && (ram->flags & ~(uint32_t)RAM_READ_ONLY))
        t->lost = true;
    return ram && !write ? ram->bytes + (spa - ram->base) : NULL;
}

static void watch(void *ctx, uint64_t spa, bool on)
{
    (void)ctx, (void)spa, (void)on;
}

static void wake(void *ctx, struct vd_runner *runner)
{
    (void)ctx, (void)runner;
}

static uint64_t mtime(void *ctx)
{
    return sim_mtime(virt_core(((struct twin *)ctx)->virt)->sim);
}

static uint64_t serial(void *ctx)
{
    return lost(ctx, &(struct vd_txn){0});
}

static void trace(void *ctx, const struct vd_record *record)
{
    struct twin *t = ctx;
    if (record->kind != VD_REC_trap)
        return;
    t->traps++;
    t->cause = record->a;
}

static const struct vd_host_ops ops = {
    .version = VD_HOST_VERSION,
    .now = now,
    .post = post,
    .cancel = cancel,
    .access = perform,
    .submit = perform,
    .drain = drain,
    .wire = wire,
    .grant = grant,
    .watch = watch,
    .wake = wake,
    .mtime = mtime,
    .serial = serial,
    .trace = trace,
};

static uint64_t file_read(void *ctx, uint32_t file, uint32_t select)
{
    const struct vd_imsic_port *files = &((struct twin *)ctx)->files;
    return files->ops->read(files->ctx, file, select);
}

static void file_write(void *ctx, uint32_t file, uint32_t select, uint64_t value)
{
    (void)file, (void)select, (void)value;
    ((struct twin *)ctx)->lost = true;
}

static uint32_t file_topei(void *ctx, uint32_t file)
{
    const struct vd_imsic_port *files = &((struct twin *)ctx)->files;
    return files->ops->topei(files->ctx, file);
}

static void file_claim(void *ctx, uint32_t file)
{
    (void)file;
    ((struct twin *)ctx)->lost = true;
}

static const struct vd_imsic_ops file_ops = {
    .read = file_read, .write = file_write, .topei = file_topei, .claim = file_claim};

/* --- its life --- */

static bool put_in_place(struct hart *hart, struct hart *original)
{
    size_t size = hart_save(original, NULL, 0);
    void *state = malloc(size);
    bool ok = state && hart_save(original, state, size) == size && hart_restore(hart, state, size);
    free(state);
    return ok;
}

static bool be_born(struct twin *t, struct virt *virt, uint32_t index)
{
    struct hart_config config = virt_config(virt)->hart;
    const struct vd_host host = {&ops, t};
    const struct vd_imsic_port files = {&file_ops, t};
    *t = (struct twin){.virt = virt, .bus = virt_core(virt)->bus, .files = virt_files(virt, index)};
    config.index = index;
    config.hartid = index;
    t->hart = hart_create(&config, &host, t->files.ops ? &files : NULL, NULL);
    if (!t->hart || !put_in_place(t->hart, virt_hart(virt, index)))
        return false;
    t->lost = false;
    return true;
}

/* At least one instruction, or a trap. */
static void step(struct twin *t)
{
    struct vd_runner *runner = hart_runner(t->hart);
    runner->limit = runner->time + 1;
    runner->loose = false;
    runner->run(runner);
}

static uint64_t pending(struct hart *hart)
{
    uint64_t mip = 0;
    hart_get(hart, HART_REG_CSR0 + MIP, &mip);
    return mip;
}

/* Where it was at one time, and what it had done until then. */
struct milestone {
    void *place;
    uint64_t instructions, traps;
};

static void pass(struct milestone *m, const struct twin *t, const void *place, size_t size)
{
    memcpy(m->place, place, size);
    m->instructions = hart_counts(t->hart).instructions;
    m->traps = t->traps;
}

/* An instruction that takes two steps is where it was after the first. */
static bool has_moved(const struct milestone *m, const struct twin *t)
{
    return hart_counts(t->hart).instructions != m->instructions || t->traps != m->traps;
}

static void look_around(struct twin *t, struct twin_course *course)
{
    struct virt_round *round = &course->round;
    struct hart_access access;
    course->interruptible |= hart_interruptible(t->hart) & ~pending(t->hart);
    if (hart_peek_access(t->hart, &access) && access.reads) {
        round->loads = true;
        round->address = access.va;
    }
}

/* The milestone moves on at the powers of two, so that it comes to lie inside of any round. */
static bool go_round(struct twin *t, struct milestone *m, void *place, struct twin_course *course)
{
    size_t size = hart_place(t->hart, place, SIZE_MAX);
    uint64_t live_reads = hart_counts(t->hart).live_reads;
    pass(m, t, place, size);
    for (uint32_t count = 1, next = 2; count <= STEPS; count++) {
        bool reserved = hart_reserves(t->hart);
        look_around(t, course);
        step(t);
        course->conditional |= reserved && !hart_reserves(t->hart);
        if (t->lost || hart_counts(t->hart).live_reads != live_reads)
            return false;
        course->sleeps = hart_runner(t->hart)->asleep;
        hart_place(t->hart, place, size);
        if (course->sleeps || (has_moved(m, t) && memcmp(place, m->place, size) == 0))
            return true;
        if (count == next) {
            next *= 2;
            pass(m, t, place, size);
            course->round.loads = false;
        }
    }
    return false;
}

static bool find_round(struct twin *t, struct twin_course *course)
{
    size_t size = hart_place(t->hart, NULL, 0);
    struct milestone m = {.place = malloc(size)};
    void *place = malloc(size);
    bool found = m.place && place && go_round(t, &m, place, course);
    if (found) {
        look_around(t, course);
        course->writes = t->writes;
        course->round.instructions = hart_counts(t->hart).instructions - m.instructions;
        course->round.traps = t->traps - m.traps;
        course->round.cause = t->cause;
    }
    free(m.place);
    free(place);
    return found;
}

bool twin_repeats(struct virt *virt, uint32_t hart, struct twin_course *course)
{
    struct twin t;
    *course = (struct twin_course){0};
    bool found = be_born(&t, virt, hart) && find_round(&t, course);
    hart_destroy(t.hart);
    return found;
}
