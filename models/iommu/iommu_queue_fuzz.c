/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands, faults, page requests and what software does to the queue registers, with failing
 * accesses in between, from bytes.  Records stay within their queues, and whatever has happened, a
 * queue that is turned off and on works again. */
#include "iommu/iommu_testbed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES = 64, DEVICE = 1, NOBODY = 2, RAM_SIZE = 1 << 16 };
enum { EN_ATS = 1 << 1, EN_PRI = 1 << 2, PRPR = 1 << 6 };
enum { ENABLE = 1, INTERRUPTS = 2, CLEAR = 0xf00, BUSY = 1 << 17 };

struct source {
    const uint8_t *data;
    size_t left;
};

struct queues {
    struct testbed t;
    struct source s;
    uint64_t scratch;
};

static void require_at(bool holds, int line)
{
    if (holds)
        return;
    fprintf(stderr, "iommu_queue_fuzz.c:%d does not hold\n", line);
    abort();
}

#define require(holds) require_at(holds, __LINE__)

static uint64_t take(struct queues *q, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && q->s.left; i++, q->s.left--)
        value = value << 8 | *q->s.data++;
    return value;
}

/* Mostly legal: opcode and function from the table, then random bits from IOTINVAL's AV upwards. */
static void command(struct queues *q)
{
    static const uint16_t commands[] = {1, 1 | 1 << 7, 2, 2, 2, 3, 3 | 1 << 7, 4, 4 | 1 << 7};
    uint64_t kind = take(q, 1), dw0, dw1 = take(q, 4);
    if (kind >= 240) {
        dw0 = take(q, 8);
    } else {
        dw0 = commands[kind % (sizeof(commands) / sizeof(commands[0]))] | take(q, 1) << 10;
        dw0 |= take(q, 4) << 32 | (uint64_t)DEVICE << 40;
    }
    if ((dw0 & 0x7f) == 2)
        dw1 = (q->scratch + (dw1 & 0xff0)) >> 2;
    uint64_t tail = bed_get(&q->t, REG_OFFSET_CQT, 4) % ENTRIES;
    bench_poke(&q->t.b, q->t.cq + tail * 16, 8, dw0);
    bench_poke(&q->t.b, q->t.cq + tail * 16 + 8, 8, dw1);
    bed_set(&q->t, REG_OFFSET_CQT, 4, (tail + 1) % ENTRIES);
}

static void registers(struct queues *q)
{
    static const uint8_t csrs[] = {REG_OFFSET_CQCSR, REG_OFFSET_FQCSR, REG_OFFSET_PQCSR};
    static const uint8_t heads[] = {REG_OFFSET_FQH, REG_OFFSET_PQH, REG_OFFSET_CQT};
    uint64_t kind = take(q, 1);
    switch (kind >> 2 & 3) {
    case 0:
        bed_set(&q->t, csrs[kind % 3], 4, take(q, 2));
        break;
    case 1:
        bed_set(&q->t, csrs[kind % 3], 4, CLEAR | ENABLE | INTERRUPTS);
        break;
    case 2:
        bed_set(&q->t, heads[kind % 3], 4, take(q, 1));
        break;
    default:
        bed_set(&q->t, REG_OFFSET_IPSR, 4, kind >> 4);
        break;
    }
}

static void faulting_request(struct queues *q)
{
    struct vd_txn txn = bench_read(take(q, 2) << 12, 4);
    txn.requester = NOBODY;
    txn.at = (uint8_t)(take(q, 1) % 3);
    iommu_submit(q->t.m, &txn);
}

static void message(struct queues *q)
{
    struct vd_txn txn = {.tag = take(q, 1) & 1 ? 2 : 4};
    txn.requester = (uint32_t)take(q, 1) & 3;
    txn.attrs = (uint32_t)take(q, 1) & (VD_PROCESS_ID | VD_EXEC | VD_PRIVILEGED);
    txn.process_id = (uint32_t)take(q, 1);
    txn.data[0] = take(q, 8);
    iommu_message(q->t.m, &txn);
}

