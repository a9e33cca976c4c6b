/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to a request: steps of the translation, causes, records, answers. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
enum { EN_ATS = 2, T2GPA = 8, PDTV = 32, GADE = 128, SADE = 256, DPE = 512 };
enum { DEVICE = 1 };

struct request_bed {
    struct testbed t;
    uint64_t first, second, pdt;
    struct bed_dc dc;
};

static void open_with(struct request_bed *s, const struct iommu_config *config)
{
    bed_open(&s->t, config);
    bed_start(&s->t, 2);
    s->first = bed_pages(&s->t, 1);
    s->second = bed_pages(&s->t, 4);
    s->pdt = bed_pages(&s->t, 1);
    bed_map(&s->t, s->second, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
    s->dc = (struct bed_dc){.tc = 1,
                            .iohgatp = MODE(8) | UINT64_C(3) << 44 | s->second >> 12,
                            .fsc = MODE(8) | s->first >> 12};
}

static void open(struct request_bed *s)
{
    const struct iommu_config config = {.index = 0};
    open_with(s, &config);
}

static void apply(struct request_bed *s)
{
    bed_dc(&s->t, DEVICE, &s->dc);
    iommu_flush(s->t.m);
}

/* The context gets a process directory; process 3 has the first stage, process 0 is empty. */
static void use_processes(struct request_bed *s, uint64_t tc, uint64_t mode)
{
    bench_poke(&s->t.b, s->pdt + 48, 8, 3);
    bench_poke(&s->t.b, s->pdt + 56, 8, MODE(8) | s->first >> 12);
    s->dc.tc = 1 | PDTV | tc;
    s->dc.fsc = mode << 60 | s->pdt >> 12;
    apply(s);
}

static struct vd_txn request(uint64_t iova, uint8_t cmd, uint32_t attrs)
{
    struct vd_txn txn = cmd == VD_WRITE ? bench_write(iova, 4, 0) : bench_read(iova, 4);
    txn.requester = DEVICE;
    txn.attrs = attrs;
    txn.process_id = (attrs & VD_PROCESS_ID) ? 3 : 0;
    return txn;
}

/* The cause that a request ends in, 0: none. */
static unsigned cause_of(struct request_bed *s, struct vd_txn txn)
{
    uint32_t before = bed_faults(&s->t);
    bench_forget(&s->t.b);
    bed_request(&s->t, txn);
    bed_set(&s->t, REG_OFFSET_FQH, 4, bed_faults(&s->t));
    return bed_faults(&s->t) == before ? 0 : bed_cause(&s->t, before);
}

/* Neither a process nor a default one: the first stage is Bare, the second is not. */
static void step_12_and_13_bare_first_stage(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    use_processes(&s, 0, 1);
    assert_int_equal(cause_of(&s, request(0x80001004, VD_READ, 0)), 0);
    assert_int_equal(bed_where(&s.t), UINT64_MAX);
    assert_int_equal(cause_of(&s, request(0x80001004, VD_WRITE, 0)), 0);
    assert_int_equal(bed_where(&s.t), 0x80001004);
    assert_int_equal(cause_of(&s, request(0x1000, VD_READ, 0)), 21);
    assert_int_equal(cause_of(&s, request(0x80001004, VD_READ, VD_PROCESS_ID)), 13);
    use_processes(&s, DPE, 1);
    assert_int_equal(cause_of(&s, request(0x80001004, VD_READ, 0)), 266);
    use_processes(&s, DPE, 0);
    assert_int_equal(cause_of(&s, request(0x80001004, VD_WRITE, VD_PROCESS_ID)), 0);
    assert_int_equal(bed_where(&s.t), 0x80001004);
    bed_close(&s.t);
}

/* [iommu GET_PC]: entries above the process context. */
static void PDT_3_non_leaf(void **state)
{
    static const struct {
        uint64_t entry;
        unsigned cause;
    } cases[] = {{0, 266}, {2, 266}, {1 | 2, 267}, {1 | BIT(54), 267}, {1, 0}};
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request_bed s;
        open(&s);
        bed_map(&s.t, s.first, 3, false, 0x5000, 0x80005000, 0, RWXAD | U);
        uint64_t root = bed_pages(&s.t, 1);
        bench_poke(&s.t.b, root, 8, cases[i].entry | s.pdt >> 12 << 10);
        use_processes(&s, 0, 1);
        s.dc.fsc = MODE(2) | root >> 12;
        apply(&s);
        assert_int_equal(cause_of(&s, request(0x5000, VD_READ, VD_PROCESS_ID)), cases[i].cause);
        bed_close(&s.t);
    }
}

