/* SPDX-License-Identifier: BSD-2-Clause */
/* The control region of a domain [aia AdvPLIC-domainControlRegion]. */
#include "aplic/state.h"
#include "aplic/tables.h"

enum { MMSIADDRCFGH_L = 1u << 31, MMSIADDRCFGH_MASK = 0x9f77ffff, SMSIADDRCFGH_MASK = 0x00700fff };

/* --- domain and source configuration --- */

static uint32_t read_domaincfg(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)k;
    (void)quiet;
    return 0x80000000 | a->state->domain[domain].domaincfg;
}

static void write_domaincfg(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    aplic_write_domaincfg(a, domain, value);
}

static uint32_t read_sourcecfg(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)quiet;
    return k < a->config.sources ? a->state->source[k + 1].sourcecfg[domain] : 0;
}

static void write_sourcecfg(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    aplic_write_sourcecfg(a, domain, k + 1, value);
}

static uint32_t read_target(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)quiet;
    return aplic_active(a, domain, k + 1) ? a->state->source[k + 1].target : 0;
}

static void write_target(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    if (aplic_active(a, domain, k + 1))
        aplic_write_target(a, k + 1, value);
}

/* --- MSI address configuration --- */

static bool has_mmsi(const struct aplic *a, uint32_t domain)
{
    return a->config.msi && a->config.domains[domain].machine;
}

static bool has_smsi(const struct aplic *a, uint32_t domain)
{
    bool supervisor = false;
    for (uint32_t d = 0; d < a->config.num_domains; d++)
        supervisor |= !a->config.domains[d].machine;
    return supervisor && has_mmsi(a, domain);
}

static bool msi_addresses_writable(const struct aplic *a, uint32_t domain)
{
    return domain == APLIC_ROOT && !(a->state->mmsiaddrcfgh & MMSIADDRCFGH_L);
}

static uint32_t read_mmsiaddrcfg(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)k;
    (void)quiet;
    return has_mmsi(a, domain) ? a->state->mmsiaddrcfg : 0;
}

static void write_mmsiaddrcfg(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    if (has_mmsi(a, domain) && msi_addresses_writable(a, domain))
        a->state->mmsiaddrcfg = value;
}

/* CHOICE: machine domains below the root have read-only copies, with L always one. */
static uint32_t read_mmsiaddrcfgh(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)k;
    (void)quiet;
    if (!has_mmsi(a, domain))
        return 0;
    return a->state->mmsiaddrcfgh | (domain == APLIC_ROOT ? 0 : (uint32_t)MMSIADDRCFGH_L);
}

static void write_mmsiaddrcfgh(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    if (has_mmsi(a, domain) && msi_addresses_writable(a, domain))
        a->state->mmsiaddrcfgh = value & (uint32_t)MMSIADDRCFGH_MASK;
}

static uint32_t read_smsiaddrcfg(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)k;
    (void)quiet;
    return has_smsi(a, domain) ? a->state->smsiaddrcfg : 0;
}

static void write_smsiaddrcfg(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    if (has_smsi(a, domain) && msi_addresses_writable(a, domain))
        a->state->smsiaddrcfg = value;
}

static uint32_t read_smsiaddrcfgh(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)k;
    (void)quiet;
    return has_smsi(a, domain) ? a->state->smsiaddrcfgh : 0;
}

static void write_smsiaddrcfgh(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    if (has_smsi(a, domain) && msi_addresses_writable(a, domain))
        a->state->smsiaddrcfgh = value & SMSIADDRCFGH_MASK;
}

/* --- pending and enable bits, 32 sources at a time --- */

static uint32_t word_of(const struct aplic *a, const uint64_t *bits, uint32_t domain, uint32_t k)
{
    uint32_t word = 0;
    for (uint32_t bit = 0; bit < 32; bit++)
        if (aplic_active(a, domain, k * 32 + bit))
            word |= (uint32_t)aplic_bit(bits, k * 32 + bit) << bit;
    return word;
}

static uint32_t read_setip(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)quiet;
    return word_of(a, a->state->ip, domain, k);
}

static void write_setip(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    for (; value; value &= value - 1)
        aplic_set_pending(a, domain, k * 32 + (uint32_t)__builtin_ctz(value));
}

static uint32_t read_in_clrip(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)quiet;
    uint32_t word = 0;
    for (uint32_t bit = 0; bit < 32; bit++)
        if (aplic_active(a, domain, k * 32 + bit))
            word |= (uint32_t)aplic_rectified(a, k * 32 + bit) << bit;
    return word;
}

static void write_in_clrip(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    for (; value; value &= value - 1)
        aplic_clear_pending(a, domain, k * 32 + (uint32_t)__builtin_ctz(value));
}

static uint32_t read_setie(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)quiet;
    return word_of(a, a->state->ie, domain, k);
}

static void write_setie(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    for (; value; value &= value - 1)
        aplic_put_enable(a, domain, k * 32 + (uint32_t)__builtin_ctz(value), true);
}

static void write_clrie(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    for (; value; value &= value - 1)
        aplic_put_enable(a, domain, k * 32 + (uint32_t)__builtin_ctz(value), false);
}

/* --- the same by number --- */

static uint32_t read_zero(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)a;
    (void)domain;
    (void)k;
    (void)quiet;
    return 0;
}

static void write_setipnum(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    aplic_set_pending(a, domain, value);
}

static void write_clripnum(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    aplic_clear_pending(a, domain, value);
}

static void write_setienum(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    aplic_put_enable(a, domain, value, true);
}

static void write_clrienum(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    aplic_put_enable(a, domain, value, false);
}

