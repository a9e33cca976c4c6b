/* SPDX-License-Identifier: BSD-2-Clause */
#include "experiment.h"

#include "aplic.h"
#include "hart.h"
#include "hyp.h"
#include "move.h"
#include "native.h"
#include "options.h"
#include "print.h"
#include "text.h"
#include "vm.h"

/* What an experiment cannot do without. */
enum need {
    NEED_ENDPOINT = 1 << 0,
    NEED_IOMMU = 1 << 1,
    NEED_WIRE = 1 << 2,
    NEED_GUEST_FILES = 1 << 3,
    NEED_SECOND_FILE = 1 << 4,
    NEED_TWO_HARTS = 1 << 5,
};

struct experiment {
    const char *name;
    uint32_t path; /* letter * 10000 + number * 100 */
    uint32_t needs;
    enum workload workload;
    bool emul, flush, demo;
    uint32_t period, vectors; /* unless the boot arguments say otherwise */
};

enum { NEED_DEVICE = NEED_ENDPOINT | NEED_IOMMU | NEED_TWO_HARTS, PERIOD = 5000 };

static const struct experiment experiments[] = {
    {"a01", 10100, NEED_ENDPOINT, WORK_DEVICE, false, false, true, PERIOD, 1},
    {"a02", 10200, NEED_DEVICE | NEED_GUEST_FILES, WORK_DEVICE, false, false, true, PERIOD, 1},
    {"a03", 10300, NEED_DEVICE | NEED_GUEST_FILES, WORK_DEVICE, false, true, true, PERIOD, 1},
    {"a07", 10700, NEED_DEVICE, WORK_DEVICE, true, false, true, PERIOD, 1},
    {"e01", 50100, NEED_TWO_HARTS | NEED_GUEST_FILES, WORK_IPI, false, false, true, PERIOD, 1},
    {"e02", 50200, NEED_TWO_HARTS, WORK_IPI, true, false, false, PERIOD, 1},
    {"e07", 50700, NEED_DEVICE | NEED_WIRE | NEED_GUEST_FILES, WORK_WIRE, false, false, true,
     PERIOD, 1},
    {"b05", 20500, NEED_DEVICE | NEED_GUEST_FILES | NEED_SECOND_FILE, WORK_STREAM, false, false,
     false, 500, 8},
};

enum { NUM_EXPERIMENTS = sizeof experiments / sizeof *experiments };

uint32_t experiment_by_name(const char *name)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < NUM_EXPERIMENTS; i++) {
        if (!strcmp(experiments[i].name, name))
            return 1u << i;
        all |= experiments[i].demo ? 1u << i : 0;
    }
    return strcmp(name, "all") ? 0 : all;
}

static uint32_t fewest_guest_files(void)
{
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < num_harts; i++)
        least = harts[i].files < least ? harts[i].files : least;
    return least;
}

static const char *missing(uint32_t needs)
{
    if ((needs & NEED_ENDPOINT) && !endpoint.config)
        return "no test endpoint";
    if ((needs & NEED_IOMMU) && !iommu.base)
        return "no IOMMU with MSI page tables";
    if ((needs & NEED_WIRE) && (!board.aplic_s.base || !pcie_intx_source(&board.pcie, &endpoint)))
        return "no APLIC source for the endpoint's pin";
    if ((needs & NEED_GUEST_FILES) && fewest_guest_files() < 1)
        return "no guest interrupt files";
    if ((needs & NEED_SECOND_FILE) && fewest_guest_files() < 2)
        return "only one guest interrupt file";
    if ((needs & NEED_TWO_HARTS) && num_harts < GUEST_VCPUS)
        return "fewer than two harts";
    return 0;
}

static void path_name(uint32_t path, char *name, uint32_t size)
{
    uint32_t variant = path % 100;
    char letter = (char)('a' + path / 10000 - 1);
    if (path / 100 == 205)
        print_to(name, size, "b05-A%u", variant);
    else if (variant)
        print_to(name, size, "%c%02u-%u", letter, path / 100 % 100, variant);
    else
        print_to(name, size, "%c%02u", letter, path / 100 % 100);
}

/* Takes the fault queue empty; the first record is worth a line. */
static uint32_t faults_take(const char *name)
{
    struct iommu_fault fault;
    uint32_t count = 0;
    while (iommu.base && iommu_next_fault(&iommu, &fault))
        if (count++ == 0)
            print("path %s: first fault: cause %u, device_id 0x%x, iotval 0x%lx\n", name,
                  iommu_fault_cause(&fault), iommu_fault_device(&fault), fault.iotval);
    return count;
}

