/* SPDX-License-Identifier: BSD-2-Clause */
/* Just beyond: the last entry of a cache, the last picosecond, the step that is over, the fault
 * behind a success. */
#include "iommu/state.h"

#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n) (UINT64_C(1) << (n))
#define SV39   (UINT64_C(8) << 60)
enum { CYCLE = 1000, DEVICE = 1, PROCESS = 0x10, IOVA = 0x40000000, NEXT = IOVA + 0x1000 };
enum { VMA = 1, GVMA = 1 | 1 << 7, INVAL_DDT = 3, INVAL_PDT = 3 | 1 << 7, IOFENCE = 2 };
enum { INVAL_ATS = 4, WITH_NL = 1 << 10, CMD_TO = 1 << 9 };

static const struct iommu_config largest = {.ddt_entries = MAX_CONTEXTS,
                                            .pdt_entries = MAX_CONTEXTS,
                                            .tlb_entries = MAX_TLB,
                                            .msi_entries = MAX_CONTEXTS,
                                            .first_nonleaf = MAX_CONTEXTS,
                                            .second_nonleaf = MAX_CONTEXTS};

/* Every entry valid, of one device and process; every other bit that a stray store may clear. */
static void fill_caches(struct iommu_state *st)
{
    const uint64_t space = MASK(space_PSCV) | DEVICE;
    for (uint32_t i = 0; i < MAX_CONTEXTS; i++) {
        st->ddt[i].device_id = DEVICE;
        st->ddt[i].valid = true;
        st->pdt[i] = (struct pdt_entry){DEVICE, PROCESS, true, UINT64_MAX, UINT64_MAX};
        st->msi[i].gpa = st->msi[i].pte[0] = UINT64_MAX;
        st->msi[i].valid = true;
        for (unsigned stage = 0; stage < STAGES; stage++) {
            st->nonleaf[stage][i].space = space;
            st->nonleaf[stage][i].valid = true;
        }
    }
    for (uint32_t i = 0; i < MAX_TLB; i++) {
        st->tlb[i].space = space;
        st->tlb[i].iova = st->tlb[i].gpa = st->tlb[i].spa = UINT64_MAX;
        st->tlb[i].valid = true;
    }
    struct plru *plru[] = {&st->ddt_plru, &st->pdt_plru,        &st->tlb_plru,
                           &st->msi_plru, &st->nonleaf_plru[0], &st->nonleaf_plru[1]};
    for (unsigned i = 0; i < sizeof(plru) / sizeof(plru[0]); i++)
        memset(plru[i]->bits, 1, sizeof(plru[i]->bits));
}

/* What a command, 0: a flush, leaves of them. */
static void expect(struct iommu_state *st, uint64_t command)
{
    bool all = command == 0, contexts = (command & 0x3ff) == INVAL_DDT;
    for (uint32_t i = 0; i < MAX_CONTEXTS; i++) {
        st->ddt[i].valid = !all && !contexts;
        st->pdt[i].valid = false;
        st->msi[i].valid = !all;
        st->nonleaf[STAGE_FIRST][i].valid = st->nonleaf[STAGE_SECOND][i].valid = !all;
    }
    for (uint32_t i = 0; i < MAX_TLB; i++)
        st->tlb[i].valid = !all;
}

/* Of the largest caches all entries go that the command is about, and what lies behind them in
 * the state stays as it is. */
static void CMD_6_and_CA_1_nothing_beyond(void **state)
{
    (void)state;
    static const uint64_t commands[] = {
        0,
        INVAL_DDT,
        INVAL_DDT | BIT(33) | (uint64_t)DEVICE << 40,
        INVAL_PDT | BIT(33) | (uint64_t)DEVICE << 40 | PROCESS << 12,
    };
    const size_t from = offsetof(struct iommu_state, ddt), to = offsetof(struct iommu_state, cq);
    struct iommu_state *before = malloc(sizeof(*before)), *after = malloc(sizeof(*after));
    assert_true(before && after);
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct testbed t;
        bed_open(&t, &largest);
        bed_start(&t, 2);
        assert_int_equal(iommu_save(t.m, before, sizeof(*before)), sizeof(*before));
        fill_caches(before);
        assert_true(iommu_restore(t.m, before, sizeof(*before)));
        if (commands[i])
            bed_command(&t, commands[i], 0);
        else
            iommu_flush(t.m);
        expect(before, commands[i]);
        iommu_save(t.m, after, sizeof(*after));
        assert_memory_equal((char *)before + from, (char *)after + from, to - from);
        bed_close(&t);
    }
    free(before);
    free(after);
}

