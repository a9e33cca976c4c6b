/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/core.h"

#include <stdlib.h>

#include "core/port_state.h"

struct core *core_create(const struct core_config *config)
{
    struct core *core = calloc(1, sizeof(*core));
    if (!core)
        abort();
    core->sim = sim_create(&config->sim);
    core->trace = trace_create();
    core->ledger = ledger_create(&config->ledger);
    core->bus = bus_create(core, &config->bus);
    if (config->ledger.off)
        return core;
    trace_add_sink(core->trace, ledger_kinds(), ledger_record, core->ledger);
    core->watch = watch_create(core);
    return core;
}

void core_destroy(struct core *core)
{
    if (!core)
        return;
    for (uint32_t i = 0; i < core->num_ports; i++)
        port_destroy(core->ports[i]);
    free(core->ports);
    watch_destroy(core->watch);
    bus_destroy(core->bus);
    ledger_destroy(core->ledger);
    trace_destroy(core->trace);
    sim_destroy(core->sim);
    free(core);
}
