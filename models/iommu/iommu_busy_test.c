/* SPDX-License-Identifier: BSD-2-Clause */
/* A bus that asks for patience, queues that are switched off at work, buffers that are full. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
enum { EN_ATS = 2, EN_PRI = 4, GADE = 128, SADE = 256 };
enum { ON = 1 << 16, BUSY = 1 << 17, OF = 1 << 9, MF = 1 << 8 };
enum { DEVICE = 1 };
#define NO_AMO (UINT64_C(0x10) | BIT(9) | BIT(17) | 15 << 22 | UINT64_C(56) << 32)

struct busy_bed {
    struct testbed t;
    bool (*hook)(void *ctx, struct vd_txn *txn);
    uint32_t refuse; /* the n-th access from now is asked to come again; 0: none */
    uint32_t accesses;
    uint64_t first, second, msis, mrif, pte1, pte2;
};

static bool refuse_one(void *ctx, struct vd_txn *txn)
{
    struct busy_bed *s = ctx;
    if (++s->accesses != s->refuse)
        return s->hook(&s->t, txn);
    txn->status = VD_RETRY;
    txn->delay = 7000;
    return true;
}

static void open_with(struct busy_bed *s, const struct iommu_config *config)
{
    memset(s, 0, sizeof(*s));
    bed_open(&s->t, config);
    bed_start(&s->t, 2);
    s->hook = s->t.b.hook;
    s->t.b.hook = refuse_one;
    s->t.b.hook_ctx = s;
    s->first = bed_pages(&s->t, 1);
    s->second = bed_pages(&s->t, 4);
    s->msis = bed_pages(&s->t, 1);
    s->mrif = bed_pages(&s->t, 1);
    bed_map(&s->t, s->second, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
    s->pte1 = bed_map(&s->t, s->first, 3, false, 0x5000, 0x10000000, 0, V | R | W | U);
    s->pte2 = bed_map(&s->t, s->second, 3, true, 0x10000000, 0x80f00000, 0, V | R | W | U);
    bed_map(&s->t, s->first, 3, false, 0x6000, 0x40000000, 0, RWXAD | U);
    bed_map(&s->t, s->first, 3, false, 0x7000, 0x40001000, 0, RWXAD | U);
    bench_poke(&s->t.b, s->msis, 8, IMSIC_WINDOW >> 12 << 10 | 7);
    bench_poke(&s->t.b, s->msis + 16, 8, s->mrif >> 9 << 7 | 3);
    bench_poke(&s->t.b, s->msis + 24, 8, ((IMSIC_WINDOW >> 12) + 1) << 10 | 9);
    const struct bed_dc dc = {.tc = 1 | EN_ATS | EN_PRI | SADE | GADE,
                              .iohgatp = MODE(8) | s->second >> 12,
                              .fsc = MODE(8) | s->first >> 12,
                              .msiptp = MODE(1) | s->msis >> 12,
                              .mask = 1,
                              .pattern = 0x40000};
    bed_dc(&s->t, DEVICE, &dc);
    s->accesses = 0;
}

static void page_request(struct busy_bed *s)
{
    const struct vd_txn txn = {.tag = 4, .requester = DEVICE, .data = {0x1007}};
    iommu_message(s->t.m, &txn);
}

struct outcome {
    enum vd_status write;
    uint64_t words[16];
    uint32_t device_writes, messages;
    uint64_t sum; /* of addresses and data of MSIs, own ones included */
};

static void observe(struct busy_bed *s, struct outcome *o)
{
    struct testbed *t = &s->t;
    const uint64_t words[] = {
        bench_peek(&t->b, s->pte1, 8),
        bench_peek(&t->b, s->pte2, 8),
        bench_peek(&t->b, s->mrif, 8),
        bed_fault(t, 0, 0),
        bed_fault(t, 0, 2),
        bench_peek(&t->b, t->pq, 8),
        bench_peek(&t->b, t->pq + 8, 8),
        bench_peek(&t->b, t->cq + 0x800, 4),
        bed_get(t, REG_OFFSET_CQH, 4),
        bed_get(t, REG_OFFSET_FQT, 4),
        bed_get(t, REG_OFFSET_PQT, 4),
        bed_get(t, REG_OFFSET_CQCSR, 4),
        bed_get(t, REG_OFFSET_FQCSR, 4),
        bed_get(t, REG_OFFSET_PQCSR, 4),
        bed_get(t, REG_OFFSET_IPSR, 4),
        iommu_idle(t->m),
    };
    memcpy(o->words, words, sizeof(words));
    for (uint32_t i = 0; i < t->b.num_writes; i++) {
        const struct vd_txn *txn = &t->b.writes[i];
        if (txn->status == VD_RETRY)
            continue;
        o->device_writes += txn->requester == DEVICE;
        if (txn->addr - IMSIC_WINDOW < 0x4000000) {
            o->messages++;
            o->sum += txn->addr * 31 + txn->data[0];
        }
    }
}

/* Everything that goes out to the bus, once. */
static uint32_t play(uint64_t capabilities, vd_time latency, uint32_t refuse, struct outcome *o)
{
    struct busy_bed s;
    const struct iommu_config config = {.capabilities = capabilities};
    memset(o, 0, sizeof(*o));
    open_with(&s, &config);
    s.refuse = refuse;
    s.t.b.latency = latency;
    bench_forget(&s.t.b);
    o->write = bed_write(&s.t, DEVICE, 0x5000);
    bed_msi(&s.t, DEVICE, 0x6000, 3);
    bed_msi(&s.t, DEVICE, 0x7000, 5);
    bed_read(&s.t, DEVICE, 0x8000);
    page_request(&s);
    bed_settle(&s.t);
    bed_command(&s.t, 2 | BIT(10) | UINT64_C(0xabcd) << 32, (s.t.cq + 0x800) >> 2);
    observe(&s, o);
    uint32_t accesses = s.accesses;
    bed_close(&s.t);
    return accesses;
}

/* Whichever access is asked to come again: nothing is lost, doubled or different. */
static void any_access_may_be_put_off(void **state)
{
    static const uint64_t capabilities[] = {0, NO_AMO | BIT(24)};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct outcome plain, retried;
        uint32_t accesses = play(capabilities[i], 0, 0, &plain);
        assert_true(accesses > 20);
        assert_int_equal(plain.write, VD_OK);
        assert_int_equal(plain.words[2], 1 << 5);
        assert_int_equal(plain.words[7], 0xabcd);
        assert_int_equal(plain.device_writes, 2);
        assert_int_equal(plain.messages, 4); /* MSI, notice, two of its own */
        for (uint32_t n = 1; n <= accesses; n++) {
            assert_int_equal(play(capabilities[i], 0, n, &retried), accesses + 1);
            assert_memory_equal(&plain, &retried, sizeof(plain));
        }
        play(capabilities[i], 5000, 0, &retried);
        assert_memory_equal(&plain, &retried, sizeof(plain));
    }
}

