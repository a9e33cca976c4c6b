/* SPDX-License-Identifier: BSD-2-Clause */
#include "imsic/imsic.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "imsic/state.h"

enum {
    SELECT_EIDELIVERY = 0x70,
    SELECT_EITHRESHOLD = 0x72,
    SELECT_EIP0 = 0x80,
    SELECT_EIE0 = 0xc0,
    SELECT_END = 0x100,
    SETEIPNUM_LE = 0x000,
    SETEIPNUM_BE = 0x004,
};

static vd_time now(const struct imsic *m)
{
    return m->host.ops->now(m->host.ctx);
}

static void emit(const struct imsic *m, struct vd_record rec)
{
    m->host.ops->trace(m->host.ctx, &rec);
}

static uint64_t file_name(const struct imsic *m, uint32_t file)
{
    return VD_FILE(m->config.hart, file);
}

static uint64_t *serial_of(const struct imsic *m, uint32_t file, uint32_t identity)
{
    uint64_t *serials = (uint64_t *)(void *)&m->state->file[m->state->files];
    return &serials[(size_t)file * m->stride + identity];
}

static void refresh_top(struct imsic_file *f, uint32_t w)
{
    uint32_t bit = UINT32_C(1) << w;
    f->top = f->eip[w] & f->eie[w] ? f->top | bit : f->top & ~bit;
}

/* The lowest identity that is pending, enabled and under the threshold, or 0.  eidelivery has no
 * part in it [aia IMSIC-reg-eidelivery]. */
static uint32_t top_identity(const struct imsic_file *f)
{
    if (!f->top)
        return 0;
    uint32_t w = (uint32_t)__builtin_ctz(f->top);
    uint32_t identity = w * 64 + (uint32_t)__builtin_ctzll(f->eip[w] & f->eie[w]);
    return f->eithreshold && identity >= f->eithreshold ? 0 : identity;
}

static bool signal_level(const struct imsic_file *f)
{
    if (f->eidelivery == IMSIC_EIDELIVERY_DIRECT)
        return f->wire;
    return f->eidelivery == 1 && top_identity(f) != 0;
}

static uint32_t line_number(uint32_t file)
{
    if (file == VD_IMSIC_FILE_M)
        return VD_LINE_MEIP;
    return file == VD_IMSIC_FILE_S ? VD_LINE_SEIP : VD_LINE_HGEIP + (file - VD_IMSIC_FILE_S);
}

static void drive_line(struct imsic *m, uint32_t file)
{
    struct imsic_file *f = &m->state->file[file];
    bool level = signal_level(f);
    if (f->line_at != VD_NEVER) {
        f->line_at = VD_NEVER;
        m->host.ops->cancel(m->host.ctx, &m->line_event[file]);
    }
    if (level == f->line)
        return;
    f->line = level;
    m->host.ops->wire(m->host.ctx, line_number(file), level);
}

static void line_due(void *ctx, uint32_t file)
{
    drive_line(ctx, file);
}

static void line_follows(struct imsic *m, uint32_t file, uint32_t cycles)
{
    struct imsic_file *f = &m->state->file[file];
    vd_time at = now(m) + cycles * m->config.cycle_ps;
    if (!cycles || signal_level(f) == f->line) {
        drive_line(m, file);
    } else if (at < f->line_at) {
        f->line_at = at;
        m->host.ops->post(m->host.ctx, &m->line_event[file], at);
    }
}

static bool same_cycle(const struct imsic *m, vd_time then)
{
    return then != VD_NEVER && then / m->config.cycle_ps == now(m) / m->config.cycle_ps;
}

static bool claim_swallows(const struct imsic *m, const struct imsic_file *f)
{
    return m->config.defect == IMSIC_DEFECT_CLAIM_DROPS && same_cycle(m, f->claim_at);
}

