/* SPDX-License-Identifier: BSD-2-Clause */
/* The model contract: timing, reset, snapshots, instances, tables, deliberate defects. */
#include "imsic/imsic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imsic/state.h"
#include "support/bench.h"
#include "viaduct/bits.h"

enum { S_FILE = VD_IMSIC_FILE_S, G1 = VD_IMSIC_FILE_GUEST0, G2 };
enum { EIDELIVERY = 0x70, EITHRESHOLD = 0x72, EIP = 0x80, EIE = 0xc0 };
enum { CYCLE = 500, SNAPSHOT = 1 << 20 };

static struct bench b;
static _Alignas(8) char snapshots[2][SNAPSHOT];

static struct imsic *build(uint32_t cycles, uint32_t defect)
{
    struct imsic_config c = {.ids = 127,
                             .guests = 2,
                             .machine_file = true,
                             .defect = defect,
                             .write_to_line_cycles = cycles,
                             .cycle_ps = CYCLE};
    struct vd_error err;
    struct imsic *m = imsic_create(&c, &b.host, &err);
    assert_non_null(m);
    return m;
}

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_done(&b);
    return 0;
}

static void msi(struct imsic *m, uint32_t file, uint32_t identity, uint64_t serial)
{
    struct vd_txn txn = bench_write(0, 4, identity);
    txn.serial = serial;
    assert_int_equal(imsic_access(m, file, &txn), VD_OK);
}

static void set_csr(struct imsic *m, uint32_t file, uint32_t select, uint64_t value)
{
    struct vd_imsic_port port = imsic_port(m);
    port.ops->write(port.ctx, file, select, value);
}

static uint64_t csr(struct imsic *m, uint32_t file, uint32_t select)
{
    struct vd_imsic_port port = imsic_port(m);
    return port.ops->read(port.ctx, file, select);
}

static void claim(struct imsic *m, uint32_t file)
{
    struct vd_imsic_port port = imsic_port(m);
    port.ops->claim(port.ctx, file);
}

static void open_file(struct imsic *m, uint32_t file)
{
    set_csr(m, file, EIE, UINT64_MAX);
    set_csr(m, file, EIE + 2, UINT64_MAX);
    set_csr(m, file, EIDELIVERY, 1);
}

static void line_follows_msi_after_its_cycles(void **state)
{
    (void)state;
    struct imsic *m = build(3, IMSIC_DEFECT_NONE);
    open_file(m, G1);
    msi(m, G1, 9, 1);
    assert_int_equal(csr(m, G1, EIP), VD_BIT(9));
    bench_run(&b, 3 * CYCLE - 1);
    assert_false(b.lines[VD_LINE_HGEIP + 1]);
    msi(m, G1, 4, 2);
    bench_run(&b, 1);
    assert_true(b.lines[VD_LINE_HGEIP + 1]);
    assert_int_equal(b.num_events, 0);
    imsic_destroy(m);
}

static void disabled_msi_arms_nothing(void **state)
{
    (void)state;
    struct imsic *m = build(3, IMSIC_DEFECT_NONE);
    open_file(m, G1);
    set_csr(m, G1, EIE, 0);
    msi(m, G1, 9, 1);
    assert_int_equal(b.num_events, 0);
    bench_run(&b, 2 * CYCLE);
    msi(m, G1, 70, 2);
    bench_run(&b, 2 * CYCLE);
    assert_false(b.lines[VD_LINE_HGEIP + 1]);
    bench_run(&b, CYCLE);
    assert_true(b.lines[VD_LINE_HGEIP + 1]);
    imsic_destroy(m);
}

static void signal_is_recomputed_when_due(void **state)
{
    (void)state;
    struct imsic *m = build(3, IMSIC_DEFECT_NONE);
    open_file(m, S_FILE);
    msi(m, S_FILE, 9, 1);
    claim(m, S_FILE);
    bench_run(&b, 10 * CYCLE);
    assert_int_equal(b.wire_edges, 0);
    imsic_destroy(m);
}

