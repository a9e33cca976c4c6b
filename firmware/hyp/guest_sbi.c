/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest_sbi.h"

#include "aplic.h"
#include "csr.h"
#include "hart.h"
#include "hyp.h"
#include "operate.h"
#include "print.h"
#include "protocol.h"
#include "sbi.h"
#include "sched.h"
#include "vcpu.h"
#include "vfile.h"
#include "vm.h"

static struct sbi_result ok(uint64_t value)
{
    return (struct sbi_result){SBI_SUCCESS, value};
}

static struct sbi_result failed(int64_t error)
{
    return (struct sbi_result){error, 0};
}

static struct sbi_result base_call(struct vcpu *vcpu)
{
    static const uint64_t present[] = {SBI_BASE, SBI_DBCN, SBI_HSM,
                                       SBI_IPI,  SBI_SRST, HYP_EXTENSION};
    if (vcpu->x[16] == SBI_BASE_SPEC_VERSION)
        return ok(2ul << 24);
    if (vcpu->x[16] != SBI_BASE_PROBE)
        return ok(0);
    for (unsigned i = 0; i < sizeof present / sizeof *present; i++)
        if (present[i] == vcpu->x[10])
            return ok(1);
    return ok(0);
}

static struct sbi_result console_call(struct vcpu *vcpu)
{
    uint64_t size = vcpu->x[10];
    const char *text = vm_memory(vcpu->vm, vcpu->x[11], size);
    if (vcpu->x[16] != SBI_DBCN_WRITE)
        return failed(SBI_NOT_SUPPORTED);
    if (!text)
        return failed(SBI_INVALID_PARAM);
    console_write(text, size);
    return ok(size);
}

static struct vcpu *vcpu_by_id(struct vm *vm, uint64_t id)
{
    return id < vm->config.vcpus ? &vm->vcpus[id] : 0;
}

static struct sbi_result hsm_call(struct vcpu *caller)
{
    struct vcpu *vcpu = vcpu_by_id(caller->vm, caller->x[10]);
    if (!vcpu)
        return failed(SBI_INVALID_PARAM);
    if (caller->x[16] == SBI_HSM_STATUS)
        return ok(vcpu->state == VCPU_STOPPED ? SBI_HSM_STOPPED : SBI_HSM_STARTED);
    if (caller->x[16] != SBI_HSM_START)
        return failed(SBI_NOT_SUPPORTED);
    if (vcpu->state != VCPU_STOPPED)
        return failed(SBI_ALREADY_AVAILABLE);
    if (!vm_memory(caller->vm, caller->x[11], 2))
        return failed(SBI_INVALID_ADDRESS);
    vcpu_start(vcpu, caller->x[11], vcpu->id, caller->x[12]);
    return ok(0);
}

static struct sbi_result ipi_call(struct vcpu *caller)
{
    for (uint64_t i = 0; caller->x[10] >> i && i < 64; i++) {
        struct vcpu *vcpu = vcpu_by_id(caller->vm, caller->x[11] + i);
        if (vcpu && (caller->x[10] >> i & 1))
            vfile_inject(vcpu, GUEST_ID_IPI, HINT_OF_TRAP);
    }
    return ok(0);
}

static struct sbi_result signal(struct vcpu *vcpu, uint64_t identity)
{
    if (!vcpu)
        return failed(SBI_INVALID_PARAM);
    vfile_inject(vcpu, (uint32_t)identity, HINT_OF_TRAP);
    return ok(0);
}

struct hgeip_question {
    uint32_t guest;
    bool set;
};

static void hgeip_here(void *arg)
{
    struct hgeip_question *q = arg;
    q->set = csr_read(CSR_HGEIP) >> q->guest & 1;
}

static struct sbi_result hgeip(const struct vcpu *vcpu)
{
    if (!vcpu || !vcpu->guest_file)
        return failed(SBI_INVALID_PARAM);
    struct hgeip_question q = {.guest = vcpu->guest_file};
    hart_call(vcpu->file_hart, hgeip_here, &q);
    return ok(q.set);
}

static struct sbi_result done(struct vcpu *vcpu)
{
    vcpu->vm->measured = tally_since(vcpu->vm, &vcpu->vm->measured);
    sched_stop(vcpu);
    vcpu->vm->done = true;
    hart_kick(&harts[0]); /* where vm_run() waits */
    return ok(0);
}

static struct sbi_result operation(struct vcpu *caller, struct vcpu *vcpu, uint64_t what)
{
    if (vcpu != caller)
        return vcpu && operate(vcpu, what) ? ok(0) : failed(SBI_FAILED);
    operate_later(caller, what);
    return ok(0);
}

static struct sbi_result hypercall(struct vcpu *caller)
{
    struct vcpu *vcpu = vcpu_by_id(caller->vm, caller->x[10]);
    switch (caller->x[16]) {
    case HYP_FLUSH_IOATC:
        iommus_flush_all();
        return ok(0);
    case HYP_OPERATE:
        return operation(caller, vcpu, caller->x[11]);
    case HYP_BLOCKED:
        return vcpu ? ok(vcpu->state == VCPU_BLOCKED) : failed(SBI_INVALID_PARAM);
    case HYP_HGEIP:
        return hgeip(vcpu);
    case HYP_SIGNAL:
        return signal(vcpu, caller->x[11]);
    case HYP_LINE:
        vm_line(caller->vm, (uint32_t)caller->x[10], caller->x[11]);
        return ok(0);
    case HYP_RETRIGGER:
        if (!protocol_traits.forgets_level)
            aplic_retrigger(board.aplic_s.base, caller->vm->wire);
        return ok(0);
    case HYP_MEASURE:
        caller->vm->measured = tally_of(caller->vm);
        return ok(0);
    case HYP_EXITS:
        return vcpu ? ok(vcpu->exits) : failed(SBI_INVALID_PARAM);
    case HYP_DONE:
        return done(caller);
    default:
        return failed(SBI_NOT_SUPPORTED);
    }
}

static struct sbi_result dispatch(struct vcpu *vcpu)
{
    switch (vcpu->x[17]) {
    case SBI_BASE:
        return base_call(vcpu);
    case SBI_DBCN:
        return console_call(vcpu);
    case SBI_HSM:
        return hsm_call(vcpu);
    case SBI_IPI:
        return ipi_call(vcpu);
    case SBI_SRST:
        return done(vcpu);
    case HYP_EXTENSION:
        return hypercall(vcpu);
    default:
        return failed(SBI_NOT_SUPPORTED);
    }
}

void guest_sbi_call(struct vcpu *vcpu)
{
    struct sbi_result r = dispatch(vcpu);
    vcpu->x[10] = (uint64_t)r.error;
    vcpu->x[11] = r.value;
}
