/* SPDX-License-Identifier: BSD-2-Clause */
#include "experiment.h"

#include "aplic.h"
#include "experiment_table.h"
#include "hart.h"
#include "hyp.h"
#include "mrif.h"
#include "options.h"
#include "print.h"
#include "protocol.h"
#include "sched.h"
#include "tally.h"
#include "text.h"
#include "vfile.h"
#include "vm.h"

enum { PERIOD = 5000 };

uint64_t experiment_by_name(const char *name)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < num_experiments; i++) {
        if (!strcmp(experiments[i].name, name))
            return 1ul << i;
        all |= experiments[i].demo ? 1ul << i : 0;
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
    if ((needs & NEED_ENDPOINT) && !num_endpoints)
        return "no test endpoint";
    if ((needs & NEED_IOMMU) && !num_iommus)
        return "no IOMMU with MSI page tables";
    if ((needs & NEED_WIRE) &&
        (!board.aplic_s.base || !pcie_intx_source(&board.pcie, &endpoints[0])))
        return "no APLIC source for the endpoint's pin";
    if ((needs & NEED_GUEST_FILES) && fewest_guest_files() < 1)
        return "no guest interrupt files";
    if ((needs & NEED_SECOND_FILE) && fewest_guest_files() < 2)
        return "only one guest interrupt file";
    if ((needs & NEED_MRIF) && !mrif_exists())
        return "the IOMMU has no MRIFs";
    if ((needs & NEED_TWO_HARTS) && num_harts < 2)
        return "fewer than two harts";
    return 0;
}

/* Variants are levels of the device directory in a03, 1 for edge in e06 and e07, protocols in the
 * rest. */
static void path_name(uint32_t path, char *name, uint32_t size)
{
    uint32_t variant = path % 100, number = path / 100;
    char letter = (char)('a' + number / 100 - 1);
    const char *protocol = protocol_name(variant);
    if (variant && (number == 103 || number == 506 || number == 507))
        print_to(name, size, "%c%02u-%u", letter, number % 100, variant);
    else if ((variant || number == 205) && protocol)
        print_to(name, size, "%c%02u-%s", letter, number % 100, protocol);
    else
        print_to(name, size, "%c%02u", letter, number % 100);
}

/* Takes the fault queue empty; the first record is worth a line. */
static uint32_t faults_take(const char *name)
{
    struct iommu_fault fault;
    uint32_t count = 0;
    while (iommus_next_fault(&fault))
        if (count++ == 0)
            print("path %s: first fault: cause %u, device_id 0x%x, iotval 0x%lx\n", name,
                  iommu_fault_cause(&fault), iommu_fault_device(&fault), fault.iotval);
    return count;
}

/* The boot argument's, the experiment's own, or everyone's. */
static uint64_t first_of(uint64_t asked, uint64_t own, uint64_t usual)
{
    return asked ? asked : own ? own : usual;
}

static uint64_t period_of(const struct experiment *e, const struct options *o)
{
    return first_of(o->period, e->period, PERIOD);
}

static uint32_t vcpus_of(const struct experiment *e, const struct options *o)
{
    return (uint32_t)first_of(o->vcpus, e->vm.vcpus, 2);
}

/* What an experiment is about comes first, then the boot argument. */
static enum vm_mode mode_of(const struct experiment *e, const struct options *o)
{
    if (e->emul || e->vm.mode == MODE_MRIF)
        return e->emul ? MODE_EMUL : MODE_MRIF;
    return (enum vm_mode)first_of(o->mode, e->vm.mode, MODE_HWACCEL);
}

static uint32_t devices_of(const struct experiment *e)
{
    return e->every_device ? num_endpoints : 1;
}

/* Slices until every vCPU that shares its hart has had its turn twice. */
static uint64_t turns_of(const struct experiment *e, const struct options *o)
{
    uint32_t vcpus = vcpus_of(e, o);
    return e->vm.crowd || vcpus > num_harts ? 2 * vcpus : 0;
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
        .vectors = (uint32_t)first_of(o->vectors, e->vectors, 1),
        .vcpus = vcpus_of(e, o),
        .devices = devices_of(e),
        .flags = e->flags,
        .moves = e->operates ? (uint32_t)o->moves : 0,
        .operation = e->operation,
        .sending = e->sending,
        .period = period_of(e, o),
        .seed = o->seed,
        .settle = turns_of(e, o) * o->slice,
        .patience = board.timebase / (e->workload >= WORK_RACE ? 1000 : 50),
        .ids = board.imsic_s.ids,
    };
}

/* Of two vectors the guest sees how often each came, which tells no order when MSIs coincide. */
static const char *disorder(const struct plan *plan)
{
    if (plan->workload == WORK_MASKED)
        return "a masked interrupt was taken, or was not pending as it should be: it must arrive "
               "within "
               "experiment.period";
    if (plan->handled < plan->sent)
        return "the order of MSIs cannot be told, because some came before the last of their "
               "vector "
               "was claimed: a longer experiment.period keeps them apart";
    return "an MSI was seen before the one that was sent before it";
}

