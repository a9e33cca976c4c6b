/* SPDX-License-Identifier: BSD-2-Clause */
/* Page tables of both stages. */
#include "iommu/iommu_stage_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static unsigned page_fault(bool second, unsigned access)
{
    static const unsigned causes[2][3] = {{13, 15, 12}, {21, 23, 20}};
    return causes[second][access];
}

/* Both stages, all schemes, all levels of leaves: the right page at the right offset. */
static void PT_1_schemes(void **state)
{
    (void)state;
    for (unsigned second = 0; second < 2; second++) {
        for (unsigned levels = 3; levels <= 5; levels++) {
            for (unsigned level = 0; level < levels && level < 3; level++) {
                struct stage_bed s;
                stage_bed_open(&s, 0);
                uint64_t va = 0x123456789a & ~((UINT64_C(4096) << 9 * level) - 1);
                bed_map(&s.t, s.root, levels, second, va, 0, level, RWXAD | U);
                stage_bed_use(&s, second, levels);
                uint64_t offset = ((UINT64_C(4096) << 9 * level) - 1) & 0x2fffabcc;
                assert_int_equal(stage_bed_try(&s, 1, va + offset), 0);
                assert_int_equal(bed_where(&s.t), offset);
                assert_int_equal(stage_bed_try(&s, 1, va + 4), 0); /* from the cache */
                assert_int_equal(bed_where(&s.t), 4);
                bed_close(&s.t);
            }
        }
    }
}

static void PT_1_widths(void **state)
{
    (void)state;
    for (unsigned levels = 3; levels <= 5; levels++) {
        struct stage_bed s;
        unsigned bits = 12 + 9 * levels;
        stage_bed_open(&s, 0);
        stage_bed_use(&s, false, levels);
        /* Canonical: an empty table; not canonical: no table is read. */
        assert_int_equal(stage_bed_try(&s, 0, ~(BIT(bits - 1) - 1)), 13);
        assert_true(s.t.b.num_reads > 0);
        bed_command(&s.t, 1, 0);
        for (unsigned bit = bits - 1; bit < 64; bit++) {
            s.t.b.num_reads = 0;
            assert_int_equal(stage_bed_try(&s, 2, BIT(bit)), 12);
            assert_int_equal(s.t.b.num_reads, 0);
        }
        bed_close(&s.t);
        stage_bed_open(&s, 0);
        stage_bed_use(&s, true, levels);
        bed_map(&s.t, s.root, levels, true, BIT(bits + 1), 0, levels - 1, RWXAD | U);
        assert_int_equal(stage_bed_try(&s, 0, BIT(bits + 1)), 0);
        for (unsigned bit = bits + 2; bit < 64; bit++)
            assert_int_equal(stage_bed_try(&s, 0, BIT(bit) | BIT(bits + 1)), 21);
        bed_close(&s.t);
    }
}

/* Every bit of a leaf and of a non-leaf entry. */
static void PT_2_reserved_bits(void **state)
{
    (void)state;
    for (unsigned second = 0; second < 2; second++) {
        for (unsigned extensions = 0; extensions < 2; extensions++) {
            for (unsigned bit = 54; bit < 63; bit++) {
                struct stage_bed s;
                stage_bed_open(&s, BASE | (extensions ? BIT(14) | BIT(15) : 0));
                uint64_t at =
                    bed_map(&s.t, s.root, 3, second, 0x1000, 0x80000000, 0, RWXAD | U | BIT(bit));
                stage_bed_use(&s, second, 3);
                assert_int_equal(stage_bed_try(&s, 0, 0x1000),
                                 extensions && bit >= 59 ? 0 : page_fault(second, 0));
                uint64_t pointer = (at >> 12 << 10) | V;
                bench_poke(&s.t.b, at, 8, 0x80000000 >> 12 << 10 | RWXAD | U);
                /* The entry above, which points to the leaf's table. */
                uint64_t top = bench_peek(&s.t.b, s.root, 8) >> 10 << 12;
                bench_poke(&s.t.b, top, 8, pointer | BIT(bit));
                stage_bed_put_dc(&s);
                bool software = extensions && (bit == 59 || bit == 60);
                assert_int_equal(stage_bed_try(&s, 0, 0x1000),
                                 software ? 0 : page_fault(second, 0));
                bed_close(&s.t);
            }
        }
    }
}

