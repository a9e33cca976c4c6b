/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of registers and parameters, and which registers an IOMMU of few capabilities has. */
#include "iommu/iommu_testbed.h"
#include "support/tables.h"
#include "viaduct/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define BIT(n)      (UINT64_C(1) << (n))
#define BASE        (UINT64_C(0x10) | BIT(9) | BIT(17) | BIT(22) | UINT64_C(56) << 32)
#define PPN         (UINT64_C(0xfffffffffff) << 10)
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
enum { ATS = 25, HPM = 30, DBG = 31, QOSID = 41 };

static void REG_4_layout(void **state)
{
    (void)state;
    static const struct table_reg expected[] = {
        {"capabilities 0 8"},
        {"fctl 8 4: BE 0 WARL, WSI 1 WARL, GXL 2 WARL"},
        {"ddtp 16 8: iommu_mode 3:0 WARL, busy 4 RO, PPN 53:10 WARL"},
        {"cqb 24 8: LOG2SZ_1 4:0 WARL, PPN 53:10 WARL"},
        {"cqh 32 4: index 31:0 RO"},
        {"cqt 36 4: index 31:0 WARL"},
        {"fqb 40 8: LOG2SZ_1 4:0 WARL, PPN 53:10 WARL"},
        {"fqh 48 4: index 31:0 WARL"},
        {"fqt 52 4: index 31:0 RO"},
        {"pqb 56 8: LOG2SZ_1 4:0 WARL, PPN 53:10 WARL"},
        {"pqh 64 4: index 31:0 WARL"},
        {"pqt 68 4: index 31:0 RO"},
        {"cqcsr 72 4: cqen 0 RW, cie 1 RW, cqmf 8 RW1C, cmd_to 9 RW1C, cmd_ill 10 RW1C, fence_w_ip "
         "11 RW1C, cqon 16 RO, busy 17 RO"},
        {"fqcsr 76 4: fqen 0 RW, fie 1 RW, fqmf 8 RW1C, fqof 9 RW1C, fqon 16 RO, busy 17 RO"},
        {"pqcsr 80 4: pqen 0 RW, pie 1 RW, pqmf 8 RW1C, pqof 9 RW1C, pqon 16 RO, busy 17 RO"},
        {"ipsr 84 4: cip 0 RW1C, fip 1 RW1C, pmip 2 RW1C, pip 3 RW1C"},
        {"iocountovf 88 4: CY 0 RO, HPM 31:1 RO"},
        {"iocountinh 92 4: CY 0 RW, HPM 31:1 WARL"},
        {"iohpmcycles 96 8: counter 62:0 WARL, OF 63 RW"},
        {"iohpmctr 104+8*31 8: counter 63:0 WARL"},
        {"iohpmevt 352+8*31 8: eventID 14:0 WARL, DMASK 15 RW, PID_PSCID 35:16 RW, DID_GSCID 59:36 "
         "RW, PV_PSCV 60 RW, DV_GSCV 61 RW, IDT 62 RW, OF 63 RW"},
        {"tr_req_iova 600 8: vpn 63:12 WARL"},
        {"tr_req_ctl 608 8: Go 0 RW1S, Priv 1 WARL, Exe 2 WARL, NW 3 WARL, PID 31:12 WARL, PV 32 "
         "WARL, DID 63:40 WARL"},
        {"tr_response 616 8: fault 0 RO, PBMT 8:7 RO, S 9 RO, PPN 53:10 RO"},
        {"iommu_qosid 624 4: RCID 11:0 WARL, MCID 27:16 WARL"},
        {"icvec 760 8: civ 3:0 WARL, fiv 7:4 WARL, pmiv 11:8 WARL, piv 15:12 WARL"},
        {"msi_addr 768+16*16 8: ADDR 55:2 WARL"},
        {"msi_data 776+16*16 4: data 31:0 WARL"},
        {"msi_vec_ctl 780+16*16 4: M 0 RW"},
    };
    uint32_t count;
    const struct vd_reg *regs = iommu_regs(&count);
    assert_true(table_regs_are(regs, count, expected, COUNT(expected)));
}

static void REG_5_capability_of_every_row(void **state)
{
    (void)state;
    uint32_t count, of_message = 0;
    const struct vd_reg *regs = iommu_regs(&count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = regs[i].offset;
        const char *capability = iommu_reg_capability(i), *expected = NULL;
        if ((at >= REG_OFFSET_PQB && at <= REG_OFFSET_PQT) || at == REG_OFFSET_PQCSR)
            expected = "ATS";
        else if (at >= REG_OFFSET_IOCOUNTOVF && at < REG_OFFSET_TR_REQ_IOVA)
            expected = "HPM";
        else if (at >= REG_OFFSET_TR_REQ_IOVA && at <= REG_OFFSET_TR_RESPONSE)
            expected = "DBG";
        else if (at == REG_OFFSET_IOMMU_QOSID)
            expected = "QOSID";
        else if (at >= REG_OFFSET_MSI_CFG)
            expected = "IGS 0 or 2";
        of_message += at >= REG_OFFSET_MSI_CFG;
        assert_string_equal(capability ? capability : "", expected ? expected : "");
    }
    assert_int_equal(of_message, 3);
}

