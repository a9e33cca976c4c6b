/* SPDX-License-Identifier: BSD-2-Clause */
/* Which changes of memory become records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/bus_world.h"

#define PTE  (RAM_BASE + 0x2010)
#define MRIF (RAM_BASE + 0x3200)

static void by(struct port *port, struct vd_record rec)
{
    const struct vd_host *host = port_host(port);
    host->ops->trace(host->ctx, &rec);
}

static const struct vd_record *last_word(const struct world *w)
{
    const struct vd_record *last = NULL;
    for (uint32_t i = 0; i < w->num_records; i++)
        if (w->records[i].kind == VD_REC_word)
            last = &w->records[i];
    return last;
}

static void write_by(struct port *port, uint64_t addr, uint8_t size, uint64_t data)
{
    struct vd_txn t = hart_txn(VD_WRITE, addr, size, data);
    assert_int_equal(access_by(port, &t), VD_OK);
}

static void expect_word(const struct world *w, struct port *port, uint64_t addr, uint64_t old,
                        uint64_t new)
{
    const struct vd_record *word = last_word(w);
    assert_non_null(word);
    assert_int_equal(word->source, port_source(port));
    assert_int_equal(word->a, addr);
    assert_int_equal(word->b, old);
    assert_int_equal(word->c, new);
}

static void pte_is_watched_once_it_was_read(void **state)
{
    struct world *w = *state;
    write_by(w->hart, PTE, 8, 7);
    assert_null(last_word(w));
    by(w->device, (struct vd_record){.kind = VD_REC_msi_pte, .a = PTE, .b = 7});
    write_by(w->hart, PTE + 16, 8, 1);
    write_by(w->hart, PTE - 8, 8, 1);
    write_by(w->hart, PTE, 8, 7);
    assert_null(last_word(w));
    write_by(w->hart, PTE, 8, 9);
    expect_word(w, w->hart, PTE, 7, 9);
    write_by(w->other, PTE + 8, 4, 3);
    expect_word(w, w->other, PTE + 8, 0, 3);
}

static void mrif_that_a_pte_names_is_watched(void **state)
{
    struct world *w = *state;
    by(w->device, (struct vd_record){.kind = VD_REC_msi_pte, .a = PTE, .b = MRIF >> 9 << 7 | 3});
    struct vd_txn amo = txn(VD_OR, MRIF + 16, 8, 2);
    assert_int_equal(access_by(w->device, &amo), VD_OK);
    expect_word(w, w->device, MRIF + 16, 0, 2);
    write_by(w->hart, MRIF + 17, 1, 1);
    expect_word(w, w->hart, MRIF + 16, 2, 0x102);
}

static void mrif_is_watched_from_its_first_store(void **state)
{
    struct world *w = *state;
    by(w->device, (struct vd_record){.kind = VD_REC_mrif_store, .serial = 1, .a = MRIF, .b = 5});
    write_by(w->hart, MRIF + 504, 8, 1);
    expect_word(w, w->hart, MRIF + 504, 0, 1);
}

static void write_over_several_words_is_a_record_each(void **state)
{
    struct world *w = *state;
    by(w->device, (struct vd_record){.kind = VD_REC_msi_pte, .a = PTE});
    struct vd_txn t = {.cmd = VD_WRITE, .addr = PTE - 8, .size = 24, .data = {1, 2, 3}};
    uint32_t before = w->num_records;
    assert_int_equal(access_by(w->device, &t), VD_OK);
    assert_int_equal(w->num_records, before + 2);
    expect_word(w, w->device, PTE + 8, 0, 3);
}

static void what_is_no_memory_is_not_watched(void **state)
{
    struct world *w = *state;
    by(w->device, (struct vd_record){.kind = VD_REC_msi_pte, .a = UART_BASE});
    by(w->device, (struct vd_record){.kind = VD_REC_msi_pte, .a = PTE + 4});
    write_by(w->hart, PTE + 8, 8, 5);
    assert_null(last_word(w));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pte_is_watched_once_it_was_read),      TEST(mrif_that_a_pte_names_is_watched),
        TEST(mrif_is_watched_from_its_first_store), TEST(write_over_several_words_is_a_record_each),
        TEST(what_is_no_memory_is_not_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