static void clear_pending(struct imsic *m, uint32_t file, uint32_t identity)
{
    struct imsic_file *f = &m->state->file[file];
    f->eip[identity / 64] &= ~VD_BIT(identity % 64);
    refresh_top(f, identity / 64);
    *serial_of(m, file, identity) = 0;
}

void imsic_record(struct imsic *m, const struct imsic_msi *msi)
{
    uint32_t file = msi->file, identity = msi->identity, w = identity / 64;
    struct imsic_file *f = &m->state->file[file];
    if (claim_swallows(m, f))
        return;
    bool was_pending = f->eip[w] >> (identity % 64) & 1;
    if (!was_pending) {
        f->eip[w] |= VD_BIT(identity % 64);
        refresh_top(f, w);
        *serial_of(m, file, identity) = msi->serial;
        f->msi_at = now(m);
        f->msi_identity = identity;
    }
    emit(m, (struct vd_record){.kind = VD_REC_msi_record,
                               .serial = msi->serial,
                               .a = file_name(m, file),
                               .b = identity,
                               .c = was_pending});
    line_follows(m, file, m->config.write_to_line_cycles);
}

static void drop_msi(const struct imsic *m, uint32_t file, const struct vd_txn *txn,
                     struct vd_record rec)
{
    rec.kind = VD_REC_msi_drop;
    rec.serial = txn->serial;
    rec.b = file_name(m, file);
    emit(m, rec);
}

/* The whole value must be an implemented identity; nothing is masked off [aia IMSIC-memRegion]. */
static void write_seteipnum(struct imsic *m, uint32_t file, struct vd_txn *txn, uint32_t value)
{
    uint32_t ids = file_ids(m, file);
    uint32_t identity = value;
    if (m->config.defect == IMSIC_DEFECT_ID_WRAPS && value > ids)
        identity = value % (ids + 1);
    if (identity == 0)
        drop_msi(m, file, txn, (struct vd_record){.a = VD_DROP_identity_zero});
    else if (identity > ids)
        drop_msi(m, file, txn, (struct vd_record){.a = VD_DROP_identity_range, .c = value});
    else
        txn->delay += imsic_arrive(m, &(struct imsic_msi){txn->serial, file, identity});
}

static void write_page(struct imsic *m, uint32_t file, struct vd_txn *txn)
{
    uint32_t value = (uint32_t)txn->data[0];
    if (!file_exists(m, file))
        drop_msi(m, file, txn, (struct vd_record){.a = VD_DROP_no_file, .c = txn->addr});
    else if (txn->addr == SETEIPNUM_LE)
        write_seteipnum(m, file, txn, value);
    else if (txn->addr == SETEIPNUM_BE && m->config.big_endian)
        write_seteipnum(m, file, txn, __builtin_bswap32(value));
    else
        drop_msi(m, file, txn, (struct vd_record){.a = VD_DROP_offset, .c = txn->addr});
}

/* Only naturally aligned 32-bit simple reads and writes; all else is refused and never sets a
 * pending bit [aia IMSIC-memRegion]. */
static bool simple_access(const struct vd_txn *txn)
{
    return (txn->cmd == VD_READ || txn->cmd == VD_WRITE) && txn->size == 4 && txn->addr % 4 == 0 &&
           txn->addr < 4096 && !(txn->attrs & VD_ATOMIC);
}

enum vd_status imsic_access(struct imsic *imsic, uint32_t file, struct vd_txn *txn)
{
    bool quiet = txn->attrs & VD_DEBUG;
    txn->status = VD_OK;
    if (!simple_access(txn)) {
        txn->status = VD_DENIED;
        if (txn->cmd != VD_READ && !quiet)
            drop_msi(imsic, file, txn, (struct vd_record){.a = VD_DROP_size, .c = txn->addr});
    } else if (txn->cmd == VD_READ) {
        txn->data[0] = 0;
    } else if (!quiet) {
        write_page(imsic, file, txn);
    }
    return (enum vd_status)txn->status;
}