static void every_msi_gets_its_event(void **state)
{
    (void)state;
    struct imsic *m = build(3, IMSIC_DEFECT_NONE);
    open_file(m, S_FILE);
    for (uint32_t i = 0; i < 3; i++) {
        msi(m, S_FILE, 9, 1);
        assert_int_equal(b.num_events, 1);
        bench_run(&b, (i ? 3 : 1) * CYCLE);
        assert_int_equal(b.lines[VD_LINE_SEIP], i != 0);
        claim(m, S_FILE);
        assert_false(b.lines[VD_LINE_SEIP]);
        assert_int_equal(b.num_events, 0);
    }
    imsic_destroy(m);
}

static void no_latency_needs_no_event(void **state)
{
    (void)state;
    struct imsic *m = build(0, IMSIC_DEFECT_NONE);
    open_file(m, S_FILE);
    msi(m, S_FILE, 9, 1);
    assert_true(b.lines[VD_LINE_SEIP]);
    assert_int_equal(b.order, 0);
    imsic_destroy(m);
}

static void debugger_has_no_effect(void **state)
{
    (void)state;
    struct imsic *m = build(0, IMSIC_DEFECT_NONE);
    struct vd_txn txn = bench_write(0, 4, 3);
    txn.attrs = VD_DEBUG;
    assert_int_equal(imsic_access(m, S_FILE, &txn), VD_OK);
    txn.size = 8;
    assert_int_equal(imsic_access(m, S_FILE, &txn), VD_DENIED);
    assert_int_equal(csr(m, S_FILE, EIP), 0);
    assert_int_equal(b.num_records, 0);
    imsic_destroy(m);
}

static void dirty(struct imsic *m)
{
    for (uint32_t file = 0; file <= G2; file++) {
        open_file(m, file);
        set_csr(m, file, EITHRESHOLD, 100);
        for (uint32_t identity = 1; identity < 128; identity += 9 + file)
            msi(m, file, identity, identity);
        claim(m, file);
    }
}

static void reset_equals_construction(void **state)
{
    (void)state;
    struct imsic *m = build(2, IMSIC_DEFECT_NONE);
    size_t size = imsic_save(m, snapshots[0], SNAPSHOT);
    dirty(m);
    bench_run(&b, CYCLE);
    msi(m, G1, 99, 1);
    imsic_reset(m);
    assert_int_equal(b.num_events, 0);
    for (uint32_t line = 0; line < 128; line++)
        assert_false(b.lines[line]);
    assert_int_equal(imsic_save(m, snapshots[1], SNAPSHOT), size);
    assert_memory_equal(snapshots[0], snapshots[1], size);
    imsic_destroy(m);
}

static void snapshot_keeps_the_line_in_flight(void **state)
{
    (void)state;
    struct imsic *m = build(2, IMSIC_DEFECT_NONE);
    open_file(m, G1);
    msi(m, G1, 7, 12);
    size_t size = imsic_save(m, snapshots[0], SNAPSHOT);
    assert_int_equal(imsic_save(m, NULL, 0), size);
    imsic_destroy(m);
    m = build(2, IMSIC_DEFECT_NONE);
    assert_true(imsic_restore(m, snapshots[0], size));
    bench_run(&b, 2 * CYCLE - 1);
    assert_false(b.lines[VD_LINE_HGEIP + 1]);
    bench_run(&b, 1);
    assert_true(b.lines[VD_LINE_HGEIP + 1]);
    claim(m, G1);
    assert_int_equal(bench_record(&b, VD_REC_msi_claim, 0)->serial, 12);
    imsic_destroy(m);
}

/* Each of these would break what the model relies on. */
static bool corrupt(struct imsic_state *s, uint32_t way)
{
    struct imsic_file *f = &s->file[G1];
    switch (way) {
    case 0:
        f->top ^= 1u << 5;
        return true;
    case 1:
        f->eip[0] |= 1;
        return true;
    case 2:
        f->eie[2] |= 1;
        return true;
    case 3:
        f->eithreshold = 128;
        return true;
    case 4:
        f->eidelivery = 2;
        return true;
    case 5:
        f->line_at = b.now - 1;
        return true;
    case 6:
        f->msi_identity = 128;
        return true;
    case 7:
        f->line = 2;
        return true;
    case 8:
        s->files++;
        return true;
    default:
        return false;
    }
}

