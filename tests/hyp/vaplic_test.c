/* SPDX-License-Identifier: BSD-2-Clause */
/* The emulated APLIC against the model of a real one, whose supervisor domain has all sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aplic/aplic.h"
#include "support/bench.h"
#include "vaplic.h"

enum { HARTS = 5, ROOT = 0, S = 1, SETTLE = 1000 };
enum { DOMAINCFG = 0, SETIP = 0x1c00, SETIPNUM = 0x1cdc, IN_CLRIP = 0x1d00, CLRIPNUM = 0x1ddc };
enum { SETIE = 0x1e00, SETIENUM = 0x1edc, CLRIE = 0x1f00, CLRIENUM = 0x1fdc };
enum { SETIPNUM_LE = 0x2000, SETIPNUM_BE = 0x2004, GENMSI = 0x3000, MMSIADDRCFGH = 0x1bc4 };
enum { IE = 1 << 8, DM = 1 << 2, BE = 1, D = 1 << 10 };
enum { DETACHED = 1, EDGE1 = 4, LEVEL1 = 6 };
#define SOURCECFG(i) (4u * (i))
#define TARGET(i)    (0x3000u + 4u * (i))

struct msi {
    uint32_t hart, eiid;
};

static struct bench b;
static struct aplic *model;
static struct vaplic vaplic;
static struct msi sent[64];
static uint32_t num_sent;

static void send(void *ctx, uint32_t hart, uint32_t eiid)
{
    (void)ctx;
    assert_true(num_sent < 64);
    sent[num_sent++] = (struct msi){hart, eiid};
}

static bool accept_write(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    txn->status = VD_OK;
    return true;
}

static void model_put(uint32_t domain, uint32_t offset, uint32_t value)
{
    struct vd_txn txn = bench_write(offset, 4, value);
    assert_int_equal(aplic_access(model, domain, &txn), VD_OK);
}

static uint32_t model_get(uint32_t offset)
{
    struct vd_txn txn = bench_read(offset, 4);
    assert_int_equal(aplic_access(model, S, &txn), VD_OK);
    return (uint32_t)txn.data[0];
}

static int setup(void **state)
{
    static const struct aplic_config config = {
        .sources = VAPLIC_SOURCES,
        .harts = HARTS,
        .msi = true,
        .num_domains = 2,
        .domains = {{true, ROOT}, {false, ROOT}},
        .cycle_ps = 1000,
    };
    struct vd_error err;
    (void)state;
    bench_init(&b);
    b.hook = accept_write;
    model = aplic_create(&config, &b.host, &err);
    assert_non_null(model);
    model_put(ROOT, MMSIADDRCFGH, 3u << 12); /* LHXW: three bits of hart index */
    for (uint32_t i = 1; i <= VAPLIC_SOURCES; i++)
        model_put(ROOT, SOURCECFG(i), D);
    vaplic_init(&vaplic, HARTS, send, NULL);
    num_sent = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    aplic_destroy(model);
    bench_done(&b);
    return 0;
}

static void put(uint32_t offset, uint32_t value)
{
    model_put(S, offset, value);
    vaplic_write(&vaplic, offset, value);
}

static void wire(uint32_t source, bool level)
{
    aplic_wire(model, source, level);
    vaplic_wire(&vaplic, source, level);
}

static void same_register(uint32_t offset)
{
    uint32_t real = model_get(offset), emulated = vaplic_read(&vaplic, offset);
    if (real != emulated)
        fail_msg("register 0x%x: 0x%x, but 0x%x in the model", offset, emulated, real);
}

/* What has left since the last time. */
static void same_msis(void)
{
    assert_true(bench_settle(&b, SETTLE));
    assert_int_equal(num_sent, b.num_writes);
    for (uint32_t i = 0; i < num_sent; i++) {
        assert_int_equal(sent[i].hart, b.writes[i].addr >> 12);
        assert_int_equal(sent[i].eiid, b.writes[i].data[0]);
    }
    num_sent = 0;
    bench_forget(&b);
}

