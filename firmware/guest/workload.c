/* SPDX-License-Identifier: BSD-2-Clause */
/* One source of interrupts, one handler that counts them: first some to warm up, then the measured
 * ones, then silence. */
#include "aplic.h"
#include "csr.h"
#include "device.h"
#include "endpoint.h"
#include "guest.h"
#include "hint.h"
#include "imsic.h"
#include "pcie.h"
#include "print.h"
#include "sbi.h"
#include "trap.h"

enum {
    DRAIN_CYCLES = 20000, /* longer than any MSI is on its way */
    WIRE_LOOP = 32,
};

struct work {
    uint32_t handler; /* the vCPU that claims */
    const volatile uint64_t *counter;
    void (*prepare)(void);
    uint64_t (*round)(uint32_t count, bool measured); /* returns how many were sent */
};

void pause_cycles(uint64_t cycles)
{
    uint64_t start = cycles_now();
    while (cycles_now() - start < cycles)
        ;
}

bool counter_wait(const volatile uint64_t *counter, uint64_t target)
{
    uint64_t last = *counter, since = time_now();
    while (*counter < target) {
        if (*counter != last) {
            last = *counter;
            since = time_now();
        } else if (time_now() - since > plan->patience) {
            return false;
        }
    }
    return true;
}

/* Until the counter has stood still for so many cycles, or reached the target. */
static bool counter_settle(const volatile uint64_t *counter, uint64_t target, uint64_t cycles)
{
    uint64_t last = *counter, since = cycles_now();
    while (*counter < target && cycles_now() - since <= cycles) {
        if (*counter != last) {
            last = *counter;
            since = cycles_now();
        }
    }
    return *counter >= target;
}

/* Nothing is under way any more, and what has arrived was handled. */
static void drain_wait(void)
{
    uint64_t since = time_now();
    pause_cycles(DRAIN_CYCLES);
    while (time_now() - since < plan->settle)
        ;
}

static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

/* The period, or, with a seed, anything from half of it to one and a half, as the endpoint does. */
static uint64_t next_period(void)
{
    return plan->seed ? plan->period / 2 + random_below(plan->period + 1) : plan->period;
}

static void vectors_program(uint32_t vcpu)
{
    for (uint32_t v = 0; v < plan->vectors; v++)
        device_program(v, vcpu);
}

/* Equal identities may coalesce, and a wrong protocol lose some: not only the count ends the wait.
 * The endpoint is asked only when nothing comes any more, as that delays interrupts. */
static uint64_t generator_finish(uint32_t count)
{
    uint64_t quiet = 4 * plan->period + DRAIN_CYCLES, since = time_now();
    bool all = false;
    while (!all && devices_busy()) {
        uint64_t before = counters.messages;
        all = counter_settle(&counters.messages, count, quiet);
        if (counters.messages != before)
            since = time_now();
        else if (time_now() - since > plan->patience)
            panic("the endpoint's generator does not end");
    }
    while (devices_busy())
        ;
    return devices_sent();
}

static void device_prepare(void)
{
    vectors_program(0);
}

static uint64_t device_round(uint32_t count, bool measured)
{
    (void)measured;
    if (!(plan->flags & PLAN_FLUSH)) {
        devices_generate(count, 0);
        return generator_finish(count);
    }
    hypercall(HYP_FLUSH_IOATC, 0);
    devices_generate(count, EP_GEN_WAIT_ACK);
    for (uint32_t i = 1; i <= count; i++) {
        if (!counter_wait(&counters.messages, i))
            panic("MSI %u of %u was never handled", i, count);
        hypercall(HYP_FLUSH_IOATC, 0);
        mmio_write32(GUEST_BAR0 + EP_GEN_ACK, 1);
    }
    return generator_finish(count);
}

static void nothing_prepare(void) {}

static void ipi_prepare(void)
{
    if (plan->sending != SEND_LINE)
        return;
    if (!aplic_enable(GUEST_APLIC))
        panic("the APLIC has no MSI delivery mode");
    aplic_route(GUEST_APLIC, GUEST_SOURCE,
                plan->flags & PLAN_EDGE ? APLIC_EDGE_RISING : APLIC_LEVEL_HIGH, 1, 0,
                GUEST_ID_WIRE);
}