static void PT_2_encodings(void **state)
{
    (void)state;
    static const struct {
        uint64_t bits;
        uint8_t good; /* bit 0 read, 1 write, 2 execute */
    } cases[] = {
        {0, 0},
        {A | D | U, 0},         /* V=0 */
        {V | W | A | D | U, 0}, /* W without R */
        {V | W | X | A | D | U, 0},
        {V | R | A | U, 1},
        {V | R | W | A | D | U, 3},
        {V | R | W | A | U, 1}, /* D=0 */
        {V | X | A | U, 4},
        {V | R | X | A | U, 5},
        {V | R | W | X | A | D | U, 7},
        {V | R | W | X | D | U, 0}, /* A=0 */
        {V | R | W | X | A | D, 0}, /* U=0, a user request */
        {V | A, 0},                 /* a pointer at level 0, with and without bits */
        {V, 0},
        {V | R | A | U | BIT(61) | BIT(62), 0}, /* PBMT 3 */
    };
    for (unsigned second = 0; second < 2; second++) {
        for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct stage_bed s;
            stage_bed_open(&s, 0);
            bed_map(&s.t, s.root, 3, second, 0x1000, 0x80000000, 0, cases[i].bits);
            stage_bed_use(&s, second, 3);
            for (unsigned access = 0; access < 3; access++)
                assert_int_equal(stage_bed_try(&s, access, 0x1000),
                                 cases[i].good >> access & 1 ? 0 : page_fault(second, access));
            bed_close(&s.t);
        }
    }
}

static void PT_2_pointer_bits(void **state)
{
    (void)state;
    static const uint64_t bits[] = {A, D, U, BIT(61), BIT(63)};
    for (unsigned second = 0; second < 2; second++) {
        for (unsigned i = 0; i < 5; i++) {
            struct stage_bed s;
            stage_bed_open(&s, 0);
            bed_map(&s.t, s.root, 3, second, 0x1000, 0x80000000, 0, RWXAD | U);
            bench_poke(&s.t.b, s.root, 8, bench_peek(&s.t.b, s.root, 8) | bits[i]);
            stage_bed_use(&s, second, 3);
            assert_int_equal(stage_bed_try(&s, 0, 0x1000), page_fault(second, 0));
            bed_close(&s.t);
        }
    }
}

static void PT_2_superpages_and_napot(void **state)
{
    (void)state;
    for (unsigned second = 0; second < 2; second++) {
        struct stage_bed s;
        stage_bed_open(&s, 0);
        bed_map(&s.t, s.root, 3, second, 0x200000, 0x80001000, 1, RWXAD | U);  /* misaligned */
        bed_map(&s.t, s.root, 3, second, 0x400000, 0, 1, RWXAD | U | BIT(63)); /* N on 2 MiB */
        for (unsigned i = 0; i < 16; i++) {
            bed_map(&s.t, s.root, 3, second, 0x10000 + i * 0x1000, 0x80108000, 0,
                    RWXAD | U | BIT(63));
            bed_map(&s.t, s.root, 3, second, 0x20000 + i * 0x1000, 0x80104000, 0,
                    RWXAD | U | BIT(63));
        }
        stage_bed_use(&s, second, 3);
        assert_int_equal(stage_bed_try(&s, 1, 0x200000), page_fault(second, 1));
        assert_int_equal(stage_bed_try(&s, 1, 0x400000), page_fault(second, 1));
        assert_int_equal(stage_bed_try(&s, 1, 0x20000),
                         page_fault(second, 1)); /* no 64 KiB pattern */
        assert_int_equal(stage_bed_try(&s, 1, 0x13010), 0);
        assert_int_equal(bed_where(&s.t), 0x80103010);
        s.t.b.num_reads = 0;
        assert_int_equal(stage_bed_try(&s, 1, 0x1f004), 0);
        assert_int_equal(bed_where(&s.t), 0x8010f004);
        assert_int_equal(s.t.b.num_reads, 0); /* one entry serves all 64 KiB */
        bed_close(&s.t);
    }
}

