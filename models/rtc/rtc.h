/* SPDX-License-Identifier: BSD-2-Clause */
/* A real-time clock with the registers of google,goldfish-rtc.  It knows no host time: it counts
 * from the epoch in its configuration. */
#ifndef RTC_H
#define RTC_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

struct rtc_config {
    uint64_t epoch; /* seconds since 1970 at time 0 */
};

struct rtc;

struct rtc *rtc_create(const struct rtc_config *config, const struct vd_host *host,
                       struct vd_error *err);
void rtc_destroy(struct rtc *rtc);
void rtc_reset(struct rtc *rtc);
/* Target port: txn->addr is the offset in the page.  Line 0 is the interrupt. */
enum vd_status rtc_access(struct rtc *rtc, struct vd_txn *txn);
size_t rtc_save(const struct rtc *rtc, void *buffer, size_t capacity);
bool rtc_restore(struct rtc *rtc, const void *buffer, size_t size);
const struct vd_reg *rtc_regs(uint32_t *count);
const struct vd_param *rtc_params(uint32_t *count);

#endif