/* Rows for documentation: tables that are not empty, fields within a doubleword that do not
 * overlap. */
static void rows_of_other_tables(void **state)
{
    (void)state;
    uint32_t count, of_kind[4] = {0};
    const struct iommu_row *rows = iommu_rows(&count);
    uint64_t taken = 0;
    assert_int_equal(rows[0].kind, IOMMU_TITLE);
    for (uint32_t i = 0; i < count; i++) {
        const struct iommu_row *row = &rows[i];
        uint64_t bits = row->kind == IOMMU_FIELD ? vd_mask(row->number, row->width) : 0;
        of_kind[row->kind]++;
        taken = row->kind == IOMMU_TITLE ? 0 : taken;
        assert_int_equal(taken & bits, 0);
        taken |= bits;
        assert_true(row->kind != IOMMU_TITLE || (i + 1 < count && rows[i + 1].kind != IOMMU_TITLE));
    }
    assert_int_equal(of_kind[IOMMU_COMMAND], 7);
    assert_int_equal(of_kind[IOMMU_CAUSE], 30);
    assert_true(of_kind[IOMMU_FIELD] > 100);
}

static void parameters(void **state)
{
    (void)state;
    static const struct table_param expected[] = {
        {offsetof(struct iommu_config, index), "index u32 0 0..255"},
        {offsetof(struct iommu_config, capabilities),
         "capabilities u64 0xff8efefcf10 0..0xffffffffffffffff"},
        {offsetof(struct iommu_config, capabilities), "version bits 16 0..7"},
        {offsetof(struct iommu_config, capabilities), "sv32 flag 1 8..8"},
        {offsetof(struct iommu_config, capabilities), "sv39 flag 1 9..9"},
        {offsetof(struct iommu_config, capabilities), "sv48 flag 1 10..10"},
        {offsetof(struct iommu_config, capabilities), "sv57 flag 1 11..11"},
        {offsetof(struct iommu_config, capabilities), "svrsw60t59b flag 1 14..14"},
        {offsetof(struct iommu_config, capabilities), "svpbmt flag 1 15..15"},
        {offsetof(struct iommu_config, capabilities), "sv32x4 flag 1 16..16"},
        {offsetof(struct iommu_config, capabilities), "sv39x4 flag 1 17..17"},
        {offsetof(struct iommu_config, capabilities), "sv48x4 flag 1 18..18"},
        {offsetof(struct iommu_config, capabilities), "sv57x4 flag 1 19..19"},
        {offsetof(struct iommu_config, capabilities), "amo_mrif flag 1 21..21"},
        {offsetof(struct iommu_config, capabilities), "msi_flat flag 1 22..22"},
        {offsetof(struct iommu_config, capabilities), "msi_mrif flag 1 23..23"},
        {offsetof(struct iommu_config, capabilities), "amo_hwad flag 1 24..24"},
        {offsetof(struct iommu_config, capabilities), "ats flag 1 25..25"},
        {offsetof(struct iommu_config, capabilities), "t2gpa flag 1 26..26"},
        {offsetof(struct iommu_config, capabilities), "end flag 1 27..27"},
        {offsetof(struct iommu_config, capabilities), "igs bits 2 28..29"},
        {offsetof(struct iommu_config, capabilities), "hpm flag 1 30..30"},
        {offsetof(struct iommu_config, capabilities), "dbg flag 1 31..31"},
        {offsetof(struct iommu_config, capabilities), "pas bits 56 32..37"},
        {offsetof(struct iommu_config, capabilities), "pd8 flag 1 38..38"},
        {offsetof(struct iommu_config, capabilities), "pd17 flag 1 39..39"},
        {offsetof(struct iommu_config, capabilities), "pd20 flag 1 40..40"},
        {offsetof(struct iommu_config, capabilities), "qosid flag 1 41..41"},
        {offsetof(struct iommu_config, capabilities), "nl flag 1 42..42"},
        {offsetof(struct iommu_config, capabilities), "s flag 1 43..43"},
        {offsetof(struct iommu_config, max_mode), "max_mode u32 4 2..4"},
        {offsetof(struct iommu_config, vector_bits), "vector_bits u32 2 0..4"},
        {offsetof(struct iommu_config, reset_mode), "reset_mode u32 0 0..1"},
        {offsetof(struct iommu_config, outstanding), "outstanding u32 1 1..64"},
        {offsetof(struct iommu_config, ddt_entries), "ddt_entries u32 8 1..256"},
        {offsetof(struct iommu_config, pdt_entries), "pdt_entries u32 8 1..256"},
        {offsetof(struct iommu_config, tlb_entries), "tlb_entries u32 16 1..1024"},
        {offsetof(struct iommu_config, msi_entries), "msi_entries u32 4 1..256"},
        {offsetof(struct iommu_config, first_nonleaf), "first_nonleaf u32 0 0..256"},
        {offsetof(struct iommu_config, second_nonleaf), "second_nonleaf u32 0 0..256"},
        {offsetof(struct iommu_config, replacement), "replacement choice 0 0..2 plru fifo random"},
        {offsetof(struct iommu_config, rules_1_0), "rules_1_0 bool 0 0..1"},
        {offsetof(struct iommu_config, notice_if_enabled), "notice_if_enabled bool 0 0..1"},
        {offsetof(struct iommu_config, mrif_uncached), "mrif_uncached bool 0 0..1"},
        {offsetof(struct iommu_config, pte_fetch),
         "pte_fetch choice 0 0..2 one low_first high_first"},
        {offsetof(struct iommu_config, commands_out_of_order), "commands_out_of_order bool 0 0..1"},
        {offsetof(struct iommu_config, report_notice_fault), "report_notice_fault bool 0 0..1"},
        {offsetof(struct iommu_config, mrif_posted), "mrif_posted bool 0 0..1"},
        {offsetof(struct iommu_config, fence_ignores_io), "fence_ignores_io bool 0 0..1"},
        {offsetof(struct iommu_config, fence_ignores_notices), "fence_ignores_notices bool 0 0..1"},
        {offsetof(struct iommu_config, tag_device), "tag_device bool 0 0..1"},
        {offsetof(struct iommu_config, mrif_big_endian), "mrif_big_endian bool 0 0..1"},
        {offsetof(struct iommu_config, stale_check), "stale_check bool 0 0..1"},
        {offsetof(struct iommu_config, timing.hit), "hit u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.context_beats),
         "context_beats u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.process_beats),
         "process_beats u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.walk_start), "walk_start u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.step), "step u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.msi_start), "msi_start u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.request_interval),
         "request_interval u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.mmio), "mmio u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.command_start),
         "command_start u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.command), "command u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.fault_record),
         "fault_record u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.interrupt), "interrupt u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.message), "message u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.response), "response u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.mrif), "mrif u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, timing.notice), "notice u32 0 0..1000000 cycles"},
        {offsetof(struct iommu_config, cycle_ps), "cycle_ps u64 1000 1..1000000000 ps"},
    };
    uint32_t count;
    const struct vd_param *params = iommu_params(&count);
    assert_true(table_params_are(params, count, expected, COUNT(expected)));
}

