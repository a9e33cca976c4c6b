/* SPDX-License-Identifier: BSD-2-Clause */
/* The counters against the trace: whatever happens, they count what the records tell. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ONE_STAGE = 1, TWO_STAGES, PROCESSES, MSIS, NOBODY, DEVICES, PAGES = 8, IOVA = 0x40000000 };
enum { UNTRANSLATED = 1, TRANSLATED, REQUEST, MISS, DDT, PDT, FIRST, SECOND, EVENTS };
enum { EN_ATS = 2, PDTV = 1 << 5, GADE = 1 << 7, SADE = 1 << 8, MAX_REQUESTS = 4096 };
enum { STEP_DDT, STEP_PDT, STEP_FIRST, STEP_SECOND };
#define MSI_GPA  UINT64_C(0x50000000)
#define GPA      UINT64_C(0x10000000)
#define HOST     UINT64_C(0x80e00000)
#define BIT(n)   (UINT64_C(1) << (n))
#define SV39(a)  (UINT64_C(8) << 60 | (a) >> 12)
#define GSCID(n) ((uint64_t)(n) << 44)

/* What is known of a request without the IOMMU, and what its records say. */
struct story {
    uint32_t device;
    unsigned event; /* 1 to 3 */
    uint32_t reads[4];
    bool walked; /* a page table was read after the process directory */
};

struct hpm_bed {
    struct testbed t;
    uint64_t leaf[PAGES]; /* first-stage PTEs */
    struct story story[MAX_REQUESTS];
    uint32_t requests, seed;
};

static uint32_t dice(struct hpm_bed *h, uint32_t sides)
{
    h->seed = h->seed * 1664525 + 1013904223;
    return (h->seed >> 8) % sides;
}

static void map(struct hpm_bed *h, uint64_t *first, uint64_t *second)
{
    struct testbed *t = &h->t;
    *first = bed_pages(t, 1);
    *second = bed_pages(t, 4);
    for (uint64_t a = 0x80000000; a < 0x81000000; a += 0x200000)
        bed_map(t, *second, 3, true, a, a, 1, RWXAD | U);
    for (unsigned i = 0; i < PAGES; i++) {
        uint64_t offset = i * 0x1000u;
        h->leaf[i] = bed_map(t, *first, 3, false, IOVA + offset, GPA + offset, 0, RWXAD | U);
        if (i != 5) /* one is missing */
            bed_map(t, *second, 3, true, GPA + offset, HOST + offset, 0, RWXAD | U);
    }
    bed_map(t, *first, 3, false, IOVA + PAGES * 0x1000, MSI_GPA, 0, RWXAD | U);
}

static void open(struct hpm_bed *h, const struct iommu_config *config)
{
    struct testbed *t = &h->t;
    uint64_t first, second;
    memset(h->story, 0, sizeof(h->story));
    h->requests = 0;
    h->seed = 7;
    bed_open(t, config);
    bed_start(t, 3);
    map(h, &first, &second);
    uint64_t msi = bed_pages(t, 1), pdt = bed_pages(t, 1), mrif = bed_pages(t, 1);
    bench_poke(&t->b, msi, 8, IMSIC_WINDOW >> 12 << 10 | 7);
    bench_poke(&t->b, msi + 16, 8, mrif >> 9 << 7 | 3);
    for (unsigned p = 1; p < 4; p++) {
        bench_poke(&t->b, pdt + 16 * p, 8, 1 | p << 12);
        bench_poke(&t->b, pdt + 16 * p + 8, 8, SV39(first));
    }
    struct bed_dc dc = {.tc = 1 | SADE | GADE, .ta = 3 << 12, .fsc = SV39(first)};
    bed_dc(t, ONE_STAGE, &dc);
    dc = (struct bed_dc){.tc = 1 | EN_ATS | SADE | GADE,
                         .iohgatp = SV39(second) | GSCID(7),
                         .ta = 5 << 12,
                         .fsc = SV39(first),
                         .msiptp = UINT64_C(1) << 60 | msi >> 12,
                         .mask = 1,
                         .pattern = MSI_GPA >> 12};
    bed_dc(t, TWO_STAGES, &dc);
    dc.fsc = 0;
    dc.iohgatp = SV39(second) | GSCID(8);
    bed_dc(t, MSIS, &dc);
    dc.tc = 1 | PDTV | SADE | GADE;
    dc.fsc = UINT64_C(1) << 60 | pdt >> 12;
    bed_dc(t, PROCESSES, &dc);
}

static void submit(struct hpm_bed *h, struct vd_txn txn)
{
    static const uint8_t events[] = {
        [VD_AT_UNTRANSLATED] = UNTRANSLATED,
        [VD_AT_TRANSLATED] = TRANSLATED,
        [VD_AT_TRANSLATION_REQUEST] = REQUEST,
    };
    struct story *story = &h->story[++h->requests];
    story->device = txn.requester;
    story->event = events[txn.at];
    assert_int_equal(iommu_submit(h->t.m, &txn), VD_PENDING);
}

static void any_request(struct hpm_bed *h)
{
    uint32_t device = 1 + dice(h, NOBODY);
    struct vd_txn txn = bench_read(IOVA + dice(h, PAGES + 1) * 0x1000, 4);
    txn.requester = device;
    if (dice(h, 2))
        txn.cmd = VD_WRITE;
    if (device == MSIS || dice(h, 8) == 0)
        txn = bench_write(MSI_GPA + dice(h, 3) * 0x1000, 4, dice(h, 64));
    txn.requester = device;
    if (device == PROCESSES && dice(h, 4)) {
        txn.attrs = VD_PROCESS_ID;
        txn.process_id = dice(h, 5);
    }
    if (device == TWO_STAGES)
        txn.at = (uint8_t)dice(h, 3);
    submit(h, txn);
}

