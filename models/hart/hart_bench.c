/* SPDX-License-Identifier: BSD-2-Clause */
/* hart_bench [-i] [-q CYCLES] FILE.elf: runs a bare-metal program on one hart with RAM and a test
 * finisher and nothing else, and prints how fast.  -i: with the costs of an in-order core. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hart/hart.h"

enum { PAGE = 4096, FINISHER = 0x100000, UART = 0x10000000 };
#define RAM_BASE UINT64_C(0x80000000)
#define RAM_SIZE (UINT64_C(64) << 20)

struct world {
    struct hart *hart;
    uint8_t *ram;
    uint8_t *watched; /* per page */
    bool done;
    uint32_t status;
};

static uint8_t *at(struct world *w, uint64_t spa)
{
    return spa - RAM_BASE < RAM_SIZE ? w->ram + (spa - RAM_BASE) : NULL;
}

static vd_time world_now(void *ctx)
{
    struct hart *hart = ((struct world *)ctx)->hart; /* NULL while it is being made */
    return hart ? hart_runner(hart)->time : 0;
}

static void world_post(void *ctx, struct vd_event *ev, vd_time when)
{
    (void)ctx, (void)ev, (void)when;
}

static void world_cancel(void *ctx, struct vd_event *ev)
{
    (void)ctx, (void)ev;
}

static enum vd_status world_access(void *ctx, struct vd_txn *txn)
{
    struct world *w = ctx;
    uint8_t *host = at(w, txn->addr);
    if (!host && txn->addr == FINISHER && txn->cmd == VD_WRITE) {
        w->done = true;
        w->status = (uint32_t)txn->data[0];
        hart_runner(w->hart)->limit = 0;
        return VD_OK;
    }
    if (txn->addr == UART && txn->cmd == VD_WRITE) {
        putchar((int)txn->data[0] & 0xff);
        return VD_OK;
    }
    if (!host)
        return VD_UNMAPPED;
    if (txn->cmd == VD_READ)
        memcpy(txn->data, host, txn->size);
    else
        memcpy(host, txn->data, txn->size);
    if (txn->cmd != VD_READ && w->watched[(txn->addr - RAM_BASE) / PAGE])
        hart_snoop(w->hart, txn->addr, txn->size);
    return VD_OK;
}

static vd_time world_drain(void *ctx)
{
    (void)ctx;
    return 0;
}

static void world_wire(void *ctx, uint32_t line, bool level)
{
    (void)ctx, (void)line, (void)level;
}

static void *world_grant(void *ctx, uint64_t spa, bool write)
{
    struct world *w = ctx;
    uint8_t *host = at(w, spa);
    return host && !(write && w->watched[(spa - RAM_BASE) / PAGE]) ? host : NULL;
}

static void world_watch(void *ctx, uint64_t spa, bool on)
{
    struct world *w = ctx;
    w->watched[(spa - RAM_BASE) / PAGE] = on;
    if (on)
        hart_revoke(w->hart, spa);
}

static void world_wake(void *ctx, struct vd_runner *runner)
{
    (void)ctx, (void)runner;
}

static uint64_t world_mtime(void *ctx)
{
    return world_now(ctx) / 100000;
}

static uint64_t world_serial(void *ctx)
{
    (void)ctx;
    return 1;
}

static void world_trace(void *ctx, const struct vd_record *rec)
{
    (void)ctx, (void)rec;
}

static const struct vd_host_ops ops = {VD_HOST_VERSION, world_now,    world_post,  world_cancel,
                                       world_access,    world_access, world_drain, world_wire,
                                       world_grant,     world_watch,  world_wake,  world_mtime,
                                       world_serial,    world_trace};

static void load(struct world *w, const char *path)
{
    FILE *file = fopen(path, "rb");
    static uint8_t image[16 << 20];
    size_t size = file ? fread(image, 1, sizeof(image), file) : 0;
    if (size < sizeof(Elf64_Ehdr)) {
        fprintf(stderr, "hart_bench: cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(image + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD && at(w, segments[i].p_paddr))
            memcpy(at(w, segments[i].p_paddr), image + segments[i].p_offset, segments[i].p_filesz);
}

/* The in-order figures of the parameter texts. */
static struct hart_timing inorder(void)
{
    return (struct hart_timing){.alu = 1,
                                .load = 1,
                                .store = 1,
                                .mul = 2,
                                .div_base = 12,
                                .div_bit = 1,
                                .fp = 3,
                                .fp_div = 20,
                                .csr = 2,
                                .jump = 2,
                                .branch_taken = 1,
                                .mispredict = 5,
                                .amo = 12,
                                .icache_lines = 256,
                                .icache_miss = 20,
                                .dcache_lines = 512,
                                .dcache_miss = 20,
                                .predictor_entries = 128};
}

static double run(struct world *w, uint64_t quantum)
{
    struct vd_runner *r = hart_runner(w->hart);
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    while (!w->done && !r->asleep) {
        r->limit = quantum ? r->time + quantum * 1000 : VD_NEVER;
        r->run(r);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

int main(int argc, char **argv)
{
    struct world w = {.ram = calloc(1, RAM_SIZE), .watched = calloc(RAM_SIZE / PAGE, 1)};
    struct hart_config config = {.reset_pc = RAM_BASE, .cycle_ps = 1000};
    struct vd_host host = {&ops, &w};
    struct vd_error err;
    uint64_t quantum = 0;
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-i") == 0)
            config.timing = inorder();
        else if (strcmp(argv[i], "-q") == 0 && i + 1 < argc)
            quantum = strtoull(argv[++i], NULL, 0);
        else
            path = argv[i];
    }
    if (!path || !w.ram || !w.watched) {
        fprintf(stderr, "usage: hart_bench [-i] [-q CYCLES] FILE.elf\n");
        return 2;
    }
    w.hart = hart_create(&config, &host, NULL, &err);
    if (!w.hart) {
        fprintf(stderr, "hart_bench: %s\n", err.text);
        return 2;
    }
    load(&w, path);
    double seconds = run(&w, quantum);
    struct hart_counts counts = hart_counts(w.hart);
    printf("%s: status %#x, %llu instructions, %llu cycles, %.3f s, %.1f MIPS\n", path, w.status,
           (unsigned long long)counts.instructions, (unsigned long long)counts.cycles, seconds,
           (double)counts.instructions / seconds * 1e-6);
    hart_destroy(w.hart);
    free(w.ram);
    free(w.watched);
    return w.status == 0x5555 ? 0 : 1;
}