static void snapshot_is_checked(void **state)
{
    (void)state;
    struct imsic *m = build(2, IMSIC_DEFECT_NONE);
    bench_run(&b, CYCLE);
    dirty(m);
    size_t size = imsic_save(m, snapshots[0], SNAPSHOT);
    assert_false(imsic_restore(m, snapshots[0], size - 1));
    assert_false(imsic_restore(m, snapshots[0], 0));
    for (uint32_t way = 0;; way++) {
        memcpy(snapshots[1], snapshots[0], size);
        if (!corrupt((struct imsic_state *)(void *)snapshots[1], way))
            break;
        assert_false(imsic_restore(m, snapshots[1], size));
    }
    assert_true(imsic_restore(m, snapshots[0], size));
    imsic_destroy(m);
}

static void instances_are_independent(void **state)
{
    (void)state;
    struct imsic *x = build(0, IMSIC_DEFECT_NONE), *y = build(0, IMSIC_DEFECT_NONE);
    imsic_save(y, snapshots[0], SNAPSHOT);
    dirty(x);
    size_t size = imsic_save(y, snapshots[1], SNAPSHOT);
    assert_memory_equal(snapshots[0], snapshots[1], size);
    imsic_destroy(x);
    imsic_destroy(y);
}

/* As csrrs of another bit: read, OR, write. */
static void defect_rmw_split_forgets_an_msi_in_between(void **state)
{
    (void)state;
    for (unsigned cycles = 7; cycles <= 8; cycles++) {
        struct imsic *m = build(0, IMSIC_DEFECT_RMW_SPLIT);
        struct vd_imsic_port p = imsic_port(m);
        open_file(m, G1);
        bench_run(&b, 10 * CYCLE);
        msi(m, G1, 3, 1);
        bench_run(&b, cycles * CYCLE);
        p.ops->write(p.ctx, G1, EIP, p.ops->read(p.ctx, G1, EIP) | 1 << 5);
        bench_run(&b, 10 * CYCLE);
        assert_int_equal(csr(m, G1, EIP), cycles < 8 ? 1 << 5 : 1 << 5 | 1 << 3);
        imsic_destroy(m);
    }
}

static void defect_claim_drops_msi_after_claim(void **state)
{
    (void)state;
    struct imsic *m = build(0, IMSIC_DEFECT_CLAIM_DROPS);
    open_file(m, G1);
    bench_run(&b, 10 * CYCLE);
    msi(m, G1, 3, 1);
    bench_run(&b, CYCLE);
    claim(m, G1);
    bench_run(&b, CYCLE - 1);
    msi(m, G1, 5, 2);
    assert_int_equal(csr(m, G1, EIP), 0);
    assert_int_equal(bench_count(&b, VD_REC_msi_record), 1);
    assert_int_equal(bench_count(&b, VD_REC_msi_drop), 0);
    bench_run(&b, 1);
    msi(m, G1, 5, 3);
    assert_int_equal(csr(m, G1, EIP), VD_BIT(5));
    imsic_destroy(m);
}

static void defect_claim_drops_msi_before_claim(void **state)
{
    (void)state;
    struct imsic *m = build(0, IMSIC_DEFECT_CLAIM_DROPS);
    open_file(m, G1);
    msi(m, G1, 3, 1);
    bench_run(&b, 10 * CYCLE);
    msi(m, G1, 5, 2);
    claim(m, G1);
    assert_int_equal(csr(m, G1, EIP), 0);
    assert_int_equal(bench_count(&b, VD_REC_msi_claim), 1);
    assert_int_equal(bench_count(&b, VD_REC_eip_clear), 0);
    assert_false(b.lines[VD_LINE_HGEIP + 1]);
    imsic_destroy(m);
}

static void defect_claim_drops_only_in_the_cycle(void **state)
{
    (void)state;
    struct imsic *m = build(0, IMSIC_DEFECT_CLAIM_DROPS);
    open_file(m, G1);
    msi(m, G1, 3, 1);
    bench_run(&b, CYCLE);
    msi(m, G1, 5, 2);
    bench_run(&b, CYCLE);
    claim(m, G1);
    assert_int_equal(csr(m, G1, EIP), VD_BIT(5));
    imsic_destroy(m);
    m = build(0, IMSIC_DEFECT_NONE);
    open_file(m, G1);
    msi(m, G1, 3, 1);
    claim(m, G1);
    msi(m, G1, 5, 2);
    assert_int_equal(csr(m, G1, EIP), VD_BIT(5));
    imsic_destroy(m);
}

