/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be configured, and the names of what there is. */
#include <stdio.h>
#include <string.h>

#include "hart/hart.h"

#define FIELD(name) offsetof(struct hart_config, name)
#define CYCLES(name, fallback, most, text)                                                         \
    {                                                                                              \
#name, VD_PARAM_U32, FIELD(timing.name), fallback, fallback, most, NULL, "cycles", text    \
    }
#define NUMBER(name, fallback, most, text)                                                         \
    {                                                                                              \
#name, VD_PARAM_U32, FIELD(timing.name), fallback, 0, most, NULL, "", text                 \
    }

/* Zero in a configuration stands for the fallback, so it is accepted only where it is that.
 * The fallbacks are `functional`: an instruction is a cycle.  Figures in the texts are CVA6's
 * (openhwgroup/cva6 6cb2001, RTL simulation) where nothing else is said. */
static const struct vd_param params[] = {
#define FLAG(isa, field, bit, fallback, text)                                                      \
    {sizeof(isa) > 1 ? isa : "s", VD_PARAM_FLAG, field, fallback, bit, bit, NULL, "", text},
#define HART_EXTENSION(name, isa, fallback, text)                                                  \
    FLAG(isa, FIELD(extensions), HART_EXT_##name, fallback, text)
#define HART_TOLD(name, isa, fallback, text)                                                       \
    FLAG(isa, FIELD(told), HART_TOLD_##name, fallback, text "; only told")
#include "hart/extensions.def"
#undef HART_EXTENSION
#undef HART_TOLD
    {"satp_mode", VD_PARAM_U32, FIELD(satp_mode), 10, 8, 10, NULL, "",
     "widest translation: 8 Sv39, 9 Sv48, 10 Sv57"},
    {"pmp_entries", VD_PARAM_U32, FIELD(pmp_entries), 16, 1, 64, NULL, "", "PMP entries"},
    {"tlb_entries", VD_PARAM_U32, FIELD(tlb_entries), 0, 0, 4096, NULL, "",
     "entries of the data and of the fetch TLB; 0: many"},
    {"no_msip", VD_PARAM_U32, FIELD(no_msip), 0, 0, 1, NULL, "",
     "1: no device for software interrupts, MSIP and MSIE are zero"},
    {"weak_stores", VD_PARAM_U32, FIELD(weak_stores), 0, 0, 1, NULL, "",
     "1: only fences of O, not of W, wait for posted stores to devices"},
    {"reentrant_triggers", VD_PARAM_U32, FIELD(reentrant_triggers), 0, 0, 1, NULL, "",
     "1: debug triggers also fire where the mode that takes the breakpoint has interrupts off"},
    {"reset_pc", VD_PARAM_U64, FIELD(reset_pc), 0x1000, 4, UINT64_MAX, NULL, "", "pc after reset"},
    CYCLES(alu, 1, 500, "an instruction that is nothing of the following"),
    CYCLES(load, 1, 500, "a load that hits, until its value can be used; 1 if nobody waits; 3"),
    CYCLES(store, 1, 500, "a store"),
    CYCLES(mul, 1, 500, "a multiplication; 2"),
    CYCLES(div_base, 1, 500, "a division; 12 for small operands"),
    CYCLES(div_bit, 0, 100,
           "for every bit of the quotient, and three; a division takes div_base at least; 1"),
    CYCLES(fp, 1, 500, "a floating-point operation"),
    CYCLES(fp_div, 1, 500, "a floating-point division or square root"),
    CYCLES(csr, 1, 500, "a CSR instruction; 2"),
    CYCLES(branch_taken, 0, 500, "more, for a branch that is taken"),
    CYCLES(jump, 1, 500, "a jump; 2"),
    CYCLES(mispredict, 0, 500, "more, for a mispredicted branch or indirect jump; 6"),
    CYCLES(amo, 1, 500, "an atomic; 12 beside the memory's latency"),
    CYCLES(fence, 0, 100000, "more, for a fence, beside waiting for stores"),
    CYCLES(fence_i, 0, 100000, "more, for a fence.i; 275 and 1.5 times the memory's latency"),
    CYCLES(sfence, 0, 100000, "more, for sfence.vma and its relatives; 6"),
    CYCLES(trap_entry, 0, 100000, "taking a trap, to the first instruction of the handler; 6"),
    CYCLES(trap_exit, 0, 100000, "more, for mret and sret; 7"),
    CYCLES(wfi_wake, 0, 100000, "from the interrupt to the end of wfi; 7"),
    CYCLES(interrupt_sync, 0, 1000, "from a change of an interrupt line to its effect; 3"),
    CYCLES(tlb_walk, 0, 100000, "a page-table walk, beside its reads; 2"),
    CYCLES(tlb_read, 0, 100000, "one read of a page-table entry; 3 if it is cached"),
    CYCLES(uncached, 0, 100000, "more, for an access to a device; 4"),
    NUMBER(icache_lines, 0, 1 << 20, "instruction cache, in 64-byte lines, direct-mapped; 0: none"),
    CYCLES(icache_miss, 0, 500, "more, for a fetch that misses"),
    NUMBER(dcache_lines, 0, 1 << 20, "data cache, in 64-byte lines, direct-mapped; 0: none"),
    CYCLES(dcache_miss, 0, 500, "more, for a load that misses"),
    NUMBER(predictor_entries, 0, 1 << 20, "two-bit counters; 0: branches are predicted not taken"),
};

const struct vd_param *hart_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}

const char *hart_isa_name(const struct hart_config *config, unsigned i)
{
    static const struct {
        const char *name;
        uint8_t bit;
        bool told;
    } names[] = {
#define HART_EXTENSION(name, isa, fallback, text) {isa, HART_EXT_##name, false},
#define HART_TOLD(name, isa, fallback, text)      {isa, HART_TOLD_##name, true},
#include "hart/extensions.def"
#undef HART_EXTENSION
#undef HART_TOLD
    };
    if (i >= sizeof(names) / sizeof(names[0]))
        return NULL;
    uint64_t has = names[i].told ? config->told : config->extensions;
    return has >> names[i].bit & 1 ? names[i].name : "";
}

void hart_isa_string(const struct hart_config *config, char *buffer, size_t size)
{
    const char *name;
    int used = snprintf(buffer, size, "rv64i");
    for (unsigned i = 0; (name = hart_isa_name(config, i)) != NULL; i++) {
        if (!*name || (size_t)used >= size)
            continue;
        const char *separator = strlen(name) > 1 ? "_" : "";
        used += snprintf(buffer + used, size - (size_t)used, "%s%s", separator, name);
    }
}
