/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm.h"

#include "csr.h"
#include "endpoint.h"
#include "gfile.h"
#include "hart.h"
#include "hint.h"
#include "hyp.h"
#include "mmio.h"
#include "pages.h"
#include "protocol.h"
#include "sched.h"
#include "text.h"
#include "vfile.h"

extern const char guest_image[], guest_image_end[];

static struct vm the_vm;

enum { VM_ID = 1, RAM_PAGES = GUEST_RAM_BYTES / PAGE_SIZE };

/* The guest's image lies at the start of its RAM, the plan in the last page. */
static void memory_make(struct vm *vm)
{
    vm->ram = (uint64_t)pages_alloc(RAM_PAGES, GUEST_RAM_BYTES);
    memcpy((void *)vm->ram, guest_image, (size_t)(guest_image_end - guest_image));
    asm volatile("fence.i" ::: "memory");
    vm->plan = (struct plan *)(vm->ram + GUEST_RAM_BYTES - PAGE_SIZE);
    pagetable_create(&vm->gstage, true);
    pagetable_map(&vm->gstage, GUEST_RAM, vm->ram, GUEST_RAM_BYTES, PTE_RWX | PTE_GUEST);
    pagetable_create(&vm->device_gstage, true);
    pagetable_map(&vm->device_gstage, GUEST_RAM, vm->ram, GUEST_RAM_BYTES, PTE_RW | PTE_GUEST);
    vm->hgatp = pagetable_atp(&vm->gstage) | (uint64_t)vm->id << HGATP_VMID_SHIFT;
}

static struct hart *first_hart(const struct vm *vm, uint32_t vcpu)
{
    if (vm->config.crowd)
        return &harts[vcpu && num_harts > 1];
    return &harts[vcpu % num_harts];
}

/* A guest file, if there may and can be one; else the vCPU's file is in memory, where the IOMMU
 * stores into it if the vCPU can run on it. */
static bool vcpu_place(struct vm *vm, struct vcpu *vcpu)
{
    vcpu->hart = first_hart(vm, vcpu->id);
    vcpu->file_hart = vcpu->hart;
    vcpu_mrif_register(vcpu);
    if (vm->config.mode != MODE_EMUL && vm->config.mode != MODE_MRIF)
        vcpu->guest_file = gfile_alloc(vcpu->hart, vcpu);
    if (vcpu->guest_file) {
        gfile_clear(vcpu->hart, vcpu->guest_file);
        return true;
    }
    if (vm->config.mode == MODE_HWACCEL)
        return false;
    vcpu->in_mrif = vm->config.mode != MODE_EMUL && mrif_can_run();
    if (vcpu->in_mrif)
        vcpu_mrif_tell(vcpu, true);
    return true;
}

static void vaplic_send(void *ctx, uint32_t hart, uint32_t eiid)
{
    struct vm *vm = ctx;
    vfile_inject(&vm->vcpus[hart], eiid, HINT_OF_TRAP);
}

void vm_line(struct vm *vm, uint32_t source, bool level)
{
    spin_lock(&vm->vaplic_lock);
    vaplic_wire(&vm->vaplic, source, level);
    spin_unlock(&vm->vaplic_lock);
}

uint32_t vm_vaplic_read(struct vm *vm, uint32_t offset)
{
    spin_lock(&vm->vaplic_lock);
    uint32_t value = vaplic_read(&vm->vaplic, offset);
    spin_unlock(&vm->vaplic_lock);
    return value;
}

void vm_vaplic_write(struct vm *vm, uint32_t offset, uint32_t value)
{
    spin_lock(&vm->vaplic_lock);
    vaplic_write(&vm->vaplic, offset, value);
    spin_unlock(&vm->vaplic_lock);
}

struct vm *vm_create(const struct vm_config *config)
{
    struct vm *vm = &the_vm;
    memset(vm, 0, sizeof *vm);
    vm->id = VM_ID;
    vm->config = *config;
    vaplic_init(&vm->vaplic, config->vcpus, vaplic_send, vm);
    memory_make(vm);
    bool placed = true;
    for (uint32_t i = 0; i < config->vcpus; i++) {
        vcpu_init(&vm->vcpus[i], vm, i);
        placed &= vcpu_place(vm, &vm->vcpus[i]);
        vm_map_imsic(vm, &vm->vcpus[i]);
    }
    if (placed)
        return vm;
    vm_destroy(vm);
    return 0;
}

void vm_map_imsic(struct vm *vm, const struct vcpu *vcpu)
{
    uint64_t gpa = guest_imsic_page(vcpu->id);
    uint64_t page = vcpu->guest_file ? gfile_page(vcpu->file_hart, vcpu->guest_file) : 0;
    pagetable_map(&vm->gstage, gpa, page, PAGE_SIZE, PTE_RW | PTE_GUEST);
    if (!page)
        *pagetable_leaf(&vm->gstage, gpa) = 0;
}