void imsic_wire(struct imsic *imsic, uint32_t file, bool level)
{
    if (file > VD_IMSIC_FILE_S || !file_exists(imsic, file))
        return;
    imsic->state->file[file].wire = level;
    if (imsic->state->file[file].eidelivery == IMSIC_EIDELIVERY_DIRECT)
        drive_line(imsic, file);
}

static void emit_state(const struct imsic *m, uint32_t file, uint32_t select, uint64_t value)
{
    emit(m, (struct vd_record){
                .kind = VD_REC_file_state, .a = file_name(m, file), .b = select, .c = value});
}

/* CHOICE: a value that is not supported leaves the register as it is. */
static void write_eidelivery(struct imsic *m, uint32_t file, uint64_t value)
{
    struct imsic_file *f = &m->state->file[file];
    bool direct = value == IMSIC_EIDELIVERY_DIRECT && m->config.direct && file <= VD_IMSIC_FILE_S;
    if ((value > 1 && !direct) || value == f->eidelivery)
        return;
    f->eidelivery = (uint32_t)value;
    emit_state(m, file, SELECT_EIDELIVERY, value);
}

/* CHOICE: WLRL; a value above N leaves the register as it is. */
static void write_eithreshold(struct imsic *m, uint32_t file, uint64_t value)
{
    struct imsic_file *f = &m->state->file[file];
    if (value > file_ids(m, file) || value == f->eithreshold)
        return;
    f->eithreshold = (uint32_t)value;
    emit_state(m, file, SELECT_EITHRESHOLD, value);
}

static void emit_eip(const struct imsic *m, uint32_t file, uint32_t identity, bool set)
{
    emit(m, (struct vd_record){.kind = set ? VD_REC_eip_set : VD_REC_eip_clear,
                               .serial = *serial_of(m, file, identity),
                               .a = file_name(m, file),
                               .b = identity});
}

static void write_eip(struct imsic *m, uint32_t file, uint32_t w, uint64_t value)
{
    struct imsic_file *f = &m->state->file[file];
    value &= file_mask(m, file, w);
    uint64_t changed = f->eip[w] ^ value;
    f->eip[w] = value;
    refresh_top(f, w);
    for (; changed; changed &= changed - 1) {
        uint32_t bit = (uint32_t)__builtin_ctzll(changed);
        emit_eip(m, file, w * 64 + bit, value >> bit & 1);
        *serial_of(m, file, w * 64 + bit) = 0;
    }
}

static void write_eie(struct imsic *m, uint32_t file, uint32_t w, uint64_t value)
{
    struct imsic_file *f = &m->state->file[file];
    value &= file_mask(m, file, w);
    if (value == f->eie[w])
        return;
    f->eie[w] = value;
    refresh_top(f, w);
    emit_state(m, file, SELECT_EIE0 + 2 * w, value);
}

/* What a CSR instruction that reads eip some cycles before it writes it has not seen: the last MSI,
 * if it came in between. */
static uint64_t unseen(const struct imsic *m, const struct imsic_file *f, uint32_t w)
{
    enum { RMW_CYCLES = 8 };
    bool split = m->config.defect == IMSIC_DEFECT_RMW_SPLIT && f->msi_at != VD_NEVER;
    if (!split || f->msi_identity / 64 != w ||
        now(m) - f->msi_at >= RMW_CYCLES * m->config.cycle_ps)
        return 0;
    return VD_BIT(f->msi_identity % 64);
}

static uint64_t port_read(void *ctx, uint32_t file, uint32_t select)
{
    const struct imsic *m = ctx;
    if (!file_exists(m, file) || select >= SELECT_END)
        return 0;
    const struct imsic_file *f = &m->state->file[file];
    if (select == SELECT_EIDELIVERY)
        return f->eidelivery;
    if (select == SELECT_EITHRESHOLD)
        return f->eithreshold;
    if (select < SELECT_EIP0 || select % 2)
        return 0;
    uint32_t w = (select & 0x3f) / 2;
    return select < SELECT_EIE0 ? f->eip[w] & ~unseen(m, f, w) : f->eie[w];
}

