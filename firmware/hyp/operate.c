/* SPDX-License-Identifier: BSD-2-Clause */
#include "operate.h"

#include "csr.h"
#include "guest/plan.h"
#include "hart.h"
#include "sbi.h"
#include "sched.h"
#include "vcpu.h"
#include "vfile.h"

struct request {
    struct vcpu *vcpu;
    uint64_t operation;
    bool busy, done;
};

/* vCPU 0, which asks, keeps its hart for itself if there are enough others. */
static struct hart *next_hart(const struct hart *hart)
{
    uint32_t index = (uint32_t)(hart - harts) + 1;
    return &harts[index < num_harts ? index : num_harts > 2];
}

static bool evict(struct vcpu *vcpu)
{
    if (!vcpu->guest_file || !mrif_exists())
        return false;
    csr_clear(CSR_HGEIE, 1ul << vcpu->guest_file);
    vfile_evict(vcpu);
    if (vfile_deliverable(vcpu))
        sched_wake(vcpu);
    return true;
}

static bool restore_file(struct vcpu *vcpu)
{
    if (vcpu->guest_file || !vfile_restore(vcpu))
        return false;
    if (vcpu->state == VCPU_BLOCKED)
        csr_set(CSR_HGEIE, 1ul << vcpu->guest_file);
    return true;
}

static bool carry_out(struct vcpu *vcpu, uint64_t operation)
{
    switch (operation) {
    case OPERATE_MOVE:
        return vcpu->guest_file && vfile_move(vcpu, vcpu->hart);
    case OPERATE_MIGRATE:
        return vfile_move(vcpu, next_hart(vcpu->hart));
    case OPERATE_EVICT:
        return evict(vcpu);
    case OPERATE_RESTORE:
        return restore_file(vcpu);
    case OPERATE_WAKE:
        sched_wake(vcpu);
        return true;
    case OPERATE_PREEMPT:
        sched_yield(vcpu->hart);
        return true;
    default:
        return false;
    }
}

/* On the vCPU's hart, which is in the hypervisor: the vCPU does not run meanwhile. */
static void operate_here(void *arg)
{
    struct request *request = arg;
    struct vcpu *vcpu = request->vcpu;
    request->busy = vcpu->hart != hart_self() || vcpu->busy || !vfile_trylock(vcpu);
    if (request->busy)
        return;
    request->done = carry_out(vcpu, request->operation);
    vfile_unlock(vcpu);
}

/* Two vCPUs that ask for each other are both busy until one gives up. */
enum { TRIES = 100 };

bool operate(struct vcpu *vcpu, uint64_t operation)
{
    struct request request = {.vcpu = vcpu, .operation = operation, .busy = true};
    for (uint32_t i = 0; request.busy && i < TRIES; i++) {
        hart_call(vcpu->hart, operate_here, &request);
        hart_poll();
    }
    return request.done;
}

void operate_later(struct vcpu *vcpu, uint64_t operation)
{
    vcpu->asked = true;
    vcpu->asked_operation = operation;
}

void operate_asked(struct vcpu *vcpu)
{
    if (!vcpu->asked)
        return;
    vcpu->asked = false;
    struct sbi_result r = {SBI_SUCCESS, 0};
    vfile_lock(vcpu);
    if (vcpu->hart != hart_self() || !carry_out(vcpu, vcpu->asked_operation))
        r.error = SBI_FAILED;
    vfile_unlock(vcpu);
    vcpu->x[10] = (uint64_t)r.error;
}
