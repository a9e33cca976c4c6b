/* SPDX-License-Identifier: BSD-2-Clause */
/* Zkr: who may poll the entropy source, and what comes of it. */
#include "hart/fixture.h"

enum { BIST, WAIT, ES16 };

/* [priv norm:mseccfg_sseed_useed_op_tbl]: U, S, M, VU, VS with neither, USEED, SSEED, both. */
static void mseccfg_sseed_useed_op_tbl(void **state)
{
    (void)state;
    static const char results[][6] = {"IIOII", "OIOII", "IOOVV", "OOOVV"};
    static const enum vd_mode order[] = {VD_MODE_U, VD_MODE_S, VD_MODE_M, VD_MODE_VU, VD_MODE_VS};
    for (unsigned how = 0; how < 4; how++) {
        struct fixture *f = fixture_new(3, true);
        fixture_set(f, CSR_mseccfg, (how & 1 ? MSECCFG_USEED : 0) | (how & 2 ? MSECCFG_SSEED : 0));
        for (unsigned mode = 0; mode < 5; mode++) {
            assert_int_equal("OIV"[fixture_try(f, order[mode], CSR_seed, true)],
                             results[how][mode]);
            assert_int_equal(fixture_try(f, order[mode], CSR_seed, false), CSR_ILLEGAL);
        }
        fixture_free(f);
    }
}

static void mseccfg_seed_fields_need_zkr_and_s(void **state)
{
    (void)state;
    static const uint64_t without[] = {VD_BIT(HART_EXT_Zkr), VD_BIT(HART_EXT_S), 0};
    for (unsigned i = 0; i < 3; i++) {
        struct fixture *f = fixture_without(without[i]);
        fixture_set(f, CSR_mseccfg, MSECCFG_USEED | MSECCFG_SSEED);
        assert_int_equal(fixture_csr(f, CSR_mseccfg), i < 2 ? 0 : MSECCFG_USEED | MSECCFG_SSEED);
        fixture_set(f, CSR_mseccfg, MSECCFG_USEED);
        assert_int_equal(fixture_csr(f, CSR_mseccfg), i < 2 ? 0 : MSECCFG_USEED);
        fixture_free(f);
    }
}

static uint64_t polled(struct fixture *f, bool read)
{
    uint64_t value = 0x1234;
    assert_int_equal(csr_execute(&f->hart, CSR_seed, CSR_RW, 5, read, true, &value), CSR_OK);
    return value;
}

/* [unpriv norm:seed_wipe_on_read], [unpriv norm:seed_entropy_zero_non_es16], [unpriv
 * norm:seed_write_ignore]: self-test, then entropy by turns; nothing is lost without a reader. */
static void seed_wipe_on_read(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    uint16_t last = 0;
    unsigned same = 0, ones = 0;
    assert_int_equal(polled(f, true), BIST << 30);
    for (unsigned i = 0; i < 1000; i++) {
        polled(f, false); /* to x0 */
        uint64_t value = polled(f, true);
        assert_int_equal(value >> 16, (uint64_t)ES16 << 14);
        same += (uint16_t)value == last;
        last = (uint16_t)value;
        ones += (unsigned)__builtin_popcount(last);
        assert_int_equal(polled(f, true), WAIT << 30);
    }
    assert_true(same < 3 && ones > 7700 && ones < 8300);
    csr_reset(&f->hart);
    assert_int_equal(polled(f, true), BIST << 30);
    fixture_free(f);
}

/* A run is a function of its seed. */
static void entropy_is_the_seeds(void **state)
{
    (void)state;
    uint64_t got[4] = {0};
    for (unsigned i = 0; i < 4; i++) {
        struct fixture *f = fixture_new(3, true);
        f->hart.cfg.seed = i % 3;
        for (unsigned k = 0; k < 7; k++)
            got[i] = got[i] << 16 | (uint16_t)polled(f, true);
        fixture_free(f);
    }
    assert_true(got[0] == got[3]);
    assert_true(got[0] != got[1] && got[1] != got[2] && got[2] != got[0]);
}

/* Who only looks takes nothing away. */
static void a_debugger_does_not_poll(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    uint64_t value;
    assert_false(csr_peek(&f->hart, CSR_seed, &value));
    assert_int_equal(polled(f, true), BIST << 30);
    assert_false(csr_peek(&f->hart, CSR_seed, &value));
    assert_int_equal(polled(f, true) >> 30, ES16);
    fixture_free(f);
}

/* splitmix64 as it is published: a recorded run stays what it was. */
static void known_entropy(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        uint16_t entropy[4];
    } rows[] = {
        {1, {0xb072, 0x623e, 0x52e6, 0xbdb2}},
        {2, {0x2322, 0x9b5f, 0xea87, 0x7bd0}},
        {UINT64_C(0xdeadbeefcafe), {0xbb58, 0xe7a7, 0xd56b, 0x7bc1}},
    };
    for (unsigned i = 0; i < 3; i++) {
        struct fixture *f = fixture_new(3, true);
        f->hart.cfg.seed = rows[i].seed;
        for (unsigned k = 0; k < 4; k++) {
            polled(f, true);
            assert_int_equal((uint16_t)polled(f, true), rows[i].entropy[k]);
        }
        fixture_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mseccfg_sseed_useed_op_tbl),
        cmocka_unit_test(mseccfg_seed_fields_need_zkr_and_s),
        cmocka_unit_test(seed_wipe_on_read),
        cmocka_unit_test(entropy_is_the_seeds),
        cmocka_unit_test(a_debugger_does_not_poll),
        cmocka_unit_test(known_entropy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
