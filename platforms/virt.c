/* SPDX-License-Identifier: BSD-2-Clause */
#include "platforms/virt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platforms/virt_machine.h"

/* --- what the world calls: the models' functions in the port's shape --- */

static void hart_snooped(void *ctx, uint64_t spa, uint64_t size)
{
    hart_snoop(ctx, spa, size);
}

static void hart_revoked(void *ctx, uint64_t spa)
{
    hart_revoke(ctx, spa);
}

static void htif_snooped(void *ctx, uint64_t spa, uint64_t size)
{
    htif_snoop(ctx, spa, size);
}

static void aplic_completed(void *ctx, const struct vd_txn *txn)
{
    aplic_complete(ctx, txn);
}

static void pcie_completed(void *ctx, const struct vd_txn *txn)
{
    pcie_complete(ctx, txn);
}

static void mtime_written(void *ctx)
{
    struct virt *v = ctx;
    sim_set_mtime(v->core->sim, clint_mtime(v->clint));
}

static void exit_wanted(void *ctx, uint32_t status)
{
    struct virt *v = ctx;
    sim_exit(v->core->sim, status);
}

static void reset_wanted(void *ctx)
{
    struct virt *v = ctx;
    v->reset_wanted = true;
    sim_stop(v->core->sim);
}

static void byte_sent(void *ctx, uint8_t byte)
{
    struct virt *v = ctx;
    if (v->send)
        v->send(v->send_ctx, byte);
}

/* --- creation --- */

static struct port *new_port(struct virt *v, const char *kind, uint32_t number)
{
    char name[32];
    snprintf(name, sizeof(name), "%s%u", kind, number);
    return port_create(v->core, name);
}

static bool create_imsic(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct virt_hart *h = &v->harts[index];
    struct imsic_config config = v->config.imsic;
    config.hart = index;
    h->imsic_port = new_port(v, "imsic", index);
    h->imsic = imsic_create(&config, port_host(h->imsic_port), err);
    return h->imsic != NULL;
}

static bool create_hart(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct virt_hart *h = &v->harts[index];
    struct hart_config config = v->config.hart;
    config.index = index;
    config.hartid = index;
    if (virt_has_imsics(&v->config) && !create_imsic(v, index, err))
        return false;
    struct vd_imsic_port files = virt_files(v, index);
    h->port = new_port(v, "hart", index);
    config.seed = sim_seed(v->core->sim, port_name(h->port));
    h->hart = hart_create(&config, port_host(h->port), h->imsic ? &files : NULL, err);
    if (!h->hart)
        return false;
    port_attach(h->port, &(struct port_model){
                             .ctx = h->hart, .snoop = hart_snooped, .revoke = hart_revoked});
    ledger_set_hart(v->core->ledger, port_source(h->port), index);
    sim_add_runner(v->core->sim, hart_runner(h->hart));
    return true;
}

static bool create_aplic(struct virt *v, struct vd_error *err)
{
    struct aplic_config config = v->config.aplic;
    config.num_domains = 2;
    config.domains[0] = (struct aplic_domain_config){.machine = true, .parent = 0};
    config.domains[1] = (struct aplic_domain_config){.machine = false, .parent = 0};
    v->aplic_port = new_port(v, "aplic", 0);
    v->aplic = aplic_create(&config, port_host(v->aplic_port), err);
    if (!v->aplic)
        return false;
    port_attach(v->aplic_port, &(struct port_model){.ctx = v->aplic, .complete = aplic_completed});
    return true;
}

static bool create_endpoint(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct endpoint_config config = v->config.endpoint;
    v->endpoint_ports[index] = new_port(v, "endpoint", index);
    config.seed ^= sim_seed(v->core->sim, port_name(v->endpoint_ports[index]));
    v->endpoints[index] = endpoint_create(&config, port_host(v->endpoint_ports[index]), err);
    return v->endpoints[index] && pcie_plug(v->pcie, virt_endpoint_number(&v->config, index) << 3,
                                            endpoint_function(v->endpoints[index]), err);
}

static bool create_pcie(struct virt *v, struct vd_error *err)
{
    v->pcie_port = new_port(v, "pcie", 0);
    v->pcie = pcie_create(&v->config.pcie, port_host(v->pcie_port), err);
    if (!v->pcie)
        return false;
    port_attach(v->pcie_port, &(struct port_model){.ctx = v->pcie,
                                                   .complete = pcie_completed,
                                                   .upstream = virt_upstream,
                                                   .upstream_ctx = v});
    if (!virt_connect_iommus(v, err))
        return false;
    for (uint32_t i = 0; i < v->config.machine.endpoints; i++)
        if (!create_endpoint(v, i, err))
            return false;
    return virt_create_devices(v, err);
}

static bool create_fw_cfg(struct virt *v, struct vd_error *err)
{
    v->fw_cfg_port = new_port(v, "fw_cfg", 0);
    v->fw_cfg = fw_cfg_create(&v->config.fw_cfg, port_host(v->fw_cfg_port), err);
    return v->fw_cfg != NULL;
}

