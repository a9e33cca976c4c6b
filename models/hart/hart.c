/* SPDX-License-Identifier: BSD-2-Clause */
/* Life of a hart, and what debuggers, snapshots and the scheduler see of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hart/counter.h"
#include "hart/exec.h"
#include "hart/hot.h"
#include "hart/interrupt.h"
#include "hart/trigger.h"

static bool needs(uint64_t extensions, enum hart_extension ext, enum hart_extension base)
{
    return !(extensions >> ext & 1) || (extensions >> base & 1);
}

/* Tags and counters are indexed by address bits. */
static bool check_tables(const struct hart_config *c, struct vd_error *err)
{
    const struct {
        const char *name;
        uint32_t entries;
    } tables[] = {{"icache_lines", c->timing.icache_lines},
                  {"dcache_lines", c->timing.dcache_lines},
                  {"predictor_entries", c->timing.predictor_entries}};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (tables[i].entries && !vd_is_power_of_two(tables[i].entries))
            return vd_fail(err, "hart %u: %s is %u: accepted are 0 and powers of two", c->index,
                           tables[i].name, tables[i].entries);
    return true;
}

static bool check(const struct hart_config *c, struct vd_error *err)
{
    static const struct {
        enum hart_extension ext, base;
        const char *text;
    } rules[] = {
        {HART_EXT_D, HART_EXT_F, "d needs f"},
        {HART_EXT_F, HART_EXT_Zicsr, "f needs zicsr"},
        {HART_EXT_H, HART_EXT_S, "h needs s"},
        {HART_EXT_Sstc, HART_EXT_S, "sstc needs s"},
        {HART_EXT_Svinval, HART_EXT_S, "svinval needs s"},
        {HART_EXT_Svrsw60t59b, HART_EXT_S, "svrsw60t59b needs s"},
        {HART_EXT_Ssaia, HART_EXT_S, "ssaia needs s"},
        {HART_EXT_Zihpm, HART_EXT_Zicntr, "zihpm needs zicntr"},
        {HART_EXT_Sscofpmf, HART_EXT_Zihpm, "sscofpmf needs zihpm"},
        {HART_EXT_Sscofpmf, HART_EXT_S, "sscofpmf needs s"},
        {HART_EXT_Zfa, HART_EXT_F, "zfa needs f"},
        {HART_EXT_Zfhmin, HART_EXT_F, "zfhmin needs f"},
        {HART_EXT_Zfh, HART_EXT_Zfhmin, "zfh needs zfhmin"},
        {HART_EXT_Zcb, HART_EXT_C, "zcb needs c"},
        {HART_EXT_Zcmop, HART_EXT_C, "zcmop needs c"},
        {HART_EXT_Zabha, HART_EXT_A, "zabha needs a"},
        {HART_EXT_Zacas, HART_EXT_A, "zacas needs a"},
        {HART_EXT_Zawrs, HART_EXT_A, "zawrs needs a"},
        {HART_EXT_Zicfilp, HART_EXT_Zicsr, "zicfilp needs zicsr"},
        {HART_EXT_Zicfiss, HART_EXT_Zicsr, "zicfiss needs zicsr"},
        {HART_EXT_Zicfiss, HART_EXT_Zimop, "zicfiss needs zimop"},
        {HART_EXT_Zicfiss, HART_EXT_A, "zicfiss needs a"},
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (!needs(c->extensions, rules[i].ext, rules[i].base))
            return vd_fail(err, "hart %u: extension %s", c->index, rules[i].text);
    if (c->satp_mode < 8 || c->satp_mode > 10)
        return vd_fail(err, "hart %u: satp_mode is 8 (Sv39), 9 (Sv48) or 10 (Sv57), not %u",
                       c->index, c->satp_mode);
    if (c->pmp_entries > 64 || c->geilen > 63)
        return vd_fail(err, "hart %u: at most 64 pmp_entries and 63 guest files", c->index);
    if (c->reset_pc % 4 != 0)
        return vd_fail(err, "hart %u: reset_pc is 0x%" PRIx64 ": accepted are multiples of 4",
                       c->index, c->reset_pc);
    return check_tables(c, err);
}

/* Zero stands for the table's fallback. */
static void fill_defaults(struct hart_config *config)
{
    uint32_t count;
    const struct vd_param *params = hart_params(&count);
    uint64_t extensions = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *field = (uint8_t *)config + params[i].offset;
        if (params[i].type == VD_PARAM_FLAG) {
            bool decides = params[i].offset == offsetof(struct hart_config, extensions);
            extensions |= (decides ? params[i].fallback : 0) << params[i].min;
        } else if (params[i].type == VD_PARAM_U64) {
            uint64_t value;
            memcpy(&value, field, sizeof(value));
            value = value ? value : params[i].fallback;
            memcpy(field, &value, sizeof(value));
        } else {
            uint32_t value;
            memcpy(&value, field, sizeof(value));
            value = value ? value : (uint32_t)params[i].fallback;
            memcpy(field, &value, sizeof(value));
        }
    }
    if (config->extensions == 0)
        config->extensions = extensions;
    if (config->cycle_ps == 0)
        config->cycle_ps = 1000;
}