/* A protocol that is asked for by name may be one that loses everything: the ledger tells. */
static void report(const struct plan *plan, const char *name, bool wrong)
{
    uint32_t faults = faults_take(name);
    if (plan->failed)
        hyp_exit(HYP_EXPERIMENT, "%s: the guest gave up", name);
    print("path %u %s: sent %lu handled %lu exits %lu faults %u\n", plan->path, name, plan->sent,
          plan->handled, plan->exits, faults);
    if (!plan->handled && !wrong)
        hyp_exit(HYP_EXPERIMENT, "%s: nothing was handled", name);
    if (!wrong && plan->workload == WORK_IPI && plan->handled < plan->sent)
        hyp_exit(HYP_EXPERIMENT, "%s: number %lu was never handled", name, plan->sent);
    if (plan->disorder)
        hyp_exit(HYP_EXPERIMENT, "%s: %s", name, disorder(plan));
    if (plan->handled > plan->sent)
        hyp_exit(HYP_EXPERIMENT, "%s: more was handled than sent", name);
}

/* The endpoint's pin, through the APLIC, into the vCPU's guest file. */
static void wire_route(struct vm *vm, uint32_t target, bool edge)
{
    const struct vcpu *vcpu = &vm->vcpus[target];
    vm->wire = pcie_intx_source(&board.pcie, &endpoints[0]);
    vm->wire_vcpu = vcpu->id;
    pcie_msix_enable(&endpoints[0], false);
    aplic_enable(board.aplic_s.base);
    aplic_route(board.aplic_s.base, pcie_intx_source(&board.pcie, &endpoints[0]),
                edge ? APLIC_EDGE_RISING : APLIC_LEVEL_HIGH, vcpu->file_hart->index,
                vcpu->guest_file, GUEST_ID_WIRE);
}

static void guest_run(const struct experiment *e, const struct options *o, uint32_t path,
                      const char *name)
{
    struct vm_config config = e->vm;
    config.vcpus = vcpus_of(e, o);
    config.policy = o->policy;
    config.devices = devices_of(e);
    config.mode = mode_of(e, o);
    config.restore &= config.mode != MODE_EMUL;
    if (config.vcpus > GUEST_VCPUS_MAX)
        hyp_exit(HYP_ARGUMENTS, "%s: at most %u vCPUs can run", name, GUEST_VCPUS_MAX);
    struct vm *vm = vm_create(&config);
    if (!vm)
        hyp_exit(HYP_EXPERIMENT, "%s: mode hwaccel and no guest interrupt file", name);
    plan_fill(vm->plan, e, o, path);
    if (o->edge && e->sending == SEND_LINE)
        vm->plan->flags |= PLAN_EDGE;
    if (e->needs & NEED_IOMMU)
        vm_assign_endpoints(vm);
    if (e->workload == WORK_WIRE)
        wire_route(vm, e->wire_vcpu, o->edge || e->wire_edge);
    vm_run(vm);
    if (e->workload == WORK_WIRE)
        aplic_off(board.aplic_s.base, pcie_intx_source(&board.pcie, &endpoints[0]));
    struct plan plan = *vm->plan;
    struct tally tally = vm->measured;
    tally.n[COUNT_sent] = plan.sent;
    tally.n[COUNT_handled] = plan.handled;
    tally.n[COUNT_send_once] = plan.send_once;
    tally.n[COUNT_send_each] = plan.send_each;
    tally.n[COUNT_round] = plan.round;
    vm_destroy(vm);
    tally_tell(&tally, name);
    report(&plan, name, o->protocol);
}

static void host_run(const struct experiment *e, const struct options *o, const char *name)
{
    struct plan plan;
    plan_fill(&plan, e, o, e->path);
    e->host(&plan);
    report(&plan, name, false);
}

/* One path: the IOMMU in its mode, the interrupts on their way. */
static bool path_run(const struct experiment *e, const struct options *o, uint32_t variant,
                     uint32_t levels)
{
    char name[16];
    uint32_t path = e->path + variant;
    path_name(path, name, sizeof name);
    const char *lack = missing(e->needs);
    bool bare = !(e->needs & NEED_IOMMU);
    if (!lack && (e->needs & NEED_ENDPOINT) &&
        !iommus_set_mode(bare ? IOMMU_BARE : IOMMU_1LVL + levels - 1))
        lack = "the IOMMU has no such mode";
    if (!lack && (e->needs & NEED_GUEST_FILES) && o->mode == MODE_EMUL)
        lack = "there are no guest files with mode=emul";
    if (lack) {
        print("path %u %s: left out, %s\n", path, name, lack);
        return false;
    }
    if (e->host)
        host_run(e, o, name);
    else
        guest_run(e, o, path, name);
    return true;
}

/* Levels of the deepest device directory that the IOMMU has. */
static uint32_t deepest(void)
{
    uint32_t levels = 3;
    while (levels > 1 && !iommus_set_mode(IOMMU_1LVL + levels - 1))
        levels--;
    return levels;
}

static uint32_t experiment_run(const struct experiment *e, const struct options *o)
{
    uint32_t levels = o->ddt ? (uint32_t)o->ddt : deepest(), runs = 0;
    if ((e->workload == WORK_WIRE || e->sending == SEND_LINE) && !e->operates)
        return path_run(e, o, o->edge, levels);
    if (!(e->flags & PLAN_FLUSH))
        return path_run(e, o, e->host ? 0 : o->protocol, levels);
    for (uint32_t level = 1; level <= 3; level++)
        if (!o->ddt || o->ddt == level)
            runs += path_run(e, o, level, level);
    return runs;
}

uint32_t experiments_run(const struct options *options)
{
    uint32_t runs = 0;
    sched_set_slice(options->slice);
    for (uint32_t i = 0; i < num_experiments; i++)
        if (options->experiments >> i & 1)
            runs += experiment_run(&experiments[i], options);
    return runs;
}