/* A page of the first stage inside a larger or smaller one of the second. */
static void PT_sizes_meet(void **state)
{
    (void)state;
    for (unsigned level1 = 0; level1 < 3; level1++) {
        for (unsigned level2 = 0; level2 < 3; level2++) {
            struct stage_bed s;
            stage_bed_open(&s, 0);
            uint64_t first = bed_pages(&s.t, 1);
            bed_map(&s.t, s.root, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
            for (uint64_t a = 0; a < 2; a++)
                bed_map(&s.t, s.root, 3, true, a * (UINT64_C(4096) << 9 * level2),
                        (a + 1) * (UINT64_C(4096) << 9 * level2), level2, RWXAD | U);
            bed_map(&s.t, first, 3, false, 0x4000000000 - 0x40000000, 0, level1, RWXAD | U);
            s.dc.fsc = MODE(8) | first >> 12;
            stage_bed_use(&s, true, 3);
            uint64_t top = 0x4000000000 - 0x40000000;
            for (uint64_t offset = 0; offset < 0x1000; offset += 0x800) {
                assert_int_equal(stage_bed_try(&s, 1, top + offset), 0);
                assert_int_equal(bed_where(&s.t), (UINT64_C(4096) << 9 * level2) + offset);
            }
            if (level1 > level2) { /* the next page of the second stage is another entry */
                assert_int_equal(stage_bed_try(&s, 1, top + (UINT64_C(4096) << 9 * level2)), 0);
                assert_int_equal(bed_where(&s.t), 2 * (UINT64_C(4096) << 9 * level2));
            }
            bed_close(&s.t);
        }
    }
}

struct racer {
    struct stage_bed *s;
    uint64_t at, value;
    unsigned times;
};

static void PT_6_physical_address_width(void **state)
{
    (void)state;
    struct stage_bed s;
    stage_bed_open(&s, (BASE & ~(UINT64_C(63) << 32)) | UINT64_C(40) << 32);
    for (unsigned access = 0; access < 3; access++) {
        static const unsigned causes[] = {5, 7, 1};
        s.dc.fsc = MODE(8) | BIT(28); /* 2^40 */
        stage_bed_put_dc(&s);
        assert_int_equal(stage_bed_try(&s, access, 0x1000), causes[access]);
        assert_int_equal(s.t.b.num_reads, 1); /* the context; no read goes out for the table */
    }
    bed_close(&s.t);
}

static void EN_1_byte_orders(void **state)
{
    (void)state;
    /* First stage by SBE, second by fctl.BE: all four. */
    for (unsigned i = 0; i < 4; i++) {
        bool be = i & 1, sbe = i & 2;
        struct testbed t;
        const struct iommu_config config = {.index = 0};
        bed_open(&t, &config);
        bed_set(&t, REG_OFFSET_FCTL, 4, be);
        bed_start(&t, 2);
        uint64_t second = bed_pages(&t, 4), first = bed_pages(&t, 1);
        uint64_t leaf2 = 0x80000000 >> 12 << 10 | RWXAD | U, leaf1 = leaf2;
        bench_poke(&t.b, second + 2 * 8, 8, be ? __builtin_bswap64(leaf2) : leaf2);
        bench_poke(&t.b, first, 8, sbe ? __builtin_bswap64(leaf1) : leaf1);
        const struct bed_dc dc = {.tc = 1 | (sbe ? SBE : 0),
                                  .iohgatp = MODE(8) | second >> 12,
                                  .fsc = MODE(8) | first >> 12};
        bed_dc(&t, DEVICE, &dc);
        assert_int_equal(bed_write(&t, DEVICE, 0x123450), VD_OK);
        assert_int_equal(bed_where(&t), 0x80123450);
        bed_close(&t);
    }
}

static void Sv32_and_Sv32x4(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.index = 0};
    bed_open(&t, &config);
    bed_set(&t, REG_OFFSET_FCTL, 4, 4);
    bed_start(&t, 2);
    uint64_t second = bed_pages(&t, 4), first = bed_pages(&t, 1), table = bed_pages(&t, 1);
    /* The second stage maps 4 MiB pages 1:1 where the tables are, and GPA 0x3_4000_0000. */
    for (unsigned i = 0; i < 4; i++)
        bench_poke(&t.b, second + (0x80000000u / 0x400000 + i) * 4, 4,
                   (uint32_t)((0x80000000 + i * 0x400000u) >> 12 << 10 | RWXAD | U));
    bench_poke(&t.b, second + (UINT64_C(0x340000000) / 0x400000) * 4, 4,
               (uint32_t)(0x80000000 >> 12 << 10 | RWXAD | U));
    bench_poke(&t.b, first + 0x48 * 4, 4, (uint32_t)(table >> 12 << 10 | V));
    bench_poke(&t.b, table + 0x345 * 4, 4,
               (uint32_t)(UINT64_C(0x340005000) >> 12 << 10 | RWXAD | U));
    const struct bed_dc dc = {
        .tc = 1 | SXL, .iohgatp = MODE(8) | second >> 12, .fsc = MODE(8) | first >> 12};
    bed_dc(&t, DEVICE, &dc);
    assert_int_equal(bed_write(&t, DEVICE, 0x12345678), VD_OK);
    assert_int_equal(bed_where(&t), 0x80005678);
    struct vd_txn txn = bench_read(BIT(32) | 0x12345678, 4);
    txn.requester = DEVICE;
    txn.attrs = VD_EXEC;
    bed_request(&t, txn);
    assert_int_equal(bed_cause(&t, 0), 12); /* DC-6: first stage, not a guest page fault */
    const struct bed_dc bare = {.tc = 1 | SXL, .iohgatp = MODE(8) | second >> 12};
    bed_dc(&t, 2, &bare);
    bed_write(&t, 2, BIT(34) | 0x80000000);
    assert_int_equal(bed_cause(&t, 1), 23);
    bed_close(&t);
}

