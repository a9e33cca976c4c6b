/* SPDX-License-Identifier: BSD-2-Clause */
/* Controller registers and doorbells. */
#include "nvme/state.h"

enum { DOORBELLS = 0x1000, DOORBELL_END = DOORBELLS + 8 * NVME_QUEUES };

enum nvme_reg { CAP, VS, INTMS, INTMC, CC, CSTS, NSSR, AQA, ASQ, ACQ, CMBLOC, CMBSZ, NVME_REGS };

enum {
    CC_MPS = 7,     /* lsb; 4 bits */
    CC_CSS = 4,     /* lsb; 3 bits */
    CC_AMS = 11,    /* lsb; 3 bits */
    CC_SHN = 14,    /* lsb; 2 bits */
    CC_IOSQES = 16, /* lsb; 4 bits */
    CC_IOCQES = 20, /* lsb; 4 bits */
    CSTS_SHST = 2,  /* lsb; 2 bits */
    SHUTDOWN_COMPLETE = 2,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROW(name, offset, size, reset, fields)                                                     \
    {                                                                                              \
        name, offset, 1, size, size, reset, "nvme", fields, COUNT(fields)                          \
    }

static const struct vd_field cap_fields[] = {
    {"MQES", 0, 16, VD_RO}, {"CQR", 16, 1, VD_RO},    {"AMS", 17, 2, VD_RO},
    {"TO", 24, 8, VD_RO},   {"DSTRD", 32, 4, VD_RO},  {"NSSRS", 36, 1, VD_RO},
    {"CSS", 37, 8, VD_RO},  {"MPSMIN", 48, 4, VD_RO}, {"MPSMAX", 52, 4, VD_RO},
};
static const struct vd_field vs_fields[] = {
    {"TER", 0, 8, VD_RO}, {"MNR", 8, 8, VD_RO}, {"MJR", 16, 16, VD_RO}};
static const struct vd_field set_fields[] = {{"IVMS", 0, 32, VD_RW1S}};
static const struct vd_field clear_fields[] = {{"IVMC", 0, 32, VD_RW1C}};
static const struct vd_field cc_fields[] = {
    {"EN", 0, 1, VD_RW},      {"CSS", 4, 3, VD_RW},  {"MPS", 7, 4, VD_RW},
    {"AMS", 11, 3, VD_RW},    {"SHN", 14, 2, VD_RW}, {"IOSQES", 16, 4, VD_RW},
    {"IOCQES", 20, 4, VD_RW},
};
static const struct vd_field csts_fields[] = {
    {"RDY", 0, 1, VD_RO}, {"CFS", 1, 1, VD_RO}, {"SHST", 2, 2, VD_RO}};
static const struct vd_field aqa_fields[] = {{"ASQS", 0, 12, VD_RW}, {"ACQS", 16, 12, VD_RW}};
static const struct vd_field base_fields[] = {{"base", 12, 52, VD_RW}};
static const struct vd_field none_fields[] = {{"value", 0, 32, VD_RO}};

/* TO: ready within 500 ms at most; CSS: the NVM command set. */
static const struct vd_reg regs[NVME_REGS] = {
    [CAP] = ROW("CAP", 0x00, 8, UINT64_C(1) << 37 | 1u << 24 | 1u << 16, cap_fields),
    [VS] = ROW("VS", 0x08, 4, 0x00010400, vs_fields),
    [INTMS] = ROW("INTMS", 0x0c, 4, 0, set_fields),
    [INTMC] = ROW("INTMC", 0x10, 4, 0, clear_fields),
    [CC] = ROW("CC", 0x14, 4, 0, cc_fields),
    [CSTS] = ROW("CSTS", 0x1c, 4, 0, csts_fields),
    [NSSR] = ROW("NSSR", 0x20, 4, 0, none_fields),
    [AQA] = ROW("AQA", 0x24, 4, 0, aqa_fields),
    [ASQ] = ROW("ASQ", 0x28, 8, 0, base_fields),
    [ACQ] = ROW("ACQ", 0x30, 8, 0, base_fields),
    [CMBLOC] = ROW("CMBLOC", 0x38, 4, 0, none_fields),
    [CMBSZ] = ROW("CMBSZ", 0x3c, 4, 0, none_fields),
};

const struct vd_reg *nvme_regs(uint32_t *count)
{
    *count = NVME_REGS;
    return regs;
}

void nvme_registers_reset(struct nvme *n)
{
    struct nvme_state *st = n->st;
    st->cc = st->csts = st->aqa = st->intms = 0;
    st->asq = st->acq = 0;
}

static uint64_t writable(enum nvme_reg reg)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < regs[reg].num_fields; i++)
        if (regs[reg].fields[i].access != VD_RO)
            mask |= vd_mask(regs[reg].fields[i].lsb, regs[reg].fields[i].width);
    return mask;
}