static void send(uint32_t n)
{
    switch (plan->sending) {
    case SEND_STORE:
        fence_memory_to_io();
        imsic_send(guest_imsic_page(1), GUEST_ID_IPI);
        break;
    case SEND_SBI:
        sbi_send_ipi(1, 1);
        break;
    case SEND_SIGNAL:
        hypercall_ok(HYP_SIGNAL, 1, GUEST_ID_IPI);
        break;
    case SEND_IDENTITIES:
        hypercall_ok(HYP_SIGNAL, 1, 1 + (n - 1) % plan->ids);
        break;
    case SEND_LINE:
        hypercall_ok(HYP_LINE, GUEST_SOURCE, 1);
        if (plan->flags & PLAN_EDGE)
            hypercall_ok(HYP_LINE, GUEST_SOURCE, 0);
        break;
    }
}

/* The next IPI leaves when the last has been handled: equal identities do not coalesce. */
static uint64_t ipi_round(uint32_t count, bool measured)
{
    (void)measured;
    uint64_t sending = 0, rounds = 0;
    for (uint32_t i = 1; i <= count; i++) {
        pause_cycles(next_period());
        uint64_t start = cycles_now();
        send(i);
        sending += cycles_now() - start;
        if (!counter_wait(&counters.ipis, i))
            return i; /* the ledger knows more */
        rounds += cycles_now() - start;
    }
    plan->send_once = sending / count;
    plan->round = rounds / count;
    return count;
}

/* What was written before has to be seen by whom the IPI reaches: a fence before each store is
 * safe, one before all of them is enough [aia IPIs]. */
static void broadcast(bool fence_each)
{
    if (!fence_each)
        fence_memory_to_io();
    for (uint32_t vcpu = 1; vcpu < plan->vcpus; vcpu++) {
        if (fence_each)
            fence_memory_to_io();
        imsic_send(guest_imsic_page(vcpu), GUEST_ID_IPI);
    }
}

static volatile uint64_t
    shared_entry; /* what a shootdown has changed, in place of a page table's */

static uint64_t broadcast_round(uint32_t count, bool measured)
{
    uint64_t targets = plan->vcpus - 1, sending[2] = {0}, rounds = 0, number[2] = {0};
    (void)measured;
    for (uint32_t i = 1; i <= count; i++) {
        pause_cycles(next_period());
        shared_entry = i;
        uint64_t start = cycles_now();
        broadcast(i % 2);
        sending[i % 2] += cycles_now() - start;
        number[i % 2]++;
        if (!counter_wait(&counters.ipis, i * targets))
            return i * targets;
        rounds += cycles_now() - start;
    }
    plan->send_once = number[0] ? sending[0] / number[0] / targets : 0;
    plan->send_each = number[1] ? sending[1] / number[1] / targets : 0;
    plan->round = rounds / count;
    return count * targets;
}

/* Script entries that raise the pin n times and wait for the handler each time. */
static uint32_t wire_script(uint32_t at, uint32_t n)
{
    bool waits = !(plan->flags & PLAN_FREE);
    while (n--) {
        endpoint_script(GUEST_BAR0, at++, EP_OP_WAIT, 0, next_period());
        endpoint_script(GUEST_BAR0, at++, EP_OP_INTX, 1, 0);
        endpoint_script(GUEST_BAR0, at++, waits ? EP_OP_WAIT_ACK : EP_OP_INTX, 0, 0);
    }
    return at;
}

/* The endpoint raises its pin on its own, from a script of WIRE_LOOP turns that is repeated, and
 * then what is left; the handler lowers the pin and acknowledges. */
static void operations(uint32_t count);

/* Each time that the pin goes up there are two things to do: two handlers' worth. */
static uint64_t wire_causes(uint32_t count)
{
    counter_wait(&counters.wires, 2ul * count);
    return 2ul * count;
}

static uint64_t wire_round(uint32_t count, bool measured)
{
    uint32_t at = 0, loops = count / WIRE_LOOP;
    if (loops) {
        at = wire_script(0, WIRE_LOOP);
        endpoint_script(GUEST_BAR0, at++, EP_OP_GOTO, 0, loops - 1);
    }
    at = wire_script(at, count % WIRE_LOOP);
    endpoint_script(GUEST_BAR0, at, EP_OP_END, 0, 0);
    endpoint_script_run(GUEST_BAR0);
    if (measured)
        operations(count);
    if (plan->flags & PLAN_TWICE)
        return wire_causes(count);
    if (!(plan->flags & PLAN_FREE) && !counter_wait(&counters.wires, count))
        panic("wire %lu of %u was never handled", counters.wires + 1, count);
    while (endpoint_busy(GUEST_BAR0))
        ;
    return count;
}

