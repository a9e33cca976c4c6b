/* SPDX-License-Identifier: BSD-2-Clause */
/* One of everything, with the inorder latencies and a memory of 10 cycles: what the IOMMU tells the
 * trace, writes and answers, line by line and cycle by cycle. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
#define PPN(a)  ((uint64_t)(a) >> 12 << 10)
enum { CYCLE = 1000, DEVICE = 1, STRANGER = 2, IOVA = 0x40000000, GPA = 0x10000000 };
enum { MSI_GPA = 0x50000000, MRIF_GPA = 0x50001000 };
enum { EN_ATS = 2, EN_PRI = 4, GADE = 128, SADE = 256 };

struct story {
    struct testbed t;
    uint64_t first, second, msi, mrif, fence, target;
    vd_time start;
    uint32_t records, writes, answers, messages; /* told already */
    char text[16384];
    size_t used;
};

static const char *const kinds[] = {
#define VD_RECORD(name, hashed, a, b, c) #name,
#include "viaduct/records.def"
#undef VD_RECORD
};

#define TELL(s, ...)                                                                               \
    ((s)->used +=                                                                                  \
     (size_t)snprintf((s)->text + (s)->used, sizeof((s)->text) - (s)->used, __VA_ARGS__))

typedef unsigned long long ull;

/* Records that the ledger joins, and accesses with their identifiers. */
static bool is_told(enum vd_record_kind kind)
{
    return kind <= VD_REC_mrif_store || kind == VD_REC_iommu_fault || kind == VD_REC_iommu_qos ||
           kind == VD_REC_msi_pte || kind == VD_REC_iommu_command || kind == VD_REC_iommu_access;
}

static void tell_records(struct story *s)
{
    for (; s->records < s->t.b.num_records; s->records++) {
        const struct vd_record *r = &s->t.b.records[s->records];
        if (!is_told(r->kind))
            continue;
        TELL(s, "%llu %s %llx: %llx %llx %llx\n", (ull)(r->time - s->start) / CYCLE, kinds[r->kind],
             (ull)r->serial, (ull)r->a, (ull)r->b, (ull)r->c);
    }
}

static void tell_writes(struct story *s)
{
    for (; s->writes < s->t.b.num_writes; s->writes++) {
        const struct vd_txn *w = &s->t.b.writes[s->writes];
        TELL(s, "%s %llx: %llx %llx size %u by %x %llx at %u attrs %x qos %u %u\n",
             w->cmd == VD_WRITE ? "write"
             : w->cmd == VD_CAS ? "swap"
                                : "or",
             (ull)w->addr, (ull)w->data[0], w->size > 8 ? (ull)w->data[1] : 0, w->size,
             w->requester, (ull)w->serial, w->at, w->attrs, w->rcid, w->mcid);
    }
}

static void tell_answers(struct story *s)
{
    for (; s->answers < s->t.num_answers; s->answers++) {
        const struct vd_txn *a = &s->t.answers[s->answers];
        TELL(s, "answer %u: %llx at %llx to %x %x tag %x cmd %u at %u attrs %x size %u\n",
             a->status, (ull)a->data[0], (ull)a->addr, a->requester, a->process_id, a->tag, a->cmd,
             a->at, a->attrs, a->size);
    }
    for (; s->messages < s->t.num_messages; s->messages++)
        TELL(s, "message %u to %x: %llx %llx\n", s->t.messages[s->messages].code,
             s->t.messages[s->messages].device_id, (ull)s->t.messages[s->messages].payload[0],
             (ull)s->t.messages[s->messages].payload[1]);
}

/* What has happened since the last time, and a line for the cycle in which it all was over. */
static void tell(struct story *s, const char *what)
{
    TELL(s, "- %s\n", what);
    for (unsigned i = 0; i < 1000 && !iommu_idle(s->t.m); i++)
        bench_run(&s->t.b, CYCLE);
    TELL(s, "idle after %llu\n", (ull)(s->t.b.now - s->start) / CYCLE);
    tell_records(s);
    tell_writes(s);
    tell_answers(s);
    s->start = s->t.b.now;
}