static void port_write(void *ctx, uint32_t file, uint32_t select, uint64_t value)
{
    struct imsic *m = ctx;
    if (!file_exists(m, file) || select >= SELECT_END)
        return;
    if (select == SELECT_EIDELIVERY)
        write_eidelivery(m, file, value);
    else if (select == SELECT_EITHRESHOLD)
        write_eithreshold(m, file, value);
    else if (select < SELECT_EIP0 || select % 2)
        return;
    else if (select < SELECT_EIE0)
        write_eip(m, file, (select - SELECT_EIP0) / 2, value);
    else
        write_eie(m, file, (select - SELECT_EIE0) / 2, value);
    line_follows(m, file, m->config.csr_to_line_cycles);
}

static uint32_t port_topei(void *ctx, uint32_t file)
{
    const struct imsic *m = ctx;
    if (!file_exists(m, file))
        return 0;
    uint32_t identity = top_identity(&m->state->file[file]);
    return identity << 16 | identity;
}

/* An MSI that arrived in the same cycle goes with the claimed one. */
static void swallow_with_claim(struct imsic *m, uint32_t file)
{
    struct imsic_file *f = &m->state->file[file];
    f->claim_at = now(m);
    if (f->msi_identity && same_cycle(m, f->msi_at))
        clear_pending(m, file, f->msi_identity);
}

static void port_claim(void *ctx, uint32_t file)
{
    struct imsic *m = ctx;
    uint32_t identity = port_topei(m, file) & IMSIC_MAX_ID;
    if (!identity)
        return;
    uint64_t serial = *serial_of(m, file, identity);
    clear_pending(m, file, identity);
    emit(m,
         (struct vd_record){
             .kind = VD_REC_msi_claim, .serial = serial, .a = file_name(m, file), .b = identity});
    if (m->config.defect == IMSIC_DEFECT_CLAIM_DROPS)
        swallow_with_claim(m, file);
    line_follows(m, file, m->config.csr_to_line_cycles);
}

static const struct vd_imsic_ops port_ops = {
    .read = port_read,
    .write = port_write,
    .topei = port_topei,
    .claim = port_claim,
};

struct vd_imsic_port imsic_port(struct imsic *imsic)
{
    return (struct vd_imsic_port){.ops = &port_ops, .ctx = imsic};
}