static uint32_t handlers(void)
{
    return plan->flags & PLAN_SPREAD ? plan->vcpus - 1 : 1;
}

/* Half of the vectors to the last vCPU, half of the rest to the one before it, ... */
static uint32_t skewed(uint32_t vector)
{
    uint32_t rest = plan->vectors - vector, vcpu = plan->vcpus - 1;
    for (uint32_t half = plan->vectors / 2; half && rest <= half && vcpu > 1; half /= 2)
        vcpu--;
    return vcpu;
}

/* The vCPU of a vector or an operation. */
static uint32_t handler(uint32_t i)
{
    if (plan->flags & PLAN_SELF)
        return 0;
    return plan->flags & PLAN_SKEW ? skewed(i) : 1 + i % handlers();
}

static void stream_prepare(void)
{
    for (uint32_t v = 0; v < plan->vectors; v++)
        device_program(v, handler(v));
}

/* Any operation on any vCPU that handles; or a vector goes to another vCPU, as when the kernel
 * balances its interrupts. */
static bool random_operation(void)
{
    uint64_t operation = random_below(OPERATIONS + 1), vcpu = 1 + random_below(handlers());
    if (operation < OPERATIONS)
        return hypercall_ok(HYP_OPERATE, vcpu, operation);
    device_program((uint32_t)random_below(plan->vectors), (uint32_t)vcpu);
    return true;
}

/* Spread over the interrupts; with a seed, at random distances of the same mean.  One may be
 * refused, as when the vCPU is just going to sleep. */
static void operations(uint32_t count)
{
    uint64_t gap = (uint64_t)count * plan->period / plan->burst / (plan->moves + 1);
    for (uint32_t i = 0; i < plan->moves; i++) {
        pause_cycles(plan->seed ? random_below(2 * gap + 1) : gap);
        if (plan->operation == OPERATE_RANDOM)
            plan->operations += random_operation();
        else
            plan->operations += hypercall_ok(HYP_OPERATE, handler(i), plan->operation);
    }
}

static uint64_t stream_round(uint32_t count, bool measured)
{
    devices_generate(count, 0);
    if (measured)
        operations(count);
    return generator_finish(count);
}

/* Nobody waits for the IPIs: each store is on its way when the next thing happens. */
static volatile uint64_t shots;

_Noreturn void crossfire(void)
{
    for (;;) {
        while (!shots)
            ;
        pause_cycles(next_period());
        send(0);
        shots--;
    }
}

static uint64_t crossfire_round(uint32_t count, bool measured)
{
    shots = count;
    if (measured)
        operations(count);
    while (shots)
        ;
    drain_wait();
    return count;
}

/* vCPU 1 has the device send an MSI after so many cycles, and goes to sleep.  From one to the next
 * the MSI comes one cycle later, over everything from before the WFI to long after. */
enum { RACE_FIRST = 1, DRAIN_FIRST = 200, RACE_GAPS = 97 };

static volatile uint64_t race_turn;

static void race_script(uint64_t delay)
{
    uint32_t at = 0;
    if (plan->workload == WORK_DRAIN) {
        endpoint_script(GUEST_BAR0, at++, EP_OP_WAIT, 0, DRAIN_FIRST);
        endpoint_script(GUEST_BAR0, at++, EP_OP_RAISE, 1, 0);
    }
    endpoint_script(GUEST_BAR0, at++, EP_OP_WAIT, 0, delay);
    endpoint_script(GUEST_BAR0, at++, EP_OP_RAISE, 0, 0);
    for (uint32_t v = 1; plan->workload == WORK_RACE && v < plan->vectors; v++) {
        endpoint_script(GUEST_BAR0, at++, EP_OP_WAIT, 0, 1 + 7 * delay % RACE_GAPS);
        endpoint_script(GUEST_BAR0, at++, EP_OP_RAISE, v, 0);
    }
    endpoint_script(GUEST_BAR0, at, EP_OP_END, 0, 0);
    fence_all();
    endpoint_script_run(GUEST_BAR0);
}

