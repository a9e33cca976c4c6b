/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of a port, shared by port and bus. */
#ifndef CORE_PORT_STATE_H
#define CORE_PORT_STATE_H

#include "core/pool.h"
#include "core/port.h"

enum { PORT_NO_CLIENT = UINT32_MAX };

/* When the last write of one requester takes effect: its later ones may not pass it. */
struct stream {
    uint32_t requester;
    vd_time last;
};

struct wire_end {
    struct port_wire wire;
    struct port *port;
};

struct port_line {
    bool level;
    struct wire_end **ends;
    uint32_t num_ends;
};

struct port {
    struct vd_host host;
    struct core *core;
    struct port_model model;
    char name[48];
    uint16_t source;
    uint32_t client; /* bit in struct ram_page, PORT_NO_CLIENT: none yet */
    struct port_line *lines;
    uint32_t num_lines;
    struct pool edges; /* struct edge: on their way over a wire */
    struct stream *streams;
    uint32_t num_streams;
    vd_time last;   /* of all streams */
    vd_time *lands; /* by target: when this port's last store there takes effect */
    uint32_t num_lands;
};

void port_destroy(struct port *port);

#endif
