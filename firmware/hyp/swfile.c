/* SPDX-License-Identifier: BSD-2-Clause */
#include "swfile.h"

#include "hint.h"
#include "text.h"

void swfile_init(struct swfile *file, uint64_t owner, uint32_t ids)
{
    memset(file, 0, sizeof *file);
    file->owner = owner;
    file->ids = ids;
}

void swfile_inject(struct swfile *file, uint32_t id, uint32_t host_identity)
{
    if (id == 0 || id > file->ids)
        return;
    spin_lock(&file->lock);
    hint_inject(file->owner, id, host_identity);
    file->state.eip[id / 64] |= 1ul << id % 64;
    spin_unlock(&file->lock);
}

/* The smallest identity that is pending and enabled, and below the threshold if there is one. */
static uint32_t top_identity(const struct swfile *file)
{
    for (uint32_t w = 0; 64 * w <= file->ids; w++) {
        uint64_t ready = file->state.eip[w] & file->state.eie[w];
        if (!ready)
            continue;
        uint32_t id = 64 * w;
        for (; !(ready & 1); ready >>= 1)
            id++;
        uint64_t threshold = file->state.eithreshold;
        return threshold && id >= threshold ? 0 : id;
    }
    return 0;
}

uint64_t swfile_topei(struct swfile *file, bool claim)
{
    spin_lock(&file->lock);
    uint64_t id = top_identity(file);
    if (id && claim) {
        hint_software_claim(file->owner, id);
        file->state.eip[id / 64] &= ~(1ul << id % 64);
    }
    spin_unlock(&file->lock);
    return id << 16 | id;
}

bool swfile_deliverable(struct swfile *file)
{
    return file->state.eidelivery == 1 && top_identity(file);
}

/* The word and the bits of it that exist: identity 0 does not, nor those above the highest. */
static uint64_t *register_at(struct swfile *file, uint32_t reg, uint64_t *writable)
{
    uint32_t word = (reg & 0x3f) / 2;
    bool array = (reg & ~0x3fu) == IMSIC_EIP0 || (reg & ~0x3fu) == IMSIC_EIE0;
    *writable = UINT64_MAX;
    if (array && !(reg & 1)) {
        if (64 * word > file->ids)
            *writable = 0;
        else if (word == 0)
            *writable = ~1ul;
        return reg < IMSIC_EIE0 ? &file->state.eip[word] : &file->state.eie[word];
    }
    if (reg == IMSIC_EIDELIVERY) {
        *writable = 1;
        return &file->state.eidelivery;
    }
    if (reg == IMSIC_EITHRESHOLD) {
        *writable = file->ids;
        return &file->state.eithreshold;
    }
    return 0;
}

static void enables_tell(const struct swfile *file, uint32_t reg, uint64_t changed, uint64_t now)
{
    for (uint32_t bit = 0; changed >> bit && bit < 64; bit++)
        if (changed >> bit & 1)
            hint_software_enable(file->owner, (reg - IMSIC_EIE0) / 2 * 64 + bit, now >> bit & 1);
}

bool swfile_access(struct swfile *file, uint32_t reg, uint64_t value, uint64_t mask, uint64_t *old)
{
    uint64_t writable, *at = register_at(file, reg, &writable);
    if (!at)
        return false;
    spin_lock(&file->lock);
    *old = *at;
    mask &= writable;
    *at = (*old & ~mask) | (value & mask);
    if (reg >= IMSIC_EIE0)
        enables_tell(file, reg, *old ^ *at, *at);
    spin_unlock(&file->lock);
    return true;
}
