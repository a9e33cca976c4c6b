/* SPDX-License-Identifier: BSD-2-Clause */
/* MSIs and lines in time: what waits, in which order, and what a snapshot keeps of it. */
#include "imsic/state.h"

#include "imsic/imsic_bench.h"

enum { CYCLE = 1000 };

/* A cycle is 1 ns where nothing is said. */
static void default_cycle(void **state)
{
    (void)state;
    struct imsic_config c = plain;
    c.write_to_line_cycles = 4;
    rebuild(c);
    enable(S_FILE, 9);
    deliver(S_FILE);
    msi(S_FILE, 9);
    bench_run(&b, 3999);
    assert_int_equal(b.wire_edges, 0);
    bench_run(&b, 1);
    assert_int_equal(b.wire_edges, 1);
}

static void timed(uint32_t write_to_line, uint32_t csr_to_line, uint32_t msi_interval)
{
    struct imsic_config c = plain;
    c.write_to_line_cycles = write_to_line;
    c.csr_to_line_cycles = csr_to_line;
    c.msi_interval_cycles = msi_interval;
    rebuild(c);
    for (uint32_t file = 0; file <= G3; file++) {
        for (uint32_t identity = 1; identity <= N; identity++)
            enable(file, identity);
        deliver(file);
    }
}

static bool seip(void)
{
    return b.lines[VD_LINE_SEIP];
}

/* [aia IMSIC-memRegion]: not necessarily immediately, always in order; over all files of the hart.
 */
static void IMSIC_M1_one_after_the_other(void **state)
{
    (void)state;
    timed(0, 0, 3);
    static const uint32_t files[] = {S_FILE, G1, G1, M_FILE};
    for (uint32_t i = 0; i < 4; i++)
        msi_at(files[i], 0, 40 - i, 1 + i);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(bench_count(&b, VD_REC_msi_record), i + 1);
        assert_int_equal(bench_record(&b, VD_REC_msi_record, i)->serial, 1 + i);
        assert_true(pending(files[i], 40 - i));
        bench_run(&b, 3 * CYCLE - 1);
        assert_int_equal(bench_count(&b, VD_REC_msi_record), i + 1);
        bench_run(&b, 1);
    }
    assert_int_equal(b.num_events, 0);
}

/* The last one is still being taken in; what comes once it is in does not wait. */
static void IMSIC_M1_interval_after_one(void **state)
{
    (void)state;
    timed(0, 0, 3);
    msi(S_FILE, 1);
    bench_run(&b, 3 * CYCLE - 1);
    msi(S_FILE, 2);
    assert_false(pending(S_FILE, 2));
    bench_run(&b, 1);
    assert_true(pending(S_FILE, 2));
    bench_run(&b, 3 * CYCLE);
    msi(S_FILE, 3);
    assert_true(pending(S_FILE, 3));
    assert_int_equal(b.num_events, 0);
}

static void arrive(void *ctx, uint32_t arg)
{
    (void)ctx;
    msi(S_FILE, arg);
}

/* Who comes in the moment in which the door opens stands behind who waits. */
static void IMSIC_M1_in_the_same_moment(void **state)
{
    (void)state;
    timed(0, 0, 3);
    struct vd_event event = {.fire = arrive, .arg = 30};
    b.host.ops->post(b.host.ctx, &event, 3 * CYCLE);
    msi(S_FILE, 10);
    msi(S_FILE, 20);
    bench_run(&b, 10 * CYCLE);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(bench_record(&b, VD_REC_msi_record, i)->b, 10 + 10 * i);
        assert_int_equal(bench_record(&b, VD_REC_msi_record, i)->time, 3 * CYCLE * i);
    }
}

static vd_time announced(uint32_t file, uint32_t identity)
{
    struct vd_txn txn = bench_write(0, 4, identity);
    txn.delay = 7;
    assert_int_equal(imsic_access(m, file, &txn), VD_OK);
    return txn.delay - 7;
}

/* The write is complete when the file has it: a fence must not end before. */
static void IMSIC_M1_says_how_long_it_waits(void **state)
{
    (void)state;
    timed(0, 0, 3);
    assert_int_equal(announced(S_FILE, 1), 0);
    bench_run(&b, CYCLE);
    vd_time start = b.now;
    for (uint32_t i = 2; i < 6; i++)
        assert_int_equal(announced(i % 2 ? S_FILE : G1, i), (3 * (i - 1) - 1) * CYCLE);
    assert_int_equal(announced(S_FILE, 0), 0);
    bench_run(&b, 20 * CYCLE);
    for (uint32_t i = 2; i < 6; i++)
        assert_int_equal(bench_record(&b, VD_REC_msi_record, i - 1)->time - start,
                         (3 * (i - 1) - 1) * CYCLE);
    timed(0, 0, 0);
    assert_int_equal(announced(S_FILE, 1), 0);
    assert_int_equal(announced(S_FILE, 2), 0);
}

