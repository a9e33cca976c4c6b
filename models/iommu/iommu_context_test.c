/* SPDX-License-Identifier: BSD-2-Clause */
/* Device and process contexts [iommu GET_DC], [iommu DC_MISCONFIG], [iommu GET_PC]. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
#define PAS56   (UINT64_C(56) << 32)
/* Version, Sv39, Sv39x4, MSI_FLAT. */
#define PLAIN (UINT64_C(0x10) | BIT(9) | BIT(17) | BIT(22) | PAS56)
enum { ATS = 25, T2GPA = 26, END = 27, HWAD = 24, PD8 = 38, PD17 = 39, PD20 = 40, QOSID = 41 };

/* The cause that a read by device 1 with this context ends in; 0: translated. */
static unsigned cause_of(uint64_t caps, uint64_t fctl, const struct bed_dc *dc)
{
    struct testbed t;
    const struct iommu_config config = {.capabilities = caps};
    bed_open(&t, &config);
    bed_set(&t, REG_OFFSET_FCTL, 4, fctl);
    bed_start(&t, 2);
    bed_dc(&t, 1, dc);
    bed_read(&t, 1, 0x80000000);
    unsigned cause = 0;
    if (bed_faults(&t)) {
        uint64_t dw = bed_fault(&t, 0, 0);
        cause = (unsigned)((fctl & 1 ? __builtin_bswap64(dw) : dw) & 0xfff);
    }
    bed_close(&t);
    return cause;
}

static void misconfigured(uint64_t caps, uint64_t fctl, struct bed_dc dc)
{
    dc.tc |= 1;
    assert_int_equal(cause_of(caps, fctl, &dc), 259);
}

static void accepted(uint64_t caps, uint64_t fctl, struct bed_dc dc)
{
    dc.tc |= 1;
    assert_int_not_equal(cause_of(caps, fctl, &dc), 259);
}

#define DC(...) ((struct bed_dc){__VA_ARGS__})

static void DC_1_device_id_split(void **state)
{
    (void)state;
    for (unsigned extended = 0; extended < 2; extended++) {
        struct testbed t;
        const struct iommu_config config = {.capabilities =
                                                (PLAIN & ~BIT(22)) | (extended ? BIT(22) : 0)};
        bed_open(&t, &config);
        bed_start(&t, 4);
        const struct bed_dc dc = {.tc = 1};
        static const uint32_t ids[] = {0, 0x3f, 0x40, 0x80, 0x4000, 0x8000, 0x10000, 0xffffff};
        for (unsigned i = 0; i < 8; i++) {
            assert_int_equal(bed_read(&t, ids[i], 0x80000000), VD_UNSUPPORTED);
            bed_dc(&t, ids[i], &dc);
            assert_int_equal(bed_read(&t, ids[i], 0x80000000), VD_OK);
        }
        bed_close(&t);
    }
}

/* DDI[1] is 9 bits wide: no wide device_id aliases device 0. */
static void step_5_device_id_too_wide(void **state)
{
    (void)state;
    static const struct {
        unsigned mode;
        bool extended;
        uint32_t first_bad;
    } cases[] = {{2, true, 1 << 6}, {2, false, 1 << 7}, {3, true, 1 << 15}, {3, false, 1 << 16}};
    for (unsigned i = 0; i < 4; i++) {
        struct testbed t;
        const struct iommu_config config = {.capabilities = (PLAIN & ~BIT(22)) |
                                                            (cases[i].extended ? BIT(22) : 0)};
        bed_open(&t, &config);
        bed_start(&t, cases[i].mode);
        const struct bed_dc dc = {.tc = 1};
        bed_dc(&t, 0, &dc);
        bed_dc(&t, cases[i].first_bad - 1, &dc);
        assert_int_equal(bed_read(&t, cases[i].first_bad - 1, 0x80000000), VD_OK);
        unsigned n = 0;
        for (uint32_t id = cases[i].first_bad; id < 1 << 24; id <<= 1) {
            assert_int_equal(bed_read(&t, id, 0x80000000), VD_UNSUPPORTED);
            assert_int_equal(bed_cause(&t, n++), 260);
        }
        bed_close(&t);
    }
}

