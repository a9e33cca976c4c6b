/* SPDX-License-Identifier: BSD-2-Clause */
/* The model contract: reset, snapshots, instances, tables. */
#include "aplic/aplic_bench.h"
#include "aplic/state.h"

enum { SNAPSHOT = 1 << 18 };
static _Alignas(8) char snapshots[2][SNAPSHOT];

static struct aplic_config slow_config(void)
{
    struct aplic_config c = usual_config();
    c.source_to_msi_cycles = 4;
    c.source_to_line_cycles = 3;
    c.register_to_line_cycles = 3;
    c.msi_interval_cycles = 5;
    return c;
}

/* Something of everything, with MSIs and lines under way. */
static void dirty(void)
{
    set_msi_addresses();
    delegate(5, 0);
    put(S, DOMAINCFG, DM | IE);
    put(ROOT, DOMAINCFG, IE);
    put(ROOT, IDELIVERY(1), 1);
    put(ROOT, ITHRESHOLD(1), 200);
    route(S, 5, EDGE1, msi_target(1, 2, 50));
    route(ROOT, 6, LEVEL1, direct_target(1, 9));
    put(S, GENMSI, msi_target(2, 0, 33));
    aplic_wire(dut, 5, true);
    aplic_wire(dut, 6, true);
}

static void reset_2_5_equals_construction(void **state)
{
    (void)state;
    struct aplic_config c = slow_config();
    rebuild(&c);
    size_t size = aplic_save(dut, snapshots[0], SNAPSHOT);
    dirty();
    bench_run(&b, 3 * CYCLE);
    assert_true(line(ROOT, 1));
    put(ROOT, IFORCE(0), 1);
    aplic_wire(dut, 5, false);
    aplic_wire(dut, 6, false);
    aplic_reset(dut);
    assert_int_equal(b.num_events, 0);
    assert_false(line(ROOT, 1));
    assert_int_equal(aplic_save(dut, snapshots[1], SNAPSHOT), size);
    assert_memory_equal(snapshots[0], snapshots[1], size);
}

static void reset_2_5_poison(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.poison = 5;
    rebuild(&c);
    for (uint32_t d = ROOT; d < DOMAINS; d++)
        assert_int_equal(get(d, DOMAINCFG), 0x80000000);
    assert_int_equal(get(ROOT, MMSIADDRCFGH), 0);
    uint32_t active = 0, delegated = 0, child = 0;
    for (uint32_t i = 1; i <= SOURCES; i++) {
        uint32_t cfg = get(ROOT, SOURCECFG(i));
        active += (cfg & D) == 0 && cfg != 0;
        delegated += (cfg & D) != 0;
        child += get(S, SOURCECFG(i)) != 0;
    }
    assert_true(active > 10 && delegated > 10 && child > 5);
    size_t size = aplic_save(dut, snapshots[0], SNAPSHOT);
    assert_true(aplic_restore(dut, snapshots[0], size));
    assert_int_equal(edges, 0);
    assert_int_equal(b.num_writes, 0);
}

static void input_pins_survive_reset(void **state)
{
    (void)state;
    aplic_wire(dut, 5, true);
    aplic_reset(dut);
    put(ROOT, SOURCECFG(5), LEVEL1);
    assert_true(input(ROOT, 5));
}

static void snapshot_keeps_what_is_under_way(void **state)
{
    (void)state;
    struct aplic_config c = slow_config();
    rebuild(&c);
    dirty();
    bench_run(&b, CYCLE);
    size_t size = aplic_save(dut, snapshots[0], SNAPSHOT);
    assert_int_equal(aplic_save(dut, NULL, 0), size);
    bench_run(&b, 50 * CYCLE);
    struct vd_txn before[2] = {b.writes[0], b.writes[1]};
    assert_int_equal(b.num_writes, 2);
    rebuild(&c);
    b.now = CYCLE;
    assert_true(aplic_restore(dut, snapshots[0], size));
    bench_run(&b, 50 * CYCLE);
    assert_int_equal(b.num_writes, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(b.writes[i].addr, before[i].addr);
        assert_int_equal(b.writes[i].data[0], before[i].data[0]);
    }
    assert_true(line(ROOT, 1));
    assert_int_equal(get(ROOT, CLAIMI(1)), 6 << 16 | 9);
}