/* What is ignored takes no time of the file's. */
static void IMSIC_M1_ignored_at_once(void **state)
{
    (void)state;
    timed(0, 0, 3);
    msi(S_FILE, 0);
    msi(S_FILE, N + 1);
    assert_int_equal(bench_count(&b, VD_REC_msi_drop), 2);
    msi(S_FILE, 5);
    assert_true(pending(S_FILE, 5));
}

/* No MSI is lost and none overtakes another when more wait than there is room for. */
static void IMSIC_M1_full_queue(void **state)
{
    (void)state;
    timed(0, 0, 3);
    for (uint32_t i = 1; i <= N; i++)
        msi_at(G2, 0, i, i);
    assert_int_equal(bench_count(&b, VD_REC_msi_record), N - IMSIC_MAX_WAITING);
    assert_int_equal(b.num_events, 1);
    bench_run(&b, 3 * CYCLE * IMSIC_MAX_WAITING - 1);
    assert_int_equal(bench_count(&b, VD_REC_msi_record), N - 1);
    bench_run(&b, 1);
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(bench_record(&b, VD_REC_msi_record, i)->serial, i + 1);
}

static void IMSIC_P6_reset_forgets_what_waits(void **state)
{
    (void)state;
    timed(2, 1, 3);
    for (uint32_t i = 1; i < 9; i++)
        msi(S_FILE, i);
    imsic_reset(m);
    assert_int_equal(b.num_events, 0);
    msi(S_FILE, 20);
    assert_true(pending(S_FILE, 20));
    bench_run(&b, 100 * CYCLE);
    assert_int_equal(bench_count(&b, VD_REC_msi_record), 2);
}

/* A queue that was in use is as it was at first. */
static void IMSIC_P6_reset_empties_the_queue(void **state)
{
    (void)state;
    static const struct imsic_msi none[IMSIC_MAX_WAITING];
    timed(0, 0, 3);
    for (uint32_t i = 1; i <= N; i++)
        msi_at(G2, 0, i, i);
    imsic_reset(m);
    size_t size = imsic_save(m, NULL, 0);
    struct imsic_state *saved = malloc(size);
    imsic_save(m, saved, size);
    assert_memory_equal(saved->queue, none, sizeof(none));
    free(saved);
}

/* [aia IMSIC-reg-eidelivery]: `xtopei` at once, the line in its time. */
static void IMSIC_L1_claim_lowers_the_line(void **state)
{
    (void)state;
    timed(2, 1, 3);
    msi(S_FILE, 9);
    bench_run(&b, 2 * CYCLE);
    assert_true(seip());
    port.ops->claim(port.ctx, S_FILE);
    assert_int_equal(topei(S_FILE), 0);
    bench_run(&b, CYCLE - 1);
    assert_true(seip());
    bench_run(&b, 1);
    assert_false(seip());
    assert_int_equal(b.num_events, 0);
}

/* A line that need not change any more is not waited for. */
static void IMSIC_L1_claim_before_the_line(void **state)
{
    (void)state;
    timed(2, 1, 3);
    msi(S_FILE, 9);
    bench_run(&b, CYCLE);
    port.ops->claim(port.ctx, S_FILE);
    assert_int_equal(b.num_events, 0);
    bench_run(&b, 2 * CYCLE);
    msi(S_FILE, 9);
    bench_run(&b, 2 * CYCLE - 1);
    assert_false(seip());
    bench_run(&b, 1);
    assert_true(seip());
}

/* The sooner of two ways to the line is the one that counts. */
static void IMSIC_L1_csr_overtakes(void **state)
{
    (void)state;
    timed(4, 1, 0);
    msi(S_FILE, 9);
    bench_run(&b, CYCLE);
    set_csr(S_FILE, EITHRESHOLD, 50);
    bench_run(&b, CYCLE - 1);
    assert_false(seip());
    bench_run(&b, 1);
    assert_true(seip());
    assert_int_equal(b.num_events, 0);
    timed(2, 4, 0);
    set_csr(S_FILE, EIP, 1 << 9);
    msi(S_FILE, 10);
    set_csr(S_FILE, EITHRESHOLD, 50);
    bench_run(&b, 2 * CYCLE);
    assert_true(seip());
    assert_int_equal(b.num_events, 0);
}

static bool seen;

static void look(void *ctx, uint32_t arg)
{
    (void)ctx;
    (void)arg;
    seen = seip();
}

/* Another MSI does not put the line behind what else happens in the same moment. */
static void IMSIC_L1_line_keeps_its_place(void **state)
{
    (void)state;
    timed(2, 1, 0);
    struct vd_event event = {.fire = look};
    msi(S_FILE, 9);
    b.host.ops->post(b.host.ctx, &event, 2 * CYCLE);
    msi(S_FILE, 10);
    seen = false;
    bench_run(&b, 2 * CYCLE);
    assert_true(seen);
}

