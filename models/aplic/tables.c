/* SPDX-License-Identifier: BSD-2-Clause */
#include "aplic/tables.h"

#include "aplic/state.h"

static const struct vd_field domaincfg_fields[] = {
    {"BE", 0, 1, VD_WARL}, {"DM", 2, 1, VD_WARL}, {"IE", 8, 1, VD_RW}, {"order", 24, 8, VD_RO}};
static const struct vd_field sourcecfg_fields[] = {
    {"SM", 0, 3, VD_WARL}, {"Child_Index", 0, 10, VD_WLRL}, {"D", 10, 1, VD_RW}};
static const struct vd_field mmsiaddrcfg_fields[] = {{"Low_Base_PPN", 0, 32, VD_WARL}};
static const struct vd_field mmsiaddrcfgh_fields[] = {
    {"High_Base_PPN", 0, 12, VD_WARL}, {"LHXW", 12, 4, VD_WARL}, {"HHXW", 16, 3, VD_WARL},
    {"LHXS", 20, 3, VD_WARL},          {"HHXS", 24, 5, VD_WARL}, {"L", 31, 1, VD_RW1S}};
static const struct vd_field smsiaddrcfgh_fields[] = {{"High_Base_PPN", 0, 12, VD_WARL},
                                                      {"LHXS", 20, 3, VD_WARL}};
static const struct vd_field set_fields[] = {{"sources", 0, 32, VD_RW1S}};
static const struct vd_field clear_fields[] = {{"sources", 0, 32, VD_RW1C}};
static const struct vd_field number_fields[] = {{"source", 0, 32, VD_WO}};
static const struct vd_field genmsi_fields[] = {
    {"EIID", 0, 11, VD_WARL}, {"Busy", 12, 1, VD_RO}, {"Hart_Index", 18, 14, VD_WLRL}};
static const struct vd_field target_fields[] = {{"IPRIO", 0, 8, VD_WARL},
                                                {"EIID", 0, 11, VD_WARL},
                                                {"Guest_Index", 12, 6, VD_WLRL},
                                                {"Hart_Index", 18, 14, VD_WLRL}};
static const struct vd_field idelivery_fields[] = {{"idelivery", 0, 1, VD_WARL}};
static const struct vd_field iforce_fields[] = {{"iforce", 0, 1, VD_WARL}};
static const struct vd_field ithreshold_fields[] = {{"ithreshold", 0, 8, VD_WLRL}};
static const struct vd_field topi_fields[] = {{"priority", 0, 8, VD_RO},
                                              {"identity", 16, 10, VD_RO}};

#define FIELDS(array) array, sizeof(array) / sizeof(array[0])
#define MSIADDR       "aia AdvPLIC-reg-mmsiaddrcfg"
#define SMSIADDR      "aia AdvPLIC-reg-smsiaddrcfg"
#define REGION        "aia AdvPLIC-domainControlRegion"
#define IDC           "aia AdvPLIC-IDC"

