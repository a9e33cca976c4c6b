/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of a vector file (docs/vectors.md): what they are called and what stands in them. */
#ifndef VECTORS_LINE_H
#define VECTORS_LINE_H

#include <stdio.h>

#include "viaduct/error.h"

#include <stdint.h>

enum line_kind {
    LINE_WORLD,
    LINE_MEM,
    LINE_POISON,
    LINE_REGW,
    LINE_REQ,
    LINE_CMD,
    LINE_PREQ,
    LINE_DBG,
    LINE_END,
    /* Answers, indented in the file. */
    LINE_MW,
    LINE_MSI,
    LINE_ATSMSG,
    LINE_SYNC,
    LINE_RSP,
    LINE_FLT,
    LINE_IPSR,
    LINE_STATE,
    LINE_CQRESTART,
    LINE_PQDRAIN,
    LINE_KINDS,
};

/* Fields by kind, in the order of the table in line.c. */
enum { WORLD_n, WORLD_seed, WORLD_profile, WORLD_caps, WORLD_fctl, WORLD_max_mode, WORLD_bits };
enum { MEM_addr, MEM_value };
enum { REGW_off, REGW_size, REGW_data };
enum {
    REQ_i,
    REQ_did,
    REQ_pv,
    REQ_pid,
    REQ_priv,
    REQ_x,
    REQ_nw,
    REQ_cxl,
    REQ_at,
    REQ_rw,
    REQ_iova,
};
enum { CMD_lo, CMD_hi };
enum {
    PREQ_rid,
    PREQ_dsv,
    PREQ_dseg,
    PREQ_pv,
    PREQ_pid,
    PREQ_priv,
    PREQ_x,
    PREQ_payload,
};
enum { DBG_iova, DBG_ctl };
enum { MW_addr, MW_size, MW_d0, MW_d1, MW_d2, MW_d3 };
enum { MSI_addr, MSI_data };
enum {
    ATSMSG_code,
    ATSMSG_tag,
    ATSMSG_rid,
    ATSMSG_pv,
    ATSMSG_pid,
    ATSMSG_dsv,
    ATSMSG_dseg,
    ATSMSG_payload,
};
enum {
    RSP_st,
    RSP_ppn,
    RSP_s,
    RSP_pbmt,
    RSP_msi,
    RSP_mrif,
    RSP_mrifaddr,
    RSP_nid,
    RSP_nppn,
    RSP_R,
    RSP_W,
    RSP_X,
    RSP_U,
    RSP_G,
    RSP_Pr,
    RSP_IO,
};
enum { FLT_cause, FLT_ttyp, FLT_did, FLT_pv, FLT_pid, FLT_priv, FLT_iotval, FLT_iotval2 };
enum { IPSR_v };
enum { STATE_cqh, STATE_cqcsr, STATE_ipsr, STATE_pqt, STATE_pqcsr, STATE_rsp };

/* Values of symbolic fields. */
enum { ST_S, ST_UR, ST_CA };
enum { AT_U, AT_A, AT_T };
enum { RW_R, RW_W };

enum { LINE_FIELDS = 16 };

struct line {
    uint8_t kind;
    uint32_t present; /* by field; a field that is absent is not compared */
    uint64_t value[LINE_FIELDS];
};

struct line line_make(enum line_kind kind);
void line_set(struct line *line, unsigned field, uint64_t value);
void line_forget(struct line *line, unsigned field);
bool line_has(const struct line *line, unsigned field);
bool line_parse(const char *text, struct line *line, struct vd_error *err);
void line_print(const struct line *line, FILE *out);
const char *line_name(enum line_kind kind);
const char *line_field_name(enum line_kind kind, unsigned field);
/* A value as it stands in the file. */
void line_value(const struct line *line, unsigned field, char *text, size_t size);
/* True for the lines that belong to the record above them. */
bool line_is_answer(enum line_kind kind);

#endif
