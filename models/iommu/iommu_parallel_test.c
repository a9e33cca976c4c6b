/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything at once: requests, faults that nobody fetches, page requests, invalidations of both
 * kinds, fences, debug requests.  A watchdog sees that all of it ends; every fence is held to its
 * word when its data arrives. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { DEVICE = 1, STRANGER = 2, PAGES = 8, IOVA = 0x40000000, STEPS = 1500, ITEMS = 4096 };
enum { EN_ATS = 1 << 1, EN_PRI = 1 << 2, AV = 1 << 10, PR = 1 << 12, PW = 1 << 13, QUEUE = 64 };
enum { OF = 1 << 9, MF = 1 << 8, ENABLE = 3, ATS_INVAL = 4, INVALIDATE = 1 };
#define HOST    UINT64_C(0x80d00000)
#define BIT(n)  (UINT64_C(1) << (n))
#define SV39(a) (UINT64_C(8) << 60 | (a) >> 12)

/* A request: number n goes to the n-th word behind HOST, so that every access tells whose it is. */
struct item {
    bool read, left, over, refused;
};

struct fence {
    uint64_t what; /* PR, PW */
    uint32_t items;
    bool before[ITEMS]; /* what had left when it was posted */
    bool done;
};

struct parallel_bed {
    struct testbed t;
    bool (*hook)(void *ctx, struct vd_txn *txn);
    struct item item[ITEMS];
    struct fence fence[QUEUE];
    uint32_t items, fences, fences_done, put_off, overflows, invalidations;
    uint64_t fence_page;
    uint32_t seed, records;
};

static uint32_t dice(struct parallel_bed *p, uint32_t sides)
{
    p->seed = p->seed * 1664525 + 1013904223;
    return (p->seed >> 8) % sides;
}

/* What has left since the last look: every access carries QoS identifiers, which are recorded. */
static void look(struct parallel_bed *p)
{
    for (; p->records < p->t.b.num_records; p->records++) {
        const struct vd_record *rec = &p->t.b.records[p->records];
        uint64_t n = (rec->a - HOST) / 4;
        if (rec->kind == VD_REC_iommu_qos && rec->c == DEVICE && n < p->items)
            p->item[n].left = true;
    }
    if (p->records > BENCH_LOG / 2) {
        bench_forget(&p->t.b);
        p->records = 0;
    }
}

static void fence_lands(struct parallel_bed *p, const struct vd_txn *txn)
{
    struct fence *f = &p->fence[txn->data[0] % QUEUE];
    for (uint32_t i = 0; i < f->items; i++) {
        bool covered = p->item[i].read ? f->what & PR : f->what & PW;
        if (f->before[i] && covered && !p->item[i].over)
            fail_msg("a fence ended before %s %u", p->item[i].read ? "read" : "write", i);
    }
    assert_false(f->done);
    f->done = true;
    p->fences_done++;
}

static bool see(void *ctx, struct vd_txn *txn)
{
    struct parallel_bed *p = ctx;
    uint64_t n = (txn->addr - HOST) / 4;
    if (txn->requester == DEVICE && txn->cmd == VD_WRITE) {
        assert_in_range(n, 0, p->items - 1);
        assert_int_equal(txn->data[0], n);
        assert_false(p->item[n].over);
        p->item[n].over = true;
    }
    if (txn->cmd == VD_WRITE && txn->addr >> 12 == p->fence_page >> 12)
        fence_lands(p, txn);
    return p->hook(&p->t, txn);
}

static void answered(void *ctx, const struct vd_txn *txn)
{
    struct parallel_bed *p = ctx;
    struct item *item = &p->item[txn->tag];
    assert_in_range(txn->tag, 0, p->items - 1);
    assert_false(item->over);
    item->over = true;
    item->refused = txn->status != VD_OK;
}

/* The device completes invalidations later. */
static void told(void *ctx, uint32_t device_id, uint32_t code, const uint64_t payload[2])
{
    struct parallel_bed *p = ctx;
    (void)device_id;
    if (code != INVALIDATE)
        return;
    p->invalidations |= 1u << (payload[1] >> 24 & 31);
}

static void complete_invalidations(struct parallel_bed *p)
{
    struct vd_txn done = {.tag = 2, .requester = DEVICE, .data = {p->invalidations | BIT(32)}};
    p->invalidations = 0;
    iommu_message(p->t.m, &done);
}

static const struct vd_host_ops *bench_ops;