/* Takes one interrupt by looking for it, before its notice has come to anybody. */
static void drain(void)
{
    csr_clear(CSR_SSTATUS, SSTATUS_SIE);
    while (!imsic_claim())
        ;
    csr_set(CSR_SSTATUS, SSTATUS_SIE);
}

/* With interrupts off from the look to the WFI: what comes in between is not taken before it, so
 * that nothing but the hypervisor decides whether the vCPU wakes. */
static void messages_await(uint64_t target)
{
    csr_clear(CSR_SSTATUS, SSTATUS_SIE);
    while (counters.messages < target) {
        wait_for_interrupt();
        csr_set(CSR_SSTATUS, SSTATUS_SIE);
        csr_clear(CSR_SSTATUS, SSTATUS_SIE);
    }
    csr_set(CSR_SSTATUS, SSTATUS_SIE);
}

/* Each cycle of the sweep in turn; with fewer turns than that, as evenly spread. */
_Noreturn void race_sleep(void)
{
    uint64_t done = 0, stride = plan->period > plan->count ? plan->period / plan->count : 1;
    for (;;) {
        uint64_t turn = race_turn; /* read once: vCPU 0 may be about to write */
        if (turn == 0 || turn == done)
            continue;
        if (plan->flags & PLAN_CALM)
            pause_cycles(DRAIN_CYCLES);
        if (plan->flags & PLAN_LATE_ENABLE)
            imsic_enable(GUEST_ID_VECTOR0, false);
        race_script(RACE_FIRST + turn * stride % plan->period);
        if (plan->flags & PLAN_LATE_ENABLE) {
            pause_cycles(plan->period / 2);
            imsic_enable(GUEST_ID_VECTOR0, true);
        }
        if (plan->workload == WORK_DRAIN) {
            drain();
            counters.messages++;
        }
        messages_await(turn * plan->vectors);
        done = turn;
    }
}

static uint64_t race_round(uint32_t count, bool measured)
{
    (void)measured;
    race_turn = 0;
    for (uint32_t i = 1; i <= count; i++) {
        race_turn = i;
        if (!counter_wait(&counters.messages, (uint64_t)i * plan->vectors))
            return (uint64_t)i * plan->vectors; /* it sleeps for ever */
    }
    return (uint64_t)count * plan->vectors;
}

static const struct work works[] = {
    [WORK_DEVICE] = {0, &counters.messages, device_prepare, device_round},
    [WORK_IPI] = {1, &counters.ipis, ipi_prepare, ipi_round},
    [WORK_BROADCAST] = {1, &counters.ipis, nothing_prepare, broadcast_round},
    [WORK_WIRE] = {0, &counters.wires, nothing_prepare, wire_round},
    [WORK_STREAM] = {1, &counters.messages, stream_prepare, stream_round},
    [WORK_CROSSFIRE] = {1, &counters.ipis, nothing_prepare, crossfire_round},
    [WORK_RACE] = {1, &counters.messages, stream_prepare, race_round},
    [WORK_DRAIN] = {1, &counters.messages, stream_prepare, race_round},
    [WORK_MASKED] = {1, &counters.messages, stream_prepare, masked_round},
};

static void counters_clear(void)
{
    counters.ipis = counters.wires = counters.messages = counters.first = counters.second = 0;
}

/* The hypercall that reads the first count is itself one trap if the handler's vCPU makes it. */
static void measured_round(const struct work *work)
{
    hypercall(HYP_MEASURE, 0);
    uint64_t before = hypercall(HYP_EXITS, work->handler);
    hint_phase(PHASE_MEASURED);
    plan->sent = work->round(plan->count, true);
    drain_wait();
    plan->exits = hypercall(HYP_EXITS, work->handler) - before;
    if (work->handler == 0)
        plan->exits--;
    plan->handled = *work->counter;
    hint_phase(PHASE_QUIET);
}

/* A sweep has nothing to warm up for: it begins with the first moment. */
void workload_run(void)
{
    const struct work *work = &works[plan->workload];
    random_state = plan->seed;
    work->prepare();
    hint_path(plan->path);
    hint_phase(PHASE_WARMUP);
    if (plan->workload < WORK_RACE) {
        work->round(plan->warmup, false);
        drain_wait();
        counters_clear();
    }
    measured_round(work);
}
