/* SPDX-License-Identifier: BSD-2-Clause */
#include "imsic/imsic.h"

static const struct vd_field seteipnum_fields[] = {{"identity", 0, 32, VD_WO}};

static const struct vd_reg regs[] = {
    {"seteipnum_le", 0x000, 1, 4, 4, 0, "aia IMSIC-memRegion", seteipnum_fields, 1},
    {"seteipnum_be", 0x004, 1, 4, 4, 0, "aia IMSIC-memRegion", seteipnum_fields, 1},
};

static const struct vd_field eidelivery_fields[] = {{"eidelivery", 0, 32, VD_WARL}};
static const struct vd_field eithreshold_fields[] = {{"eithreshold", 0, 11, VD_WLRL}};
static const struct vd_field eip_fields[] = {{"eip", 0, 64, VD_RW}};
static const struct vd_field eie_fields[] = {{"eie", 0, 64, VD_RW}};

static const struct vd_reg selects[] = {
    {"eidelivery", 0x70, 1, 1, 8, 0, "aia IMSIC-reg-eidelivery", eidelivery_fields, 1},
    {"eithreshold", 0x72, 1, 1, 8, 0, "aia IMSIC", eithreshold_fields, 1},
    {"eip", 0x80, 32, 2, 8, 0, "aia IMSIC", eip_fields, 1},
    {"eie", 0xc0, 32, 2, 8, 0, "aia IMSIC", eie_fields, 1},
};

static const char *const defects[] = {"none", "claim_drops", "id_wraps", "rmw_split", NULL};

#define FIELD(name) offsetof(struct imsic_config, name)
static const struct vd_param params[] = {
    {"ids", VD_PARAM_U32, FIELD(ids), 255, 63, 2047, NULL, "",
     "highest identity of the M and S file, 64 m - 1"},
    {"guest_ids", VD_PARAM_U32, FIELD(guest_ids), 0, 0, 2047, NULL, "",
     "highest identity of the guest files, 64 m - 1; 0: equal to ids"},
    {"guests", VD_PARAM_U32, FIELD(guests), 3, 0, 63, NULL, "", "guest files, GEILEN of the hart"},
    {"machine_file", VD_PARAM_BOOL, FIELD(machine_file), 1, 0, 1, NULL, "", "there is an M file"},
    {"big_endian", VD_PARAM_BOOL, FIELD(big_endian), 0, 0, 1, NULL, "", "seteipnum_be works"},
    {"direct", VD_PARAM_BOOL, FIELD(direct), 0, 0, 1, NULL, "",
     "M and S files support eidelivery 0x40000000"},
    {"poison", VD_PARAM_U64, FIELD(poison), 0, 0, UINT64_MAX, NULL, "",
     "seed of UNSPECIFIED reset values; 0: they are zero"},
    {"defect", VD_PARAM_CHOICE, FIELD(defect), 0, 0, 3, defects, "",
     "deliberate defect for tests of the ledger"},
    {"write_to_line", VD_PARAM_U32, FIELD(write_to_line_cycles), 2, 0, 100000, NULL, "cycles",
     "MSI write to the line into the hart; 2: open IMSIC RTL, 4 to 10 across clock domains"},
    {"csr_to_line", VD_PARAM_U32, FIELD(csr_to_line_cycles), 1, 0, 100000, NULL, "cycles",
     "claim or CSR write to the line into the hart; 1: open IMSIC RTL"},
    {"msi_interval", VD_PARAM_U32, FIELD(msi_interval_cycles), 3, 0, 100000, NULL, "cycles",
     "between two MSIs that the files of a hart take in; 3: open IMSIC RTL"},
};

const struct vd_reg *imsic_regs(uint32_t *count)
{
    *count = sizeof(regs) / sizeof(regs[0]);
    return regs;
}

const struct vd_reg *imsic_selects(uint32_t *count)
{
    *count = sizeof(selects) / sizeof(selects[0]);
    return selects;
}

const struct vd_param *imsic_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}