static void defect_id_wraps(void **state)
{
    (void)state;
    struct imsic *m = build(0, IMSIC_DEFECT_ID_WRAPS);
    msi(m, G1, 128 + 5, 1);
    assert_int_equal(csr(m, G1, EIP), VD_BIT(5));
    msi(m, G1, 128, 1);
    assert_int_equal(bench_record(&b, VD_REC_msi_drop, 0)->a, VD_DROP_identity_zero);
    imsic_destroy(m);
}

static void defect_must_exist(void **state)
{
    (void)state;
    struct imsic_config c = {.defect = 4};
    struct vd_error err;
    assert_null(imsic_create(&c, &b.host, &err));
    assert_non_null(strstr(err.text, "defect"));
}

/* Nothing has been claimed before the first claim. */
static void defect_claim_drops_nothing_at_first(void **state)
{
    (void)state;
    struct imsic *m = build(0, IMSIC_DEFECT_CLAIM_DROPS);
    for (uint32_t file = 0; file < 4; file++) {
        msi(m, file, 3, 1);
        assert_int_equal(csr(m, file, EIP), 8);
    }
    imsic_destroy(m);
}

static void every_file_has_its_event(void **state)
{
    (void)state;
    struct imsic *m = build(2, IMSIC_DEFECT_NONE);
    for (uint32_t file = 0; file < 4; file++) {
        open_file(m, file);
        msi(m, file, 3, 1);
    }
    bench_run(&b, 2 * CYCLE);
    assert_int_equal(b.wire_edges, 4);
    imsic_destroy(m);
}

/* A file that is not there is no obstacle to a snapshot. */
static void snapshot_without_a_machine_file(void **state)
{
    (void)state;
    const struct imsic_config c = {.ids = 63};
    struct imsic *m = imsic_create(&c, &b.host, NULL);
    bench_run(&b, CYCLE);
    size_t size = imsic_save(m, snapshots[0], SNAPSHOT);
    assert_true(imsic_restore(m, snapshots[0], size));
    imsic_destroy(m);
}

static void tables(void **state)
{
    (void)state;
    uint32_t count;
    const struct vd_param *params = imsic_params(&count);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(params[i].fallback >= params[i].min && params[i].fallback <= params[i].max);
        assert_true(params[i].offset < sizeof(struct imsic_config));
        assert_non_null(params[i].text);
    }
    struct imsic *m = build(0, IMSIC_DEFECT_NONE);
    const struct vd_reg *regs = imsic_regs(&count);
    for (uint32_t i = 0; i < count; i++) {
        struct vd_txn txn = bench_read(regs[i].offset, regs[i].size);
        assert_int_equal(imsic_access(m, S_FILE, &txn), VD_OK);
        assert_int_equal(txn.data[0], regs[i].reset);
    }
    const struct vd_reg *selects = imsic_selects(&count);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < selects[i].count; k++)
            assert_int_equal(csr(m, S_FILE, selects[i].offset + k * selects[i].stride),
                             selects[i].reset);
    imsic_destroy(m);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(line_follows_msi_after_its_cycles),
        RULE(disabled_msi_arms_nothing),
        RULE(signal_is_recomputed_when_due),
        RULE(every_msi_gets_its_event),
        RULE(no_latency_needs_no_event),
        RULE(debugger_has_no_effect),
        RULE(reset_equals_construction),
        RULE(snapshot_keeps_the_line_in_flight),
        RULE(snapshot_is_checked),
        RULE(instances_are_independent),
        RULE(defect_claim_drops_msi_after_claim),
        RULE(defect_rmw_split_forgets_an_msi_in_between),
        RULE(defect_claim_drops_msi_before_claim),
        RULE(defect_claim_drops_only_in_the_cycle),
        RULE(defect_id_wraps),
        RULE(defect_must_exist),
        RULE(defect_claim_drops_nothing_at_first),
        RULE(every_file_has_its_event),
        RULE(snapshot_without_a_machine_file),
        RULE(tables),
    };
    return cmocka_run_group_tests_name("imsic model", tests, NULL, NULL);
}