/* A walk that has begun reads on, also where another request fills the cache meanwhile. */
static void CA_1_a_walk_is_no_hit_later(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.outstanding = 2};
    const struct bed_dc dc = {.tc = 1};
    bed_open(&t, &config);
    bed_start(&t, 4);
    bed_dc(&t, DEVICE, &dc);
    t.b.latency = 10 * CYCLE;
    t.b.num_reads = 0;
    struct vd_txn txn = bench_write(t.free_page, 4, 0);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    for (unsigned i = 0; i < 2; i++) {
        iommu_submit(t.m, &txn);
        bench_run(&t.b, 15 * CYCLE);
    }
    bed_settle(&t);
    assert_int_equal(t.b.num_reads, 2 * 3);
    iommu_submit(t.m, &txn);
    bed_settle(&t);
    assert_int_equal(t.b.num_reads, 2 * 3);
    bed_close(&t);
}

static void completes_first(void *ctx, uint32_t tag)
{
    const struct vd_txn txn = {
        .tag = 2, .requester = DEVICE, .data = {BIT(tag) | UINT64_C(1) << 32}};
    iommu_message(((struct testbed *)ctx)->m, &txn);
}

/* A completion in the very picosecond of another invalidation's deadline: that one has timed out in
 * the next. */
static void CMD_9_completion_at_the_deadline(void **state)
{
    (void)state;
    const vd_time minute = 60 * UINT64_C(1000000000000);
    struct testbed t;
    bed_open(&t, &(const struct iommu_config){.index = 0});
    bed_start(&t, 2);
    struct vd_event ev = {.fire = completes_first, .ctx = &t};
    t.b.host.ops->post(t.b.host.ctx, &ev, t.b.now + minute);
    for (unsigned i = 0; i < 2; i++)
        bench_poke(&t.b, t.cq + 16 * i, 8, INVAL_ATS | (uint64_t)(DEVICE + i) << 40);
    bench_poke(&t.b, t.cq + 32, 8, IOFENCE);
    bed_set(&t, REG_OFFSET_CQT, 4, 3);
    assert_int_equal(t.num_messages, 2);
    bench_run(&t.b, minute);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4) & CMD_TO, 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 2);
    bench_run(&t.b, 1);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4) & CMD_TO, CMD_TO);
    bed_close(&t);
}

/* An answer to a step that has its answer is nobody's: the request leaves once, in its time. */
static void completion_that_nobody_waits_for(void **state)
{
    (void)state;
    enum { FIRST_SLOT = 0x100, HIT = 100 };
    struct testbed t;
    const struct iommu_config config = {.timing = {.hit = HIT}, .cycle_ps = CYCLE};
    const struct bed_dc dc = {.tc = 1};
    bed_open(&t, &config);
    bed_start(&t, 2);
    bed_dc(&t, DEVICE, &dc);
    t.b.latency = 10 * CYCLE;
    struct vd_txn txn = bench_write(t.free_page, 4, 7), answer = bench_read(0, 8);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    answer.tag = FIRST_SLOT;
    iommu_submit(t.m, &txn);
    bench_run(&t.b, 50 * CYCLE);
    iommu_complete(t.m, &answer);
    bench_run(&t.b, (10 + HIT + 10 - 50) * CYCLE - 1);
    assert_int_equal(bench_peek(&t.b, txn.addr, 4), 0);
    bench_run(&t.b, 1);
    assert_int_equal(bed_where(&t), txn.addr);
    assert_true(iommu_idle(t.m));
    bed_close(&t);
}