/* What devices access takes longer than what the IOMMU does: nothing is in order by itself. */
static enum vd_status slow_submit(void *ctx, struct vd_txn *txn)
{
    struct bench *b = ctx;
    vd_time latency = b->latency;
    if (txn->requester == DEVICE)
        b->latency = 3 * latency;
    enum vd_status status = bench_ops->submit(ctx, txn);
    b->latency = latency;
    return status;
}

static void slow_down(struct testbed *t, const struct iommu_config *config)
{
    static struct vd_host_ops ops;
    bench_ops = t->b.host.ops;
    ops = *bench_ops;
    ops.submit = slow_submit;
    iommu_destroy(t->m);
    t->m = iommu_create(config, &(struct vd_host){&ops, &t->b}, NULL);
}

static void open(struct parallel_bed *p, const struct iommu_config *config, vd_time latency)
{
    static const struct iommu_device_port none;
    struct iommu_device_port port = none;
    struct testbed *t = &p->t;
    memset(p, 0, sizeof(*p));
    p->seed = 3;
    bed_open(t, config);
    slow_down(t, config);
    port.respond = answered;
    port.message = told;
    port.ctx = p;
    iommu_connect(t->m, &port);
    bed_start(t, 2);
    bed_set(t, REG_OFFSET_FQCSR, 4, 0);
    bed_set(t, REG_OFFSET_FQB, 8, t->fq >> 12 << 10 | 2); /* 8 entries */
    bed_set(t, REG_OFFSET_FQCSR, 4, ENABLE);
    p->fence_page = bed_pages(t, 1);
    uint64_t first = bed_pages(t, 1), second = bed_pages(t, 4);
    for (uint64_t a = 0x80000000; a < 0x81000000; a += 0x200000)
        bed_map(t, second, 3, true, a, a, 1, RWXAD | U);
    for (unsigned i = 0; i < PAGES; i++)
        bed_map(t, first, 3, false, IOVA + i * 0x1000u, HOST + i * 0x1000u, 0, RWXAD | U);
    const struct bed_dc dc = {.tc = 1 | EN_ATS | EN_PRI,
                              .iohgatp = SV39(second) | UINT64_C(7) << 44,
                              .ta = 3 << 12 | BIT(40),
                              .fsc = SV39(first)};
    bed_dc(t, DEVICE, &dc);
    t->b.latency = latency;
    p->hook = t->b.hook;
    t->b.hook = see;
    t->b.hook_ctx = p;
    bench_forget(&t->b);
}

static void request(struct parallel_bed *p)
{
    uint32_t n = p->items;
    if (n == ITEMS)
        return;
    struct vd_txn txn = bench_write(IOVA + 4 * n, 4, n);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    txn.tag = n;
    if (dice(p, 2)) {
        txn.cmd = VD_READ;
        txn.attrs = 0;
        txn.requester = dice(p, 6) ? DEVICE : STRANGER;
    }
    p->item[n] = (struct item){.read = txn.cmd == VD_READ};
    p->items++;
    if (iommu_submit(p->t.m, &txn) == VD_RETRY) {
        p->items--;
        p->put_off++;
    }
}

/* False: the queue is full, or has been filled while a fence of the last round is under way. */
static bool post(struct parallel_bed *p, uint64_t dw0, uint64_t dw1)
{
    uint64_t tail = bed_get(&p->t, REG_OFFSET_CQT, 4), head = bed_get(&p->t, REG_OFFSET_CQH, 4);
    if (((tail + 1) & (QUEUE - 1)) == head)
        return false;
    bench_poke(&p->t.b, p->t.cq + tail * 16, 8, dw0);
    bench_poke(&p->t.b, p->t.cq + tail * 16 + 8, 8, dw1);
    bed_set(&p->t, REG_OFFSET_CQT, 4, (tail + 1) & (QUEUE - 1));
    return true;
}

static void fence(struct parallel_bed *p)
{
    uint32_t n = p->fences % QUEUE;
    struct fence *f = &p->fence[n];
    if (p->fences - p->fences_done == QUEUE)
        return;
    look(p);
    *f = (struct fence){.what = dice(p, 4) * PR, .items = p->items};
    for (uint32_t i = 0; i < p->items; i++)
        f->before[i] = p->item[i].left;
    p->fences++;
    if (!post(p, 2 | AV | f->what | (uint64_t)n << 32, (p->fence_page + 4 * n) >> 2))
        p->fences--;
}

