/* SPDX-License-Identifier: BSD-2-Clause */
/* iommu_bench [PART-OF-A-NAME]: prints how many requests per second the IOMMU answers without
 * latencies, in a world that has RAM and nothing else: what is measured is the model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "iommu/iommu_testbed.h"

enum { LOADS = 6, PAGES = 64, ROUNDS = 7, ONE_STAGE = 1, SV39 = 2, SV57 = 3, MSI = 4 };
#define IOVA      UINT64_C(0x40000000)
#define MSI_PAGES UINT64_C(0x50000000)

struct world {
    uint8_t *ram;
    uint64_t base, size, reads, answers, refused;
};

static vd_time world_now(void *ctx)
{
    (void)ctx;
    return 0;
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
    if (txn->addr - w->base >= w->size)
        return VD_OK;
    uint8_t *host = w->ram + (txn->addr - w->base);
    w->reads += txn->requester == VD_REQUESTER_IOMMU(0);
    if (txn->cmd != VD_READ)
        memcpy(host, txn->data, txn->size);
    else if (txn->size == 8)
        memcpy(txn->data, host, 8);
    else
        memcpy(txn->data, host, txn->size);
    return VD_OK;
}

static vd_time world_drain(void *ctx)
{
    (void)ctx;
    return 0;
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

static const struct vd_host_ops ops = {
    .version = VD_HOST_VERSION,
    .now = world_now,
    .post = world_post,
    .cancel = world_cancel,
    .access = world_access,
    .submit = world_access,
    .drain = world_drain,
    .serial = world_serial,
    .trace = world_trace,
};

static void respond(void *ctx, const struct vd_txn *txn)
{
    struct world *w = ctx;
    w->answers++;
    w->refused += txn->status != VD_OK;
}

/* --- tables --- */

static uint64_t second_stage(struct testbed *t, unsigned levels)
{
    uint64_t root = bed_pages(t, 4);
    for (uint64_t page = t->b.ram_base; page < t->b.ram_base + t->b.ram_size; page += 4096)
        bed_map(t, root, levels, true, page, page, 0, RWXAD | U);
    return root;
}

static uint64_t first_stage(struct testbed *t, unsigned levels)
{
    uint64_t root = bed_pages(t, 1), target = bed_pages(t, 1);
    for (uint64_t i = 0; i < PAGES; i++)
        bed_map(t, root, levels, false, IOVA + i * 4096, target, 0, RWXAD | U);
    return root;
}

static uint64_t msi_table(struct testbed *t)
{
    uint64_t table = bed_pages(t, 1);
    for (uint64_t i = 0; i < PAGES; i++)
        bench_poke(&t->b, table + 16 * i, 8, (IMSIC_WINDOW + i * 4096) >> 12 << 10 | 7);
    return table;
}

static void make_tables(struct testbed *t)
{
    bed_start(t, 2);
    for (unsigned device = ONE_STAGE; device <= MSI; device++) {
        unsigned levels = device == SV57 ? 5 : 3;
        uint64_t mode = levels + UINT64_C(5);
        struct bed_dc dc = {.tc = 1};
        if (device != MSI)
            dc.fsc = mode << 60 | first_stage(t, levels) >> 12;
        if (device != ONE_STAGE)
            dc.iohgatp = mode << 60 | (uint64_t)device << 44 | second_stage(t, levels) >> 12;
        if (device == MSI) {
            dc.msiptp = UINT64_C(1) << 60 | msi_table(t) >> 12;
            dc.mask = PAGES - 1;
            dc.pattern = MSI_PAGES >> 12;
        }
        bed_dc(t, device, &dc);
    }
}

/* The same IOMMU in the bare world: registers and caches are a snapshot. */
static struct iommu *moved(struct testbed *t, const struct iommu_config *config, struct world *w)
{
    const struct vd_host host = {&ops, w};
    struct vd_error err;
    struct iommu *m = iommu_create(config, &host, &err);
    size_t size = iommu_save(t->m, NULL, 0);
    void *state = malloc(size);
    *w = (struct world){.ram = t->b.ram, .base = t->b.ram_base, .size = t->b.ram_size};
    if (!m || !state)
        exit(2);
    iommu_save(t->m, state, size);
    iommu_restore(m, state, size);
    free(state);
    iommu_connect(m, &(struct iommu_device_port){.respond = respond, .ctx = w});
    return m;
}