/* And all that can be read. */
static void same(void)
{
    same_msis();
    for (uint32_t offset = 0; offset < VAPLIC_BYTES; offset += 4)
        same_register(offset);
}

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 11) % limit;
}

/* Few sources, so that they meet; now and then one that does not exist, or an odd value. */
static void random_step(uint64_t *r)
{
    static const uint32_t arrays[] = {SETIP, IN_CLRIP, SETIE, CLRIE};
    static const uint32_t numbers[] = {SETIPNUM, CLRIPNUM, SETIENUM, CLRIENUM, SETIPNUM_LE};
    uint32_t source = random_below(r, 8) ? 29 + random_below(r, 6) : random_below(r, 80);
    uint32_t value = random_below(r, 2) ? random_below(r, UINT32_MAX) : 1u << source % 32;
    switch (random_below(r, 9)) {
    case 0:
        put(DOMAINCFG, random_below(r, 4) ? IE : 0);
        break;
    case 1:
        put(SOURCECFG(source % 64 ? source % 64 : 1),
            random_below(r, 8) | (random_below(r, 9) ? 0 : D));
        break;
    case 2:
        put(TARGET(1 + source % 63), random_below(r, 7) << 18 | random_below(r, 2048));
        break;
    case 3:
        put(arrays[random_below(r, 4)] + 4 * random_below(r, 3), value);
        break;
    case 4:
        put(numbers[random_below(r, 5)], source);
        break;
    case 5:
        put(SETIPNUM_BE, __builtin_bswap32(source));
        break;
    case 6:
        put(GENMSI, random_below(r, 7) << 18 | random_below(r, 2048));
        break;
    default:
        wire(source, random_below(r, 2));
    }
}

static void any_sequence_is_as_on_a_real_one(void **state)
{
    (void)state;
    uint64_t r = 88172645463325252u;
    for (uint32_t i = 0; i < 20000; i++) {
        random_step(&r);
        if (i % 16)
            same_msis();
        else
            same();
    }
}

static void routed(uint32_t source, uint32_t mode)
{
    put(DOMAINCFG, IE);
    put(SOURCECFG(source), mode);
    put(TARGET(source), 3u << 18 | 77);
    put(SETIENUM, source);
}

/* [aia AdvPLIC-MSIDeliveryMode]: once, until the level has been away or software asks. */
static void level_sends_once_until_it_is_looked_at_again(void **state)
{
    (void)state;
    routed(5, LEVEL1);
    wire(5, true);
    assert_int_equal(num_sent, 1);
    assert_int_equal(sent[0].hart, 3);
    assert_int_equal(sent[0].eiid, 77);
    same();
    wire(5, true);
    assert_int_equal(num_sent, 0);
    put(SETIPNUM, 5);
    assert_int_equal(num_sent, 1);
    same();
    wire(5, false);
    put(SETIPNUM, 5);
    assert_int_equal(num_sent, 0);
    wire(5, true);
    assert_int_equal(num_sent, 1);
    same();
}

static void edge_sends_for_each_rise(void **state)
{
    (void)state;
    routed(5, EDGE1);
    for (uint32_t i = 1; i <= 3; i++) {
        wire(5, true);
        wire(5, false);
        assert_int_equal(num_sent, 1);
        same();
    }
    put(SETIPNUM, 5);
    assert_int_equal(num_sent, 1);
    same();
}

/* Disabled, it waits; a level that goes away meanwhile takes its pending bit along, an edge does
 * not. */
static void what_is_not_enabled_waits(void **state)
{
    (void)state;
    static const struct {
        uint32_t mode, msis;
    } rows[] = {{EDGE1, 1}, {LEVEL1, 0}};
    for (uint32_t i = 0; i < 2; i++) {
        routed(5, rows[i].mode);
        put(CLRIENUM, 5);
        wire(5, true);
        wire(5, false);
        assert_int_equal(num_sent, 0);
        put(SETIENUM, 5);
        assert_int_equal(num_sent, rows[i].msis);
        same();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_sequence_is_as_on_a_real_one, setup, teardown),
        cmocka_unit_test_setup_teardown(level_sends_once_until_it_is_looked_at_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(edge_sends_for_each_rise, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_enabled_waits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
