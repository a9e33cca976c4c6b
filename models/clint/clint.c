/* SPDX-License-Identifier: BSD-2-Clause */
#include "clint/clint.h"

#include <stdlib.h>
#include <string.h>

#include "viaduct/bits.h"

enum { MSIP = 0x0000, MTIMECMP = 0x4000, MTIME = 0xbff8 };

static const uint64_t ps_per_second = UINT64_C(1000000000000);

struct clint_state {
    uint64_t offset; /* mtime minus the ticks since time 0 */
    uint64_t msip;   /* bit per hart */
    uint64_t mtip;   /* bit per hart: the level of the line */
    uint64_t mtimecmp[CLINT_MAX_HARTS];
};

struct clint {
    struct clint_config config;
    struct vd_host host;
    struct vd_event timer[CLINT_MAX_HARTS];
    void (*mtime_written)(void *ctx);
    void *written_ctx;
    struct clint_state state;
};

static vd_time now(const struct clint *c)
{
    return c->host.ops->now(c->host.ctx);
}

static uint64_t ticks(const struct clint *c)
{
    return (uint64_t)((unsigned __int128)now(c) * c->config.frequency_hz / ps_per_second);
}

uint64_t clint_mtime(const struct clint *clint)
{
    return ticks(clint) + clint->state.offset;
}

vd_time clint_when(const struct clint *clint, uint64_t value)
{
    uint64_t mtime = clint_mtime(clint);
    if (mtime >= value)
        return now(clint);
    unsigned __int128 tick = (unsigned __int128)ticks(clint) + (value - mtime);
    uint64_t hz = clint->config.frequency_hz;
    unsigned __int128 when = (tick * ps_per_second + hz - 1) / hz;
    return when < VD_NEVER ? (vd_time)when : VD_NEVER;
}

static void drive_msip(struct clint *c, uint32_t hart, bool level)
{
    if ((c->state.msip >> hart & 1) == level)
        return;
    c->state.msip ^= VD_BIT(hart);
    c->host.ops->wire(c->host.ctx, CLINT_LINE_MSIP(hart), level);
}

static void drive_mtip(struct clint *c, uint32_t hart, bool level)
{
    if ((c->state.mtip >> hart & 1) == level)
        return;
    c->state.mtip ^= VD_BIT(hart);
    c->host.ops->wire(c->host.ctx, CLINT_LINE_MTIP(hart), level);
}

static void arm_timer(struct clint *c, uint32_t hart)
{
    vd_time when = clint_when(c, c->state.mtimecmp[hart]);
    if (clint_mtime(c) >= c->state.mtimecmp[hart] || when == VD_NEVER)
        c->host.ops->cancel(c->host.ctx, &c->timer[hart]);
    else
        c->host.ops->post(c->host.ctx, &c->timer[hart], when);
}

/* MTIP is pending whenever mtime >= mtimecmp [priv norm:mtime_intr_pending]. */
static void refresh_timer(struct clint *c, uint32_t hart)
{
    drive_mtip(c, hart, clint_mtime(c) >= c->state.mtimecmp[hart]);
    arm_timer(c, hart);
}

static void timer_due(void *ctx, uint32_t hart)
{
    refresh_timer(ctx, hart);
}

static void write_mtime(struct clint *c, uint64_t value)
{
    c->state.offset = value - ticks(c);
    for (uint32_t hart = 0; hart < c->config.harts; hart++)
        refresh_timer(c, hart);
    if (c->mtime_written)
        c->mtime_written(c->written_ctx);
}

/* A 64-bit register accessed whole or by its aligned halves. */
static bool narrow(uint64_t *value, struct vd_txn *txn)
{
    unsigned lsb = txn->addr % 8 * 8;
    unsigned width = txn->size * 8u;
    if (txn->cmd == VD_READ) {
        txn->data[0] = vd_get(*value, lsb, width);
        return false;
    }
    *value = vd_set(*value, lsb, width, txn->data[0]);
    return true;
}

static enum vd_status access_msip(struct clint *c, struct vd_txn *txn, bool quiet)
{
    uint32_t hart = (uint32_t)(txn->addr - MSIP) / 4;
    if (txn->size != 4)
        return VD_DENIED;
    if (txn->cmd == VD_READ)
        txn->data[0] = hart < c->config.harts ? c->state.msip >> hart & 1 : 0;
    else if (hart < c->config.harts && !quiet)
        drive_msip(c, hart, txn->data[0] & 1);
    return VD_OK;
}

static enum vd_status access_mtimecmp(struct clint *c, struct vd_txn *txn, bool quiet)
{
    uint32_t hart = (uint32_t)(txn->addr - MTIMECMP) / 8;
    uint64_t value = hart < c->config.harts ? c->state.mtimecmp[hart] : 0;
    if (!narrow(&value, txn) || hart >= c->config.harts || quiet)
        return VD_OK;
    c->state.mtimecmp[hart] = value;
    refresh_timer(c, hart);
    return VD_OK;
}

static enum vd_status access_mtime(struct clint *c, struct vd_txn *txn, bool quiet)
{
    uint64_t value = clint_mtime(c);
    if (narrow(&value, txn) && !quiet)
        write_mtime(c, value);
    return VD_OK;
}

