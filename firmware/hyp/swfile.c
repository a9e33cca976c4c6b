/* SPDX-License-Identifier: BSD-2-Clause */
#include "swfile.h"

#include "hint.h"
#include "text.h"

void swfile_init(struct swfile *file, uint64_t owner, uint32_t ids)
{
    memset(file, 0, sizeof *file);
    file->owner = owner;
    file->ids = ids;
    hint_software_disable_all(owner);
}

static uint64_t *pending_word(struct swfile *file, uint32_t word)
{
    return file->keep_apart ? &file->apart[word] : &file->mrif.words[word].pending;
}

/* The ledger has to see hint and change as one: the IOMMU may store the same identity between any
 * two instructions, but a hint takes no time. */
static void pending_set(uint64_t *word, uint64_t bit, uint64_t owner, uint64_t id, uint64_t host)
{
    register uint64_t a0 asm("a0") = owner;
    register uint64_t a1 asm("a1") = id;
    register uint64_t a2 asm("a2") = host;
    asm volatile("slti zero, a0, %5\n\tamoor.d.aqrl zero, %4, (%3)" ::"r"(a0), "r"(a1), "r"(a2),
                 "r"(word), "r"(bit), "i"(0x560 + HINT_INJECT)
                 : "memory");
}

static void pending_claim(uint64_t *word, uint64_t bit, uint64_t owner, uint64_t id)
{
    register uint64_t a0 asm("a0") = owner;
    register uint64_t a1 asm("a1") = id;
    asm volatile("slti zero, a0, %4\n\tamoand.d.aqrl zero, %3, (%2)" ::"r"(a0), "r"(a1), "r"(word),
                 "r"(~bit), "i"(0x560 + HINT_SOFTWARE_CLAIM)
                 : "memory");
}

void swfile_inject(struct swfile *file, uint32_t id, uint64_t host_identity)
{
    if (id == 0 || id > file->ids)
        return;
    pending_set(pending_word(file, id / 64), 1ul << id % 64, file->owner, id, host_identity);
}

void swfile_gather_others(struct swfile *file)
{
    for (uint32_t i = 0; i < file->num_others; i++)
        for (uint32_t w = 0; w < swfile_words(file); w++) {
            uint64_t stored = __atomic_load_n(&file->others[i].words[w].pending, __ATOMIC_ACQUIRE);
            if (stored & ~file->apart[w])
                __atomic_fetch_or(&file->apart[w], stored, __ATOMIC_ACQ_REL);
        }
}

static uint64_t pending_in(const struct swfile *file, uint32_t word)
{
    return __atomic_load_n(&file->mrif.words[word].pending, __ATOMIC_ACQUIRE) | file->apart[word];
}

/* The smallest identity that is pending and enabled, and below the threshold if there is one. */
static uint32_t top_identity(const struct swfile *file)
{
    for (uint32_t w = 0; w < swfile_words(file); w++) {
        uint64_t ready = pending_in(file, w) & file->mrif.words[w].enable;
        if (w == 0)
            ready &= ~1ul; /* the MRIF stores identity 0, which does not exist */
        if (!ready)
            continue;
        uint32_t id = 64 * w;
        for (; !(ready & 1); ready >>= 1)
            id++;
        if (id > file->ids || (file->eithreshold && id >= file->eithreshold))
            return 0;
        return id;
    }
    return 0;
}

static void take(struct swfile *file, uint32_t id)
{
    uint64_t bit = 1ul << id % 64, *apart = &file->apart[id / 64];
    uint64_t *word = *apart & bit ? apart : &file->mrif.words[id / 64].pending;
    pending_claim(word, bit, file->owner, id);
}

uint64_t swfile_topei(struct swfile *file, bool claim)
{
    spin_lock(&file->lock);
    uint64_t id = top_identity(file);
    if (id && claim)
        take(file, (uint32_t)id);
    spin_unlock(&file->lock);
    return id << 16 | id;
}

bool swfile_deliverable(struct swfile *file)
{
    return file->eidelivery == 1 && top_identity(file);
}

bool swfile_pending(const struct swfile *file)
{
    uint64_t any = 0;
    for (uint32_t w = 0; w < swfile_words(file); w++)
        any |= pending_in(file, w);
    return any;
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
        return reg < IMSIC_EIE0 ? pending_word(file, word) : &file->mrif.words[word].enable;
    }
    if (reg == IMSIC_EIDELIVERY) {
        *writable = 1;
        return &file->eidelivery;
    }
    if (reg == IMSIC_EITHRESHOLD) {
        *writable = file->ids;
        return &file->eithreshold;
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
    mask &= writable;
    *old = __atomic_fetch_or(at, value & mask, __ATOMIC_ACQ_REL);
    uint64_t now = *old | (value & mask);
    if (~value & mask)
        now = __atomic_and_fetch(at, value | ~mask, __ATOMIC_ACQ_REL);
    if (reg >= IMSIC_EIE0)
        enables_tell(file, reg, *old ^ now, now);
    spin_unlock(&file->lock);
    return true;
}