static bool writing(const struct testbed *t)
{
    for (unsigned i = 0; i < 256; i++)
        if (t->b.flights[i].used && t->b.flights[i].txn.cmd == VD_WRITE)
            return true;
    return false;
}

/* A queue that is switched off while it writes stays on and busy until it has written, and takes no
 * new order meanwhile. */
static void Q_4_off_while_writing(void **state)
{
    static const struct {
        uint32_t csr, index, tail;
    } queues[] = {{REG_OFFSET_CQCSR, REG_OFFSET_CQH, REG_OFFSET_CQT},
                  {REG_OFFSET_FQCSR, REG_OFFSET_FQT, 0},
                  {REG_OFFSET_PQCSR, REG_OFFSET_PQT, 0}};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct busy_bed s;
        const struct iommu_config config = {.index = 0};
        open_with(&s, &config);
        struct testbed *t = &s.t;
        bed_read(t, DEVICE, 0x5000);
        t->b.latency = 10000;
        bench_poke(&t->b, t->cq, 8, 3);
        bench_poke(&t->b, t->cq + 16, 8, 3);
        if (i == 0)
            bed_set(t, REG_OFFSET_CQT, 4, 2);
        if (i == 1) {
            struct vd_txn txn = bench_read(0x8000, 4);
            txn.requester = DEVICE;
            iommu_submit(t->m, &txn);
            while (!writing(t))
                bench_run(&t->b, 1000);
        }
        if (i == 2)
            page_request(&s);
        assert_int_equal(bed_get(t, queues[i].csr, 4), ON | 3);
        bed_set(t, queues[i].csr, 4, 2);
        assert_int_equal(bed_get(t, queues[i].csr, 4), BUSY | ON | 2);
        bed_set(t, queues[i].csr, 4, 3);
        assert_int_equal(bed_get(t, queues[i].csr, 4), BUSY | ON | 2);
        bed_settle(t);
        assert_int_equal(bed_get(t, queues[i].csr, 4), 2);
        assert_int_equal(bed_get(t, queues[i].index, 4), 1);
        bed_set(t, queues[i].csr, 4, 3);
        assert_int_equal(bed_get(t, queues[i].csr, 4), ON | 3);
        assert_int_equal(bed_get(t, queues[i].index, 4), 0);
        bed_close(t);
    }
}

static unsigned responses(const struct testbed *t)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < t->num_messages && i < 64; i++)
        n += t->messages[i].code == 5;
    return n;
}