static const struct vd_reg regs[APLIC_ROWS] = {
    [ROW_domaincfg] = {"domaincfg", 0x0000, 1, 4, 4, 0x80000000, "aia AdvPLIC-reg-domaincfg",
                       FIELDS(domaincfg_fields)},
    [ROW_sourcecfg] = {"sourcecfg", 0x0004, 1023, 4, 4, 0, "aia AdvPLIC-reg-sourcecfg",
                       FIELDS(sourcecfg_fields)},
    [ROW_mmsiaddrcfg] = {"mmsiaddrcfg", 0x1bc0, 1, 4, 4, 0, MSIADDR, FIELDS(mmsiaddrcfg_fields)},
    [ROW_mmsiaddrcfgh] = {"mmsiaddrcfgh", 0x1bc4, 1, 4, 4, 0, MSIADDR, FIELDS(mmsiaddrcfgh_fields)},
    [ROW_smsiaddrcfg] = {"smsiaddrcfg", 0x1bc8, 1, 4, 4, 0, SMSIADDR, FIELDS(mmsiaddrcfg_fields)},
    [ROW_smsiaddrcfgh] = {"smsiaddrcfgh", 0x1bcc, 1, 4, 4, 0, SMSIADDR,
                          FIELDS(smsiaddrcfgh_fields)},
    [ROW_setip] = {"setip", 0x1c00, 32, 4, 4, 0, REGION, FIELDS(set_fields)},
    [ROW_setipnum] = {"setipnum", 0x1cdc, 1, 4, 4, 0, REGION, FIELDS(number_fields)},
    [ROW_in_clrip] = {"in_clrip", 0x1d00, 32, 4, 4, 0, REGION, FIELDS(clear_fields)},
    [ROW_clripnum] = {"clripnum", 0x1ddc, 1, 4, 4, 0, REGION, FIELDS(number_fields)},
    [ROW_setie] = {"setie", 0x1e00, 32, 4, 4, 0, REGION, FIELDS(set_fields)},
    [ROW_setienum] = {"setienum", 0x1edc, 1, 4, 4, 0, REGION, FIELDS(number_fields)},
    [ROW_clrie] = {"clrie", 0x1f00, 32, 4, 4, 0, REGION, FIELDS(clear_fields)},
    [ROW_clrienum] = {"clrienum", 0x1fdc, 1, 4, 4, 0, REGION, FIELDS(number_fields)},
    [ROW_setipnum_le] = {"setipnum_le", 0x2000, 1, 4, 4, 0, REGION, FIELDS(number_fields)},
    [ROW_setipnum_be] = {"setipnum_be", 0x2004, 1, 4, 4, 0, REGION, FIELDS(number_fields)},
    [ROW_genmsi] = {"genmsi", 0x3000, 1, 4, 4, 0, "aia AdvPLIC-reg-genmsi", FIELDS(genmsi_fields)},
    [ROW_target] = {"target", 0x3004, 1023, 4, 4, 0, "aia AdvPLIC-reg-target",
                    FIELDS(target_fields)},
    [ROW_idelivery] = {"idelivery", 0x4000, APLIC_MAX_HARTS, 32, 4, 0, IDC,
                       FIELDS(idelivery_fields)},
    [ROW_iforce] = {"iforce", 0x4004, APLIC_MAX_HARTS, 32, 4, 0, IDC, FIELDS(iforce_fields)},
    [ROW_ithreshold] = {"ithreshold", 0x4008, APLIC_MAX_HARTS, 32, 4, 0, IDC,
                        FIELDS(ithreshold_fields)},
    [ROW_topi] = {"topi", 0x4018, APLIC_MAX_HARTS, 32, 4, 0, IDC, FIELDS(topi_fields)},
    [ROW_claimi] = {"claimi", 0x401c, APLIC_MAX_HARTS, 32, 4, 0, IDC, FIELDS(topi_fields)},
};

#define FIELD(name) offsetof(struct aplic_config, name)
static const struct vd_param params[] = {
    {"sources", VD_PARAM_U32, FIELD(sources), 96, 1, 1023, NULL, "", "interrupt sources"},
    {"msi", VD_PARAM_BOOL, FIELD(msi), 1, 0, 1, NULL, "", "MSI delivery mode is supported"},
    {"direct", VD_PARAM_BOOL, FIELD(direct), 1, 0, 1, NULL, "",
     "direct delivery mode is supported"},
    {"iprio_bits", VD_PARAM_U32, FIELD(iprio_bits), 8, 1, 8, NULL, "", "IPRIOLEN"},
    {"poison", VD_PARAM_U64, FIELD(poison), 0, 0, UINT64_MAX, NULL, "",
     "seed of UNSPECIFIED reset values; 0: they are fixed"},
    {"source_to_msi", VD_PARAM_U32, FIELD(source_to_msi_cycles), 4, 0, 100000, NULL, "cycles",
     "source edge or genmsi write to the MSI's write; 4: open APLIC RTL with 64 sources"},
    {"source_to_line", VD_PARAM_U32, FIELD(source_to_line_cycles), 3, 0, 100000, NULL, "cycles",
     "direct mode: source edge to the hart's line; 3: open APLIC RTL with 64 sources"},
    {"register_to_line", VD_PARAM_U32, FIELD(register_to_line_cycles), 1, 0, 100000, NULL, "cycles",
     "direct mode: register access, as of setipnum, to the hart's line; 1: open APLIC RTL"},
    {"msi_interval", VD_PARAM_U32, FIELD(msi_interval_cycles), 5, 0, 100000, NULL, "cycles",
     "between two MSIs of a burst; 5: open APLIC RTL with 64 sources"},
};

const struct vd_reg *aplic_regs(uint32_t *count)
{
    *count = APLIC_ROWS;
    return regs;
}

const struct vd_param *aplic_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}
