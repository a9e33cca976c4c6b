/* SPDX-License-Identifier: BSD-2-Clause */
/* Illegal instruction, virtual instruction or success: the AIA's exception matrix. */
#include "hart/fixture.h"

#define ALL_STATEEN                                                                                \
    (STATEEN_SE | STATEEN_ENVCFG | STATEEN_CSRIND | STATEEN_AIA | STATEEN_IMSIC | STATEEN_CONTEXT)

/* One row of the exception matrix of AIA with Smstateen: what is set up, and for which CSR; the
 * expected results of a read in M, S, U, VS, VU: '.' ok, 'I', 'V'; '-' not looked at. */
struct matrix_row {
    const char *id;
    uint32_t number;
    uint64_t mstateen_clear, hstateen_clear;
    uint32_t siselect, vsiselect, vgein;
    uint64_t mvien, hvictl;
    bool no_imsic, write;
    const char *expected;
};

static const struct matrix_row matrix[] = {
    {"siselect m.CSRIND=0", CSR_siselect, STATEEN_CSRIND, 0, .expected = ".IIII"},
    {"vsiselect m.CSRIND=0", CSR_vsiselect, STATEEN_CSRIND, 0, .expected = ".IIII"},
    {"sireg m.CSRIND=0", CSR_sireg, STATEEN_CSRIND, 0, 0x30, 0x30, .expected = ".IIII"},
    {"sireg2 m.CSRIND=0", CSR_sireg2, STATEEN_CSRIND, 0, 0x70, 0x70, 1, .expected = "IIIII"},
    {"sireg6 h.CSRIND=0", 0x157, 0, STATEEN_CSRIND, 0x70, 0x70, 1, .expected = "IIIVV"},
    {"vsireg2 m.CSRIND=0", CSR_vsireg2, STATEEN_CSRIND, 0, 0, 0x70, 1, .expected = "IIIII"},
    {"vsireg m.CSRIND=0", CSR_vsireg, STATEEN_CSRIND, 0, 0, 0x70, 1, .expected = ".IIII"},
    {"vsiselect direct", CSR_vsiselect, .expected = "..IVV"},
    {"vsireg direct", CSR_vsireg, 0, 0, 0, 0x70, 1, .expected = "..IVV"},
    {"vsireg2 direct", CSR_vsireg2, 0, 0, 0, 0x70, 1, .expected = "IIIVV"},
    {"siselect", CSR_siselect, .expected = "..I.V"},
    {"siselect h.CSRIND=0", CSR_siselect, 0, STATEEN_CSRIND, .expected = "..IVV"},
    {"sireg h.CSRIND=0", CSR_sireg, 0, STATEEN_CSRIND, 0x30, 0x70, 1, .expected = "..IVV"},
    {"sireg VS iprio", CSR_sireg, 0, 0, 0x30, 0x30, 1, .expected = "..IVV"},
    {"sireg VS iprio m.AIA=0", CSR_sireg, STATEEN_AIA, 0, 0x30, 0x30, 1, .expected = ".IIVV"},
    {"sireg VS iprio m.IMSIC=0", CSR_sireg, STATEEN_IMSIC, 0, 0x30, 0x30, 1, .expected = "..IVV"},
    {"sireg imsic", CSR_sireg, 0, 0, 0x70, 0x70, 1, .expected = "..I.V"},
    {"sireg imsic m.IMSIC=0", CSR_sireg, STATEEN_IMSIC, 0, 0x70, 0x70, 0, .expected = ".IIIV"},
    {"sireg imsic h.IMSIC=0", CSR_sireg, 0, STATEEN_IMSIC, 0x70, 0x70, 1, .expected = "..IVV"},
    {"sireg imsic VGEIN=0", CSR_sireg, 0, 0, 0x70, 0x70, 0, .expected = "..IVV"},
    {"sireg imsic VGEIN>GEILEN", CSR_sireg, 0, 0, 0x70, 0x70, 4, .expected = "..IVV"},
    {"sireg imsic absent", CSR_sireg, 0, 0, 0x70, 0x70, 1, .no_imsic = true, .expected = "IIIVV"},
    {"sireg imsic absent m.IMSIC=0", CSR_sireg, STATEEN_IMSIC, 0, 0x70, 0x70, 1, .no_imsic = true,
     .expected = "IIIVV"},
    {"sireg imsic mvien9", CSR_sireg, 0, 0, 0x70, 0x70, 1, VD_BIT(9), .expected = ".II.V"},
    {"sireg iprio mvien9", CSR_sireg, 0, 0, 0x30, 0x30, 1, VD_BIT(9), .expected = "..IVV"},
    {"siselect mvien9", CSR_siselect, .vgein = 1, .mvien = VD_BIT(9), .expected = "..I.V"},
    {"sireg odd eip", CSR_sireg, 0, 0, 0x81, 0x81, 1, .expected = "IIIVV"},
    {"sireg odd eie", CSR_sireg, 0, 0, 0xc1, 0xc1, 1, .expected = "IIIVV"},
    {"sireg 0x71 reserved", CSR_sireg, 0, 0, 0x71, 0x71, 1, .expected = "..I.V"},
    {"sireg iprio m.AIA=0", CSR_sireg, STATEEN_AIA, 0, 0x30, 0, .expected = ".II--"},
    {"sireg iprio odd", CSR_sireg, 0, 0, 0x31, 0x31, .expected = "III--"},
    {"sireg undefined select", CSR_sireg, 0, 0, 0x40, 0x40, 1, .expected = "IIIIV"},
    {"vsireg iprio", CSR_vsireg, 0, 0, 0, 0x30, 1, .expected = "IIIVV"},
    {"vsireg imsic m.IMSIC=0", CSR_vsireg, STATEEN_IMSIC, 0, 0, 0x70, 1, .expected = ".IIVV"},
    {"vsireg VGEIN=0", CSR_vsireg, 0, 0, 0, 0x70, 0, .expected = "IIIVV"},
    {"vsireg odd", CSR_vsireg, 0, 0, 0, 0x81, 1, .expected = "IIIVV"},
    {"sireg2 iprio", CSR_sireg2, 0, 0, 0x30, 0x30, 1, .expected = "IIIVV"},
    {"sireg2 imsic m.AIA,IMSIC=0", CSR_sireg2, STATEEN_AIA | STATEEN_IMSIC, 0, 0x70, 0x70, 1,
     .expected = "IIIVV"},
    {"sireg2 imsic VGEIN=0", CSR_sireg2, 0, 0, 0x70, 0x70, .expected = "IIIVV"},
    {"sireg2 iprio VGEIN=0", CSR_sireg2, 0, 0, 0x30, 0x30, .expected = "IIIVV"},
    {"sireg6 imsic", 0x157, 0, 0, 0x70, 0x70, 1, .expected = "IIIVV"},
    {"sireg4 undefined select", CSR_sireg4, 0, 0, 0x40, 0x40, 1, .expected = "IIIIV"},
    {"scontext", CSR_scontext, .expected = "..I.V"},
    {"scontext m.CONTEXT=0", CSR_scontext, STATEEN_CONTEXT, .expected = ".IIII"},
    {"scontext h.CONTEXT=0", CSR_scontext, 0, STATEEN_CONTEXT, .expected = "..IVV"},
    {"hcontext", CSR_hcontext, .expected = "..IVV"},
    {"hcontext m.CONTEXT=0", CSR_hcontext, STATEEN_CONTEXT, .expected = ".IIII"},
    {"hcontext h.CONTEXT=0", CSR_hcontext, 0, STATEEN_CONTEXT, .expected = "..IVV"},
    {"stopei", CSR_stopei, .vgein = 1, .expected = "..I.V"},
    {"stopei m.IMSIC=0", CSR_stopei, STATEEN_IMSIC, .vgein = 1, .expected = ".IIII"},
    {"stopei h.IMSIC=0", CSR_stopei, 0, STATEEN_IMSIC, .vgein = 1, .expected = "..IVV"},
    {"stopei VGEIN=0", CSR_stopei, .expected = "..IVV"},
    {"stopei mvien9", CSR_stopei, .vgein = 1, .mvien = VD_BIT(9), .expected = ".II.V"},
    {"stopei no IMSIC", CSR_stopei, .vgein = 1, .no_imsic = true, .expected = "IIIVV"},
    {"stopei no IMSIC m.IMSIC=0", CSR_stopei, STATEEN_IMSIC, .vgein = 1, .no_imsic = true,
     .expected = "IIIVV"},
    {"vstopei", CSR_vstopei, .vgein = 1, .expected = "..IVV"},
    {"vstopei m.IMSIC=0", CSR_vstopei, STATEEN_IMSIC, .vgein = 1, .expected = ".IIII"},
    {"vstopei mvien9", CSR_vstopei, .vgein = 1, .mvien = VD_BIT(9), .expected = "..IVV"},
    {"vsireg mvien9", CSR_vsireg, 0, 0, 0, 0x70, 1, VD_BIT(9), .expected = "..IVV"},
    {"vstopei VGEIN=0", CSR_vstopei, .expected = "IIIVV"},
    {"stopi", CSR_stopi, .expected = "..I.V"},
    {"stopi m.AIA=0", CSR_stopi, STATEEN_AIA, .expected = ".IIII"},
    {"stopi h.AIA=0", CSR_stopi, 0, STATEEN_AIA, .expected = "..IVV"},
    {"vstopi", CSR_vstopi, .expected = "..IVV"},
    {"vstopi m.AIA=0", CSR_vstopi, STATEEN_AIA, .expected = ".IIII"},
    {"hvictl m.AIA=0", CSR_hvictl, STATEEN_AIA, .expected = ".IIII"},
    {"hvictl", CSR_hvictl, .expected = "..IVV"},
    {"hvien m.AIA=0", CSR_hvien, STATEEN_AIA, .expected = ".IIII"},
    {"hviprio1 m.AIA=0", CSR_hviprio1, STATEEN_AIA, .expected = ".IIII"},
    {"hviprio2 m.AIA=0", 0x647, STATEEN_AIA, .expected = ".IIII"},
    {"hvien", CSR_hvien, .expected = "..IVV"},
    {"hviprio2", 0x647, .expected = "..IVV"},
    {"sip VTI=1", CSR_sip, .hvictl = HVICTL_VTI, .expected = "..IVV"},
    {"sie VTI=1", CSR_sie, .hvictl = HVICTL_VTI, .expected = "..IVV"},
    {"sip VTI=0", CSR_sip, .expected = "..I.V"},
    {"stimecmp read VTI=1", CSR_stimecmp, .hvictl = HVICTL_VTI, .expected = "..I.V"},
    {"stimecmp write VTI=1", CSR_stimecmp, .hvictl = HVICTL_VTI, .write = true,
     .expected = "..IVV"},
    {"mtopi", CSR_mtopi, .expected = ".IIII"},
    {"mtopei", CSR_mtopei, .expected = ".IIII"},
    {"miselect", CSR_miselect, .expected = ".IIII"},
    {"mvien", CSR_mvien, .expected = ".IIII"},
    {"mtopi write", CSR_mtopi, .write = true, .expected = "IIIII"},
    {"stopi write", CSR_stopi, .write = true, .expected = "IIIII"},
    {"vstopi write", CSR_vstopi, .write = true, .expected = "IIIII"},
    {"RV32 sieh", 0x114, .expected = "IIIII"},
    {"RV32 vsieh", 0x214, .expected = "IIIII"},
    {"RV32 hvienh", 0x618, .expected = "IIIII"},
    {"RV32 mvienh", 0x318, .expected = "IIIII"},
    {"hgeip m.IMSIC=0 (SE_4)", CSR_hgeip, STATEEN_IMSIC, .expected = "..IVV"},
    {"hgeie m.IMSIC=0 (SE_4)", CSR_hgeie, STATEEN_IMSIC, .expected = "..IVV"},
    {"senvcfg m.ENVCFG=0", CSR_senvcfg, STATEEN_ENVCFG, .expected = ".IIII"},
    {"senvcfg h.ENVCFG=0", CSR_senvcfg, 0, STATEEN_ENVCFG, .expected = "..IVV"},
    {"henvcfg m.ENVCFG=0", CSR_henvcfg, STATEEN_ENVCFG, .expected = ".IIII"},
    {"sstateen0 m.SE0=0", CSR_sstateen0, STATEEN_SE, .expected = ".IIII"},
    {"sstateen0 h.SE0=0", CSR_sstateen0, 0, STATEEN_SE, .expected = "..IVV"},
    {"hstateen0 m.SE0=0", CSR_hstateen0, STATEEN_SE, .expected = ".IIII"},
    {"sstateen1 m=0", 0x10d, .expected = ".IIII"},
    {"satp", CSR_satp, .expected = "..I.V"},
    {"hgatp", CSR_hgatp, .expected = "..IVV"},
    {"vsatp", CSR_vsatp, .expected = "..IVV"},
    {"mstatus", CSR_mstatus, .expected = ".IIII"},
    {"unknown", 0x7c0, .expected = "IIIII"},
};

static const enum vd_mode modes[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};

static void exception_matrix(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(matrix) / sizeof(matrix[0]); i++) {
        const struct matrix_row *row = &matrix[i];
        struct fixture *f = open_fixture(3, !row->no_imsic);
        fixture_set(f, CSR_mstateen0, ALL_STATEEN & ~row->mstateen_clear);
        fixture_set(f, CSR_hstateen0, ALL_STATEEN & ~row->hstateen_clear);
        fixture_set(f, CSR_siselect, row->siselect);
        fixture_set(f, CSR_vsiselect, row->vsiselect);
        fixture_set(f, CSR_hstatus, (uint64_t)row->vgein << HSTATUS_VGEIN_LSB);
        fixture_set(f, CSR_mvien, row->mvien);
        fixture_set(f, CSR_hvictl, row->hvictl);
        for (unsigned m = 0; m < 5; m++) {
            char got = ".IV"[fixture_try(f, modes[m], row->number, row->write)];
            if (row->expected[m] != '-' && row->expected[m] != got)
                fail_msg("%s, mode %u: expected %c, got %c", row->id, m, row->expected[m], got);
        }
        fixture_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exception_matrix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