static void step_5_24_bits(void **state)
{
    (void)state;
    struct request_bed s;
    const struct iommu_config config = {.index = 0};
    open_with(&s, &config);
    bed_set(&s.t, REG_OFFSET_DDTP, 8, bed_pages(&s.t, 1) >> 12 << 10 | 4);
    struct vd_txn txn = request(0x5000, VD_READ, 0);
    txn.requester = 0xffffff;
    assert_int_equal(cause_of(&s, txn), 258);
    txn.requester = 0x1000000;
    assert_int_equal(cause_of(&s, txn), 260);
    bed_close(&s.t);
}

static void XL_2_second_stage_sees_users(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    bed_map(&s.t, s.first, 3, false, 0x5000, 0x9000, 0, RWXAD);
    bed_map(&s.t, s.first, 3, false, 0x6000, 0xa000, 0, RWXAD);
    bed_map(&s.t, s.second, 3, true, 0x9000, 0x80077000, 0, RWXAD | U);
    bed_map(&s.t, s.second, 3, true, 0xa000, 0x80078000, 0, RWXAD);
    use_processes(&s, 0, 1);
    uint32_t supervisor = VD_PROCESS_ID | VD_PRIVILEGED;
    assert_int_equal(cause_of(&s, request(0x5000, VD_READ, supervisor)), 0);
    assert_int_equal(cause_of(&s, request(0x6000, VD_READ, supervisor)), 21);
    bed_close(&s.t);
}

static void XL_4_no_MXR(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    bed_map(&s.t, s.first, 3, false, 0x5000, 0x80005000, 0, V | X | U | A | D);
    apply(&s);
    assert_int_equal(cause_of(&s, request(0x5000, VD_READ, VD_EXEC)), 0);
    assert_int_equal(cause_of(&s, request(0x5000, VD_READ, 0)), 13);
    bed_close(&s.t);
}

/* Where the walk is when it fails, and for whom, is the cause. */
static void XL_5_causes(void **state)
{
    static const struct {
        uint8_t cmd;
        uint32_t attrs;
        unsigned page, guest_page, access;
    } cases[] = {
        {VD_READ, VD_EXEC, 12, 20, 1},
        {VD_READ, 0, 13, 21, 5},
        {VD_WRITE, 0, 15, 23, 7},
    };
    (void)state;
    struct request_bed s;
    open(&s);
    uint64_t pte = bed_map(&s.t, s.first, 3, false, 0x5000, 0x80005000, 0, RWXAD | U);
    bed_map(&s.t, s.first, 3, false, 0x6000, 0x9000, 0, RWXAD | U);
    bench_poke(&s.t.b, s.first + 16, 8, UINT64_C(0x100) << 10 | V); /* a table outside RAM */
    bed_map(&s.t, s.second, 3, true, 0x100000, 0x100000, 0, RWXAD | U);
    apply(&s);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t cmd = cases[i].cmd;
        uint32_t attrs = cases[i].attrs;
        assert_int_equal(cause_of(&s, request(0x7000, cmd, attrs)), cases[i].page);
        assert_int_equal(cause_of(&s, request(0x6000, cmd, attrs)), cases[i].guest_page);
        assert_int_equal(cause_of(&s, request(0x80000000, cmd, attrs)), cases[i].access);
        s.t.poison = pte;
        assert_int_equal(cause_of(&s, request(0x5000, cmd, attrs)), 274);
        s.t.poison = 0;
    }
    bed_close(&s.t);
}

static uint64_t ask_ats(struct request_bed *s, uint64_t iova)
{
    struct vd_txn txn = request(iova, VD_READ, VD_PROCESS_ID);
    txn.at = VD_AT_TRANSLATION_REQUEST;
    assert_int_equal(bed_request(&s->t, txn), VD_OK);
    return s->t.answers[s->t.num_answers - 1].data[0];
}

