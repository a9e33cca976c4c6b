/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of one simulated machine that know no model, created together:
 *
 *     struct core *core = core_create(&config);
 *     bus_add_ram(core->bus, "ram", 0x80000000, size, 0, &err);
 *     struct port *port = port_create(core, "uart");
 *     struct uart *uart = uart_create(&uart_config, port_host(port), &err);
 *     port_wire(port, 0, &(struct port_wire){.sink = aplic_sink, .ctx = aplic, .arg = 10});
 *     bus_add_target(core->bus, &(struct bus_target){.name = "uart", .access = ...}, &err);
 *     sim_run(core->sim, limit);
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "core/bus.h"
#include "core/ledger.h"
#include "core/port.h"
#include "core/sim.h"
#include "core/trace.h"
#include "core/watch.h"

struct core_config {
    struct sim_config sim;
    struct bus_config bus;
    struct ledger_config ledger;
};

struct core {
    struct sim *sim;
    struct trace *trace;
    struct ledger *ledger;
    struct bus *bus;
    struct watch *watch; /* NULL: the ledger is off */
    struct port **ports; /* owned; index is the source id of their records */
    uint32_t num_ports;
};

struct core *core_create(const struct core_config *config);
/* Also destroys its ports; models are destroyed before. */
void core_destroy(struct core *core);

#endif
