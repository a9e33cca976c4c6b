/* SPDX-License-Identifier: BSD-2-Clause */
#include "aplic/aplic.h"

#include <stdlib.h>
#include <string.h>

#include "aplic/state.h"

static bool simple_access(const struct aplic *a, uint32_t domain, const struct vd_txn *txn)
{
    return domain < a->config.num_domains && (txn->cmd == VD_READ || txn->cmd == VD_WRITE) &&
           txn->size == 4 && txn->addr % 4 == 0 && txn->addr < UINT32_MAX &&
           !(txn->attrs & VD_ATOMIC);
}

static uint32_t in_order(const struct aplic *a, uint32_t domain, uint32_t offset, uint32_t value)
{
    bool big_endian;
    if (!aplic_fixed_order(offset, &big_endian))
        big_endian = a->state->domain[domain].domaincfg & DOMAINCFG_BE;
    return big_endian ? __builtin_bswap32(value) : value;
}

/* Only naturally aligned 32-bit simple reads and writes; all else is refused
 * [aia AdvPLIC-domainControlRegion]. */
enum vd_status aplic_access(struct aplic *aplic, uint32_t domain, struct vd_txn *txn)
{
    if (!simple_access(aplic, domain, txn)) {
        txn->status = VD_DENIED;
        return VD_DENIED;
    }
    txn->status = VD_OK;
    bool quiet = txn->attrs & VD_DEBUG;
    uint32_t offset = (uint32_t)txn->addr;
    if (txn->cmd == VD_READ)
        txn->data[0] =
            in_order(aplic, domain, offset, aplic_read_register(aplic, domain, offset, quiet));
    else if (!quiet)
        aplic_write_register(aplic, domain, offset,
                             in_order(aplic, domain, offset, (uint32_t)txn->data[0]));
    if (!quiet)
        aplic_pump(aplic);
    return VD_OK;
}

static void msi_due(void *ctx, uint32_t arg)
{
    (void)arg;
    aplic_pump(ctx);
}

uint64_t aplic_size(const struct aplic_config *config)
{
    uint64_t idcs = config->direct ? (uint64_t)config->harts * 32 : 0;
    return 0x4000 + ((idcs + 0xfff) & ~UINT64_C(0xfff));
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 32);
}

static uint32_t random_sourcecfg(const struct aplic *a, uint32_t domain, uint64_t *seed)
{
    uint32_t children = aplic_num_children(a, domain);
    if (children && next_random(seed) & 1)
        return SOURCECFG_D | next_random(seed) % children;
    return next_random(seed) & SOURCECFG_SM;
}

static void poison_source(struct aplic *a, uint32_t domain, uint32_t source, uint64_t *seed)
{
    aplic_write_sourcecfg(a, domain, source, random_sourcecfg(a, domain, seed));
    if (!aplic_active(a, domain, source))
        return;
    aplic_write_target(a, source, next_random(seed));
    aplic_put_enable(a, domain, source, next_random(seed) & 1);
    if (next_random(seed) & 1)
        aplic_set_pending(a, domain, source);
}

/* CHOICE: UNSPECIFIED state is fixed, or with config.poison whatever a seed says, so that firmware
 * that counts on it is found out. */
static void poison(struct aplic *a)
{
    uint64_t seed = a->config.poison;
    for (uint32_t d = 0; d < a->config.num_domains; d++)
        for (uint32_t i = 1; i <= a->config.sources; i++)
            poison_source(a, d, i, &seed);
    for (uint32_t i = 0; i < a->num_idcs; i++) {
        struct aplic_idc *idc = &aplic_idcs(a->state)[i];
        idc->idelivery = next_random(&seed) & 1;
        idc->iforce = next_random(&seed) & 1;
        idc->ithreshold = (uint8_t)(next_random(&seed) & vd_mask(0, a->config.iprio_bits));
    }
}

static void reset_lines(struct aplic *a)
{
    for (uint32_t i = 0; i < a->num_idcs; i++) {
        struct aplic_idc *idc = &aplic_idcs(a->state)[i];
        a->host.ops->cancel(a->host.ctx, &a->line_event[i]);
        if (idc->line)
            a->host.ops->wire(a->host.ctx, APLIC_LINE(i / a->config.harts, i % a->config.harts),
                              false);
        *idc = (struct aplic_idc){.line_at = VD_NEVER};
    }
}

