/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of an APLIC and what its parts know of each other. */
#ifndef APLIC_STATE_H
#define APLIC_STATE_H

#include "aplic/aplic.h"
#include "viaduct/bits.h"

enum { APLIC_WORDS = 16, APLIC_ROOT = 0, APLIC_NO_DOMAIN = 0xff, APLIC_MAX_HARTS = 16384 };

/* domaincfg */
enum { DOMAINCFG_BE = 1u << 0, DOMAINCFG_DM = 1u << 2, DOMAINCFG_IE = 1u << 8 };

/* sourcecfg */
enum { SOURCECFG_D = 1u << 10, SOURCECFG_CHILD = 0x3ff, SOURCECFG_SM = 7 };
enum { SM_INACTIVE = 0, SM_DETACHED = 1, SM_EDGE1 = 4, SM_EDGE0 = 5, SM_LEVEL1 = 6, SM_LEVEL0 = 7 };

/* target and genmsi */
enum { TARGET_HART_LSB = 18, TARGET_GUEST_LSB = 12, TARGET_EIID = 0x7ff, GENMSI_BUSY = 1u << 12 };

struct aplic_domain {
    uint32_t domaincfg; /* its writable bits */
    uint32_t genmsi;
    vd_time genmsi_at; /* when the extempore MSI can leave, or VD_NEVER */
};

/* Interrupt delivery control of one hart in one domain. */
struct aplic_idc {
    uint8_t idelivery, iforce, ithreshold;
    uint8_t line; /* the level into the hart */
    uint32_t pad;
    vd_time line_at; /* when the line follows, or VD_NEVER */
};

/* An MSI that the bus has not taken yet. */
struct aplic_stalled {
    uint64_t addr, serial;
    vd_time at; /* when to ask again, or VD_NEVER: there is none */
    uint32_t data;
    uint32_t extempore; /* domain + 1 whose genmsi it is, or 0 */
};

/* A source is active in at most one domain, its owner, so that what belongs to a source exists
 * once; only sourcecfg is kept per domain. */
struct aplic_source {
    vd_time ready_at; /* when its MSI can leave; 0: it is not armed */
    uint32_t target;
    uint8_t owner; /* the domain, or APLIC_NO_DOMAIN */
    uint8_t pad[3];
    uint16_t sourcecfg[APLIC_MAX_DOMAINS];
};

struct aplic_state {
    uint32_t size, sources;
    uint64_t wire[APLIC_WORDS];
    uint64_t ip[APLIC_WORDS];
    uint64_t ie[APLIC_WORDS];
    uint64_t armed[APLIC_WORDS]; /* ready_at is valid: an MSI is on its way out */
    struct aplic_domain domain[APLIC_MAX_DOMAINS];
    uint32_t mmsiaddrcfg, mmsiaddrcfgh, smsiaddrcfg, smsiaddrcfgh;
    vd_time free_at; /* from when on the next MSI may leave */
    struct aplic_stalled stalled;
    struct aplic_source source[]; /* sources + 1; behind them the aplic_idc, domains x harts */
};

struct aplic {
    struct aplic_config config;
    struct vd_host host;
    struct vd_event msi_event;
    struct vd_event *line_event; /* one per idc */
    uint32_t num_idcs;
    bool sending; /* an MSI is on its way through the bus: see aplic_pump() */
    bool by_pin;  /* what changes now does so because an input pin has */
    struct aplic_state *state;
};