static bool create_board(struct virt *v, struct vd_error *err)
{
    const struct virt_machine_config *m = &v->config.machine;
    struct clint_config clint = {.harts = m->harts, .frequency_hz = m->timebase};
    struct finisher_config finisher = {0};
    struct rtc_config rtc = v->config.rtc;
    v->clint_port = new_port(v, "clint", 0);
    v->finisher_port = new_port(v, "finisher", 0);
    v->uart_port = new_port(v, "uart", 0);
    v->rtc_port = new_port(v, "rtc", 0);
    v->clint = clint_create(&clint, port_host(v->clint_port), err);
    v->finisher = v->clint ? finisher_create(&finisher, port_host(v->finisher_port), err) : NULL;
    v->uart = v->finisher ? uart_create(&v->config.uart, port_host(v->uart_port), err) : NULL;
    v->rtc = v->uart ? rtc_create(&rtc, port_host(v->rtc_port), err) : NULL;
    if (!v->rtc || !create_fw_cfg(v, err))
        return false;
    clint_connect(v->clint, mtime_written, v);
    finisher_connect(v->finisher,
                     &(struct finisher_port){.exit = exit_wanted, .reset = reset_wanted, .ctx = v});
    uart_connect(v->uart, byte_sent, v);
    return true;
}

static bool create_models(struct virt *v, struct vd_error *err)
{
    if (!create_board(v, err) || !create_aplic(v, err) || !virt_create_iommus(v, err) ||
        !create_pcie(v, err))
        return false;
    for (uint32_t hart = 0; hart < v->config.machine.harts; hart++)
        if (!create_hart(v, hart, err))
            return false;
    virt_wire(v);
    return virt_map(v, err) && virt_create_flashes(v, err);
}

struct virt *virt_create(const struct virt_config *config, struct vd_error *err)
{
    const struct virt_machine_config *m = &config->machine;
    struct core_config core = {
        .sim = {.quantum = m->quantum * m->cycle_ps,
                .step = m->cycle_ps,
                .mtime_period = UINT64_C(1000000000000) / m->timebase,
                .seed = m->seed},
        .bus = {.ram_read = config->bus.ram_read * m->cycle_ps,
                .ram_write = config->bus.ram_write * m->cycle_ps},
        .ledger = {.cycle_ps = m->cycle_ps,
                   .ids = config->imsic.ids,
                   .guest_ids = config->imsic.guest_ids,
                   .unspecified_reset = config->imsic.poison != 0,
                   .notices_optional = config->iommu.notice_if_enabled,
                   .off = !m->ledger},
    };
    struct virt *v = calloc(1, sizeof(*v));
    if (!v) {
        vd_fail(err, "no memory for the machine");
        return NULL;
    }
    v->config = *config;
    v->core = core_create(&core);
    if (!create_models(v, err)) {
        virt_destroy(v);
        return NULL;
    }
    return v;
}

bool virt_add_htif(struct virt *v, uint64_t tohost, uint64_t fromhost, struct vd_error *err)
{
    struct htif_config config = {.tohost = tohost, .fromhost = fromhost};
    if (v->htif)
        return true;
    v->htif_port = new_port(v, "htif", 0);
    v->htif = htif_create(&config, port_host(v->htif_port), err);
    if (!v->htif)
        return false;
    port_attach(v->htif_port, &(struct port_model){.ctx = v->htif, .snoop = htif_snooped});
    htif_connect(v->htif, &(struct htif_port){.output = byte_sent, .exit = exit_wanted, .ctx = v});
    return true;
}

void virt_destroy(struct virt *v)
{
    if (!v)
        return;
    for (uint32_t hart = 0; hart < v->config.machine.harts; hart++) {
        hart_destroy(v->harts[hart].hart);
        imsic_destroy(v->harts[hart].imsic);
    }
    for (uint32_t i = 0; i < v->config.machine.endpoints; i++)
        endpoint_destroy(v->endpoints[i]);
    virt_destroy_devices(v);
    pcie_destroy(v->pcie);
    virt_destroy_iommus(v);
    aplic_destroy(v->aplic);
    clint_destroy(v->clint);
    finisher_destroy(v->finisher);
    uart_destroy(v->uart);
    rtc_destroy(v->rtc);
    fw_cfg_destroy(v->fw_cfg);
    virt_destroy_flashes(v);
    htif_destroy(v->htif);
    core_destroy(v->core);
    free(v);
}

/* --- running --- */

static void reset(struct virt *v)
{
    clint_reset(v->clint);
    finisher_reset(v->finisher);
    uart_reset(v->uart);
    rtc_reset(v->rtc);
    fw_cfg_reset(v->fw_cfg);
    virt_reset_flashes(v);
    if (v->htif)
        htif_reset(v->htif);
    aplic_reset(v->aplic);
    virt_reset_iommus(v);
    pcie_reset(v->pcie);
    for (uint32_t i = 0; i < v->config.machine.endpoints; i++)
        endpoint_reset(v->endpoints[i]);
    virt_reset_devices(v);
    for (uint32_t hart = 0; hart < v->config.machine.harts; hart++) {
        if (v->harts[hart].imsic)
            imsic_reset(v->harts[hart].imsic);
        hart_reset(v->harts[hart].hart);
    }
    v->reset_wanted = false;
}