static uint64_t next_random(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *seed;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* CHOICE: UNSPECIFIED state is zero, or with config.poison whatever a seed says, so that firmware
 * that counts on zero is found out. */
static void poison_file(struct imsic *m, uint32_t file)
{
    struct imsic_file *f = &m->state->file[file];
    uint64_t seed = m->config.poison + file;
    for (uint32_t w = 0; w < IMSIC_MAX_WORDS; w++) {
        f->eip[w] = next_random(&seed) & file_mask(m, file, w);
        f->eie[w] = next_random(&seed) & file_mask(m, file, w);
        refresh_top(f, w);
    }
    f->eithreshold = (uint32_t)(next_random(&seed) % (file_ids(m, file) + 1));
    f->eidelivery = (uint32_t)(next_random(&seed) & 1);
}

/* The level of the wire is not the IMSIC's to reset. */
static void reset_file(struct imsic *m, uint32_t file)
{
    struct imsic_file *f = &m->state->file[file];
    uint8_t line = f->line, wire = f->wire;
    if (f->line_at != VD_NEVER)
        m->host.ops->cancel(m->host.ctx, &m->line_event[file]);
    *f = (struct imsic_file){
        .wire = wire, .line = line, .line_at = VD_NEVER, .claim_at = VD_NEVER, .msi_at = VD_NEVER};
    memset(serial_of(m, file, 0), 0, m->stride * sizeof(uint64_t));
    if (!file_exists(m, file))
        return;
    if (m->config.poison)
        poison_file(m, file);
    if (m->config.direct && file <= VD_IMSIC_FILE_S)
        f->eidelivery = IMSIC_EIDELIVERY_DIRECT;
    drive_line(m, file);
}

void imsic_reset(struct imsic *imsic)
{
    imsic_forget_arrivals(imsic);
    for (uint32_t file = 0; file < imsic->state->files; file++)
        reset_file(imsic, file);
}

void imsic_reveal(struct imsic *imsic, bool guests)
{
    uint32_t first = guests ? VD_IMSIC_FILE_GUEST0 : VD_IMSIC_FILE_S;
    uint32_t end = guests ? imsic->state->files : VD_IMSIC_FILE_GUEST0;
    for (uint32_t file = first; file < end; file++)
        reset_file(imsic, file);
}

static bool ids_valid(uint32_t ids)
{
    return ids >= 63 && ids <= IMSIC_MAX_ID && ids % 64 == 63;
}

static bool config_valid(const struct imsic_config *c, struct vd_error *err)
{
    if (!ids_valid(c->ids))
        return vd_fail(err, "imsic: ids is %u; it must be 64 m - 1, 63 to 2047", c->ids);
    if (!ids_valid(c->guest_ids))
        return vd_fail(err, "imsic: guest_ids is %u; it must be 64 m - 1, 63 to 2047",
                       c->guest_ids);
    if (c->guests > 63)
        return vd_fail(err, "imsic: guests is %u; 0 to 63 guest files are possible", c->guests);
    if (c->defect > IMSIC_DEFECT_RMW_SPLIT)
        return vd_fail(err, "imsic: defect %u is not one of 0 to %d", c->defect,
                       IMSIC_DEFECT_RMW_SPLIT);
    return true;
}

struct imsic *imsic_create(const struct imsic_config *config, const struct vd_host *host,
                           struct vd_error *err)
{
    struct imsic_config c = *config;
    c.ids = c.ids ? c.ids : 255;
    c.guest_ids = c.guest_ids ? c.guest_ids : c.ids;
    c.cycle_ps = c.cycle_ps ? c.cycle_ps : 1000;
    if (!config_valid(&c, err))
        return NULL;
    uint32_t files = VD_IMSIC_FILE_GUEST0 + c.guests;
    uint32_t stride = (c.ids > c.guest_ids ? c.ids : c.guest_ids) + 1;
    size_t size = sizeof(struct imsic_state) +
                  files * (sizeof(struct imsic_file) + stride * sizeof(uint64_t));
    struct imsic *m = calloc(1, sizeof(*m) + files * sizeof(struct vd_event));
    struct imsic_state *state = calloc(1, size);
    if (!m || !state) {
        free(m);
        free(state);
        vd_fail(err, "imsic: out of memory");
        return NULL;
    }
    *m = (struct imsic){.config = c, .host = *host, .stride = stride, .state = state};
    state->size = (uint32_t)size;
    state->files = files;
    m->msi_event = (struct vd_event){.fire = imsic_msi_due, .ctx = m};
    for (uint32_t file = 0; file < files; file++) {
        state->file[file].line_at = VD_NEVER;
        m->line_event[file] = (struct vd_event){.fire = line_due, .ctx = m, .arg = file};
    }
    imsic_reset(m);
    return m;
}

void imsic_destroy(struct imsic *imsic)
{
    if (!imsic)
        return;
    imsic->host.ops->cancel(imsic->host.ctx, &imsic->msi_event);
    for (uint32_t file = 0; file < imsic->state->files; file++)
        imsic->host.ops->cancel(imsic->host.ctx, &imsic->line_event[file]);
    free(imsic->state);
    free(imsic);
}