/* From when it comes until memory has it; reads, messages and others' writes do not count. */
static void a_write_is_carried_until_it_leaves(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.timing = {.hit = 100}, .cycle_ps = CYCLE};
    const struct bed_dc dc = {.tc = 1};
    bed_open(&t, &config);
    bed_start(&t, 2);
    bed_dc(&t, DEVICE, &dc);
    t.b.latency = 10 * CYCLE;
    struct vd_txn txn = bench_read(t.free_page, 4);
    txn.requester = DEVICE;
    iommu_submit(t.m, &txn);
    txn = bench_write(t.free_page, 4, 7);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    txn.serial = 9;
    iommu_submit(t.m, &txn);
    assert_false(iommu_carries_write(t.m, DEVICE));
    bed_settle(&t);
    txn.serial = 0;
    iommu_submit(t.m, &txn);
    assert_true(iommu_carries_write(t.m, DEVICE));
    assert_false(iommu_carries_write(t.m, DEVICE + 1));
    bench_run(&t.b, 99 * CYCLE);
    assert_true(iommu_carries_write(t.m, DEVICE));
    bench_run(&t.b, 2 * CYCLE);
    assert_false(iommu_carries_write(t.m, DEVICE));
    bed_settle(&t);
    bed_close(&t);
}

/* A fault by a stale pointer is stale, also right behind a success with the address that memory now
 * gives. */
static void CA_1_fault_of_a_stale_pointer(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.first_nonleaf = 8, .stale_check = true};
    bed_open(&t, &config);
    bed_start(&t, 2);
    uint64_t root = bed_pages(&t, 1), table = bed_pages(&t, 1), page = bed_pages(&t, 1);
    bed_map(&t, root, 3, false, IOVA, page, 0, RWXAD | U);
    const struct bed_dc dc = {.tc = 1, .fsc = SV39 | root >> 12};
    bed_dc(&t, DEVICE, &dc);
    assert_int_equal(bed_write(&t, DEVICE, IOVA), VD_OK);
    uint64_t middle = bench_peek(&t.b, root + 8 * (IOVA >> 30), 8) >> 10 << 12;
    bench_poke(&t.b, table + 8, 8, page >> 12 << 10 | RWXAD | U);
    bench_poke(&t.b, middle, 8, table >> 12 << 10 | V);
    assert_int_equal(bed_write(&t, DEVICE, NEXT), VD_UNSUPPORTED);
    assert_int_equal(bench_count(&t.b, VD_REC_iommu_stale), 1);
    assert_int_equal(bench_record(&t.b, VD_REC_iommu_stale, 0)->a, VMA | WITH_NL);
    bed_command(&t, VMA, 0);
    assert_int_equal(bed_write(&t, DEVICE, NEXT), VD_OK);
    assert_int_equal(bed_where(&t), page);
    bed_close(&t);
}

/* Commands that wait in the window keep the addresses they came with. */
static void out_of_order_window_keeps_both_words(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.commands_out_of_order = true};
    bed_open(&t, &config);
    bed_start(&t, 2);
    for (uint64_t i = 0; i < WINDOW; i++)
        bed_command(&t, GVMA | 1 << 10 | BIT(33), (i + 1) << 10);
    assert_int_equal(bench_count(&t.b, VD_REC_iommu_command), 0);
    bed_command(&t, IOFENCE, 0);
    for (uint32_t i = 0; i < WINDOW; i++)
        assert_int_equal(bench_record(&t.b, VD_REC_iommu_command, i)->b, (uint64_t)(WINDOW - i)
                                                                             << 10);
    bed_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(CMD_6_and_CA_1_nothing_beyond),
        cmocka_unit_test(CA_1_a_walk_is_no_hit_later),
        cmocka_unit_test(CMD_9_completion_at_the_deadline),
        cmocka_unit_test(completion_that_nobody_waits_for),
        cmocka_unit_test(a_write_is_carried_until_it_leaves),
        cmocka_unit_test(CA_1_fault_of_a_stale_pointer),
        cmocka_unit_test(out_of_order_window_keeps_both_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