/* G of an entry above the leaf makes the mapping global, G of the second stage means nothing. */
static void PT_3_global(void **state)
{
    enum { GLOBAL = 32 };
    (void)state;
    struct request_bed s;
    open(&s);
    bed_map(&s.t, s.first, 3, false, 0x5000, 0x80005000, 0, RWXAD | U);
    bed_map(&s.t, s.first, 3, false, 0x6000, 0x9000, 0, RWXAD | U | G);
    bed_map(&s.t, s.second, 3, true, 0x9000, 0x80077000, 0, RWXAD | U | G);
    bed_map(&s.t, s.first, 3, false, 0x7000, 0x9000, 0, RWXAD | U);
    use_processes(&s, EN_ATS, 1);
    assert_int_equal(ask_ats(&s, 0x5000) & GLOBAL, 0);
    assert_int_equal(ask_ats(&s, 0x6000) & GLOBAL, GLOBAL);
    assert_int_equal(ask_ats(&s, 0x7000) & GLOBAL, 0);
    bench_poke(&s.t.b, s.first, 8, bench_peek(&s.t.b, s.first, 8) | G);
    assert_int_equal(ask_ats(&s, 0x5000) & GLOBAL, GLOBAL);
    bed_close(&s.t);
}

static void PT_4_memory_type(void **state)
{
    static const struct {
        uint64_t first, second, result;
    } cases[] = {{0, 0, 0}, {0, 1, 1}, {0, 2, 2}, {1, 0, 1}, {1, 2, 1}, {2, 1, 2}};
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request_bed s;
        open(&s);
        bed_map(&s.t, s.first, 3, false, 0x5000, 0x9000, 0, RWXAD | U | cases[i].first << 61);
        bed_map(&s.t, s.second, 3, true, 0x9000, 0x80077000, 0, RWXAD | U | cases[i].second << 61);
        apply(&s);
        bed_set(&s.t, REG_OFFSET_TR_REQ_IOVA, 8, 0x5000);
        bed_set(&s.t, REG_OFFSET_TR_REQ_CTL, 8, 1 | 8 | (uint64_t)DEVICE << 40);
        uint64_t response = bed_get(&s.t, REG_OFFSET_TR_RESPONSE, 8);
        assert_int_equal(response, UINT64_C(0x80077) << 10 | cases[i].result << 7);
        bed_close(&s.t);
    }
}

/* Four bytes, in the byte order of their stage, and nothing beside them. */
static void PT_5_narrow_big_endian(void **state)
{
    enum { SBE = 1 << 10, SXL = 1 << 11 };
    (void)state;
    struct request_bed s;
    open(&s);
    bed_set(&s.t, REG_OFFSET_DDTP, 8, 0);
    bed_set(&s.t, REG_OFFSET_FCTL, 4, 1 | 4);
    bed_set(&s.t, REG_OFFSET_DDTP, 8, s.t.ddt >> 12 << 10 | 2);
    uint64_t table = bed_pages(&s.t, 1);
    bench_poke(&s.t.b, s.first, 4, __builtin_bswap32((uint32_t)(table >> 12 << 10 | V)));
    bench_poke(&s.t.b, table + 20, 4, __builtin_bswap32(0x80005u << 10 | V | R | W | U));
    bench_poke(&s.t.b, table + 16, 4, 0x11223344);
    s.dc.tc = 1 | SADE | SBE | SXL;
    s.dc.iohgatp = 0;
    s.dc.fsc = MODE(8) | s.first >> 12;
    apply(&s);
    assert_int_equal(cause_of(&s, request(0x5008, VD_WRITE, 0)), 0);
    assert_int_equal(bed_where(&s.t), 0x80005008);
    assert_int_equal(__builtin_bswap32((uint32_t)bench_peek(&s.t.b, table + 20, 4)),
                     0x80005u << 10 | V | R | W | U | A | D);
    assert_int_equal(bench_peek(&s.t.b, table + 16, 4), 0x11223344);
    bed_close(&s.t);
}

/* No process: no process_id and no privilege, whatever the transaction says. */
static void FQ_2_process(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    apply(&s);
    struct vd_txn txn = request(0x5000, VD_READ, VD_PRIVILEGED);
    txn.process_id = 77;
    assert_int_equal(cause_of(&s, txn), 13);
    assert_int_equal(bed_fault(&s.t, 0, 0) >> 12 & 0x3fffff, 0);
    bed_close(&s.t);
}

