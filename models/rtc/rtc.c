/* SPDX-License-Identifier: BSD-2-Clause */
#include "rtc/rtc.h"

#include <stdlib.h>
#include <string.h>

#include "viaduct/bits.h"

enum {
    TIME_LOW = 0x00,
    TIME_HIGH = 0x04,
    ALARM_LOW = 0x08,
    ALARM_HIGH = 0x0c,
    IRQ_ENABLED = 0x10,
    CLEAR_ALARM = 0x14,
    ALARM_STATUS = 0x18,
    CLEAR_INTERRUPT = 0x1c,
};

enum { PS_PER_NS = 1000, NS_PER_SECOND = 1000000000 };

struct rtc_state {
    uint64_t offset; /* nanoseconds since 1970 at time 0 */
    uint64_t alarm;
    uint32_t time_high; /* kept by a read of TIME_LOW */
    uint8_t running;    /* the alarm is set and has not come */
    uint8_t enabled, pending, line;
};

struct rtc {
    struct rtc_config config;
    struct vd_host host;
    struct vd_event event;
    struct rtc_state state;
};

static uint64_t elapsed_ns(const struct rtc *r)
{
    return r->host.ops->now(r->host.ctx) / PS_PER_NS;
}

static uint64_t time_ns(const struct rtc *r)
{
    return elapsed_ns(r) + r->state.offset;
}

static void drive_line(struct rtc *r)
{
    uint8_t level = r->state.enabled & r->state.pending;
    if (level == r->state.line)
        return;
    r->state.line = level;
    r->host.ops->wire(r->host.ctx, 0, level);
}

static void post_alarm(struct rtc *r, vd_time when)
{
    vd_time now = r->host.ops->now(r->host.ctx);
    r->host.ops->post(r->host.ctx, &r->event, when > now ? when : now);
}

static void arm_alarm(struct rtc *r)
{
    uint64_t wait = r->state.alarm - time_ns(r);
    uint64_t due = elapsed_ns(r) + wait;
    if (!r->state.running || due < wait || due > VD_NEVER / PS_PER_NS)
        r->host.ops->cancel(r->host.ctx, &r->event);
    else
        post_alarm(r, due * PS_PER_NS);
}

/* An alarm that is not in the future comes at once. */
static void check_alarm(struct rtc *r)
{
    if (r->state.running && r->state.alarm <= time_ns(r)) {
        r->state.running = 0;
        r->state.pending = 1;
        drive_line(r);
    }
    arm_alarm(r);
}

static void alarm_due(void *ctx, uint32_t arg)
{
    (void)arg;
    check_alarm(ctx);
}

static void set_time(struct rtc *r, uint32_t lsb, uint32_t value)
{
    r->state.offset = vd_set(time_ns(r), lsb, 32, value) - elapsed_ns(r);
    check_alarm(r);
}

static void set_alarm(struct rtc *r, uint32_t value)
{
    r->state.alarm = vd_set(r->state.alarm, 0, 32, value);
    r->state.running = 1;
    check_alarm(r);
}

static uint32_t read_time(struct rtc *r, bool quiet)
{
    uint64_t time = time_ns(r);
    if (!quiet)
        r->state.time_high = (uint32_t)(time >> 32);
    return (uint32_t)time;
}

static uint32_t read_register(struct rtc *r, uint64_t offset, bool quiet)
{
    switch (offset) {
    case TIME_LOW:
        return read_time(r, quiet);
    case TIME_HIGH:
        return r->state.time_high;
    case ALARM_LOW:
        return (uint32_t)r->state.alarm;
    case ALARM_HIGH:
        return (uint32_t)(r->state.alarm >> 32);
    case IRQ_ENABLED:
        return r->state.enabled;
    case ALARM_STATUS:
        return r->state.running;
    default:
        return 0;
    }
}

static void write_register(struct rtc *r, uint64_t offset, uint32_t value)
{
    switch (offset) {
    case TIME_LOW:
        set_time(r, 0, value);
        break;
    case TIME_HIGH:
        set_time(r, 32, value);
        break;
    case ALARM_LOW:
        set_alarm(r, value);
        break;
    case ALARM_HIGH:
        r->state.alarm = vd_set(r->state.alarm, 32, 32, value);
        break;
    case IRQ_ENABLED:
        r->state.enabled = value & 1;
        break;
    case CLEAR_ALARM:
        r->state.running = 0;
        break;
    case CLEAR_INTERRUPT:
        r->state.pending = 0;
        break;
    default:
        break;
    }
    arm_alarm(r);
    drive_line(r);
}