static void debug_request(struct hpm_bed *h)
{
    struct story *story = &h->story[++h->requests];
    *story = (struct story){.device = TWO_STAGES, .event = UNTRANSLATED};
    bed_set(&h->t, REG_OFFSET_TR_REQ_IOVA, 8, IOVA + dice(h, PAGES) * 0x1000);
    bed_set(&h->t, REG_OFFSET_TR_REQ_CTL, 8, 1 | (uint64_t)TWO_STAGES << 40);
    bed_settle(&h->t);
}

static void invalidate(struct hpm_bed *h)
{
    static const uint64_t commands[] = {
        1,
        1 | BIT(33) | GSCID(7),
        1 | 1 << 7,
        3,
        3 | 1 << 7 | BIT(33) | (uint64_t)PROCESSES << 40 | 2 << 12,
        1 | 1 << 10 | BIT(33) | BIT(34) | GSCID(7),
    };
    bed_command(&h->t, commands[dice(h, 6)], IOVA >> 12 << 10);
}

/* Hardware sets A and D again, by accesses that are no walks. */
static void clean(struct hpm_bed *h)
{
    uint64_t at = h->leaf[dice(h, PAGES)];
    bench_poke(&h->t.b, at, 8, bench_peek(&h->t.b, at, 8) & ~(uint64_t)(A | D));
}

/* Takes the records in, and forgets them. */
static void read_trace(struct hpm_bed *h)
{
    const struct vd_record *rec;
    assert_in_range(h->t.b.num_records, 0, BENCH_LOG - 1);
    for (uint32_t i = 0; (rec = bench_record(&h->t.b, VD_REC_iommu_access, i)) != NULL; i++) {
        assert_in_range(rec->c, 1, h->requests);
        struct story *story = &h->story[rec->c];
        if (rec->b <= STEP_SECOND)
            story->reads[rec->b]++;
        if (rec->b == STEP_PDT)
            story->walked = false;
        if (rec->b == STEP_FIRST || rec->b == STEP_SECOND)
            story->walked = true;
    }
    bench_forget(&h->t.b);
}

/* The last PDT access of a walk is behind its translation: what follows is the page's. */
static uint64_t told(const struct hpm_bed *h, unsigned event, uint32_t device)
{
    uint64_t sum = 0;
    for (uint32_t i = 1; i <= h->requests; i++) {
        const struct story *s = &h->story[i];
        if (device && s->device != device)
            continue;
        if (event <= REQUEST)
            sum += s->event == event;
        else
            sum += event == MISS ? s->walked : s->reads[event - DDT];
    }
    return sum;
}

static void select_events(struct hpm_bed *h)
{
    for (unsigned e = 1; e < EVENTS; e++) {
        bed_set(&h->t, REG_OFFSET_IOHPMEVT + 8 * (e - 1), 8, e);
        uint64_t filter = BIT(61) | (uint64_t)TWO_STAGES << 36;
        bed_set(&h->t, REG_OFFSET_IOHPMEVT + 8 * (e + 9), 8, e | filter);
        filter = BIT(61) | (uint64_t)PROCESSES << 36;
        bed_set(&h->t, REG_OFFSET_IOHPMEVT + 8 * (e + 19), 8, e | filter);
    }
}

static void compare(struct hpm_bed *h)
{
    static const struct {
        unsigned base;
        uint32_t device;
    } groups[] = {{0, 0}, {10, TWO_STAGES}, {20, PROCESSES}};
    for (unsigned g = 0; g < 3; g++)
        for (unsigned e = 1; e < EVENTS; e++) {
            uint64_t counted =
                bed_get(&h->t, REG_OFFSET_IOHPMCTR + 8 * (groups[g].base + e - 1), 8);
            uint64_t expected = told(h, e, groups[g].device);
            if (counted != expected)
                fail_msg("event %u, device %u: counted %u, told %u", e, groups[g].device,
                         (unsigned)counted, (unsigned)expected);
        }
}

static void mixed_run(const struct iommu_config *config, vd_time latency)
{
    static struct hpm_bed h;
    open(&h, config);
    bench_forget(&h.t.b);
    h.t.b.latency = latency;
    select_events(&h);
    for (unsigned round = 0; round < 400; round++) {
        for (unsigned k = dice(&h, 5); k > 0; k--)
            any_request(&h);
        bed_settle(&h.t);
        if (dice(&h, 4) == 0)
            invalidate(&h);
        if (dice(&h, 4) == 0)
            clean(&h);
        if (dice(&h, 16) == 0)
            debug_request(&h);
        bed_set(&h.t, REG_OFFSET_FQH, 4, bed_get(&h.t, REG_OFFSET_FQT, 4));
        read_trace(&h);
    }
    compare(&h);
    for (unsigned e = 1; e < EVENTS; e++)
        assert_in_range(told(&h, e, 0), 20, UINT32_MAX);
    bed_close(&h.t);
}

/* Invariant I45. */
static void HPM_4_I45_counters_equal_the_trace(void **state)
{
    (void)state;
    static const struct iommu_config configs[] = {
        {.index = 0},
        {.tlb_entries = 4, .ddt_entries = 2, .pdt_entries = 2, .msi_entries = 1},
        {.first_nonleaf = 4, .second_nonleaf = 4, .tlb_entries = 4},
        {.first_nonleaf = 2, .outstanding = 4, .timing = {.hit = 2, .step = 1, .fault_record = 3}},
    };
    for (unsigned i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
        for (vd_time latency = 0; latency < 20000; latency += 10000)
            mixed_run(&configs[i], latency);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(HPM_4_I45_counters_equal_the_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
