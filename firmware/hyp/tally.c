/* SPDX-License-Identifier: BSD-2-Clause */
#include "tally.h"

#include "hart.h"
#include "print.h"
#include "vm.h"

struct tally tally_of(const struct vm *vm)
{
    struct tally t = {0};
    for (uint32_t i = 0; vm && i < vm->config.vcpus; i++) {
        const struct vcpu *vcpu = &vm->vcpus[i];
        t.n[COUNT_blocks] += vcpu->blocks;
        t.n[COUNT_wakes] += vcpu->wakes;
        t.n[COUNT_moves] += vcpu->moves;
        t.n[COUNT_evictions] += vcpu->evictions;
        t.n[COUNT_restorations] += vcpu->restorations;
        t.n[COUNT_commands] += vcpu->commands;
        t.n[COUNT_waited] += vcpu->waited;
        t.n[COUNT_claimed_notices] += vcpu->mrif.notices;
        for (uint32_t e = 0; e < EXIT_KINDS; e++)
            t.n[COUNT_exit_external + e] += vcpu->exits_by[e];
    }
    for (uint32_t i = 0; i < num_harts; i++) {
        t.n[COUNT_scans] += harts[i].scans;
        t.n[COUNT_scan_cycles] += harts[i].scan_cycles;
        t.n[COUNT_sgei] += harts[i].sgeis;
        t.n[COUNT_spurious_sgei] += harts[i].spurious_sgeis;
        t.n[COUNT_preemptions] += harts[i].preemptions;
    }
    return t;
}

struct tally tally_since(const struct vm *vm, const struct tally *before)
{
    struct tally t = tally_of(vm);
    for (uint32_t i = 0; i < COUNTERS; i++)
        t.n[i] -= before->n[i];
    return t;
}

void tally_tell(const struct tally *tally, const char *path)
{
    static const char *const names[COUNTERS] = {
#define COUNTER(name, what) #name,
#include "counters.def"
#undef COUNTER
    };
    bool any = false;
    for (uint32_t i = 0; i < COUNTERS; i++) {
        if (!tally->n[i])
            continue;
        hint_count((enum hint_counter)i, tally->n[i]);
        if (i <= COUNT_handled)
            continue;
        if (!any)
            print("path %s:", path);
        print(" %s %lu", names[i], tally->n[i]);
        any = true;
    }
    if (any)
        print("\n");
}