static uint32_t read_genmsi(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)k;
    (void)quiet;
    return aplic_delivers_msis(a, domain) ? a->state->domain[domain].genmsi : 0;
}

static void write_genmsi(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    (void)k;
    aplic_write_genmsi(a, domain, value);
}

/* --- interrupt delivery control --- */

static bool has_idc(const struct aplic *a, uint32_t hart)
{
    return a->config.direct && hart < a->config.harts;
}

static uint32_t read_idelivery(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)quiet;
    return has_idc(a, k) ? aplic_idc(a, domain, k)->idelivery : 0;
}

static void write_idelivery(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    if (!has_idc(a, k))
        return;
    aplic_idc(a, domain, k)->idelivery = value & 1;
    aplic_refresh_line(a, domain, k);
}

static uint32_t read_iforce(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)quiet;
    return has_idc(a, k) ? aplic_idc(a, domain, k)->iforce : 0;
}

static void write_iforce(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    if (!has_idc(a, k))
        return;
    aplic_idc(a, domain, k)->iforce = value & 1;
    aplic_refresh_line(a, domain, k);
}

static uint32_t read_ithreshold(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)quiet;
    return has_idc(a, k) ? aplic_idc(a, domain, k)->ithreshold : 0;
}

static void write_ithreshold(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value)
{
    if (!has_idc(a, k))
        return;
    aplic_idc(a, domain, k)->ithreshold = (uint8_t)(value & vd_mask(0, a->config.iprio_bits));
    aplic_refresh_line(a, domain, k);
}

static uint32_t read_topi(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    (void)quiet;
    return has_idc(a, k) ? aplic_topi(a, domain, k) : 0;
}

static uint32_t read_claimi(struct aplic *a, uint32_t domain, uint32_t k, bool quiet)
{
    if (!has_idc(a, k))
        return 0;
    return quiet ? aplic_topi(a, domain, k) : aplic_claimi(a, domain, k);
}

/* --- decoding --- */

struct hooks {
    uint32_t (*read)(struct aplic *a, uint32_t domain, uint32_t k, bool quiet);
    void (*write)(struct aplic *a, uint32_t domain, uint32_t k, uint32_t value);
};

static const struct hooks hooks[APLIC_ROWS] = {
    [ROW_domaincfg] = {read_domaincfg, write_domaincfg},
    [ROW_sourcecfg] = {read_sourcecfg, write_sourcecfg},
    [ROW_mmsiaddrcfg] = {read_mmsiaddrcfg, write_mmsiaddrcfg},
    [ROW_mmsiaddrcfgh] = {read_mmsiaddrcfgh, write_mmsiaddrcfgh},
    [ROW_smsiaddrcfg] = {read_smsiaddrcfg, write_smsiaddrcfg},
    [ROW_smsiaddrcfgh] = {read_smsiaddrcfgh, write_smsiaddrcfgh},
    [ROW_setip] = {read_setip, write_setip},
    [ROW_setipnum] = {read_zero, write_setipnum},
    [ROW_in_clrip] = {read_in_clrip, write_in_clrip},
    [ROW_clripnum] = {read_zero, write_clripnum},
    [ROW_setie] = {read_setie, write_setie},
    [ROW_setienum] = {read_zero, write_setienum},
    [ROW_clrie] = {read_zero, write_clrie},
    [ROW_clrienum] = {read_zero, write_clrienum},
    [ROW_setipnum_le] = {read_zero, write_setipnum},
    [ROW_setipnum_be] = {read_zero, write_setipnum},
    [ROW_genmsi] = {read_genmsi, write_genmsi},
    [ROW_target] = {read_target, write_target},
    [ROW_idelivery] = {read_idelivery, write_idelivery},
    [ROW_iforce] = {read_iforce, write_iforce},
    [ROW_ithreshold] = {read_ithreshold, write_ithreshold},
    [ROW_topi] = {read_topi, NULL},
    [ROW_claimi] = {read_claimi, NULL},
};

/* The rows ascend by offset, and those of the IDCs, the last ones, repeat: the row is the last that
 * does not begin behind the place in the first IDC. */
static const struct hooks *find_register(uint32_t offset, uint32_t *k)
{
    uint32_t count;
    const struct vd_reg *regs = aplic_regs(&count);
    const struct vd_reg *idc = &regs[ROW_idelivery];
    uint32_t place = offset < idc->offset ? offset : idc->offset + offset % idc->stride;
    uint32_t row = 0;
    for (uint32_t step = 16; step; step /= 2)
        if (row + step < count && regs[row + step].offset <= place)
            row += step;
    uint32_t distance = offset - regs[row].offset;
    *k = distance / regs[row].stride;
    return distance % regs[row].stride == 0 && *k < regs[row].count ? &hooks[row] : NULL;
}

uint32_t aplic_read_register(struct aplic *a, uint32_t domain, uint32_t offset, bool quiet)
{
    uint32_t k;
    const struct hooks *h = find_register(offset, &k);
    return h ? h->read(a, domain, k, quiet) : 0;
}

void aplic_write_register(struct aplic *a, uint32_t domain, uint32_t offset, uint32_t value)
{
    uint32_t k;
    const struct hooks *h = find_register(offset, &k);
    if (h && h->write)
        h->write(a, domain, k, value);
}

/* setipnum_le and setipnum_be have their own byte order whatever BE says. */
bool aplic_fixed_order(uint32_t offset, bool *big_endian)
{
    uint32_t count;
    const struct vd_reg *regs = aplic_regs(&count);
    *big_endian = offset == regs[ROW_setipnum_be].offset;
    return *big_endian || offset == regs[ROW_setipnum_le].offset;
}