static bool acceptable(const struct vd_txn *txn)
{
    return (txn->cmd == VD_READ || txn->cmd == VD_WRITE) && (txn->size == 4 || txn->size == 8) &&
           txn->addr % txn->size == 0 && txn->addr < CLINT_SIZE;
}

enum vd_status clint_access(struct clint *clint, struct vd_txn *txn)
{
    bool quiet = txn->attrs & VD_DEBUG;
    enum vd_status status = VD_OK;
    if (!acceptable(txn))
        status = VD_DENIED;
    else if (txn->addr < MTIMECMP)
        status = access_msip(clint, txn, quiet);
    else if (txn->addr < MTIME)
        status = access_mtimecmp(clint, txn, quiet);
    else if (txn->addr < MTIME + 8)
        status = access_mtime(clint, txn, quiet);
    else if (txn->cmd == VD_READ)
        txn->data[0] = 0;
    txn->status = (uint8_t)status;
    return status;
}

uint32_t clint_num_timers(const struct clint *clint)
{
    uint32_t count = 0;
    for (uint32_t hart = 0; hart < clint->config.harts; hart++)
        count += clint->timer[hart].slot ? 1 : 0;
    return count;
}

void clint_connect(struct clint *clint, void (*mtime_written)(void *ctx), void *ctx)
{
    clint->mtime_written = mtime_written;
    clint->written_ctx = ctx;
}

/* CHOICE: mtime continues from the time of the simulation, mtimecmp is never. */
void clint_reset(struct clint *clint)
{
    clint->state.offset = 0;
    for (uint32_t hart = 0; hart < CLINT_MAX_HARTS; hart++) {
        clint->state.mtimecmp[hart] = UINT64_MAX;
        drive_msip(clint, hart, false);
        drive_mtip(clint, hart, false);
        clint->host.ops->cancel(clint->host.ctx, &clint->timer[hart]);
    }
    if (clint->mtime_written)
        clint->mtime_written(clint->written_ctx);
}

struct clint *clint_create(const struct clint_config *config, const struct vd_host *host,
                           struct vd_error *err)
{
    struct clint_config c = *config;
    c.harts = c.harts ? c.harts : 1;
    c.frequency_hz = c.frequency_hz ? c.frequency_hz : 10000000;
    if (c.harts > CLINT_MAX_HARTS) {
        vd_fail(err, "clint: harts is %u; 1 to %d are possible", c.harts, CLINT_MAX_HARTS);
        return NULL;
    }
    if (c.frequency_hz > UINT64_C(1000000000)) {
        vd_fail(err, "clint: frequency is %llu Hz; 1 to 1000000000 are possible",
                (unsigned long long)c.frequency_hz);
        return NULL;
    }
    struct clint *clint = calloc(1, sizeof(*clint));
    if (!clint) {
        vd_fail(err, "clint: out of memory");
        return NULL;
    }
    clint->config = c;
    clint->host = *host;
    for (uint32_t hart = 0; hart < CLINT_MAX_HARTS; hart++)
        clint->timer[hart] = (struct vd_event){.fire = timer_due, .ctx = clint, .arg = hart};
    clint_reset(clint);
    return clint;
}

void clint_destroy(struct clint *clint)
{
    if (!clint)
        return;
    for (uint32_t hart = 0; hart < CLINT_MAX_HARTS; hart++)
        clint->host.ops->cancel(clint->host.ctx, &clint->timer[hart]);
    free(clint);
}

size_t clint_save(const struct clint *clint, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(clint->state))
        memcpy(buffer, &clint->state, sizeof(clint->state));
    return sizeof(clint->state);
}

bool clint_restore(struct clint *clint, const void *buffer, size_t size)
{
    struct clint_state state;
    if (size != sizeof(state))
        return false;
    memcpy(&state, buffer, size);
    if ((state.msip | state.mtip) & ~vd_mask(0, clint->config.harts))
        return false;
    clint->state = state;
    for (uint32_t hart = 0; hart < clint->config.harts; hart++)
        arm_timer(clint, hart);
    return true;
}

static const struct vd_field msip_fields[] = {{"msip", 0, 1, VD_RW}};
static const struct vd_field mtimecmp_fields[] = {{"mtimecmp", 0, 64, VD_RW}};
static const struct vd_field mtime_fields[] = {{"mtime", 0, 64, VD_RW}};

static const struct vd_reg regs[] = {
    {"msip", MSIP, CLINT_MAX_HARTS, 4, 4, 0, "", msip_fields, 1},
    {"mtimecmp", MTIMECMP, CLINT_MAX_HARTS, 8, 8, UINT64_MAX, "priv norm:mtimecmp_sz",
     mtimecmp_fields, 1},
    {"mtime", MTIME, 1, 8, 8, 0, "priv norm:mtime_sz", mtime_fields, 1},
};

static const struct vd_param params[] = {
    {"frequency", VD_PARAM_U64, offsetof(struct clint_config, frequency_hz), 10000000, 1,
     1000000000, NULL, "Hz", "of mtime; 10 MHz is what QEMU's virt machine has"},
};

const struct vd_reg *clint_regs(uint32_t *count)
{
    *count = sizeof(regs) / sizeof(regs[0]);
    return regs;
}

const struct vd_param *clint_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}