struct hart *hart_create(const struct hart_config *config, const struct vd_host *host,
                         const struct vd_imsic_port *imsic, struct vd_error *err)
{
    struct hart *h = hot_create(config, sizeof(*h));
    if (!h) {
        vd_fail(err, "hart %u: out of memory", config->index);
        return NULL;
    }
    h->cfg = *config;
    fill_defaults(&h->cfg);
    h->host = *host;
    if (imsic)
        h->imsic = *imsic;
    interrupt_create(h);
    if (!check(&h->cfg, err) || !exec_create(h, err)) {
        hart_destroy(h);
        return NULL;
    }
    if (!mmu_create(h)) {
        vd_fail(err, "hart %u: out of memory", h->cfg.index);
        hart_destroy(h);
        return NULL;
    }
    hart_reset(h);
    return h;
}

void hart_destroy(struct hart *h)
{
    if (!h)
        return;
    struct vd_event *events[] = {&h->timer, &h->vtimer, &h->settled, &h->overflow};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i]->slot)
            h->host.ops->cancel(h->host.ctx, events[i]);
    exec_destroy(h);
    mmu_destroy(h);
    hot_destroy(h);
}

/* Everything that is derived from h->st is derived again. */
static void state_replaced(struct hart *h)
{
    mmu_rebuild(h);
    trigger_rearm(h);
    h->paused = NULL;
    h->paused_op = NULL;
    h->code_key = exec_code_key(h);
    exec_flush(h);
    interrupt_timers(h);
    interrupt_restored(h);
    counter_restored(h);
    h->attention = true;
    h->runner.asleep = h->st.asleep;
}

void hart_reset(struct hart *h)
{
    amo_drop(h);
    h->st = (struct hart_state){.pc = h->cfg.reset_pc, .priv = PRV_M};
    timing_reset(h);
    csr_reset(h);
    state_replaced(h);
}

struct vd_runner *hart_runner(struct hart *h)
{
    return &h->runner;
}

void hart_wire(struct hart *h, uint32_t line, bool level)
{
    interrupt_wire(h, line, level);
}

void hart_snoop(struct hart *h, uint64_t spa, uint64_t size)
{
    if (!h->storing)
        amo_snoop(h, spa, size);
    block_written(h, spa, size);
}

void hart_revoke(struct hart *h, uint64_t spa)
{
    if (spa == VD_NEVER)
        mmu_flush_fast(h);
    else
        mmu_flush_page_writes(h, spa);
}

bool hart_get(struct hart *h, uint32_t reg, uint64_t *value)
{
    if (reg >= HART_REG_CSR0)
        return csr_peek(h, reg - HART_REG_CSR0, value);
    if (reg >= HART_REG_F0)
        *value = h->st.f[reg - HART_REG_F0];
    else
        *value = reg == HART_REG_PC ? h->st.pc : h->st.x[reg];
    return true;
}

bool hart_set(struct hart *h, uint32_t reg, uint64_t value)
{
    if (reg >= HART_REG_CSR0) {
        h->attention = true; /* the block in which the last slice ended may be none any more */
        return csr_poke(h, reg - HART_REG_CSR0, value);
    }
    if (reg >= HART_REG_F0)
        h->st.f[reg - HART_REG_F0] = value;
    else if (reg == HART_REG_PC)
        h->st.pc = hart_instruction_address(h, value);
    else if (reg != 0)
        h->st.x[reg] = value;
    return true;
}

enum vd_mode hart_mode(const struct hart *h)
{
    return (enum vd_mode)(h->st.priv | (h->st.virt ? VD_MODE_VU : 0));
}

struct hart_counts hart_counts(const struct hart *h)
{
    return (struct hart_counts){
        .instructions = h->st.instret,
        .cycles = h->st.cycles,
        .traps = h->st.traps,
        .interrupts = h->st.interrupts,
        .returns = h->st.returns,
        .repeated = h->st.repetition.count,
        .live_reads = h->live_reads,
    };
}

size_t hart_save(const struct hart *h, void *buffer, size_t capacity)
{
    size_t timing = timing_save(h, NULL);
    size_t size = sizeof(h->st) + timing + mmu_save_tlb(h, NULL);
    if (!buffer || capacity < size)
        return size;
    uint8_t *to = buffer;
    struct hart_state st = h->st;
    exec_paused_state(h, &st);
    memcpy(to, &st, sizeof(st));
    timing_save(h, to + sizeof(h->st));
    mmu_save_tlb(h, to + sizeof(h->st) + timing);
    return size;
}

bool hart_restore(struct hart *h, const void *buffer, size_t size)
{
    if (size != hart_save(h, NULL, 0))
        return false;
    amo_drop(h);
    const uint8_t *from = buffer;
    memcpy(&h->st, from, sizeof(h->st));
    timing_load(h, from + sizeof(h->st));
    amo_restored(h);
    state_replaced(h);
    mmu_load_tlb(h, from + sizeof(h->st) + timing_save(h, NULL));
    return true;
}