/* iommu_rows.txt lists what the specification tabulates: fields as bits, commands by opcode and
 * func3
 * << 7, causes with what DTF leaves of them. */
static void rows_of_the_specification(void **state)
{
    (void)state;
    static const char *const kinds[] = {"=", "field", "command", "cause"};
    uint32_t count;
    const struct iommu_row *rows = iommu_rows(&count);
    FILE *in = fopen(ROWS, "r");
    assert_non_null(in);
    char line[256], expected[256];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(line, sizeof(line), "%s %u %u %s | %s\n", kinds[rows[i].kind & 3], rows[i].width,
                 rows[i].number, rows[i].name, rows[i].text);
        assert_true(rows[i].kind <= IOMMU_CAUSE);
        assert_non_null(fgets(expected, sizeof(expected), in));
        assert_string_equal(line, expected);
    }
    assert_null(fgets(expected, sizeof(expected), in));
    fclose(in);
}

/* What reads back of all ones, in every register and element of an array. */
static void REG_3_writable(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset, count, stride;
        unsigned size;
        uint64_t ones;
    } rows[] = {
        {REG_OFFSET_FCTL, 1, 0, 4, 7},
        {REG_OFFSET_CQB, 1, 0, 8, PPN | 0x1f},
        {REG_OFFSET_CQH, 1, 0, 4, 0},
        {REG_OFFSET_CQT, 1, 0, 4, 1},
        {REG_OFFSET_FQB, 1, 0, 8, PPN | 0x1f},
        {REG_OFFSET_FQH, 1, 0, 4, 1},
        {REG_OFFSET_FQT, 1, 0, 4, 0},
        {REG_OFFSET_PQB, 1, 0, 8, PPN | 0x1f},
        {REG_OFFSET_PQH, 1, 0, 4, 1},
        {REG_OFFSET_PQT, 1, 0, 4, 0},
        {REG_OFFSET_CQCSR, 1, 0, 4, 0x10003},
        {REG_OFFSET_FQCSR, 1, 0, 4, 0x10003},
        {REG_OFFSET_PQCSR, 1, 0, 4, 0x10003},
        {REG_OFFSET_IPSR, 1, 0, 4, 0},
        {REG_OFFSET_IOCOUNTOVF, 1, 0, 4, 0},
        {REG_OFFSET_IOCOUNTINH, 1, 0, 4, UINT32_MAX},
        {REG_OFFSET_IOHPMCYCLES, 1, 0, 8, UINT64_MAX},
        {REG_OFFSET_IOHPMCTR, 31, 8, 8, UINT64_MAX},
        {REG_OFFSET_IOHPMEVT, 31, 8, 8, UINT64_MAX},
        {REG_OFFSET_TR_REQ_IOVA, 1, 0, 8, ~UINT64_C(0xfff)},
        {REG_OFFSET_TR_REQ_CTL, 1, 0, 8, UINT64_C(0xffffff01fffff00e)},
        {REG_OFFSET_IOMMU_QOSID, 1, 0, 4, 0x0fff0fff},
        {REG_OFFSET_ICVEC, 1, 0, 8, 0xffff},
        {REG_OFFSET_MSI_CFG, 16, 16, 8, 0xfffffffffffffc},
        {REG_OFFSET_MSI_CFG + 8, 16, 16, 4, UINT32_MAX},
        {REG_OFFSET_MSI_CFG + 12, 16, 16, 4, 1},
        {0xffc, 1, 0, 4, 0},
    };
    const struct iommu_config config = {.vector_bits = 4};
    for (unsigned r = 0; r < COUNT(rows); r++) {
        struct testbed t;
        bed_open(&t, &config);
        for (uint32_t i = 0; i < rows[r].count; i++) {
            uint32_t at = rows[r].offset + i * rows[r].stride;
            bed_set(&t, at, rows[r].size, UINT64_MAX);
            assert_int_equal(bed_get(&t, at, rows[r].size), rows[r].ones);
        }
        for (uint32_t i = 0; i < rows[r].count; i++)
            assert_int_equal(bed_get(&t, rows[r].offset + i * rows[r].stride, rows[r].size),
                             rows[r].ones);
        bed_close(&t);
    }
}