/* HFENCE.GVMA orders translations.  A store that has left the hart by the old one is on its way
 * until a fence of O has waited for it. */
static void fence_here(void *arg)
{
    (void)arg;
    if (!protocol_traits.leave_stores)
        fence_all();
    hfence_gvma_all();
}

void vm_fence(struct vm *vm)
{
    (void)vm;
    for (uint32_t i = 0; i < num_harts; i++)
        hart_call(&harts[i], fence_here, 0);
}

static struct iommu *iommu_of(const struct pcie_function *endpoint)
{
    return &iommus[board_iommu_of(&board, endpoint->device_id)];
}

static void endpoint_assign(struct vm *vm, uint32_t index, const struct iommu_dc *dc)
{
    struct pcie_function *endpoint = &endpoints[index];
    pcie_msix_enable(endpoint, true);
    pagetable_map(&vm->gstage, GUEST_BAR0 + index * GUEST_BAR_STRIDE, endpoint->bar[0],
                  ENDPOINT_BAR0_BYTES, PTE_RW | PTE_GUEST);
    iommu_attach(iommu_of(endpoint), endpoint->device_id, dc);
    hint_device_owner(endpoint->device_id, vm->id);
}

void vm_assign_endpoints(struct vm *vm)
{
    ir_domain_create(&vm->ir, vm->id);
    vfio_init(vm);
    struct iommu_dc dc = {
        .tc = IOMMU_DC_V,
        .iohgatp = pagetable_atp(&vm->device_gstage) | IOMMU_IOHGATP_GSCID(vm->id),
        .msi_addr_mask = vm->ir.mask,
        .msi_addr_pattern = vm->ir.pattern,
    };
    for (uint32_t i = 0; i < vm->config.devices; i++) {
        dc.msiptp = ir_msiptp(&vm->ir, iommu_of(&endpoints[i]));
        endpoint_assign(vm, i, &dc);
    }
    vm->assigned = true;
}

static void vcpu_stop_here(void *arg)
{
    struct vcpu *vcpu = arg;
    struct hart *hart = hart_self();
    sched_stop(vcpu);
    if (hart->loaded == vcpu)
        vcpu_put(hart);
}

void vm_run(struct vm *vm)
{
    vcpu_start(&vm->vcpus[0], GUEST_RAM, 0, GUEST_RAM + GUEST_RAM_BYTES - PAGE_SIZE);
    while (!vm->done)
        hart_step();
    for (uint32_t i = 0; i < vm->config.vcpus; i++)
        hart_call(vm->vcpus[i].hart, vcpu_stop_here, &vm->vcpus[i]);
    /* What is under way ends; the locks stay taken. */
    for (uint32_t i = 0; i < vm->config.vcpus; i++)
        vfile_lock(&vm->vcpus[i]);
}

static void endpoints_take_back(struct vm *vm)
{
    uint32_t tickets[HYP_IOMMUS];
    for (uint32_t i = 0; i < vm->config.devices; i++)
        endpoint_stop(endpoints[i].bar[0]);
    vfio_release(vm);
    for (uint32_t i = 0; i < vm->config.devices; i++) {
        pcie_msix_enable(&endpoints[i], false);
        iommu_detach(iommu_of(&endpoints[i]), endpoints[i].device_id);
    }
    iommus_post(iommu_cmd_iotinval_gvma(vm->id, false, 0), num_iommus, tickets);
    iommus_sync();
    ir_domain_destroy(&vm->ir);
    for (uint32_t i = 0; i < vm->config.devices; i++)
        hint_device_owner(endpoints[i].device_id, HINT_NOBODY);
}

void vm_destroy(struct vm *vm)
{
    if (vm->assigned)
        endpoints_take_back(vm);
    for (uint32_t i = 0; i < vm->config.vcpus; i++) {
        struct vcpu *vcpu = &vm->vcpus[i];
        riscv_iommu_mrif_unregister(&vcpu->mrif);
        if (!vcpu->guest_file)
            continue;
        gfile_clear(vcpu->file_hart, vcpu->guest_file);
        gfile_free(vcpu->file_hart, vcpu->guest_file);
    }
    pagetable_destroy(&vm->gstage);
    pagetable_destroy(&vm->device_gstage);
    pages_free((void *)vm->ram, RAM_PAGES);
}

void *vm_memory(struct vm *vm, uint64_t gpa, uint64_t size)
{
    uint64_t offset = gpa - GUEST_RAM;
    if (gpa < GUEST_RAM || offset > GUEST_RAM_BYTES || size > GUEST_RAM_BYTES - offset)
        return 0;
    return (void *)(vm->ram + offset);
}

struct vcpu *vm_vcpu_by_imsic(struct vm *vm, uint64_t gpa)
{
    for (uint32_t i = 0; i < vm->config.vcpus; i++)
        if (guest_imsic_page(i) == (gpa & ~(uint64_t)(PAGE_SIZE - 1)))
            return &vm->vcpus[i];
    return 0;
}