/* More than the model holds is an overflow; none stays without an answer or a record. */
static void PRI_2_more_than_it_holds(void **state)
{
    (void)state;
    struct busy_bed s;
    const struct iommu_config config = {.index = 0};
    open_with(&s, &config);
    bed_read(&s.t, DEVICE, 0x5000);
    s.t.b.latency = 10000;
    for (unsigned i = 0; i < 40; i++)
        page_request(&s);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_PQCSR, 4), ON | OF | 3);
    assert_int_equal(responses(&s.t), 8);
    bed_settle(&s.t);
    /* What was waiting when the overflow came is lost with it, answered. */
    assert_int_equal(responses(&s.t) + bed_get(&s.t, REG_OFFSET_PQT, 4), 40);
    bed_close(&s.t);
}

/* Requests in flight use up all the slots: a message is answered, a debug request waits. */
static void no_slot_is_free(void **state)
{
    (void)state;
    struct busy_bed s;
    const struct iommu_config config = {.index = 0};
    open_with(&s, &config);
    bed_write(&s.t, DEVICE, 0x5000);
    s.t.b.latency = 10000;
    struct vd_txn txn = bench_read(0x5000, 4);
    txn.requester = DEVICE;
    unsigned taken = 0;
    while (iommu_submit(s.t.m, &txn) != VD_RETRY)
        taken++;
    assert_int_equal(taken, 64);
    page_request(&s);
    assert_int_equal(responses(&s.t), 1);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_PQCSR, 4), ON | OF | 3);
    bed_set(&s.t, REG_OFFSET_TR_REQ_IOVA, 8, 0x5000);
    bed_set(&s.t, REG_OFFSET_TR_REQ_CTL, 8, 1 | 8 | (uint64_t)DEVICE << 40);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_TR_REQ_CTL, 8) & 1, 1);
    bed_settle(&s.t);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_TR_REQ_CTL, 8) & 1, 0);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_TR_RESPONSE, 8) >> 10, 0x80f00);
    assert_true(iommu_idle(s.t.m));
    bed_close(&s.t);
}

/* Two stores to one MRIF that read and write it in two steps do not lose one another's bit. */
static void MRIF_3_two_at_once(void **state)
{
    (void)state;
    struct busy_bed s;
    const struct iommu_config config = {.capabilities = NO_AMO, .outstanding = 8};
    open_with(&s, &config);
    struct bed_dc dc = {.tc = 1, .iohgatp = MODE(8) | s.second >> 12};
    dc.msiptp = MODE(1) | s.msis >> 12;
    dc.mask = 1;
    dc.pattern = 0x40000;
    bed_dc(&s.t, DEVICE, &dc);
    bed_dc(&s.t, 2, &dc);
    bed_command(&s.t, 3, 0);
    s.t.b.latency = 10000;
    for (uint32_t i = 0; i < 2; i++) {
        struct vd_txn txn = bench_write(0x40001000, 4, 5 + i);
        txn.requester = DEVICE + i;
        txn.attrs = VD_POSTED;
        assert_int_equal(iommu_submit(s.t.m, &txn), VD_PENDING);
    }
    bed_settle(&s.t);
    assert_int_equal(bench_peek(&s.t.b, s.mrif, 8), 3 << 5);
    bed_close(&s.t);
}

/* An MSI that an MRIF refuses for its size has its end in the trace. */
static void MRIF_2_refused_msi_is_recorded(void **state)
{
    (void)state;
    struct busy_bed s;
    const struct iommu_config config = {.index = 0};
    open_with(&s, &config);
    struct vd_txn txn = bench_write(0x7000, 8, 5);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    txn.serial = 99;
    bed_request(&s.t, txn);
    const struct vd_record *drop = bench_record(&s.t.b, VD_REC_msi_drop, 0);
    assert_non_null(drop);
    assert_int_equal(drop->serial, 99);
    assert_int_equal(drop->a, VD_DROP_size);
    bed_close(&s.t);
}

static bool faulted(const struct testbed *t, unsigned cause)
{
    const struct vd_record *rec;
    for (uint32_t i = 0; (rec = bench_record(&t->b, VD_REC_iommu_fault, i)) != NULL; i++)
        if (rec->a == cause)
            return true;
    return false;
}

static uint32_t allowed; /* accesses of its own until Bus Master Enable is 0 */

static bool master(void *ctx)
{
    (void)ctx;
    return allowed && allowed--;
}

/* As a PCIe function that may not issue requests: tables and queues are out of reach, the store
 * into an MRIF is a fault, and a notice ends in the trace. */