/* SXL=1 limits guest addresses to 34 bits also where GXL=0 would allow more. */
static void DC_6_narrow_guest_addresses(void **state)
{
    (void)state;
    struct stage_bed s;
    stage_bed_open(&s, 0);
    bed_map(&s.t, s.root, 3, true, BIT(34), 0, 2, RWXAD | U);
    bed_map(&s.t, s.root, 3, true, 0, 0, 2, RWXAD | U);
    stage_bed_use(&s, true, 3);
    assert_int_equal(stage_bed_try(&s, 0, BIT(34)), 0);
    s.dc.tc |= SXL;
    stage_bed_put_dc(&s);
    assert_int_equal(stage_bed_try(&s, 0, BIT(34)), 21);
    assert_int_equal(stage_bed_try(&s, 0, 0x12340000), 0);
    bed_close(&s.t);
}

static void XL_1_privilege(void **state)
{
    (void)state;
    static const struct {
        bool user_page, privileged, sum;
        uint8_t good;
    } cases[] = {{true, false, false, 7},
                 {false, false, false, 0},
                 {false, true, false, 7},
                 {true, true, false, 0},
                 {true, true, true, 3}};
    for (unsigned i = 0; i < 5; i++) {
        struct stage_bed s;
        stage_bed_open(&s, 0);
        bed_map(&s.t, s.root, 3, false, 0x1000, 0x80000000, 0,
                RWXAD | (cases[i].user_page ? U : 0));
        uint64_t pdt = bed_pages(&s.t, 1);
        bench_poke(&s.t.b, pdt, 8, 3 | (cases[i].sum ? 4 : 0));
        bench_poke(&s.t.b, pdt + 8, 8, MODE(8) | s.root >> 12);
        s.dc.tc |= 1 << 5;
        s.dc.fsc = MODE(1) | pdt >> 12;
        stage_bed_put_dc(&s);
        for (unsigned k = 0; k < 6; k++) { /* each access twice: walked and cached */
            unsigned access = k % 3;
            struct vd_txn txn = access == 1 ? bench_write(0x1000, 4, 0) : bench_read(0x1000, 4);
            txn.requester = DEVICE;
            txn.attrs = VD_PROCESS_ID | (cases[i].privileged ? VD_PRIVILEGED : 0) |
                        (access == 2 ? VD_EXEC : 0);
            assert_int_equal(bed_request(&s.t, txn),
                             cases[i].good >> access & 1 ? VD_OK : VD_UNSUPPORTED);
        }
        bed_close(&s.t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(PT_1_schemes),
        cmocka_unit_test(PT_1_widths),
        cmocka_unit_test(PT_2_reserved_bits),
        cmocka_unit_test(PT_2_encodings),
        cmocka_unit_test(PT_2_pointer_bits),
        cmocka_unit_test(PT_2_superpages_and_napot),
        cmocka_unit_test(PT_sizes_meet),
        cmocka_unit_test(PT_6_physical_address_width),
        cmocka_unit_test(DC_6_narrow_guest_addresses),
        cmocka_unit_test(XL_1_privilege),
        cmocka_unit_test(EN_1_byte_orders),
        cmocka_unit_test(Sv32_and_Sv32x4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