/* The levels of the input pins are not the APLIC's to reset. */
void aplic_reset(struct aplic *aplic)
{
    struct aplic_state *s = aplic->state;
    aplic->host.ops->cancel(aplic->host.ctx, &aplic->msi_event);
    reset_lines(aplic);
    memset(s->ip, 0, offsetof(struct aplic_state, source) - offsetof(struct aplic_state, ip));
    for (uint32_t i = 0; i <= s->sources; i++)
        s->source[i] = (struct aplic_source){.owner = APLIC_NO_DOMAIN};
    s->stalled.at = VD_NEVER;
    for (uint32_t d = 0; d < APLIC_MAX_DOMAINS; d++)
        s->domain[d] = (struct aplic_domain){.domaincfg = aplic_legal_domaincfg(aplic, 0),
                                             .genmsi_at = VD_NEVER};
    if (aplic->config.poison)
        poison(aplic);
}

static bool tree_valid(const struct aplic_config *c, struct vd_error *err)
{
    if (c->num_domains > APLIC_MAX_DOMAINS)
        return vd_fail(err, "aplic: %u domains; 1 to %d are possible", c->num_domains,
                       APLIC_MAX_DOMAINS);
    if (!c->domains[0].machine || c->domains[0].parent != 0)
        return vd_fail(err, "aplic: domain 0 must be the root, at machine level");
    for (uint32_t d = 1; d < c->num_domains; d++) {
        if (c->domains[d].parent >= d)
            return vd_fail(err, "aplic: the parent of domain %u must come before it", d);
        if (!c->domains[c->domains[d].parent].machine)
            return vd_fail(err, "aplic: the parent of domain %u must be at machine level", d);
    }
    return true;
}

static bool config_valid(const struct aplic_config *c, struct vd_error *err)
{
    if (c->sources > APLIC_MAX_SOURCES)
        return vd_fail(err, "aplic: sources is %u; 1 to %d are possible", c->sources,
                       APLIC_MAX_SOURCES);
    if (c->harts > APLIC_MAX_HARTS)
        return vd_fail(err, "aplic: harts is %u; 1 to %d are possible", c->harts, APLIC_MAX_HARTS);
    if (c->guests > 63)
        return vd_fail(err, "aplic: guests is %u; 0 to 63 are possible", c->guests);
    if (c->iprio_bits > 8)
        return vd_fail(err, "aplic: iprio_bits is %u; 1 to 8 are possible", c->iprio_bits);
    if (!c->msi && !c->direct)
        return vd_fail(err, "aplic: neither msi nor direct delivery is supported");
    return tree_valid(c, err);
}

static void fill_defaults(struct aplic_config *c)
{
    c->sources = c->sources ? c->sources : 96;
    c->harts = c->harts ? c->harts : 1;
    c->iprio_bits = c->iprio_bits ? c->iprio_bits : 8;
    c->cycle_ps = c->cycle_ps ? c->cycle_ps : 1000;
    if (c->num_domains)
        return;
    c->num_domains = 2;
    c->domains[0] = (struct aplic_domain_config){.machine = true};
    c->domains[1] = (struct aplic_domain_config){.machine = false};
}

static struct aplic *allocate(const struct aplic_config *c, struct vd_error *err)
{
    uint32_t idcs = c->num_domains * c->harts;
    size_t size = sizeof(struct aplic_state) + (c->sources + 1) * sizeof(struct aplic_source) +
                  idcs * sizeof(struct aplic_idc);
    struct aplic *a = calloc(1, sizeof(*a));
    if (a) {
        a->line_event = calloc(idcs, sizeof(*a->line_event));
        a->state = calloc(1, size);
    }
    if (!a || !a->line_event || !a->state) {
        if (a) {
            free(a->line_event);
            free(a->state);
        }
        free(a);
        vd_fail(err, "aplic: out of memory");
        return NULL;
    }
    a->num_idcs = idcs;
    a->state->size = (uint32_t)size;
    a->state->sources = c->sources;
    return a;
}

struct aplic *aplic_create(const struct aplic_config *config, const struct vd_host *host,
                           struct vd_error *err)
{
    struct aplic_config c = *config;
    fill_defaults(&c);
    struct aplic *a = config_valid(&c, err) ? allocate(&c, err) : NULL;
    if (!a)
        return NULL;
    a->config = c;
    a->host = *host;
    a->msi_event = (struct vd_event){.fire = msi_due, .ctx = a};
    for (uint32_t i = 0; i < a->num_idcs; i++)
        a->line_event[i] = (struct vd_event){.fire = aplic_line_due, .ctx = a, .arg = i};
    aplic_reset(a);
    return a;
}

void aplic_destroy(struct aplic *aplic)
{
    if (!aplic)
        return;
    aplic->host.ops->cancel(aplic->host.ctx, &aplic->msi_event);
    for (uint32_t i = 0; i < aplic->num_idcs; i++)
        aplic->host.ops->cancel(aplic->host.ctx, &aplic->line_event[i]);
    free(aplic->line_event);
    free(aplic->state);
    free(aplic);
}