static void build(struct story *s, const struct iommu_config *config)
{
    struct testbed *t = &s->t;
    bed_open(t, config);
    s->used = s->records = s->writes = s->answers = s->messages = 0;
    bed_start(t, 3);
    s->first = bed_pages(t, 1);
    s->second = bed_pages(t, 4);
    s->msi = bed_pages(t, 1);
    s->mrif = bed_pages(t, 1);
    s->fence = bed_pages(t, 1);
    s->target = bed_pages(t, 1);
    bed_map(t, s->second, 3, true, 0x80000000, 0x80000000, 1, RWXAD | U);
    bed_map(t, s->second, 3, true, GPA, s->target, 0, V | R | W | X | U | A);
    bed_map(t, s->first, 3, false, IOVA, GPA, 0, V | R | W | X | U);
    bed_map(t, s->first, 3, false, IOVA + 0x1000, MSI_GPA, 0, RWXAD | U);
    bed_map(t, s->first, 3, false, IOVA + 0x2000, MRIF_GPA, 0, RWXAD | U);
    bench_poke(&t->b, s->msi, 8, PPN(IMSIC_WINDOW) | 7);
    bench_poke(&t->b, s->msi + 16, 8, s->mrif >> 9 << 7 | 3);
    bench_poke(&t->b, s->msi + 24, 8, PPN(IMSIC_WINDOW + 0x1000) | 0x77);
    const struct bed_dc dc = {.tc = 1 | EN_ATS | EN_PRI | GADE | SADE,
                              .iohgatp = MODE(8) | UINT64_C(7) << 44 | s->second >> 12,
                              .ta = 3 << 12 | UINT64_C(5) << 40 | UINT64_C(6) << 52,
                              .fsc = MODE(8) | s->first >> 12,
                              .msiptp = MODE(1) | s->msi >> 12,
                              .mask = 1,
                              .pattern = MSI_GPA >> 12};
    bed_dc(t, DEVICE, &dc);
    bed_set(t, REG_OFFSET_IOMMU_QOSID, 4, 9 << 16 | 8);
    bench_forget(&t->b);
    t->b.latency = 10 * CYCLE;
    s->start = t->b.now;
}

static void request(struct story *s, struct vd_txn txn, const char *what)
{
    txn.tag = 0x100 + s->t.num_answers;
    txn.requester = txn.requester ? txn.requester : DEVICE;
    iommu_submit(s->t.m, &txn);
    tell(s, what);
}

static void msi(struct story *s, uint64_t iova, const char *what)
{
    struct vd_txn txn = bench_write(iova, 4, 0x21);
    txn.attrs = VD_POSTED;
    txn.serial = s->t.b.host.ops->serial(s->t.b.host.ctx);
    request(s, txn, what);
}

static void message(struct story *s, uint32_t code, uint64_t payload, const char *what)
{
    const struct vd_txn txn = {.tag = code, .requester = DEVICE, .data = {payload}};
    iommu_message(s->t.m, &txn);
    tell(s, what);
}

static void commands(struct story *s)
{
    const uint64_t words[] = {
        1 | 1 << 7, 0, 4 | BIT(40), 0x123000, 2 | 1 << 10 | 3 << 12 | 7ull << 32, s->fence >> 2};
    for (unsigned i = 0; i < 6; i++)
        bench_poke(&s->t.b, s->t.cq + 8 * i, 8, words[i]);
    bed_set(&s->t, REG_OFFSET_CQT, 4, 3);
    bench_run(&s->t.b, 100 * CYCLE);
    message(s, 2, 1 | BIT(32), "commands");
}

static void happen(struct story *s)
{
    struct vd_txn read = bench_read(IOVA + 0x123, 4);
    struct vd_txn ask = bench_read(IOVA + 0x100, 8);
    struct vd_txn stranger = bench_read(0x5000, 4);
    ask.at = VD_AT_TRANSLATION_REQUEST;
    stranger.requester = STRANGER;
    request(s, bench_write(IOVA + 0x18, 8, 0x1122334455667788), "write");
    request(s, read, "read");
    msi(s, IOVA + 0x1000, "interrupt file");
    msi(s, IOVA + 0x2000, "MRIF");
    msi(s, IOVA + 0x2000, "MRIF again");
    msi(s, IOVA + 0x3000, "MSI to nowhere");
    request(s, ask, "translation request");
    request(s, stranger, "fault");
    message(s, 4, 0x12340ff7, "page request");
    commands(s);
}

static void read_expected(char *text, size_t size)
{
    FILE *in = fopen(STORY, "r");
    assert_non_null(in);
    text[fread(text, 1, size - 1, in)] = 0;
    fclose(in);
}

/* iommu_story.txt is what the tables of latencies, records and fault records make of the scenario.
 */
static void every_kind_of_request(void **state)
{
    (void)state;
    static struct story s;
    static char expected[sizeof(s.text)];
    const struct iommu_config config = {
        .index = 3, .timing = inorder, .cycle_ps = CYCLE, .vector_bits = 2};
    build(&s, &config);
    happen(&s);
    read_expected(expected, sizeof(expected));
    if (strcmp(s.text, expected) != 0)
        printf("%s", s.text);
    assert_string_equal(s.text, expected);
    bed_close(&s.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind_of_request)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