static uint64_t read_reg(const struct nvme *n, enum nvme_reg reg)
{
    const struct nvme_state *st = n->st;
    switch (reg) {
    case CAP:
        return regs[CAP].reset | (n->config.queue_entries - 1);
    case INTMS:
    case INTMC:
        return st->intms;
    case CC:
        return st->cc;
    case CSTS:
        return st->csts;
    case AQA:
        return st->aqa;
    case ASQ:
        return st->asq;
    case ACQ:
        return st->acq;
    default:
        return regs[reg].reset;
    }
}

static bool cc_legal(uint32_t cc)
{
    return !vd_get(cc, CC_MPS, 4) && !vd_get(cc, CC_CSS, 3) && !vd_get(cc, CC_AMS, 3);
}

/* A controller that is enabled with what it does not support is dead until the next reset. */
static void enable(struct nvme *n)
{
    struct nvme_state *st = n->st;
    uint32_t entries[] = {(uint32_t)vd_get(st->aqa, 0, 12) + 1,
                          (uint32_t)vd_get(st->aqa, 16, 12) + 1};
    if (!cc_legal(st->cc) || entries[0] < 2 || entries[1] < 2) {
        st->csts |= CSTS_CFS;
        return;
    }
    st->sqs[0] = (struct nvme_sq){.base = st->asq, .size = entries[0]};
    st->cqs[0] = (struct nvme_cq){.base = st->acq, .size = entries[1], .phase = 1, .interrupts = 1};
    st->csts |= CSTS_RDY;
}

/* Before a shutdown is complete, what is cached is made durable. */
static void shut_down(struct nvme *n)
{
    for (uint32_t i = 0; i < n->num_disks; i++)
        n->disks[i].ops->flush(n->disks[i].ctx);
    n->st->csts = (uint32_t)vd_set(n->st->csts, CSTS_SHST, 2, SHUTDOWN_COMPLETE);
}

static void write_cc(struct nvme *n, uint32_t value)
{
    struct nvme_state *st = n->st;
    uint32_t old = st->cc;
    st->cc = value;
    if ((old & CC_EN) && !(value & CC_EN)) {
        st->cc = 0;
        st->csts = 0;
        st->intms = 0;
        nvme_controller_reset(n);
    } else if (!(old & CC_EN) && (value & CC_EN)) {
        enable(n);
    }
    if (vd_get(value, CC_SHN, 2) && !vd_get(old, CC_SHN, 2))
        shut_down(n);
}

/* Registers of the admin queues are for a disabled controller. */
static void write_reg(struct nvme *n, enum nvme_reg reg, unsigned lsb, unsigned width,
                      uint64_t value)
{
    struct nvme_state *st = n->st;
    uint64_t merged = vd_set(read_reg(n, reg), lsb, width, value) & writable(reg);
    bool disabled = !(st->cc & CC_EN);
    switch (reg) {
    case INTMS:
        st->intms |= (uint32_t)value;
        nvme_queue_update_pin(n);
        break;
    case INTMC:
        st->intms &= ~(uint32_t)value;
        nvme_queue_update_pin(n);
        break;
    case CC:
        write_cc(n, (uint32_t)merged);
        break;
    case AQA:
        st->aqa = disabled ? (uint32_t)merged : st->aqa;
        break;
    case ASQ:
        st->asq = disabled ? merged : st->asq;
        break;
    case ACQ:
        st->acq = disabled ? merged : st->acq;
        break;
    default:
        break;
    }
}

/* Doorbells read zero. */
static void doorbell(struct nvme *n, struct vd_txn *txn)
{
    uint32_t index = (uint32_t)(txn->addr - DOORBELLS) / 4;
    if (txn->cmd == VD_READ)
        txn->data[0] = 0;
    else if (index % 2)
        nvme_queue_cq_doorbell(n, index / 2, (uint32_t)txn->data[0]);
    else
        nvme_queue_sq_doorbell(n, index / 2, (uint32_t)txn->data[0]);
}

/* CHOICE: aligned accesses of 4 and 8 bytes; what is no register reads zero and ignores writes. */
enum vd_status nvme_registers_access(struct nvme *n, struct vd_txn *txn)
{
    if ((txn->size != 4 && txn->size != 8) || txn->addr % txn->size)
        return VD_DENIED;
    if (txn->addr >= DOORBELLS && txn->addr < DOORBELL_END && txn->size == 4) {
        doorbell(n, txn);
        return VD_OK;
    }
    uint64_t value = txn->data[0];
    if (txn->cmd == VD_READ)
        txn->data[0] = 0;
    for (uint32_t i = 0; i < NVME_REGS; i++) {
        uint64_t at = txn->addr - regs[i].offset;
        unsigned width = 8u * (txn->size < regs[i].size ? txn->size : regs[i].size);
        if (at >= regs[i].size)
            continue;
        if (txn->cmd == VD_READ)
            txn->data[0] = vd_get(read_reg(n, i), 8 * (unsigned)at, width);
        else
            write_reg(n, i, 8 * (unsigned)at, width, vd_get(value, 0, width));
        break;
    }
    return VD_OK;
}
