/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "imsic/state.h"

size_t imsic_save(const struct imsic *imsic, void *buffer, size_t capacity)
{
    size_t size = imsic->state->size;
    if (capacity >= size)
        memcpy(buffer, imsic->state, size);
    return size;
}

static bool eidelivery_valid(const struct imsic *m, uint32_t file, uint32_t value)
{
    bool direct = m->config.direct && file <= VD_IMSIC_FILE_S;
    return value <= 1 || (direct && value == IMSIC_EIDELIVERY_DIRECT);
}

/* A snapshot comes out of a file: what the rest of the model relies on is checked here. */
static bool file_valid(const struct imsic *m, uint32_t file, const struct imsic_file *f)
{
    uint32_t top = 0;
    for (uint32_t w = 0; w < IMSIC_MAX_WORDS; w++) {
        if ((f->eip[w] | f->eie[w]) & ~file_mask(m, file, w))
            return false;
        top |= (uint32_t)((f->eip[w] & f->eie[w]) != 0) << w;
    }
    vd_time now = m->host.ops->now(m->host.ctx);
    return top == f->top && eidelivery_valid(m, file, f->eidelivery) &&
           f->eithreshold <= file_ids(m, file) && f->msi_identity <= file_ids(m, file) &&
           f->line_at >= now && f->wire <= 1 && f->line <= 1;
}

static bool arrivals_valid(const struct imsic *m, const struct imsic_state *s)
{
    if (s->first >= IMSIC_MAX_WAITING || s->waiting > IMSIC_MAX_WAITING ||
        (s->waiting && s->free_at < m->host.ops->now(m->host.ctx)))
        return false;
    for (uint32_t i = 0; i < s->waiting; i++) {
        const struct imsic_msi *msi = &s->queue[(s->first + i) % IMSIC_MAX_WAITING];
        if (!file_exists(m, msi->file) || !msi->identity || msi->identity > file_ids(m, msi->file))
            return false;
    }
    return true;
}

static bool state_valid(const struct imsic *m, const struct imsic_state *s)
{
    if (s->size != m->state->size || s->files != m->state->files || !arrivals_valid(m, s))
        return false;
    for (uint32_t file = 0; file < s->files; file++)
        if (!file_valid(m, file, &s->file[file]))
            return false;
    return true;
}

static void repost(struct imsic *m)
{
    for (uint32_t file = 0; file < m->state->files; file++) {
        struct vd_event *ev = &m->line_event[file];
        m->host.ops->cancel(m->host.ctx, ev);
        if (m->state->file[file].line_at != VD_NEVER)
            m->host.ops->post(m->host.ctx, ev, m->state->file[file].line_at);
    }
    imsic_repost_arrivals(m);
}

bool imsic_restore(struct imsic *imsic, const void *buffer, size_t size)
{
    if (size != imsic->state->size)
        return false;
    struct imsic_state *state = malloc(size);
    if (!state)
        return false;
    memcpy(state, buffer, size);
    if (!state_valid(imsic, state)) {
        free(state);
        return false;
    }
    free(imsic->state);
    imsic->state = state;
    repost(imsic);
    return true;
}