/* --- measurement --- */

struct load {
    const char *name;
    uint32_t device;
    uint64_t iova, pages; /* more pages than cache entries: every request misses */
    uint32_t count, reads;
    double goal; /* millions per second */
};

static double seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void drive(struct iommu *m, const struct load *load, uint32_t count)
{
    struct vd_txn txn = {.requester = load->device, .cmd = VD_READ, .size = 8};
    if (load->device == MSI)
        txn = (struct vd_txn){
            .requester = MSI, .cmd = VD_WRITE, .size = 4, .attrs = VD_POSTED, .serial = 1};
    for (uint32_t i = 0; i < count; i++) {
        txn.addr = load->iova + (i & (load->pages - 1)) * 4096;
        iommu_submit(m, &txn);
    }
}

/* Nanoseconds per request. */
static double measure(struct iommu *m, struct world *w, const struct load *load)
{
    double best = 1e9;
    drive(m, load, 4096);
    w->reads = w->answers = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        drive(m, load, load->count);
        double time = seconds() - start;
        best = time < best ? time : best;
    }
    uint64_t requests = (uint64_t)load->count * ROUNDS;
    if (w->refused || w->reads != requests * load->reads ||
        w->answers != (load->device == MSI ? 0 : requests)) {
        fprintf(stderr, "iommu_bench: %s: %llu reads, %llu answers, %llu refused\n", load->name,
                (unsigned long long)w->reads, (unsigned long long)w->answers,
                (unsigned long long)w->refused);
        exit(1);
    }
    printf("  %-34s %2u reads %7.2f M/s  %6.1f ns", load->name, load->reads,
           load->count / best * 1e-6, best / load->count * 1e9);
    if (load->goal > 0)
        printf("  (goal %g M/s)", load->goal);
    putchar('\n');
    return best / load->count * 1e9;
}

/* The straight line through what reads cost, and how far the loads are from it. */
static void print_line(const double *reads, const double *ns, unsigned count)
{
    double x = 0, y = 0, xx = 0, xy = 0, worst = 0;
    for (unsigned i = 0; i < count; i++) {
        x += reads[i];
        y += ns[i];
        xx += reads[i] * reads[i];
        xy += reads[i] * ns[i];
    }
    double slope = (count * xy - x * y) / (count * xx - x * x), base = (y - slope * x) / count;
    for (unsigned i = 0; i < count; i++) {
        double off = (ns[i] - base - slope * reads[i]) / ns[i];
        off = off < 0 ? -off : off;
        worst = off > worst ? off : worst;
    }
    printf("  a miss costs %.0f ns and %.1f ns a read, at most %.0f %% off that line\n", base,
           slope, worst * 100);
}

int main(int argc, char **argv)
{
    static const struct load loads[LOADS] = {
        {"cached", SV39, IOVA, 8, 4000000, 0, 20},
        {"cached MSI", MSI, MSI_PAGES, 4, 4000000, 0, 0},
        {"cold MSI", MSI, MSI_PAGES, PAGES, 2000000, 1, 4},
        {"cold one stage Sv39", ONE_STAGE, IOVA, PAGES, 2000000, 3, 0},
        {"cold two stages Sv39, Sv39x4", SV39, IOVA, PAGES, 500000, 15, 1.5},
        {"cold two stages Sv57, Sv57x4", SV57, IOVA, PAGES, 300000, 35, 0},
    };
    static struct testbed t;
    struct iommu_config config = {.outstanding = 1};
    struct world world;
    bed_open(&t, &config);
    make_tables(&t);
    struct iommu *m = moved(&t, &config, &world);
    double reads[LOADS], ns[LOADS];
    unsigned misses = 0;
    for (unsigned i = 0; i < LOADS; i++) {
        if (argc > 1 && !strstr(loads[i].name, argv[1]))
            continue;
        reads[misses] = loads[i].reads;
        ns[misses] = measure(m, &world, &loads[i]);
        misses += loads[i].reads > 1; /* an MSI PTE is another kind of read */
    }
    if (misses > 2)
        print_line(reads, ns, misses);
    iommu_destroy(m);
    bed_close(&t);
    return 0;
}