static inline bool aplic_bit(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static inline void aplic_put_bit(uint64_t *bits, uint32_t i, bool value)
{
    bits[i / 64] = (bits[i / 64] & ~VD_BIT(i % 64)) | (uint64_t)value << (i % 64);
}

static inline vd_time aplic_now(const struct aplic *a)
{
    return a->host.ops->now(a->host.ctx);
}

static inline bool aplic_delivers_msis(const struct aplic *a, uint32_t domain)
{
    return a->state->domain[domain].domaincfg & DOMAINCFG_DM;
}

static inline bool aplic_active(const struct aplic *a, uint32_t domain, uint32_t source)
{
    return source >= 1 && source <= a->config.sources && a->state->source[source].owner == domain;
}

/* Those of domain 0 first. */
static inline struct aplic_idc *aplic_idcs(struct aplic_state *s)
{
    return (struct aplic_idc *)(void *)&s->source[s->sources + 1];
}

static inline struct aplic_idc *aplic_idc(const struct aplic *a, uint32_t domain, uint32_t hart)
{
    return &aplic_idcs(a->state)[(size_t)domain * a->config.harts + hart];
}

/* How many words of a bit set there are sources for. */
static inline uint32_t aplic_words(const struct aplic *a)
{
    return a->config.sources / 64 + 1;
}

static inline uint32_t aplic_target_hart(uint32_t target)
{
    return target >> TARGET_HART_LSB;
}

/* domains.c: the tree and the configuration of sources. */
uint32_t aplic_num_children(const struct aplic *a, uint32_t domain);
bool aplic_visible(const struct aplic *a, uint32_t domain, uint32_t source);
uint32_t aplic_find_owner(const struct aplic *a, uint32_t source);
uint32_t aplic_legal_sourcecfg(const struct aplic *a, uint32_t domain, uint32_t value);
void aplic_write_sourcecfg(struct aplic *a, uint32_t domain, uint32_t source, uint32_t value);
uint32_t aplic_legal_domaincfg(const struct aplic *a, uint32_t value);
void aplic_write_domaincfg(struct aplic *a, uint32_t domain, uint32_t value);
uint32_t aplic_legal_target(const struct aplic *a, uint32_t domain, uint32_t value, uint32_t old);
void aplic_write_target(struct aplic *a, uint32_t source, uint32_t value);

/* pending.c: the precise effects on interrupt-pending bits. */
bool aplic_rectified(const struct aplic *a, uint32_t source);
void aplic_put_pending(struct aplic *a, uint32_t source, bool value);
void aplic_set_pending(struct aplic *a, uint32_t domain, uint32_t source);
void aplic_clear_pending(struct aplic *a, uint32_t domain, uint32_t source);
void aplic_put_enable(struct aplic *a, uint32_t domain, uint32_t source, bool value);
void aplic_level_rule(struct aplic *a, uint32_t source, bool configured);

/* msi.c: forwarding by MSIs. */
bool aplic_wants_msi(const struct aplic *a, uint32_t source);
void aplic_refresh_msi(struct aplic *a, uint32_t source);
void aplic_pump(struct aplic *a);
void aplic_schedule(struct aplic *a);
void aplic_write_genmsi(struct aplic *a, uint32_t domain, uint32_t value);

/* direct.c: delivery by wires. */
uint32_t aplic_topi(const struct aplic *a, uint32_t domain, uint32_t hart);
uint32_t aplic_claimi(struct aplic *a, uint32_t domain, uint32_t hart);
void aplic_refresh_line(struct aplic *a, uint32_t domain, uint32_t hart);
void aplic_line_due(void *ctx, uint32_t idc);

/* registers.c */
uint32_t aplic_read_register(struct aplic *a, uint32_t domain, uint32_t offset, bool quiet);
void aplic_write_register(struct aplic *a, uint32_t domain, uint32_t offset, uint32_t value);
bool aplic_fixed_order(uint32_t offset, bool *big_endian);

/* After a change of a source: its MSI or the line of its hart follows. */
static inline void aplic_refresh_source(struct aplic *a, uint32_t source)
{
    uint32_t owner = a->state->source[source].owner;
    aplic_refresh_msi(a, source);
    if (owner != APLIC_NO_DOMAIN)
        aplic_refresh_line(a, owner, aplic_target_hart(a->state->source[source].target));
}

#endif