static void DC_2_non_leaf(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        struct testbed t;
        const struct iommu_config config = {.index = 0};
        bed_open(&t, &config);
        bed_start(&t, 3);
        const struct bed_dc dc = {.tc = 1};
        bed_dc(&t, 1, &dc);
        bench_poke(&t.b, t.ddt, 8, bench_peek(&t.b, t.ddt, 8) ^ BIT(bit));
        bed_read(&t, 1, 0x80000000);
        if (bit == 0)
            assert_int_equal(bed_cause(&t, 0), 258);
        else if (bit < 10 || bit >= 54)
            assert_int_equal(bed_cause(&t, 0), 259);
        else
            assert_int_not_equal(bed_cause(&t, 0), 259);
        bed_close(&t);
    }
}

static void DC_5_invalid_before_misconfigured(void **state)
{
    (void)state;
    struct bed_dc dc;
    memset(&dc, 0xff, sizeof(dc));
    dc.tc &= ~UINT64_C(1);
    assert_int_equal(cause_of(0, 0, &dc), 258);
}

static void DC_4_1_reserved(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((bit >= 12 && bit < 24) || bit >= 32)
            misconfigured(0, 0, DC(.tc = BIT(bit)));
        if (bit >= 24 && bit < 32)
            accepted(0, 0, DC(.tc = BIT(bit))); /* custom */
        if (bit < 12 || (bit >= 32 && bit < 40))
            misconfigured(0, 0, DC(.ta = BIT(bit)));
        else
            accepted(0, 0, DC(.ta = BIT(bit)));
        if (bit >= 44 && bit < 60) {
            misconfigured(0, 0, DC(.fsc = BIT(bit)));
            misconfigured(0, 0, DC(.msiptp = BIT(bit)));
        }
        misconfigured(0, 0, DC(.reserved = BIT(bit)));
        if (bit >= 47) {
            misconfigured(0, 0, DC(.mask = BIT(bit)));
            misconfigured(0, 0, DC(.pattern = BIT(bit)));
        } else {
            accepted(0, 0, DC(.mask = BIT(bit), .pattern = BIT(bit)));
        }
    }
    misconfigured(PLAIN, 0, DC(.ta = BIT(40))); /* QOSID=0 */
    misconfigured(PLAIN, 0, DC(.ta = BIT(63)));
}

static void MSI_2_width_by_capability(void **state)
{
    (void)state;
    const uint64_t none = PLAIN & ~BIT(17);
    const struct {
        uint64_t caps;
        unsigned width;
    } cases[] = {{none | BIT(19), 59},
                 {none | BIT(18), 50},
                 {none | BIT(17), 41},
                 {none | BIT(16), 34},
                 {none, 56}};
    for (unsigned i = 0; i < 5; i++) {
        misconfigured(cases[i].caps, 0, DC(.mask = BIT(cases[i].width - 12)));
        accepted(cases[i].caps, 0, DC(.mask = BIT(cases[i].width - 13)));
    }
}

enum { EN_ATS = 1 << 1, EN_PRI = 1 << 2, TC_T2GPA = 1 << 3, PDTV = 1 << 5, PRPR = 1 << 6 };
enum { GADE = 1 << 7, SADE = 1 << 8, DPE = 1 << 9, SBE = 1 << 10, SXL = 1 << 11 };

static void DC_4_2_to_7_ats(void **state)
{
    (void)state;
    const uint64_t ats = PLAIN | BIT(ATS), all = ats | BIT(T2GPA);
    misconfigured(PLAIN, 0, DC(.tc = EN_ATS));
    misconfigured(PLAIN, 0, DC(.tc = EN_PRI));
    misconfigured(PLAIN, 0, DC(.tc = PRPR));
    accepted(ats, 0, DC(.tc = EN_ATS));
    misconfigured(all, 0, DC(.tc = TC_T2GPA, .iohgatp = MODE(8)));
    misconfigured(all, 0, DC(.tc = EN_PRI));
    misconfigured(all, 0, DC(.tc = EN_ATS | PRPR));
    accepted(all, 0, DC(.tc = EN_ATS | EN_PRI | PRPR));
    misconfigured(ats, 0, DC(.tc = EN_ATS | TC_T2GPA, .iohgatp = MODE(8)));
    accepted(all, 0, DC(.tc = EN_ATS | TC_T2GPA, .iohgatp = MODE(8)));
    misconfigured(all, 0, DC(.tc = EN_ATS | TC_T2GPA));
}