static void EMB_1_no_bus_master(void **state)
{
    (void)state;
    struct busy_bed s;
    const struct iommu_config config = {.cycle_ps = 1000};
    open_with(&s, &config);
    struct testbed *t = &s.t;
    iommu_connect(t->m, &(struct iommu_device_port){.bus_master = master, .ctx = t});
    allowed = UINT32_MAX;
    bed_msi(t, DEVICE, 0x7000, 3);
    bed_write(t, DEVICE, 0x5000);
    assert_int_equal(bench_count(&t->b, VD_REC_msi_drop), 0);
    allowed = 0;
    bench_forget(&t->b);
    bed_write(t, DEVICE, 0x5008);
    assert_int_equal(bed_where(t), 0x80f00008); /* cached: not the IOMMU's request */
    bed_command(t, 1, 0);
    assert_int_equal(bed_get(t, REG_OFFSET_CQCSR, 4) & MF, MF);
    bed_msi(t, DEVICE, 0x7000, 4);
    assert_true(faulted(t, 264));
    assert_true(faulted(t, 273));
    assert_int_equal(bed_get(t, REG_OFFSET_FQCSR, 4) & MF, MF);
    assert_int_equal(bench_peek(&t->b, s.mrif, 8), 1 << 3);
    allowed = 1;
    bed_msi(t, DEVICE, 0x7000, 5);
    assert_int_equal(bench_peek(&t->b, s.mrif, 8), 1 << 3 | 1 << 5);
    uint32_t drops = bench_count(&t->b, VD_REC_msi_drop);
    const struct vd_record *drop = bench_record(&t->b, VD_REC_msi_drop, drops - 1);
    assert_int_equal(drop->a, VD_DROP_no_master);
    assert_int_equal(drop->c, IMSIC_WINDOW + 0x1000);
    allowed = UINT32_MAX;
    iommu_flush(t->m);
    bed_msi(t, DEVICE, 0x7000, 6);
    assert_int_equal(bench_peek(&t->b, s.mrif, 8), 1 << 3 | 1 << 5 | 1 << 6);
    bed_close(t);
}

/* Hits leave one interval after the other. */
static void request_interval(void **state)
{
    (void)state;
    struct busy_bed s;
    const struct iommu_config config = {.timing.request_interval = 3, .cycle_ps = 1000};
    open_with(&s, &config);
    bed_write(&s.t, DEVICE, 0x5000);
    vd_time start = s.t.b.now;
    struct vd_txn txn = bench_write(0x5000, 4, 0);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    bench_forget(&s.t.b);
    for (unsigned i = 0; i < 3; i++)
        iommu_submit(s.t.m, &txn);
    bed_settle(&s.t);
    assert_int_equal(s.t.b.num_writes, 3);
    assert_in_range(s.t.b.now - start, 6000, 9000);
    bed_close(&s.t);
}

/* The window of commands that are executed last first holds eight. */
static void out_of_order_window(void **state)
{
    (void)state;
    struct busy_bed s;
    const struct iommu_config config = {.commands_out_of_order = true};
    open_with(&s, &config);
    for (unsigned i = 0; i < 9; i++)
        bed_command(&s.t, 3 | BIT(33) | (uint64_t)i << 40, 0);
    assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_command), 8);
    assert_int_equal(bench_record(&s.t.b, VD_REC_iommu_command, 0)->a >> 40, 7);
    bed_command(&s.t, 2, 0);
    assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_command), 10);
    bed_close(&s.t);
}

/* Switch fence_ignores_io: PW waits for writes to memory, but not for MSIs. */
static void fence_ignores_io_switch(void **state)
{
    (void)state;
    for (unsigned msi = 0; msi < 2; msi++) {
        struct busy_bed s;
        const struct iommu_config config = {.fence_ignores_io = true};
        open_with(&s, &config);
        bed_write(&s.t, DEVICE, 0x5000);
        bed_msi(&s.t, DEVICE, 0x6000, 3);
        bench_poke(&s.t.b, s.t.cq, 8, 2 | BIT(13));
        struct vd_txn txn = bench_write(msi ? 0x6000 : 0x5000, 4, 3);
        txn.requester = DEVICE;
        txn.attrs = VD_POSTED;
        txn.serial = msi;
        s.t.b.latency = 30000;
        iommu_submit(s.t.m, &txn);
        s.t.b.latency = 10000;
        bed_set(&s.t, REG_OFFSET_CQT, 4, 1);
        bench_run(&s.t.b, 11000);
        assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), msi);
        bed_settle(&s.t);
        assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 1);
        assert_int_equal(s.t.b.now, 30000);
        bed_close(&s.t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_access_may_be_put_off),
        cmocka_unit_test(Q_4_off_while_writing),
        cmocka_unit_test(PRI_2_more_than_it_holds),
        cmocka_unit_test(no_slot_is_free),
        cmocka_unit_test(MRIF_3_two_at_once),
        cmocka_unit_test(MRIF_2_refused_msi_is_recorded),
        cmocka_unit_test(EMB_1_no_bus_master),
        cmocka_unit_test(request_interval),
        cmocka_unit_test(out_of_order_window),
        cmocka_unit_test(fence_ignores_io_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
