/* SPDX-License-Identifier: BSD-2-Clause */
#include "finisher/finisher.h"

#include <stdlib.h>

struct finisher {
    struct vd_host host;
    struct finisher_port port;
};

static void end_run(struct finisher *f, uint32_t status)
{
    struct vd_record rec = {.kind = VD_REC_exit, .a = status};
    f->host.ops->trace(f->host.ctx, &rec);
    if (f->port.exit)
        f->port.exit(f->port.ctx, status);
}

static void write_request(struct finisher *f, uint32_t value)
{
    uint32_t code = value >> 16;
    switch (value & 0xffff) {
    case FINISHER_PASS:
        end_run(f, 0);
        break;
    case FINISHER_FAIL:
        /* CHOICE: a failure without a code must not look like success. */
        end_run(f, code ? code : 1);
        break;
    case FINISHER_RESET:
        if (f->port.reset)
            f->port.reset(f->port.ctx);
        break;
    default:
        break;
    }
}

/* 16-bit writes are accepted because drivers in use make them. */
static bool acceptable(const struct vd_txn *txn)
{
    return (txn->cmd == VD_READ || txn->cmd == VD_WRITE) && !(txn->attrs & VD_ATOMIC) &&
           (txn->size == 2 || txn->size == 4) && txn->addr % txn->size == 0;
}

enum vd_status finisher_access(struct finisher *finisher, struct vd_txn *txn)
{
    txn->status = acceptable(txn) ? VD_OK : VD_DENIED;
    if (txn->status != VD_OK)
        return VD_DENIED;
    if (txn->cmd == VD_READ)
        txn->data[0] = 0;
    else if (txn->addr == 0 && !(txn->attrs & VD_DEBUG))
        write_request(finisher, (uint32_t)(txn->data[0] & (txn->size == 2 ? 0xffff : UINT32_MAX)));
    return VD_OK;
}

void finisher_connect(struct finisher *finisher, const struct finisher_port *port)
{
    finisher->port = *port;
}

void finisher_reset(struct finisher *finisher)
{
    (void)finisher;
}

struct finisher *finisher_create(const struct finisher_config *config, const struct vd_host *host,
                                 struct vd_error *err)
{
    (void)config;
    struct finisher *f = calloc(1, sizeof(*f));
    if (!f)
        vd_fail(err, "finisher: out of memory");
    else
        f->host = *host;
    return f;
}

void finisher_destroy(struct finisher *finisher)
{
    free(finisher);
}

/* The device has no state. */
size_t finisher_save(const struct finisher *finisher, void *buffer, size_t capacity)
{
    (void)finisher;
    (void)buffer;
    (void)capacity;
    return 0;
}

bool finisher_restore(struct finisher *finisher, const void *buffer, size_t size)
{
    (void)finisher;
    (void)buffer;
    return size == 0;
}

static const struct vd_field request_fields[] = {{"request", 0, 16, VD_WO},
                                                 {"code", 16, 16, VD_WO}};

static const struct vd_reg regs[] = {
    {"request", 0, 1, 4, 4, 0, "", request_fields, 2},
};

const struct vd_reg *finisher_regs(uint32_t *count)
{
    *count = sizeof(regs) / sizeof(regs[0]);
    return regs;
}

const struct vd_param *finisher_params(uint32_t *count)
{
    *count = 0;
    return NULL;
}
