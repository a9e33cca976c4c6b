/* SPDX-License-Identifier: BSD-2-Clause */
#include "pflash/pflash.h"

#include <stdlib.h>
#include <string.h>

#include "pflash/state.h"
#include "viaduct/bits.h"

/* Of the chips: 128 Mbit with 16 data lines. */
enum { ID_MANUFACTURER = 0x0089, ID_DEVICE = 0x0018, ID_LOCKED = 1, ID_WORD_MASK = 0xffff };

#define FIELD(name) offsetof(struct pflash_config, name)

static const struct vd_param params[] = {
    {"program_cycles", VD_PARAM_U32, FIELD(program_cycles), 0, 0, 1000000000, NULL, "cycles",
     "to program a word, or a write buffer"},
    {"erase_cycles", VD_PARAM_U32, FIELD(erase_cycles), 0, 0, 1000000000, NULL, "cycles",
     "to erase a block"},
    {"cycle_ps", VD_PARAM_U64, FIELD(cycle_ps), 1000, 1, 1000000000, NULL, "ps",
     "one cycle of the machine's clock"},
};

static const struct vd_field status_fields[] = {
    {"ready", 7, 1, VD_RO},
    {"erase_error", 5, 1, VD_RO},
    {"program_error", 4, 1, VD_RO},
    {"block_locked", 1, 1, VD_RO},
};

static const struct vd_reg regs[] = {
    {"status", 0, PFLASH_CHIPS, PFLASH_LANE, 2, 0x80, "", status_fields, 4},
};

const struct vd_param *pflash_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}

const struct vd_reg *pflash_regs(uint32_t *count)
{
    *count = sizeof(regs) / sizeof(regs[0]);
    return regs;
}

static bool reads_array(const struct pflash *f)
{
    return f->state.mode == PFLASH_ARRAY;
}

static void tell(struct pflash *f)
{
    bool is = reads_array(f);
    if (is != f->was_readable && f->readable)
        f->readable(f->readable_ctx, is);
    f->was_readable = is;
}

/* Reading the identification, word 2 of a block is its lock. */
static uint16_t identification(const struct pflash *f, uint64_t offset)
{
    switch (offset / (PFLASH_CHIPS * PFLASH_LANE) & ID_WORD_MASK) {
    case 0:
        return ID_MANUFACTURER;
    case 1:
        return ID_DEVICE;
    case 2:
        return f->state.locked[pflash_block_of(offset)] ? ID_LOCKED : 0;
    default:
        return 0;
    }
}

/* A chip's word; both chips say the same. */
static uint16_t read_word(const struct pflash *f, uint64_t offset)
{
    switch (f->state.mode) {
    case PFLASH_ID:
        return identification(f, offset);
    case PFLASH_QUERY:
        return pflash_query(f, (uint32_t)(offset / (PFLASH_CHIPS * PFLASH_LANE)));
    default:
        return pflash_status(f);
    }
}

static void read_bytes(const struct pflash *f, struct vd_txn *txn)
{
    uint8_t bytes[8] = {0};
    if (reads_array(f))
        f->array.ops->read(f->array.ctx, txn->addr, bytes, txn->size);
    for (unsigned i = 0; i < txn->size && !reads_array(f); i++) {
        uint64_t offset = txn->addr + i;
        bytes[i] = (uint8_t)(read_word(f, offset) >> 8 * (offset % PFLASH_LANE));
    }
    memcpy(txn->data, bytes, sizeof(bytes));
}

/* The bank has 32 lines: what is wider is two writes. */
static void write_bytes(struct pflash *f, const struct vd_txn *txn)
{
    unsigned step = txn->size < 4 ? txn->size : 4;
    for (unsigned i = 0; i < txn->size; i += step)
        pflash_command(f, txn->addr + i, (uint32_t)(txn->data[0] >> 8 * i & vd_mask(0, 8 * step)),
                       step);
    tell(f);
}

enum vd_status pflash_access(struct pflash *pflash, struct vd_txn *txn)
{
    bool plain = txn->cmd == VD_READ || txn->cmd == VD_WRITE;
    txn->status = VD_DENIED;
    if (!plain || txn->attrs & VD_ATOMIC || txn->size > 8 || !vd_is_power_of_two(txn->size) ||
        txn->addr % txn->size || txn->addr + txn->size > pflash->array.size)
        return VD_DENIED;
    txn->status = VD_OK;
    if (txn->cmd == VD_READ)
        read_bytes(pflash, txn);
    else if (!(txn->attrs & VD_DEBUG))
        write_bytes(pflash, txn);
    return VD_OK;
}

void pflash_connect(struct pflash *pflash, void (*readable)(void *ctx, bool readable), void *ctx)
{
    pflash->readable = readable;
    pflash->readable_ctx = ctx;
}

void pflash_reset(struct pflash *pflash)
{
    memset(&pflash->state, 0, sizeof(pflash->state));
    pflash->state.size = sizeof(pflash->state);
    tell(pflash);
}

struct pflash *pflash_create(const struct pflash_config *config, const struct vd_disk *array,
                             const struct vd_host *host, struct vd_error *err)
{
    uint64_t blocks = array->size / PFLASH_BLOCK;
    if (!vd_is_power_of_two(array->size) || blocks < 1 || blocks > PFLASH_BLOCKS_MAX) {
        vd_fail(err,
                "pflash: a bank of %llu bytes; accepted are powers of two of 1 to %u blocks of "
                "%u bytes",
                (unsigned long long)array->size, PFLASH_BLOCKS_MAX, PFLASH_BLOCK);
        return NULL;
    }
    struct pflash *pflash = calloc(1, sizeof(*pflash));
    if (!pflash) {
        vd_fail(err, "pflash: out of memory");
        return NULL;
    }
    pflash->config = *config;
    if (!pflash->config.cycle_ps)
        pflash->config.cycle_ps = 1000;
    pflash->array = *array;
    pflash->host = *host;
    pflash->blocks = (uint32_t)blocks;
    pflash->was_readable = true;
    pflash_reset(pflash);
    return pflash;
}

void pflash_destroy(struct pflash *pflash)
{
    free(pflash);
}

size_t pflash_save(const struct pflash *pflash, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(pflash->state))
        memcpy(buffer, &pflash->state, sizeof(pflash->state));
    return sizeof(pflash->state);
}

/* A buffer that is to be programmed lies inside the bank. */
static bool state_valid(const struct pflash *f, const struct pflash_state *s)
{
    bool filling = s->step == PFLASH_BUFFER_DATA;
    bool known = s->step != PFLASH_BUFFER_CONFIRM || s->strayed;
    return s->size == sizeof(*s) && s->mode < PFLASH_MODES && s->step < PFLASH_STEPS &&
           s->strayed <= 1 && s->count <= PFLASH_BUFFER && filling == (s->count != 0) &&
           (s->window < f->array.size / PFLASH_BUFFER || (s->window == UINT32_MAX && known));
}

bool pflash_restore(struct pflash *pflash, const void *buffer, size_t size)
{
    struct pflash_state s;
    if (size != sizeof(s))
        return false;
    memcpy(&s, buffer, size);
    if (!state_valid(pflash, &s))
        return false;
    pflash->state = s;
    tell(pflash);
    return true;
}