static void act(struct queues *q)
{
    static const uint8_t failures[] = {VD_UNMAPPED, VD_DENIED, VD_POISON};
    uint64_t what = take(q, 1);
    switch (what % 8) {
    case 0:
    case 1:
        command(q);
        break;
    case 2:
        registers(q);
        break;
    case 3:
        faulting_request(q);
        break;
    case 4:
        message(q);
        break;
    case 5:
        q->t.b.fail_in = (uint32_t)(what >> 5);
        q->t.b.fail_with = failures[what >> 3 & 1];
        break;
    case 6:
        q->t.refuse_imsic = what & 8;
        break;
    default:
        bench_run(&q->t.b, take(q, 2) * 100);
        break;
    }
}

static bool inside(uint64_t addr, unsigned size, uint64_t queue, unsigned entry)
{
    return addr >= queue && addr + size <= queue + ENTRIES * entry && (addr - queue) % entry == 0;
}

/* What the IOMMU writes: records, what fences store, and messages. */
static void check_writes(const struct queues *q)
{
    for (uint32_t i = 0; i < q->t.b.num_writes; i++) {
        const struct vd_txn *w = &q->t.b.writes[i];
        bool record =
            inside(w->addr, w->size, q->t.fq, 32) || inside(w->addr, w->size, q->t.pq, 16);
        bool fence = w->addr - q->scratch < 4096;
        require(w->requester != VD_REQUESTER_IOMMU(0) || record || fence ||
                w->addr < q->t.b.ram_base);
    }
}

static void turn_off_and_on(struct queues *q, uint32_t csr)
{
    bed_set(&q->t, csr, 4, CLEAR);
    bed_settle(&q->t);
    require(!(bed_get(&q->t, csr, 4) & BUSY));
    bed_set(&q->t, csr, 4, CLEAR | ENABLE);
    bed_settle(&q->t);
}

static void all_work_again(struct queues *q)
{
    struct testbed *t = &q->t;
    t->b.fail_in = 0;
    bed_set(t, REG_OFFSET_CQT, 4, 0);
    turn_off_and_on(q, REG_OFFSET_CQCSR);
    turn_off_and_on(q, REG_OFFSET_FQCSR);
    turn_off_and_on(q, REG_OFFSET_PQCSR);
    bench_poke(&t->b, q->scratch, 4, 0);
    bed_set(t, REG_OFFSET_CQT, 4, 0);
    bed_settle(t);
    bed_command(t, 2 | 1 << 10 | UINT64_C(0x5a5a) << 32, q->scratch >> 2);
    /* An invalidation that has timed out is told to the next fence, which then is fetched again. */
    bed_set(t, REG_OFFSET_CQCSR, 4, CLEAR | ENABLE);
    bed_settle(t);
    require(bench_peek(&t->b, q->scratch, 4) == 0x5a5a && bed_get(t, REG_OFFSET_CQH, 4) == 1);
    bed_set(t, REG_OFFSET_FQH, 4, bed_get(t, REG_OFFSET_FQT, 4));
    uint64_t tail = bed_get(t, REG_OFFSET_FQT, 4);
    bed_read(t, NOBODY, 0);
    require(bed_get(t, REG_OFFSET_FQT, 4) == (tail + 1) % ENTRIES);
    require(iommu_idle(t->m));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct queues q;
    q.s = (struct source){data, size};
    uint64_t flags = take(&q, 1);
    const struct iommu_config config = {
        .commands_out_of_order = flags & 1,
        .fence_ignores_io = flags >> 1 & 1,
        .fence_ignores_notices = flags >> 5 & 1,
        .mrif_posted = flags >> 6 & 1,
        .timing = flags & 4 ? inorder : (struct iommu_timing){.hit = 0},
        .cycle_ps = 1000,
    };
    bed_open_ram(&q.t, &config, RAM_SIZE);
    q.t.b.latency = flags & 8 ? 5000 : 0;
    bed_start(&q.t, 2);
    bed_dc(&q.t, DEVICE, &(struct bed_dc){.tc = 1 | EN_ATS | EN_PRI | (flags & 16 ? PRPR : 0)});
    q.scratch = bed_pages(&q.t, 1);
    while (q.s.left)
        act(&q);
    q.t.b.fail_in = 0;
    require(bench_settle(&q.t.b, 1000000));
    check_writes(&q);
    all_work_again(&q);
    bed_close(&q.t);
    return 0;
}