/* One capability at a time: its registers and no others. */
static void REG_5_of_one_capability(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset;
        unsigned size, capability;
    } rows[] = {
        {REG_OFFSET_PQB, 8, ATS},         {REG_OFFSET_PQH, 4, ATS},
        {REG_OFFSET_PQCSR, 4, ATS},       {REG_OFFSET_IOCOUNTINH, 4, HPM},
        {REG_OFFSET_IOHPMCYCLES, 8, HPM}, {REG_OFFSET_IOHPMCTR, 8, HPM},
        {REG_OFFSET_IOHPMEVT, 8, HPM},    {REG_OFFSET_IOCOUNTOVF, 4, HPM},
        {REG_OFFSET_TR_REQ_IOVA, 8, DBG}, {REG_OFFSET_TR_REQ_CTL, 8, DBG},
        {REG_OFFSET_TR_RESPONSE, 8, DBG}, {REG_OFFSET_IOMMU_QOSID, 4, QOSID},
    };
    static const unsigned capabilities[] = {ATS, HPM, DBG, QOSID};
    for (unsigned c = 0; c < 4; c++) {
        struct testbed t;
        const struct iommu_config config = {.capabilities = BASE | BIT(capabilities[c])};
        bed_open(&t, &config);
        for (unsigned r = 0; r < COUNT(rows); r++)
            bed_set(&t, rows[r].offset, rows[r].size, UINT64_MAX);
        for (unsigned r = 0; r < COUNT(rows); r++)
            assert_int_equal(bed_get(&t, rows[r].offset, rows[r].size) != 0,
                             rows[r].capability == capabilities[c]);
        assert_int_equal(bed_get(&t, REG_OFFSET_PQT, 4), 0);
        bed_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(REG_4_layout),
        cmocka_unit_test(rows_of_other_tables),
        cmocka_unit_test(parameters),
        cmocka_unit_test(rows_of_the_specification),
        cmocka_unit_test(REG_3_writable),
        cmocka_unit_test(REG_5_of_one_capability),
        cmocka_unit_test(REG_5_capability_of_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
