/* SPDX-License-Identifier: BSD-2-Clause */
/* Costs of classes, and the tag models of caches and predictor. */
#include <stdlib.h>
#include <string.h>

#include "hart/exec.h"

/* Costs of a block are summed in 16 bits. */
enum { LARGEST_COST = 500 };

static uint32_t class_cost(const struct hart_timing *t, enum insn_class class)
{
    switch (class) {
    case CLASS_NONE:
    case CLASS_HINT:
        return 0;
    case CLASS_MUL:
        return t->mul;
    case CLASS_DIV:
        return t->div_base;
    case CLASS_LOAD:
    case CLASS_FP_LOAD:
    case CLASS_HLV:
        return t->load;
    case CLASS_STORE:
    case CLASS_FP_STORE:
    case CLASS_HSV:
        return t->store;
    case CLASS_JUMP:
    case CLASS_JUMP_REG:
        return t->jump;
    case CLASS_FP:
    case CLASS_FP_TO_X:
    case CLASS_FP_FROM_X:
        return t->fp;
    case CLASS_FP_DIV:
        return t->fp_div;
    case CLASS_AMO:
        return t->amo;
    case CLASS_CSR:
        return t->csr;
    default:
        return t->alu;
    }
}

/* An instruction takes at least one cycle, or a loop of them would stop time. */
uint32_t timing_cost(const struct hart *h, enum insn_class class)
{
    uint32_t cost = class_cost(&h->cfg.timing, class);
    if (class == CLASS_NONE || class == CLASS_HINT)
        return 0;
    return cost == 0 ? 1 : cost > LARGEST_COST ? LARGEST_COST : cost;
}

bool timing_needed(const struct hart_config *cfg)
{
    const struct hart_timing *t = &cfg->timing;
    for (unsigned class = 0; class < CLASS_COUNT; class ++)
        if (class_cost(t, class) > 1)
            return true;
    return t->div_bit || t->branch_taken || t->mispredict || t->icache_lines || t->dcache_lines;
}

static bool create_tags(uint32_t lines, uint64_t **tags, uint32_t *mask)
{
    *mask = lines ? lines - 1 : 0;
    *tags = calloc((size_t)*mask + 1, sizeof(**tags));
    return *tags != NULL;
}

bool timing_create(struct hart *h)
{
    const struct hart_timing *t = &h->cfg.timing;
    struct hart_timing_model *m = calloc(1, sizeof(*m));
    h->model = m;
    if (!m)
        return false;
    m->icache_miss = t->icache_lines ? t->icache_miss : 0;
    m->dcache_miss = t->dcache_lines ? t->dcache_miss : 0;
    m->predictor_mask = t->predictor_entries ? t->predictor_entries - 1 : 0;
    m->predictor = calloc((size_t)m->predictor_mask + 1, sizeof(*m->predictor));
    return create_tags(t->icache_lines, &m->icache, &m->icache_mask) &&
           create_tags(t->dcache_lines, &m->dcache, &m->dcache_mask) && m->predictor;
}

void timing_destroy(struct hart *h)
{
    struct hart_timing_model *m = h->model;
    if (!m)
        return;
    free(m->icache);
    free(m->dcache);
    free(m->predictor);
    free(m);
    h->model = NULL;
}

static size_t tag_bytes(uint32_t mask)
{
    return ((size_t)mask + 1) * sizeof(uint64_t);
}

void timing_flush_icache(struct hart *h)
{
    memset(h->model->icache, 0, tag_bytes(h->model->icache_mask));
}

void timing_reset(struct hart *h)
{
    struct hart_timing_model *m = h->model;
    timing_flush_icache(h);
    memset(m->dcache, 0, tag_bytes(m->dcache_mask));
    memset(m->predictor, 0, (size_t)m->predictor_mask + 1);
}

size_t timing_save(const struct hart *h, void *buffer)
{
    const struct hart_timing_model *m = h->model;
    size_t icache = tag_bytes(m->icache_mask), dcache = tag_bytes(m->dcache_mask);
    size_t predictor = (size_t)m->predictor_mask + 1;
    if (buffer) {
        uint8_t *to = buffer;
        memcpy(to, m->icache, icache);
        memcpy(to + icache, m->dcache, dcache);
        memcpy(to + icache + dcache, m->predictor, predictor);
    }
    return icache + dcache + predictor;
}

void timing_load(struct hart *h, const void *buffer)
{
    struct hart_timing_model *m = h->model;
    size_t icache = tag_bytes(m->icache_mask), dcache = tag_bytes(m->dcache_mask);
    const uint8_t *from = buffer;
    memcpy(m->icache, from, icache);
    memcpy(m->dcache, from + icache, dcache);
    memcpy(m->predictor, from + icache + dcache, (size_t)m->predictor_mask + 1);
}
