/* SPDX-License-Identifier: BSD-2-Clause */
#include "crowd.h"

#include "csr.h"
#include "endpoint.h"
#include "guest/plan.h"
#include "hart.h"
#include "hint.h"
#include "hyp.h"
#include "mrif.h"
#include "pages.h"
#include "pagetable.h"
#include "swfile.h"
#include "tally.h"
#include "text.h"

enum { VM = 1, IDENTITIES = 8, BATCH = 100, DRAIN_CYCLES = 20000 };

struct sleeper {
    struct swfile file;
    struct riscv_iommu_mrif mrif;
    uint64_t claimed;
};

static struct {
    struct sleeper *sleepers;
    uint32_t count;
    uint64_t sleeper_pages, table_pages;
    struct iommu_msi_pte *table;
    struct pagetable gstage;
    uint64_t random;
} crowd;

/* kvm_riscv_vcpu_aia_imsic_mrif_cb() of a vCPU that claims all that it was woken for. */
static void sleeper_look(void *data)
{
    struct sleeper *sleeper = data;
    while (swfile_deliverable(&sleeper->file)) {
        swfile_topei(&sleeper->file, true);
        sleeper->claimed++;
    }
}

/* All identities are enabled, as the ledger takes for granted. */
static void sleeper_make(uint32_t index)
{
    struct sleeper *sleeper = &crowd.sleepers[index];
    swfile_init(&sleeper->file, HINT_VCPU(VM, index), board.imsic_s.ids);
    for (uint32_t word = 0; word < swfile_words(&sleeper->file); word++)
        sleeper->file.mrif.words[word].enable = UINT64_MAX;
    sleeper->file.eidelivery = 1;
    sleeper->mrif = (struct riscv_iommu_mrif){
        .gpa = GUEST_IMSIC + ((uint64_t)index << PAGE_SHIFT),
        .spa = {(uint64_t)&sleeper->file.mrif},
        .hart = &harts[index % num_harts],
        .mrif_cb = sleeper_look,
        .data = sleeper,
    };
    riscv_iommu_mrif_register(&sleeper->mrif);
    crowd.table[index] = (struct iommu_msi_pte){
        .dw0 = iommu_msi_pte_mrif(sleeper->mrif.spa[0]),
        .dw1 = iommu_msi_pte_notice(sleeper->mrif.hart->page, sleeper->mrif.nid)};
    hint_mrif_owner(sleeper->file.owner, sleeper->mrif.spa[0], 1);
}

static uint64_t pages_for(uint64_t bytes)
{
    return (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
}

/* The MSI page table has a power of two of entries, and is aligned to its size. */
static void crowd_make(uint32_t count)
{
    uint32_t entries = PAGE_SIZE / sizeof *crowd.table;
    while (entries < count)
        entries *= 2;
    memset(&crowd, 0, sizeof crowd);
    crowd.count = count;
    crowd.random = 1;
    crowd.sleeper_pages = pages_for(count * sizeof *crowd.sleepers);
    crowd.sleepers = pages_alloc(crowd.sleeper_pages, PAGE_SIZE);
    crowd.table_pages = pages_for(entries * sizeof *crowd.table);
    crowd.table = pages_alloc(crowd.table_pages, entries * sizeof *crowd.table);
    pagetable_create(&crowd.gstage, true);
    for (uint32_t i = 0; i < count; i++)
        sleeper_make(i);
    struct iommu_dc dc = {
        .tc = IOMMU_DC_V,
        .iohgatp = pagetable_atp(&crowd.gstage) | IOMMU_IOHGATP_GSCID(VM),
        .msiptp = IOMMU_MSIPTP_FLAT | (uint64_t)crowd.table >> PAGE_SHIFT,
        .msi_addr_mask = entries - 1,
        .msi_addr_pattern = GUEST_IMSIC >> PAGE_SHIFT,
    };
    iommu_attach(&iommus[0], endpoints[0].device_id, &dc);
    hint_device_owner(endpoints[0].device_id, VM);
}

static void crowd_end(void)
{
    hint_device_owner(endpoints[0].device_id, HINT_NOBODY);
    iommu_detach(&iommus[0], endpoints[0].device_id);
    iommus_flush_all();
    for (uint32_t i = 0; i < crowd.count; i++) {
        riscv_iommu_mrif_unregister(&crowd.sleepers[i].mrif);
        hint_mrif_owner(crowd.sleepers[i].file.owner, crowd.sleepers[i].mrif.spa[0], 0);
    }
    pagetable_destroy(&crowd.gstage);
    pages_free(crowd.table, crowd.table_pages);
    pages_free(crowd.sleepers, crowd.sleeper_pages);
}

static uint64_t random_below(uint64_t limit)
{
    crowd.random ^= crowd.random << 13;
    crowd.random ^= crowd.random >> 7;
    crowd.random ^= crowd.random << 17;
    return crowd.random % limit;
}

/* Takes notices for so long. */
static void serve(uint64_t cycles)
{
    for (uint64_t start = cycles_now(); cycles_now() - start < cycles;)
        hart_poll();
}

/* MSIs to anyone, with an identity of a few; the script has room for so many at a time. */
static void batch_send(uint32_t count, uint64_t period)
{
    uint64_t bar0 = endpoints[0].bar[0];
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct sleeper *to = &crowd.sleepers[random_below(crowd.count)];
        endpoint_script(bar0, at++, EP_OP_WAIT, 0, period);
        endpoint_script(bar0, at++, EP_OP_FORGE, 1 + (uint32_t)random_below(IDENTITIES),
                        to->mrif.gpa);
    }
    endpoint_script(bar0, at, EP_OP_END, 0, 0);
    endpoint_script_run(bar0);
    while (endpoint_busy(bar0))
        hart_poll();
}

static void tell(struct plan *plan, const struct tally *before)
{
    struct tally tally = tally_since(0, before);
    tally.n[COUNT_sent] = plan->sent;
    for (uint32_t i = 0; i < crowd.count; i++) {
        plan->handled += crowd.sleepers[i].claimed;
        tally.n[COUNT_claimed_notices] += crowd.sleepers[i].mrif.notices;
    }
    tally.n[COUNT_handled] = plan->handled;
    tally_tell(&tally, "c06");
}

void crowd_run(struct plan *plan)
{
    crowd_make(plan->vcpus);
    struct tally before = tally_of(0);
    hint_path(plan->path);
    hint_phase(PHASE_MEASURED);
    while (plan->sent < plan->count) {
        uint64_t left = plan->count - plan->sent;
        uint32_t count = (uint32_t)(left < BATCH ? left : BATCH);
        batch_send(count, plan->period);
        plan->sent += count;
    }
    serve(DRAIN_CYCLES);
    tell(plan, &before);
    hint_phase(PHASE_QUIET);
    crowd_end();
}