static void plan_fill(struct plan *plan, const struct experiment *e, const struct options *o,
                      uint32_t path)
{
    *plan = (struct plan){
        .workload = e->workload,
        .path = path,
        .count = (uint32_t)o->count,
        .warmup = (uint32_t)o->warmup,
        .burst = (uint32_t)o->burst,
        .vectors = (uint32_t)(o->vectors ? o->vectors : e->vectors),
        .moves = (uint32_t)o->moves,
        .flush = e->flush,
        .period = o->period ? o->period : e->period,
        .seed = o->seed,
        .patience = board.timebase / 2,
        .ids = board.imsic_s.ids,
    };
}

static void report(const struct plan *plan, const char *name)
{
    uint32_t faults = faults_take(name);
    if (plan->failed)
        hyp_exit(HYP_EXPERIMENT, "%s: the guest gave up", name);
    print("path %u %s: sent %lu handled %lu exits %lu faults %u\n", plan->path, name, plan->sent,
          plan->handled, plan->exits, faults);
    if (!plan->handled)
        hyp_exit(HYP_EXPERIMENT, "%s: nothing was handled", name);
    if (plan->handled > plan->sent)
        hyp_exit(HYP_EXPERIMENT, "%s: more was handled than sent", name);
}

/* The endpoint's pin, through the APLIC, into vCPU 0's guest file. */
static void wire_route(const struct vm *vm, bool edge)
{
    const struct vcpu *vcpu = &vm->vcpus[0];
    pcie_msix_enable(&endpoint, false);
    aplic_enable(board.aplic_s.base);
    aplic_route(board.aplic_s.base, pcie_intx_source(&board.pcie, &endpoint),
                edge ? APLIC_EDGE_RISING : APLIC_LEVEL_HIGH, vcpu->file_hart->index,
                vcpu->guest_file, GUEST_ID_WIRE);
}

static void guest_run(const struct experiment *e, const struct options *o, uint32_t path,
                      const char *name)
{
    struct vm *vm = vm_create(e->emul ? MODE_EMUL : o->mode);
    if (!vm)
        hyp_exit(HYP_EXPERIMENT, "%s: mode hwaccel and no guest interrupt file", name);
    plan_fill(vm->plan, e, o, path);
    if (e->needs & NEED_IOMMU)
        vm_assign_endpoint(vm);
    if (e->workload == WORK_WIRE)
        wire_route(vm, o->edge);
    vm_run(vm);
    if (e->workload == WORK_WIRE)
        aplic_off(board.aplic_s.base, pcie_intx_source(&board.pcie, &endpoint));
    struct plan plan = *vm->plan;
    vm_destroy(vm);
    report(&plan, name);
}

static void native_run(const struct experiment *e, const struct options *o, const char *name)
{
    struct plan plan;
    plan_fill(&plan, e, o, e->path);
    native_messages(&plan);
    report(&plan, name);
}

/* One path: the IOMMU in its mode, the interrupts on their way. */
static bool path_run(const struct experiment *e, const struct options *o, uint32_t variant,
                     uint32_t levels)
{
    char name[16];
    uint32_t path = e->path + variant;
    path_name(path, name, sizeof name);
    const char *lack = missing(e->needs);
    bool native = !(e->needs & NEED_TWO_HARTS);
    if (!lack && iommu.base && (e->needs & NEED_ENDPOINT) &&
        !iommu_set_mode(&iommu, native ? IOMMU_BARE : IOMMU_1LVL + levels - 1))
        lack = "the IOMMU has no such mode";
    if (!lack && (e->needs & NEED_GUEST_FILES) && o->mode == MODE_EMUL)
        lack = "there are no guest files with mode=emul";
    if (lack) {
        print("path %u %s: left out, %s\n", path, name, lack);
        return false;
    }
    if (native)
        native_run(e, o, name);
    else
        guest_run(e, o, path, name);
    return true;
}

/* Levels of the deepest device directory that the IOMMU has. */
static uint32_t deepest(void)
{
    uint32_t levels = 3;
    while (iommu.base && levels > 1 && !iommu_set_mode(&iommu, IOMMU_1LVL + levels - 1))
        levels--;
    return levels;
}

static uint32_t experiment_run(const struct experiment *e, const struct options *o)
{
    uint32_t levels = o->ddt ? (uint32_t)o->ddt : deepest(), runs = 0;
    if (e->workload == WORK_STREAM)
        return path_run(e, o, (uint32_t)o->protocol, levels);
    if (e->workload == WORK_WIRE)
        return path_run(e, o, o->edge, levels);
    if (!e->flush)
        return path_run(e, o, 0, levels);
    for (uint32_t level = 1; level <= 3; level++)
        if (!o->ddt || o->ddt == level)
            runs += path_run(e, o, level, level);
    return runs;
}

uint32_t experiments_run(const struct options *options)
{
    uint32_t runs = 0;
    move_set_protocol(options->protocol);
    for (uint32_t i = 0; i < NUM_EXPERIMENTS; i++)
        if (options->experiments >> i & 1)
            runs += experiment_run(&experiments[i], options);
    return runs;
}