static void DC_4_8_pdtp_mode(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode < 16; mode++) {
        const struct bed_dc dc = DC(.tc = PDTV, .fsc = MODE(mode));
        if (mode == 0)
            accepted(PLAIN, 0, dc);
        else
            misconfigured(PLAIN, 0, dc);
        if (mode >= 1 && mode <= 3)
            accepted(PLAIN | BIT(PD8 + mode - 1), 0, dc);
        else if (mode)
            misconfigured(0, 0, dc);
    }
}

static void DC_4_9_to_12_first_stage(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode < 16; mode++) {
        for (unsigned sxl = 0; sxl < 2; sxl++) {
            const struct bed_dc dc = DC(.tc = sxl ? SXL : 0, .fsc = MODE(mode));
            bool legal = mode == 0 || (sxl ? mode == 8 : mode >= 8 && mode <= 10);
            if (legal)
                accepted(0, 0, dc);
            else
                misconfigured(0, 0, dc);
        }
    }
    accepted(PLAIN, 0, DC(.fsc = MODE(8)));
    misconfigured(PLAIN, 0, DC(.fsc = MODE(9)));
    misconfigured(PLAIN | BIT(10), 0, DC(.fsc = MODE(10)));
    /* SXL=1 without Sv32: Sv32x4 makes SXL writable. */
    misconfigured(PLAIN | BIT(16), 0, DC(.tc = SXL, .fsc = MODE(8)));
    misconfigured(0, 0, DC(.tc = DPE));
    accepted(0, 0, DC(.tc = PDTV | DPE));
}

static void DC_4_13_to_17_second_stage(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode < 16; mode++) {
        if (mode == 0 || (mode >= 8 && mode <= 10))
            accepted(0, 0, DC(.iohgatp = MODE(mode)));
        else
            misconfigured(0, 0, DC(.iohgatp = MODE(mode)));
        if (mode == 0 || mode == 8)
            accepted(0, 4, DC(.tc = SXL, .iohgatp = MODE(mode)));
        else
            misconfigured(0, 4, DC(.tc = SXL, .iohgatp = MODE(mode)));
        if (mode > 1)
            misconfigured(0, 0, DC(.iohgatp = MODE(8), .msiptp = MODE(mode)));
    }
    misconfigured(PLAIN, 0, DC(.iohgatp = MODE(9)));
    misconfigured(0, 0, DC(.iohgatp = MODE(8) | 1));
    misconfigured(0, 0, DC(.iohgatp = MODE(8) | 2));
    accepted(0, 0, DC(.iohgatp = MODE(8) | 4));
    accepted(0, 0, DC(.iohgatp = 3));
}

static void DC_4_18_to_21(void **state)
{
    (void)state;
    misconfigured(PLAIN, 0, DC(.tc = SADE));
    misconfigured(PLAIN, 0, DC(.tc = GADE));
    accepted(PLAIN | BIT(HWAD), 0, DC(.tc = SADE | GADE));
    misconfigured(PLAIN, 0, DC(.tc = SBE));
    accepted(PLAIN | BIT(END), 0, DC(.tc = SBE));
    accepted(PLAIN | BIT(END), 1, DC(.tc = 0));
    misconfigured(PLAIN, 0, DC(.tc = SXL)); /* GXL not writable */
    misconfigured(0, 4, DC(.tc = 0));       /* GXL=1 needs SXL=1 */
    accepted(0, 4, DC(.tc = SXL));
    accepted(0, 0, DC(.tc = SXL));
}

static void DC_4_23_bare_and_flat(void **state)
{
    (void)state;
    misconfigured(0, 0, DC(.msiptp = MODE(1)));
    accepted(0, 0, DC(.iohgatp = MODE(8), .msiptp = MODE(1)));
}

static void DC_base_format_has_no_msi_fields(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.capabilities = PLAIN & ~BIT(22)};
    bed_open(&t, &config);
    bed_start(&t, 2);
    const struct bed_dc dc = {.tc = 1}, garbage = {.tc = UINT64_MAX, .ta = UINT64_MAX};
    bed_dc(&t, 1, &dc);
    bed_dc(&t, 2, &garbage); /* follows in memory, where an extended context would go on */
    assert_int_equal(bed_read(&t, 1, 0x80000000), VD_OK);
    bed_close(&t);
}

