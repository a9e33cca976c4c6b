/* SPDX-License-Identifier: BSD-2-Clause */
/* Every access that the IOMMU makes in a scenario fails once, as a bus error and as poison.  What
 * is reported is what that access was for, nothing hangs, and afterwards everything works. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { DEVICE = 1, STRANGER = 2, PROCESS = 7, IOVA = 0x40000000, GPA = 0x10000000 };
enum { MSI_GPA = 0x50000000, MRIF_GPA = 0x50001000 };
enum { EN_ATS = 1 << 1, EN_PRI = 1 << 2, PDTV = 1 << 5, GADE = 1 << 7, SADE = 1 << 8 };
enum { CQMF = 1 << 8, FQMF = 1 << 8, PQMF = 1 << 8, CLEAR = 0xf00, ENABLE = 3 };
#define PPN(a)   ((uint64_t)(a) >> 12 << 10)
#define AMO_MRIF (UINT64_C(1) << 21)

struct inject_bed {
    struct testbed t;
    uint64_t first, second, pdt, msi, mrif, fence, target;
    /* The access that was made to fail. */
    uint32_t left, fail_with;
    struct vd_txn failed;
    bool found; /* the process context had been read before */
    bool processes;
    bool strange, of_stranger; /* it was made for the request that is always refused */
};

static bool (*bed_hook)(void *ctx, struct vd_txn *txn);

static bool failing(void *ctx, struct vd_txn *txn)
{
    struct inject_bed *s = ctx;
    bool of_iommu = txn->requester >= VD_REQUESTER_IOMMU(0);
    if (of_iommu && s->left && --s->left == 0) {
        s->failed = *txn;
        s->found = s->processes;
        s->of_stranger = s->strange;
        txn->status = (uint8_t)s->fail_with;
        return true;
    }
    s->processes |= of_iommu && txn->addr >> 12 == s->pdt >> 12;
    return bed_hook(&s->t, txn);
}

static void build(struct inject_bed *s)
{
    struct testbed *t = &s->t;
    bed_start(t, 3);
    s->first = bed_pages(t, 3);
    s->second = bed_pages(t, 8);
    s->pdt = bed_pages(t, 1);
    s->msi = bed_pages(t, 1);
    s->mrif = bed_pages(t, 1);
    s->fence = bed_pages(t, 1);
    s->target = bed_pages(t, 1);
    for (uint64_t a = 0x80000000; a < 0x80400000; a += 0x200000)
        bed_map(t, s->second, 3, true, a, a, 1, RWXAD | U);
    bed_map(t, s->first, 3, false, IOVA, GPA, 0, V | R | W | U);
    bed_map(t, s->first, 3, false, IOVA + 0x1000, MSI_GPA, 0, RWXAD | U);
    bed_map(t, s->first, 3, false, IOVA + 0x2000, MRIF_GPA, 0, RWXAD | U);
    bed_map(t, s->second, 3, true, GPA, s->target, 0, V | R | W | U);
    bench_poke(&t->b, s->msi, 8, PPN(IMSIC_WINDOW) | 7);
    bench_poke(&t->b, s->msi + 16, 8, s->mrif >> 9 << 7 | 3);
    bench_poke(&t->b, s->msi + 24, 8, PPN(IMSIC_WINDOW) | 5);
    bench_poke(&t->b, s->pdt + 16 * PROCESS, 8, 1);
    bench_poke(&t->b, s->pdt + 16 * PROCESS + 8, 8, UINT64_C(8) << 60 | s->first >> 12);
    const struct bed_dc dc = {.tc = 1 | EN_ATS | EN_PRI | PDTV | SADE | GADE,
                              .iohgatp = UINT64_C(8) << 60 | s->second >> 12,
                              .fsc = UINT64_C(1) << 60 | s->pdt >> 12,
                              .msiptp = UINT64_C(1) << 60 | s->msi >> 12,
                              .mask = 1,
                              .pattern = MSI_GPA >> 12};
    bed_dc(t, DEVICE, &dc);
}

/* `split`: MRIFs are read and written, MSI PTEs are read in two, pointers are cached. */
static struct iommu_config config_of(bool timed, bool split)
{
    struct iommu_config config = {.cycle_ps = 1000};
    if (timed)
        config.timing = inorder;
    if (!split)
        return config;
    const struct vd_param *capabilities = iommu_params(&(uint32_t){0});
    while (strcmp(capabilities->name, "capabilities") != 0)
        capabilities++;
    config.capabilities = capabilities->fallback & ~AMO_MRIF;
    config.pte_fetch = 1;
    config.first_nonleaf = config.second_nonleaf = 8;
    return config;
}

static void open(struct inject_bed *s, bool timed, bool split)
{
    const struct iommu_config config = config_of(timed, split);
    memset(s, 0, sizeof(*s));
    bed_open(&s->t, &config);
    s->t.b.latency = timed ? 5000 : 0;
    build(s);
    bed_hook = s->t.b.hook;
    s->t.b.hook = failing;
    s->t.b.hook_ctx = s;
}