static void snapshot_keeps_what_waits(void **state)
{
    (void)state;
    timed(0, 0, 3);
    for (uint32_t i = 1; i <= 70; i++)
        msi_at(S_FILE, 0, i, i);
    bench_run(&b, CYCLE);
    size_t size = imsic_save(m, NULL, 0);
    struct imsic_state *saved = malloc(size);
    imsic_save(m, saved, size);
    timed(0, 0, 3);
    assert_true(imsic_restore(m, saved, size));
    bench_run(&b, CYCLE); /* the new clock begins at 0 */
    bench_run(&b, 2 * CYCLE - 1);
    assert_int_equal(bench_count(&b, VD_REC_msi_record), 0);
    bench_run(&b, 1);
    assert_int_equal(bench_record(&b, VD_REC_msi_record, 0)->serial, 7);
    bench_run(&b, 3 * CYCLE * 64);
    assert_int_equal(bench_record(&b, VD_REC_msi_record, 63)->serial, 70);
    assert_null(bench_record(&b, VD_REC_msi_record, 64));
    free(saved);
}

/* Where nothing waited, nothing is expected any more. */
static void snapshot_forgets_what_waits(void **state)
{
    (void)state;
    timed(0, 0, 3);
    size_t size = imsic_save(m, NULL, 0);
    struct imsic_state *quiet = malloc(size);
    imsic_save(m, quiet, size);
    msi(S_FILE, 1);
    msi(S_FILE, 2);
    assert_int_equal(b.num_events, 1);
    assert_true(imsic_restore(m, quiet, size));
    assert_int_equal(b.num_events, 0);
    free(quiet);
}

static bool restores_with(const struct imsic_state *good, size_t offset, uint32_t value)
{
    struct imsic_state *bad = malloc(good->size);
    memcpy(bad, good, good->size);
    memcpy((char *)bad + offset, &value, sizeof(value));
    bool restored = imsic_restore(m, bad, good->size);
    free(bad);
    return restored;
}

static void snapshot_of_waiting_is_checked(void **state)
{
    (void)state;
    timed(0, 0, 3);
    for (uint32_t i = 1; i <= 3; i++)
        msi(G3, i);
    bench_run(&b, CYCLE);
    size_t size = imsic_save(m, NULL, 0);
    struct imsic_state *good = malloc(size);
    imsic_save(m, good, size);
    size_t first = offsetof(struct imsic_state, queue), second = first + sizeof(struct imsic_msi);
    static const struct {
        size_t field;
        uint32_t most;
    } of_msi[] = {{offsetof(struct imsic_msi, file), G3},
                  {offsetof(struct imsic_msi, identity), N}};
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(restores_with(good, second + of_msi[i].field, of_msi[i].most));
        assert_false(restores_with(good, second + of_msi[i].field, of_msi[i].most + 1));
        assert_false(restores_with(good, first + of_msi[i].field, of_msi[i].most + 1));
    }
    assert_false(restores_with(good, second + offsetof(struct imsic_msi, identity), 0));
    assert_false(restores_with(good, offsetof(struct imsic_state, first), IMSIC_MAX_WAITING));
    assert_false(restores_with(good, offsetof(struct imsic_state, waiting), IMSIC_MAX_WAITING + 1));
    assert_true(restores_with(good, offsetof(struct imsic_state, free_at), CYCLE));
    assert_false(restores_with(good, offsetof(struct imsic_state, free_at), CYCLE - 1));
    assert_true(imsic_restore(m, good, size));
    assert_int_equal(b.num_events, 1);
    free(good);
}

/* One more than there is room for, though every place holds an MSI that exists. */
static void snapshot_of_a_full_queue_is_checked(void **state)
{
    (void)state;
    timed(0, 0, 3);
    for (uint32_t i = 1; i <= N; i++)
        msi(G3, i);
    size_t size = imsic_save(m, NULL, 0), waiting = offsetof(struct imsic_state, waiting);
    struct imsic_state *good = malloc(size);
    imsic_save(m, good, size);
    assert_true(restores_with(good, waiting, IMSIC_MAX_WAITING));
    assert_false(restores_with(good, waiting, IMSIC_MAX_WAITING + 1));
    free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(default_cycle),
        RULE(IMSIC_M1_one_after_the_other),
        RULE(IMSIC_M1_interval_after_one),
        RULE(IMSIC_M1_in_the_same_moment),
        RULE(IMSIC_M1_says_how_long_it_waits),
        RULE(IMSIC_M1_ignored_at_once),
        RULE(IMSIC_M1_full_queue),
        RULE(IMSIC_P6_reset_forgets_what_waits),
        RULE(IMSIC_P6_reset_empties_the_queue),
        RULE(IMSIC_L1_claim_lowers_the_line),
        RULE(IMSIC_L1_claim_before_the_line),
        RULE(IMSIC_L1_csr_overtakes),
        RULE(IMSIC_L1_line_keeps_its_place),
        RULE(snapshot_keeps_what_waits),
        RULE(snapshot_forgets_what_waits),
        RULE(snapshot_of_waiting_is_checked),
        RULE(snapshot_of_a_full_queue_is_checked),
    };
    return cmocka_run_group_tests_name("imsic arrival", tests, NULL, NULL);
}