static void modes_off_and_bare(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.index = 0};
    bed_open(&t, &config);
    bed_start(&t, 0);
    assert_int_equal(bed_read(&t, 1, 0x80000000), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&t, 0), 256);
    bed_set(&t, REG_OFFSET_DDTP, 8, 1);
    bed_write(&t, 1, 0x80000123);
    assert_int_equal(bed_where(&t), 0x80000123);
    struct vd_txn txn = bench_read(0x80000000, 4);
    txn.at = VD_AT_TRANSLATED;
    assert_int_equal(bed_request(&t, txn), VD_UNSUPPORTED);
    txn.at = VD_AT_TRANSLATION_REQUEST;
    assert_int_equal(bed_request(&t, txn), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&t, 1), 260);
    assert_int_equal(bed_cause(&t, 2), 260);
    bed_close(&t);
}

struct process_bed {
    struct testbed t;
    uint64_t pc; /* address of the process context */
    struct bed_dc dc;
};

enum { PID = 0x2345 };

static void open_process(struct process_bed *s, unsigned levels)
{
    static const unsigned shifts[] = {0, 8, 17};
    const struct iommu_config config = {.index = 0};
    bed_open(&s->t, &config);
    bed_start(&s->t, 2);
    uint64_t root = bed_pages(&s->t, 1), table = root;
    for (unsigned i = levels - 1; i > 0; i--) {
        uint64_t next = bed_pages(&s->t, 1);
        bench_poke(&s->t.b, table + (PID >> shifts[i] & 0x1ff) * 8, 8, next >> 12 << 10 | 1);
        table = next;
    }
    s->pc = table + (PID & 0xff) * 16;
    s->dc = DC(.tc = 1 | PDTV, .fsc = MODE(levels) | root >> 12);
    bed_dc(&s->t, 1, &s->dc);
}

static enum vd_status process_read(struct process_bed *s, uint32_t pid, uint32_t attrs)
{
    struct vd_txn txn = bench_read(0x80000000, 4);
    txn.requester = 1;
    txn.attrs = VD_PROCESS_ID | attrs;
    txn.process_id = pid;
    return bed_request(&s->t, txn);
}

static void PDT_1_levels(void **state)
{
    (void)state;
    static const unsigned widths[] = {0, 8, 17, 20};
    for (unsigned levels = 1; levels <= 3; levels++) {
        struct process_bed s;
        open_process(&s, levels);
        bench_poke(&s.t.b, s.pc, 8, 1);
        uint32_t pid = levels == 1 ? PID & 0xff : PID;
        assert_int_equal(process_read(&s, pid, 0), VD_OK);
        assert_int_equal(process_read(&s, pid ^ 1, 0), VD_UNSUPPORTED);
        assert_int_equal(bed_cause(&s.t, 0), 266);
        if (levels < 3) {
            process_read(&s, 1u << widths[levels], 0);
            assert_int_equal(bed_cause(&s.t, 1), 260);
        }
        bed_close(&s.t);
    }
}

static void PDT_3_checks(void **state)
{
    (void)state;
    for (unsigned bit = 1; bit < 64; bit++) {
        struct process_bed s;
        open_process(&s, 1);
        bench_poke(&s.t.b, s.pc, 8, 1 | BIT(bit));
        process_read(&s, PID & 0xff, 0);
        bool reserved = (bit >= 3 && bit < 12) || bit >= 32;
        assert_int_equal(bed_cause(&s.t, 0), reserved ? 267 : 0);
        bed_close(&s.t);
        open_process(&s, 1);
        bench_poke(&s.t.b, s.pc, 8, 1);
        bench_poke(&s.t.b, s.pc + 8, 8, BIT(bit) & ~(BIT(44) - 1));
        process_read(&s, PID & 0xff, 0);
        bool sv39 = bit == 63;
        if (bit >= 44)
            assert_int_equal(bed_cause(&s.t, 0), sv39 ? 5 : 267);
        bed_close(&s.t);
    }
    struct process_bed s;
    open_process(&s, 2);
    s.t.poison = (s.dc.fsc & 0xfffff) << 12 | (PID >> 8) * 8;
    process_read(&s, PID, 0);
    s.t.poison = s.pc;
    process_read(&s, PID, 0);
    assert_int_equal(bed_cause(&s.t, 0), 269);
    assert_int_equal(bed_cause(&s.t, 1), 269);
    bed_close(&s.t);
    open_process(&s, 1);
    s.dc.fsc = MODE(1) | 1;
    bed_dc(&s.t, 1, &s.dc);
    process_read(&s, 1, 0);
    assert_int_equal(bed_cause(&s.t, 0), 265);
    bed_close(&s.t);
}

