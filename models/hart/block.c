/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache of blocks: by physical address for good, by virtual pc for speed. */
#include "hart/block.h"
#include "hart/cfi.h"
#include "hart/hot.h"
#include "hart/trigger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_BUCKETS = 1 << 16, PAGE_BUCKETS = 1 << 10 };
enum { ARENA_BYTES = 48 << 20, LARGEST_BLOCK = 16 << 10 };

/* A page from which instructions were decoded. */
struct code_page {
    struct code_page *next;
    uint64_t spa;
    uint64_t granules; /* which 64-byte pieces hold decoded instructions */
    struct hart_block *blocks;
};

static unsigned hash_of(uint64_t key)
{
    return (unsigned)((key >> 4) ^ (key >> 17) ^ (key >> 30)) & (HASH_BUCKETS - 1);
}

static struct code_page **page_slot(const struct hart *h, uint64_t spa)
{
    struct code_page **slot = &h->blocks->pages[spa / PAGE_BYTES & (PAGE_BUCKETS - 1)];
    while (*slot && (*slot)->spa != spa)
        slot = &(*slot)->next;
    return slot;
}

static uint64_t page_of(uint64_t spa)
{
    return spa & ~(uint64_t)(PAGE_BYTES - 1);
}

bool block_page_used(const struct hart *h, uint64_t spa)
{
    const struct code_page *page = *page_slot(h, page_of(spa));
    return page && page->blocks;
}

static void fill_pairs(struct hart_blocks *bs)
{
    static const uint16_t pairs[][2] = {
#define PAIR(first, second, class) {INSN_##first, INSN_##second},
#include "hart/pair.def"
#undef PAIR
    };
    for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        bs->pairs[pairs[i][0]][pairs[i][1]] = (uint8_t)(i + 1);
}

bool block_create(struct hart *h)
{
    struct hart_blocks *bs = calloc(1, sizeof(*bs));
    h->blocks = bs;
    if (!bs)
        return false;
    fill_pairs(bs);
    bs->table = insn_table_create(&h->cfg);
    bs->labels = exec_labels(h->timing_on);
    bs->jumps = hot_create(&h->cfg, JUMP_ENTRIES * sizeof(bs->jumps[0]));
    bs->hash = calloc(HASH_BUCKETS, sizeof(bs->hash[0]));
    bs->pages = calloc(PAGE_BUCKETS, sizeof(bs->pages[0]));
    bs->arena = hot_create(&h->cfg, ARENA_BYTES);
    return bs->table && bs->jumps && bs->hash && bs->pages && bs->arena;
}

static void free_pages(struct hart *h, bool unwatch)
{
    for (unsigned i = 0; i < PAGE_BUCKETS; i++)
        while (h->blocks->pages[i]) {
            struct code_page *page = h->blocks->pages[i];
            h->blocks->pages[i] = page->next;
            if (unwatch && page->blocks)
                amo_unwatch(h, page->spa);
            free(page);
        }
}

void block_destroy(struct hart *h)
{
    struct hart_blocks *bs = h->blocks;
    if (!bs)
        return;
    if (bs->pages)
        free_pages(h, false);
    insn_table_destroy(bs->table);
    hot_destroy(bs->jumps);
    free(bs->hash);
    free(bs->pages);
    hot_destroy(bs->arena);
    free(bs);
    h->blocks = NULL;
}

/* Only between blocks: everything that points to one goes. */
void block_flush(struct hart *h)
{
    struct hart_blocks *bs = h->blocks;
    exec_paused_state(h, &h->st);
    h->stopped = NULL;
    h->paused = NULL;
    h->paused_op = NULL;
    free_pages(h, true);
    memset(bs->jumps, 0, JUMP_ENTRIES * sizeof(bs->jumps[0]));
    memset(bs->hash, 0, HASH_BUCKETS * sizeof(bs->hash[0]));
    bs->arena_used = 0;
    bs->flush_wanted = false;
}

static void unhash(struct hart *h, struct hart_block *block)
{
    struct hart_block **at = &h->blocks->hash[hash_of(block->key)];
    while (*at != block)
        at = &(*at)->hash_next;
    *at = block->hash_next;
}

/* Links and jump entries may still lead to it: its first op sends them away, and a stop that keeps
 * that op's label puts back no other.  Its memory stays until the next flush. */
static void kill(struct hart *h, struct hart_block *block)
{
    const void *dead = h->blocks->labels[PSEUDO_dead];
    if (block->dead)
        return;
    unhash(h, block);
    block->dead = true;
    if (h->stopped == &block->ops[0])
        h->blocks->stop_label = dead;
    else
        block->ops[0].label = dead;
    if (h->stopped == &block->ops[1] && h->blocks->stop_label_before)
        h->blocks->stop_label_before = dead;
}

static struct hart_block *next_in_page(const struct hart_block *block, uint64_t page)
{
    return page_of(block->spa) == page ? block->page_next : block->page2_next;
}

static void kill_page(struct hart *h, struct code_page *page)
{
    struct hart_block *block = page->blocks;
    while (block) {
        struct hart_block *next = next_in_page(block, page->spa);
        kill(h, block);
        block = next;
    }
    bool was_used = page->blocks != NULL;
    page->blocks = NULL;
    page->granules = 0;
    if (was_used)
        amo_unwatch(h, page->spa);
}