static void command(struct parallel_bed *p)
{
    static const uint64_t commands[] = {
        1 | BIT(33) | UINT64_C(7) << 44,
        1 | 1 << 7,
        3,
        ATS_INVAL | (uint64_t)DEVICE << 40,
    };
    post(p, commands[dice(p, 4)], 0);
}

static void page_request(struct parallel_bed *p)
{
    struct vd_txn txn = {.tag = 4, .requester = DEVICE, .data = {IOVA | 7}};
    iommu_message(p->t.m, &txn);
}

static void debug_request(struct parallel_bed *p)
{
    if (bed_get(&p->t, REG_OFFSET_TR_REQ_CTL, 8) & 1)
        return;
    bed_set(&p->t, REG_OFFSET_TR_REQ_IOVA, 8, IOVA);
    bed_set(&p->t, REG_OFFSET_TR_REQ_CTL, 8, 1 | (uint64_t)DEVICE << 40);
}

/* Software is slow: queues overflow before it comes. */
static void drain_queues(struct parallel_bed *p)
{
    struct testbed *t = &p->t;
    uint64_t fq = bed_get(t, REG_OFFSET_FQCSR, 4), pq = bed_get(t, REG_OFFSET_PQCSR, 4);
    assert_false((fq | pq) & MF);
    p->overflows += (fq & OF) != 0;
    bed_set(t, REG_OFFSET_FQH, 4, bed_get(t, REG_OFFSET_FQT, 4));
    bed_set(t, REG_OFFSET_PQH, 4, bed_get(t, REG_OFFSET_PQT, 4));
    bed_set(t, REG_OFFSET_FQCSR, 4, ENABLE | OF);
    bed_set(t, REG_OFFSET_PQCSR, 4, ENABLE | OF);
    bed_set(t, REG_OFFSET_IPSR, 4, 0xf);
}

/* The watchdog: within a time that is plenty, nothing is left undone. */
static void settle(struct parallel_bed *p)
{
    for (unsigned i = 0; i < 2000; i++) {
        complete_invalidations(p);
        bench_run(&p->t.b, 100000);
    }
    look(p);
    assert_true(iommu_idle(p->t.m));
    assert_int_equal(bed_get(&p->t, REG_OFFSET_CQH, 4), bed_get(&p->t, REG_OFFSET_CQT, 4));
    assert_int_equal(bed_get(&p->t, REG_OFFSET_CQCSR, 4) & 0x700, 0);
    assert_int_equal(bed_get(&p->t, REG_OFFSET_TR_REQ_CTL, 8) & 1, 0);
    assert_int_equal(p->fences_done, p->fences);
    for (uint32_t i = 0; i < p->items; i++)
        assert_true(p->item[i].over);
}

static void step(struct parallel_bed *p)
{
    uint32_t what = dice(p, 16);
    if (what < 8)
        request(p);
    else if (what < 10)
        fence(p);
    else if (what < 12)
        command(p);
    else if (what == 12)
        page_request(p);
    else if (what == 13)
        debug_request(p);
    else if (dice(p, 4) == 0)
        complete_invalidations(p);
    if (dice(p, 300) == 0)
        drain_queues(p);
    bench_run(&p->t.b, dice(p, 2) ? dice(p, 40000) : 0);
    if (dice(p, 100) == 0)
        settle(p);
}

static uint32_t everything_at_once(const struct iommu_config *config, vd_time latency)
{
    static struct parallel_bed p;
    open(&p, config, latency);
    for (unsigned i = 0; i < STEPS; i++)
        step(&p);
    settle(&p);
    drain_queues(&p);
    assert_in_range(p.fences, 50, STEPS);
    assert_in_range(p.overflows, 1, STEPS);
    bed_close(&p.t);
    return p.put_off;
}

static void CMD_8_fences_among_everything(void **state)
{
    (void)state;
    static const uint32_t outstanding[] = {1, 2, 8, 64};
    static const vd_time latencies[] = {0, 7000, 150000};
    uint32_t put_off = 0;
    for (unsigned o = 0; o < 4; o++)
        for (unsigned l = 0; l < 3; l++)
            for (unsigned flags = 0; flags < 4; flags++) {
                struct iommu_config config = {.outstanding = outstanding[o], .cycle_ps = 1000};
                config.commands_out_of_order = flags & 1;
                if (flags & 2)
                    config.timing = inorder;
                put_off += everything_at_once(&config, latencies[l]);
            }
    assert_in_range(put_off, 1, UINT32_MAX); /* back-pressure */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(CMD_8_fences_among_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