enum vd_status rtc_access(struct rtc *rtc, struct vd_txn *txn)
{
    bool quiet = txn->attrs & VD_DEBUG;
    if ((txn->cmd != VD_READ && txn->cmd != VD_WRITE) || txn->size != 4 || txn->addr % 4 ||
        txn->attrs & VD_ATOMIC) {
        txn->status = VD_DENIED;
        return VD_DENIED;
    }
    txn->status = VD_OK;
    if (txn->cmd == VD_READ)
        txn->data[0] = read_register(rtc, txn->addr, quiet);
    else if (!quiet)
        write_register(rtc, txn->addr, (uint32_t)txn->data[0]);
    return VD_OK;
}

void rtc_reset(struct rtc *rtc)
{
    rtc->host.ops->cancel(rtc->host.ctx, &rtc->event);
    rtc->state =
        (struct rtc_state){.offset = rtc->config.epoch * NS_PER_SECOND, .line = rtc->state.line};
    drive_line(rtc);
}

struct rtc *rtc_create(const struct rtc_config *config, const struct vd_host *host,
                       struct vd_error *err)
{
    if (config->epoch > UINT64_C(1) << 33) {
        vd_fail(err, "rtc: epoch is %llu; 0 to 8589934592 seconds since 1970 are possible",
                (unsigned long long)config->epoch);
        return NULL;
    }
    struct rtc *rtc = calloc(1, sizeof(*rtc));
    if (!rtc) {
        vd_fail(err, "rtc: out of memory");
        return NULL;
    }
    rtc->config = *config;
    rtc->host = *host;
    rtc->event = (struct vd_event){.fire = alarm_due, .ctx = rtc};
    rtc_reset(rtc);
    return rtc;
}

void rtc_destroy(struct rtc *rtc)
{
    if (!rtc)
        return;
    rtc->host.ops->cancel(rtc->host.ctx, &rtc->event);
    free(rtc);
}

size_t rtc_save(const struct rtc *rtc, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(rtc->state))
        memcpy(buffer, &rtc->state, sizeof(rtc->state));
    return sizeof(rtc->state);
}

bool rtc_restore(struct rtc *rtc, const void *buffer, size_t size)
{
    struct rtc_state s;
    if (size != sizeof(s))
        return false;
    memcpy(&s, buffer, size);
    if (s.running > 1 || s.enabled > 1 || s.pending > 1 || s.line > 1)
        return false;
    rtc->state = s;
    if (s.running && s.alarm < time_ns(rtc))
        rtc->state.alarm = time_ns(rtc);
    arm_alarm(rtc);
    return true;
}

static const struct vd_field word_fields[] = {{"value", 0, 32, VD_RW}};
static const struct vd_field bit_fields[] = {{"value", 0, 1, VD_RW}};

static const struct vd_reg regs[] = {
    {"TIME_LOW", TIME_LOW, 1, 4, 4, 0, "", word_fields, 1},
    {"TIME_HIGH", TIME_HIGH, 1, 4, 4, 0, "", word_fields, 1},
    {"ALARM_LOW", ALARM_LOW, 1, 4, 4, 0, "", word_fields, 1},
    {"ALARM_HIGH", ALARM_HIGH, 1, 4, 4, 0, "", word_fields, 1},
    {"IRQ_ENABLED", IRQ_ENABLED, 1, 4, 4, 0, "", bit_fields, 1},
    {"CLEAR_ALARM", CLEAR_ALARM, 1, 4, 4, 0, "", word_fields, 1},
    {"ALARM_STATUS", ALARM_STATUS, 1, 4, 4, 0, "", bit_fields, 1},
    {"CLEAR_INTERRUPT", CLEAR_INTERRUPT, 1, 4, 4, 0, "", word_fields, 1},
};

static const struct vd_param params[] = {
    {"epoch", VD_PARAM_U64, offsetof(struct rtc_config, epoch), 1767225600, 0, UINT64_C(1) << 33,
     NULL, "s", "the time at reset, in seconds since 1970; host time never enters"},
};

const struct vd_reg *rtc_regs(uint32_t *count)
{
    *count = sizeof(regs) / sizeof(regs[0]);
    return regs;
}

const struct vd_param *rtc_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}