enum sim_end virt_run(struct virt *v, vd_time until, struct vd_error *err)
{
    for (;;) {
        enum sim_end end = sim_run(v->core->sim, until);
        if (end != SIM_STOPPED || !v->reset_wanted)
            return end;
        if (v->may_reset && !v->may_reset(v->guard_ctx))
            return SIM_STOPPED;
        reset(v);
        if (!virt_load(v, err))
            return SIM_STOPPED;
    }
}

void virt_guard_reset(struct virt *v, bool (*may_reset)(void *ctx), void *ctx)
{
    v->may_reset = may_reset;
    v->guard_ctx = ctx;
}

bool virt_wants_reset(const struct virt *v)
{
    return v->reset_wanted;
}

void virt_console(struct virt *v, void (*send)(void *ctx, uint8_t byte), void *ctx)
{
    v->send = send;
    v->send_ctx = ctx;
}

/* Firmware that knows HTIF too still prefers the UART of the devicetree. */
static bool console_is_htif(const struct virt *v)
{
    return v->htif && strcmp(v->config.machine.bios, "none") == 0;
}

bool virt_console_ready(const struct virt *v)
{
    return console_is_htif(v) ? htif_room(v->htif) > 0 : uart_room(v->uart) > 0;
}

bool virt_console_listens(const struct virt *v)
{
    return !console_is_htif(v) && uart_listens(v->uart);
}

bool virt_console_in_memory(const struct virt *v)
{
    return console_is_htif(v);
}

void virt_console_receive(struct virt *v, uint8_t byte)
{
    if (console_is_htif(v))
        htif_receive(v->htif, byte);
    else
        uart_receive(v->uart, byte);
}

bool virt_signature(const struct virt *v, uint64_t *start, uint64_t *end)
{
    *start = v->signature;
    *end = v->signature_end;
    return v->signature != v->signature_end;
}

struct core *virt_core(struct virt *v)
{
    return v->core;
}

const struct virt_config *virt_config(const struct virt *v)
{
    return &v->config;
}

struct hart *virt_hart(struct virt *v, uint32_t index)
{
    return v->harts[index].hart;
}

struct vd_imsic_port virt_files(const struct virt *v, uint32_t hart)
{
    struct imsic *imsic = v->harts[hart].imsic;
    return imsic ? imsic_port(imsic) : (struct vd_imsic_port){0};
}

uint32_t virt_num_timers(const struct virt *v)
{
    uint32_t count = clint_num_timers(v->clint);
    for (uint32_t hart = 0; hart < v->config.machine.harts; hart++)
        count += hart_num_timers(v->harts[hart].hart);
    return count;
}

bool virt_idle(const struct virt *v)
{
    bool idle = bus_in_flight(v->core->bus) == 0 && pcie_idle(v->pcie) && virt_iommus_idle(v) &&
                virt_devices_idle(v);
    for (uint32_t i = 0; idle && i < v->config.machine.endpoints; i++)
        idle = endpoint_idle(v->endpoints[i]);
    return idle;
}

bool virt_asleep(const struct virt *v)
{
    for (uint32_t hart = 0; hart < v->config.machine.harts; hart++)
        if (!hart_runner(v->harts[hart].hart)->asleep)
            return false;
    return true;
}

/* --- what is said about it --- */

static void set(struct stats *stats, const char *part, uint32_t index, const char *what,
                uint64_t value)
{
    char name[64];
    snprintf(name, sizeof(name), "%s%u.%s", part, index, what);
    stats_set(stats, name, value);
}

void virt_stats(struct virt *v, struct stats *stats)
{
    struct sim *sim = v->core->sim;
    stats_set(stats, "sim.cycles", sim_now(sim) / v->config.machine.cycle_ps);
    stats_set(stats, "sim.inexact", sim_inexact(sim));
    stats_set(stats, "trace.hash", trace_hash(v->core->trace));
    for (uint32_t hart = 0; hart < v->config.machine.harts; hart++) {
        struct hart_counts counts = hart_counts(v->harts[hart].hart);
        set(stats, "hart", hart, "instructions", counts.instructions);
        set(stats, "hart", hart, "cycles", counts.cycles);
        set(stats, "hart", hart, "traps", counts.traps);
        set(stats, "hart", hart, "interrupts", counts.interrupts);
    }
    for (uint32_t kind = 0; kind < VD_REC_COUNT; kind++) {
        char name[64];
        snprintf(name, sizeof(name), "records.%s", trace_kind(kind)->name);
        stats_set(stats, name, trace_count(v->core->trace, kind));
    }
}