void block_written(struct hart *h, uint64_t spa, uint64_t size)
{
    uint64_t end = spa + size;
    for (uint64_t at = page_of(spa); at < end; at += PAGE_BYTES) {
        struct code_page *page = *page_slot(h, at);
        if (!page)
            continue;
        uint64_t from = spa > at ? spa - at : 0;
        uint64_t to = end - at < PAGE_BYTES ? end - at - 1 : PAGE_BYTES - 1;
        from >>= GRANULE_SHIFT;
        to >>= GRANULE_SHIFT;
        if (page->granules & vd_mask((unsigned)from, (unsigned)(to - from + 1)))
            kill_page(h, page);
    }
}

/* The page record of an address, watched from now on. */
static struct code_page *use_page(struct hart *h, uint64_t spa)
{
    struct code_page **slot = page_slot(h, page_of(spa));
    if (!*slot) {
        *slot = calloc(1, sizeof(**slot));
        if (!*slot)
            abort();
        (*slot)->spa = page_of(spa);
    }
    if (!(*slot)->blocks)
        h->host.ops->watch(h->host.ctx, page_of(spa), true);
    return *slot;
}

static uint64_t key_of(const struct block_source *s)
{
    return s->spa << 3 | (uint64_t)s->fp_state << 1 | s->single |
           (uint64_t)s->cfi << CODE_KEY_CFI_LSB;
}

static struct hart_block *find(struct hart *h, const struct block_source *s)
{
    uint64_t key = key_of(s);
    struct hart_block *block = h->blocks->hash[hash_of(key)];
    while (block && (block->key != key || block->spa2 != s->spa2))
        block = block->hash_next;
    return block;
}

static struct hart_block *allocate(struct hart *h, const struct block_build *build)
{
    struct hart_blocks *bs = h->blocks;
    size_t ops = build->num_ops * sizeof(struct hart_op);
    size_t marks = (build->num_ops + 1) * sizeof(struct hart_mark);
    size_t size = (sizeof(struct hart_block) + ops + marks + 63) & ~(size_t)63;
    assert(bs->arena_used + size <= ARENA_BYTES);
    struct hart_block *block = (struct hart_block *)(bs->arena + bs->arena_used);
    bs->arena_used += size;
    memset(block, 0, sizeof(*block));
    memcpy(block->ops, build->ops, ops);
    block->marks = (struct hart_mark *)((uint8_t *)block->ops + ops);
    memcpy(block->marks, build->marks, marks);
    return block;
}

static void fill_block(struct hart_block *block, const struct block_build *build)
{
    const struct block_source *s = build->source;
    block->need = build->last_cost + 1;
    block->cost = (uint16_t)build->cost;
    block->count = (uint16_t)build->count;
    block->straddle = s->straddle;
    block->single = s->single;
    block->num_ops = (uint16_t)build->num_ops;
    block->line = s->spa >> GRANULE_SHIFT;
    block->spa = s->spa;
    block->spa2 = s->spa2;
    block->key = key_of(s);
}

static void register_block(struct hart *h, struct hart_block *block,
                           const struct block_build *build)
{
    struct code_page *page = use_page(h, block->spa);
    page->granules |= build->granules;
    block->page_next = page->blocks;
    page->blocks = block;
    if (block->straddle) {
        struct code_page *second = use_page(h, block->spa2);
        second->granules |= 1;
        block->page2_next = second->blocks;
        second->blocks = block;
    }
    struct hart_block **bucket = &h->blocks->hash[hash_of(block->key)];
    block->hash_next = *bucket;
    *bucket = block;
}

static uint8_t fp_state(const struct hart *h)
{
    return (uint8_t)(exec_code_key(h) & 3);
}

/* Where the instructions at st.pc are; false: a fetch fault. */
static bool locate(struct hart *h, struct block_source *s)
{
    const uint8_t *host;
    uint64_t pc = h->st.pc;
    *s = (struct block_source){.pc = pc, .fp_state = fp_state(h), .cfi = (uint8_t)cfi_now(h)};
    if (!mmu_fetch(h, pc, &host, &s->spa))
        return false;
    s->page = host - s->spa % PAGE_BYTES;
    s->single =
        (h->armed & ARMED_STEP) || h->fetch[pc >> 12 & (HART_TLB_SIZE - 1)].exec_tag != page_of(pc);
    if ((host[0] & 3) != 3)
        return true;
    s->straddle = s->spa % PAGE_BYTES == PAGE_BYTES - 2;
    if (!s->straddle && !s->single)
        return true;
    const uint8_t *second;
    if (!mmu_fetch(h, pc + 2, &second, &s->spa2))
        return false;
    memcpy(&s->second, second, sizeof(s->second));
    return true;
}

struct hart_block *block_at_pc(struct hart *h)
{
    struct block_source source;
    if (h->blocks->arena_used > ARENA_BYTES - LARGEST_BLOCK)
        block_flush(h);
    if (!locate(h, &source))
        return NULL;
    struct hart_block *block = find(h, &source);
    if (!block) {
        struct block_build build;
        build.h = h;
        build.source = &source;
        build.num_ops = build.count = build.cost = build.last_cost = 0;
        build.granules = 0;
        build_block(&build);
        block = allocate(h, &build);
        fill_block(block, &build);
        register_block(h, block, &build);
    }
    if (!source.single)
        jump_enter(h, h->st.pc, block);
    return block;
}