/* Nothing that a snapshot file contains may break the model. */
static void snapshot_is_checked(void **state)
{
    (void)state;
    struct aplic_config c = slow_config();
    rebuild(&c);
    dirty();
    size_t size = aplic_save(dut, snapshots[0], SNAPSHOT);
    assert_false(aplic_restore(dut, snapshots[0], size - 1));
    uint32_t tried = 0, accepted = 0;
    for (size_t i = 0; i < size; i += 7, tried++) {
        memcpy(snapshots[1], snapshots[0], size);
        snapshots[1][i] = (char)(snapshots[1][i] ^ 0xff);
        if (!aplic_restore(dut, snapshots[1], size))
            continue;
        accepted++;
        for (uint32_t hart = 0; hart < HARTS; hart++)
            get(ROOT, CLAIMI(hart));
        for (uint32_t w = 0; w < 32; w++)
            put(S, IN_CLRIP + 4 * w, UINT32_MAX);
        bench_settle(&b, 20);
        b.now = 0;
    }
    assert_true(accepted < tried / 2);
}

/* Each of these would break what the model relies on. */
static bool corrupt(struct aplic_state *s, uint32_t way)
{
    switch (way) {
    case 0:
        aplic_put_bit(s->armed, 9, true);
        return true;
    case 1:
        s->source[5].target = msi_target(HARTS, 0, 1);
        return true;
    case 2:
        s->source[9].sourcecfg[S2] = EDGE1;
        return true;
    case 3:
        s->source[9].owner = ROOT;
        s->source[9].target = direct_target(0, 1);
        return true;
    case 4:
        s->source[9].sourcecfg[ROOT] = D | 2;
        return true;
    case 5:
        aplic_put_bit(s->ip, 9, true);
        return true;
    case 6:
        s->domain[ROOT].genmsi = msi_target(HARTS, 0, 1);
        return true;
    case 7:
        s->stalled.extempore = DOMAINS + 1;
        return true;
    case 8:
        aplic_idcs(s)[1].line_at = 0;
        return true;
    case 9:
        s->domain[DOMAINS].genmsi_at = 0;
        return true;
    case 10:
        aplic_idcs(s)[0].iforce = 2;
        return true;
    case 11:
        s->domain[ROOT].domaincfg = 2;
        return true;
    default:
        return false;
    }
}

static void snapshot_refuses_broken_invariants(void **state)
{
    (void)state;
    struct aplic_config c = slow_config();
    rebuild(&c);
    b.now = CYCLE;
    dirty();
    size_t size = aplic_save(dut, snapshots[0], SNAPSHOT);
    for (uint32_t way = 0;; way++) {
        memcpy(snapshots[1], snapshots[0], size);
        if (!corrupt((struct aplic_state *)(void *)snapshots[1], way))
            break;
        assert_false(aplic_restore(dut, snapshots[1], size));
    }
    assert_true(aplic_restore(dut, snapshots[0], size));
}

static void instances_are_independent(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    struct aplic *other = aplic_create(&c, &b.host, NULL);
    size_t size = aplic_save(other, snapshots[0], SNAPSHOT);
    dirty();
    aplic_save(other, snapshots[1], SNAPSHOT);
    assert_memory_equal(snapshots[0], snapshots[1], size);
    aplic_destroy(other);
}

static void zero_is_the_default(void **state)
{
    (void)state;
    struct aplic_config c = {.msi = true, .direct = true};
    rebuild(&c);
    put(ROOT, SOURCECFG(96), D);
    put(1, SOURCECFG(96), EDGE1);
    assert_int_equal(get(1, SOURCECFG(96)), EDGE1);
    put(ROOT, SOURCECFG(97), D);
    assert_int_equal(get(ROOT, SOURCECFG(97)), 0);
    put(ROOT, ITHRESHOLD(0), UINT32_MAX);
    assert_int_equal(get(ROOT, ITHRESHOLD(0)), 255);
}

static void tables(void **state)
{
    (void)state;
    uint32_t count;
    const struct vd_reg *regs = aplic_regs(&count);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < regs[i].count; k++) {
            uint32_t offset = regs[i].offset + k * regs[i].stride;
            assert_int_equal(get(ROOT, offset), regs[i].reset);
        }
        for (uint32_t f = 0; f < regs[i].num_fields; f++)
            assert_true(regs[i].fields[f].lsb + regs[i].fields[f].width <= 32);
        for (uint32_t j = 0; j < i; j++)
            assert_true(regs[i].offset > regs[j].offset);
    }
    const struct vd_param *params = aplic_params(&count);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(params[i].fallback >= params[i].min && params[i].fallback <= params[i].max);
        assert_true(params[i].offset < sizeof(struct aplic_config));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(reset_2_5_equals_construction),
        RULE(reset_2_5_poison),
        RULE(input_pins_survive_reset),
        RULE(snapshot_keeps_what_is_under_way),
        RULE(snapshot_is_checked),
        RULE(snapshot_refuses_broken_invariants),
        RULE(instances_are_independent),
        RULE(zero_is_the_default),
        RULE(tables),
    };
    return cmocka_run_group_tests_name("aplic model", tests, NULL, NULL);
}