static enum vd_status write(struct inject_bed *s, uint64_t iova)
{
    struct vd_txn txn = bench_write(iova, 4, 3);
    txn.requester = DEVICE;
    txn.attrs = VD_PROCESS_ID;
    txn.process_id = PROCESS;
    return bed_request(&s->t, txn);
}

static void page_request(struct inject_bed *s)
{
    struct vd_txn txn = {.tag = 4, .requester = DEVICE, .data = {IOVA | 7}};
    iommu_message(s->t.m, &txn);
    bed_settle(&s->t);
}

/* Two stages with updates of A and D, an MSI to a file and one to an MRIF, with its notice; a fault
 * and its message; a page request and its message; a fence that writes. */
static void scenario(struct inject_bed *s)
{
    write(s, IOVA);
    write(s, IOVA + 0x1000);
    write(s, IOVA + 0x2000);
    s->strange = true;
    bed_read(&s->t, STRANGER, 0);
    s->strange = false;
    page_request(s);
    bed_command(&s->t, 2 | 1 << 10 | UINT64_C(0x1234) << 32, s->fence >> 2);
}

static bool within(const struct inject_bed *s, uint64_t base, uint64_t size)
{
    return s->failed.addr - base < size;
}

/* The cause in the fault queue that stands for the failed access; 0: it is reported otherwise. */
static unsigned expected_cause(const struct inject_bed *s)
{
    bool poison = s->fail_with == VD_POISON;
    if (within(s, OWN_MSI, 0x4000))
        return 273;
    if (within(s, s->t.ddt, 0x1000) || s->failed.size == 64)
        return poison ? 268 : 257;
    if (within(s, s->t.cq, 0x3000) || within(s, s->fence, 0x1000) ||
        within(s, IMSIC_WINDOW, 0x1000))
        return 0;
    if (within(s, s->msi, 0x1000))
        return poison ? 270 : 261;
    if (within(s, s->mrif, 0x1000))
        return poison ? 271 : 264;
    /* The second stage of a process context's address counts as the directory. */
    if (!s->found)
        return poison ? 269 : 265;
    return poison ? 274 : 7;
}

static unsigned count_of(struct inject_bed *s, unsigned cause)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < bed_faults(&s->t); i++)
        n += bed_cause(&s->t, i) == cause;
    return n;
}

static uint64_t errors(struct inject_bed *s, uint32_t csr)
{
    return bed_get(&s->t, csr, 4) & CLEAR;
}

static void check_report(struct inject_bed *s)
{
    unsigned cause = expected_cause(s);
    bool in_cq = within(s, s->t.cq, 0x1000) || within(s, s->fence, 0x1000);
    assert_int_equal(errors(s, REG_OFFSET_FQCSR), within(s, s->t.fq, 0x1000) ? FQMF : 0);
    assert_int_equal(errors(s, REG_OFFSET_PQCSR), within(s, s->t.pq, 0x1000) ? PQMF : 0);
    if (in_cq)
        assert_true(errors(s, REG_OFFSET_CQCSR) & CQMF);
    else
        assert_false(errors(s, REG_OFFSET_CQCSR) & CQMF);
    if (cause)
        assert_int_equal(count_of(s, cause), 1);
    bool table = cause && cause != 273;
    bool lost = within(s, s->t.fq, 0x1000) || (s->of_stranger && table);
    assert_int_equal(count_of(s, 258), !lost);
    assert_int_equal(bed_faults(&s->t), (cause != 0) + !lost);
}

static void check_recovery(struct inject_bed *s)
{
    struct testbed *t = &s->t;
    assert_true(iommu_idle(t->m));
    bed_set(t, REG_OFFSET_CQCSR, 4, CLEAR | ENABLE);
    bed_set(t, REG_OFFSET_FQCSR, 4, CLEAR | ENABLE);
    bed_set(t, REG_OFFSET_PQCSR, 4, CLEAR | ENABLE);
    bed_settle(t);
    assert_int_equal(bed_get(t, REG_OFFSET_CQH, 4), 1);
    assert_int_equal(bench_peek(&t->b, s->fence, 4), 0x1234);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(write(s, IOVA + 0x1000 * i), VD_OK);
    assert_int_equal(bench_peek(&t->b, s->mrif, 8), 1 << 3);
    uint32_t faults = bed_faults(t);
    bed_read(t, STRANGER, 0);
    assert_int_equal(bed_faults(t), faults + 1);
    uint64_t pages = bed_get(t, REG_OFFSET_PQT, 4);
    page_request(s);
    assert_int_equal(bed_get(t, REG_OFFSET_PQT, 4), pages + 1);
}

/* False: there are fewer accesses. */
static bool fails_at(uint32_t n, bool timed, bool split, enum vd_status status)
{
    static struct inject_bed s;
    open(&s, timed, split);
    s.left = n;
    s.fail_with = status;
    scenario(&s);
    bool failed = !s.left;
    if (failed) {
        check_report(&s);
        check_recovery(&s);
    }
    bed_close(&s.t);
    return failed;
}

static void every_access_fails_once(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 8; variant++) {
        uint32_t n = 1;
        while (fails_at(n, variant & 1, variant & 2, variant & 4 ? VD_POISON : VD_UNMAPPED))
            n++;
        assert_in_range(n, 30, 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_access_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