/* They may be merged; here every one has its record. */
static void FQ_4_equal_faults(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    apply(&s);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(cause_of(&s, request(0x5000, VD_READ, 0)), 13);
    assert_int_equal(bed_faults(&s.t), 3);
    bed_close(&s.t);
}

/* A cached process context outlives a change of the pages that the directory is in. */
static void CA_2_directory_under_the_second_stage(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    bed_map(&s.t, s.first, 3, false, 0x5000, 0x80005000, 0, RWXAD | U);
    uint64_t pte = bed_map(&s.t, s.second, 3, true, 0x9000, s.pdt, 0, RWXAD | U);
    use_processes(&s, 0, 1);
    s.dc.fsc = MODE(1) | 9;
    apply(&s);
    assert_int_equal(cause_of(&s, request(0x5000, VD_READ, VD_PROCESS_ID)), 0);
    bench_poke(&s.t.b, pte, 8, 0);
    bed_command(&s.t, 1 | 1 << 7, 0);
    assert_int_equal(cause_of(&s, request(0x5000, VD_READ, VD_PROCESS_ID)), 0);
    bed_command(&s.t, 3 | 1 << 7 | 3 << 12 | BIT(33) | (uint64_t)DEVICE << 40, 0);
    assert_int_equal(cause_of(&s, request(0x5000, VD_READ, VD_PROCESS_ID)), 21);
    bed_close(&s.t);
}

struct reads {
    struct request_bed *s;
    bool (*hook)(void *ctx, struct vd_txn *txn);
    unsigned sizes; /* bits */
};

static bool note_size(void *ctx, struct vd_txn *txn)
{
    struct reads *reads = ctx;
    if (txn->cmd == VD_READ && txn->requester >= VD_REQUESTER_HART(0))
        reads->sizes |= txn->size;
    return reads->hook(&reads->s->t, txn);
}

/* Contexts and entries are read whole, never in parts of less than a doubleword. */
static void OR_2_whole_entries(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    bed_map(&s.t, s.first, 3, false, 0x5000, 0x80005000, 0, RWXAD | U);
    use_processes(&s, 0, 1);
    struct reads reads = {.s = &s, .hook = s.t.b.hook};
    s.t.b.hook = note_size;
    s.t.b.hook_ctx = &reads;
    bed_request(&s.t, request(0x5000, VD_READ, VD_PROCESS_ID));
    assert_int_equal(reads.sizes, 64 | 16 | 8);
    bed_close(&s.t);
}

