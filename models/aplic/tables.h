/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of the register table, in its order. */
#ifndef APLIC_TABLES_H
#define APLIC_TABLES_H

enum aplic_row {
    ROW_domaincfg,
    ROW_sourcecfg,
    ROW_mmsiaddrcfg,
    ROW_mmsiaddrcfgh,
    ROW_smsiaddrcfg,
    ROW_smsiaddrcfgh,
    ROW_setip,
    ROW_setipnum,
    ROW_in_clrip,
    ROW_clripnum,
    ROW_setie,
    ROW_setienum,
    ROW_clrie,
    ROW_clrienum,
    ROW_setipnum_le,
    ROW_setipnum_be,
    ROW_genmsi,
    ROW_target,
    ROW_idelivery,
    ROW_iforce,
    ROW_ithreshold,
    ROW_topi,
    ROW_claimi,
    APLIC_ROWS,
};

#endif