static void PDT_4_supervisor(void **state)
{
    (void)state;
    struct process_bed s;
    open_process(&s, 1);
    bench_poke(&s.t.b, s.pc, 8, 1);
    assert_int_equal(process_read(&s, PID & 0xff, VD_PRIVILEGED), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&s.t, 0), 260);
    bed_close(&s.t);
    open_process(&s, 1);
    bench_poke(&s.t.b, s.pc, 8, 3);
    assert_int_equal(process_read(&s, PID & 0xff, VD_PRIVILEGED), VD_OK);
    bed_close(&s.t);
}

static void step_7_and_11_process_id(void **state)
{
    (void)state;
    struct process_bed s;
    open_process(&s, 1);
    /* No PID, no DPE: the first stage is Bare. */
    assert_int_equal(bed_read(&s.t, 1, 0x80000000), VD_OK);
    /* DPE: PID 0 is used, and the fault record still says PV=0. */
    s.dc.tc |= DPE;
    bed_dc(&s.t, 2, &s.dc);
    assert_int_equal(bed_read(&s.t, 2, 0x80000000), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&s.t, 0), 266);
    assert_int_equal(bed_fault(&s.t, 0, 0) >> 12 & 0x1fffff, 0);
    /* An explicit PASID 0 is a PASID: without PDTV it is refused. */
    s.dc = DC(.tc = 1);
    bed_dc(&s.t, 3, &s.dc);
    struct vd_txn txn = bench_read(0x80000000, 4);
    txn.requester = 3;
    txn.attrs = VD_PROCESS_ID;
    assert_int_equal(bed_request(&s.t, txn), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&s.t, 1), 260);
    bed_close(&s.t);
}

/* The directory is guest memory: its addresses, offset included, go through the second stage. */
static void PDT_2_translated_directory(void **state)
{
    (void)state;
    struct process_bed s;
    open_process(&s, 1);
    uint64_t second = bed_pages(&s.t, 4), spa = s.pc & ~UINT64_C(0xfff);
    bed_map(&s.t, second, 3, true, 0x5000, spa, 0, RWXAD | U);
    bed_map(&s.t, second, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
    s.dc.iohgatp = MODE(8) | second >> 12;
    s.dc.fsc = MODE(1) | 5;
    bed_dc(&s.t, 1, &s.dc);
    bench_poke(&s.t.b, s.pc, 8, 1);
    assert_int_equal(process_read(&s, PID & 0xff, 0), VD_OK);
    /* A guest page fault has the original access type, the GPA, and is an implicit read. */
    s.dc.fsc = MODE(1) | 7;
    bed_dc(&s.t, 2, &s.dc);
    struct vd_txn txn = bench_write(0x80000000, 4, 0);
    txn.requester = 2;
    txn.attrs = VD_PROCESS_ID;
    txn.process_id = 0x10;
    bed_request(&s.t, txn);
    assert_int_equal(bed_cause(&s.t, 0), 23);
    assert_int_equal(bed_fault(&s.t, 0, 3), 0x7100 | 1);
    bed_close(&s.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DC_1_device_id_split),
        cmocka_unit_test(step_5_device_id_too_wide),
        cmocka_unit_test(DC_2_non_leaf),
        cmocka_unit_test(DC_5_invalid_before_misconfigured),
        cmocka_unit_test(DC_4_1_reserved),
        cmocka_unit_test(MSI_2_width_by_capability),
        cmocka_unit_test(DC_4_2_to_7_ats),
        cmocka_unit_test(DC_4_8_pdtp_mode),
        cmocka_unit_test(DC_4_9_to_12_first_stage),
        cmocka_unit_test(DC_4_13_to_17_second_stage),
        cmocka_unit_test(DC_4_18_to_21),
        cmocka_unit_test(DC_4_23_bare_and_flat),
        cmocka_unit_test(DC_base_format_has_no_msi_fields),
        cmocka_unit_test(modes_off_and_bare),
        cmocka_unit_test(PDT_1_levels),
        cmocka_unit_test(PDT_2_translated_directory),
        cmocka_unit_test(PDT_3_checks),
        cmocka_unit_test(PDT_4_supervisor),
        cmocka_unit_test(step_7_and_11_process_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