/* Where the platform has nothing is the platform's to say, also in Bare. */
static void EMB_2_the_bus_decides(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    s.dc = (struct bed_dc){.tc = 1};
    apply(&s);
    s.t.b.fail_in = 2;
    s.t.b.fail_with = VD_UNMAPPED;
    assert_int_equal(bed_request(&s.t, request(0x1000, VD_READ, 0)), VD_UNMAPPED);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

/* Both stages Bare: the address leaves as it came, also beyond PAS; refusing it is the bus's. */
static void step_20_bare_beyond_physical(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    s.dc = (struct bed_dc){.tc = 1};
    apply(&s);
    assert_int_equal(bed_request(&s.t, request(0xfffffb6de6d7bad0, VD_WRITE, 0)), VD_OK);
    assert_int_equal(bed_where(&s.t), 0xfffffb6de6d7bad0);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

static void EMB_3_refusals(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    apply(&s);
    uint32_t answers = s.t.num_answers;
    assert_int_equal(bed_request(&s.t, request(0x5000, VD_READ, 0)), VD_UNSUPPORTED);
    assert_int_equal(s.t.num_answers, ++answers);
    bed_request(&s.t, request(0x5000, VD_WRITE, VD_POSTED));
    assert_int_equal(s.t.num_answers, answers);
    assert_int_equal(bed_where(&s.t), UINT64_MAX);
    assert_int_equal(bed_faults(&s.t), 2);
    bed_close(&s.t);
}

/* Both identifiers have all their bits, so that none can be too wide. */
static void QOS_3_and_DC_4_22_width(void **state)
{
    static const uint64_t ids[] = {BIT(40), BIT(51), BIT(52), BIT(63)};
    (void)state;
    for (unsigned has = 0; has < 2; has++) {
        const struct iommu_config config = {.capabilities = 0x10 | BIT(9) | BIT(17) | BIT(22) |
                                                            UINT64_C(56) << 32 |
                                                            (uint64_t)has << 41};
        for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
            struct request_bed s;
            open_with(&s, &config);
            s.dc = (struct bed_dc){.tc = 1, .ta = ids[i]};
            apply(&s);
            assert_int_equal(cause_of(&s, request(0x80000000, VD_READ, 0)), has ? 0 : 259);
            bed_close(&s.t);
        }
    }
}

static void use_msis(struct request_bed *s, uint64_t *table)
{
    *table = bed_pages(&s->t, 1);
    s->dc.msiptp = MODE(1) | *table >> 12;
    s->dc.pattern = 0x40123;
    apply(s);
}

static void corner_7_iotval_of_an_msi(void **state)
{
    (void)state;
    struct request_bed s;
    open(&s);
    uint64_t table;
    bed_map(&s.t, s.first, 3, false, 0x5000, 0x40123000, 0, RWXAD | U);
    use_msis(&s, &table);
    assert_int_equal(cause_of(&s, request(0x5004, VD_WRITE, VD_POSTED)), 262);
    assert_int_equal(bed_fault(&s.t, 0, 2), 0x5004);
    assert_int_equal(bed_fault(&s.t, 0, 3), 0);
    bed_close(&s.t);
}

/* One page of a superpage of both stages is an interrupt file: whatever is cached first, the other
 * is translated right. */
static void MSI_5_superpage_over_an_interrupt_file(void **state)
{
    (void)state;
    for (unsigned bare = 0; bare < 2; bare++) {
        struct request_bed s;
        open(&s);
        uint64_t table;
        bed_map(&s.t, s.first, 3, false, 0x40000000, 0x40000000, 2, RWXAD | U);
        bed_map(&s.t, s.second, 3, true, 0x40000000, 0x40000000, 2, RWXAD | U);
        if (bare)
            s.dc.fsc = 0;
        use_msis(&s, &table);
        bench_poke(&s.t.b, table, 8, IMSIC_WINDOW >> 12 << 10 | 7);
        static const uint64_t pages[] = {0x40122000, 0x40123000, 0x40124000, 0x40123000};
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(cause_of(&s, request(pages[i], VD_WRITE, VD_POSTED)), 0);
            assert_int_equal(bed_where(&s.t), pages[i] == 0x40123000 ? IMSIC_WINDOW : pages[i]);
        }
        s.dc.tc = 1 | EN_ATS;
        apply(&s);
        bench_forget(&s.t.b);
        struct vd_txn txn = request(0x40123000, VD_READ, 0);
        txn.at = VD_AT_TRANSLATION_REQUEST;
        assert_int_equal(bed_request(&s.t, txn), VD_OK);
        uint64_t data = s.t.answers[s.t.num_answers - 1].data[0];
        assert_int_equal(data & ~UINT64_C(0x7ff), IMSIC_WINDOW); /* 4 KiB */
        bed_close(&s.t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_12_and_13_bare_first_stage),
        cmocka_unit_test(PDT_3_non_leaf),
        cmocka_unit_test(step_5_24_bits),
        cmocka_unit_test(PT_5_narrow_big_endian),
        cmocka_unit_test(XL_2_second_stage_sees_users),
        cmocka_unit_test(XL_4_no_MXR),
        cmocka_unit_test(XL_5_causes),
        cmocka_unit_test(PT_3_global),
        cmocka_unit_test(PT_4_memory_type),
        cmocka_unit_test(FQ_2_process),
        cmocka_unit_test(FQ_4_equal_faults),
        cmocka_unit_test(CA_2_directory_under_the_second_stage),
        cmocka_unit_test(OR_2_whole_entries),
        cmocka_unit_test(EMB_2_the_bus_decides),
        cmocka_unit_test(step_20_bare_beyond_physical),
        cmocka_unit_test(EMB_3_refusals),
        cmocka_unit_test(QOS_3_and_DC_4_22_width),
        cmocka_unit_test(corner_7_iotval_of_an_msi),
        cmocka_unit_test(MSI_5_superpage_over_an_interrupt_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
