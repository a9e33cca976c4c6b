/* SPDX-License-Identifier: BSD-2-Clause */
/* The IOMMUs: platform devices first, then PCIe functions, and which device is behind which. */
#include <stdlib.h>

#include "platforms/virt_machine.h"
#include "viaduct/bits.h"

/* Vendor and device under which software knows a RISC-V IOMMU on PCIe. */
enum { PCI_IOMMU_VENDOR = 0x1b36, PCI_IOMMU_DEVICE = 0x0014, PCI_IOMMU_CLASS = 0x080600 };
enum { BAR_SIZE = 0x2000, MSI_CFG_TBL = 0x300, PBA = 0x1000 };
enum { IGS_LSB = 28, IGS_WIDTH = 2, IGS_MSI = 0 };

static void completed(void *ctx, const struct vd_txn *txn)
{
    iommu_complete(ctx, txn);
}

static void responded(void *ctx, const struct vd_txn *txn)
{
    pcie_complete(((struct virt_iommu *)ctx)->pcie, txn);
}

static void messaged(void *ctx, uint32_t device_id, uint32_t code, const uint64_t payload[2])
{
    pcie_message(((struct virt_iommu *)ctx)->pcie, device_id, code, payload);
}

static bool create(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct virt_iommu *i = &v->iommus[index];
    struct iommu_config config = v->config.iommu;
    char name[32];
    snprintf(name, sizeof(name), "iommu%u", index);
    config.index += index;
    if (virt_iommu_is_pci(&v->config, index))
        config.capabilities = vd_set(config.capabilities, IGS_LSB, IGS_WIDTH, IGS_MSI);
    i->port = port_create(v->core, name);
    i->iommu = iommu_create(&config, port_host(i->port), err);
    if (!i->iommu)
        return false;
    port_attach(i->port, &(struct port_model){.ctx = i->iommu, .complete = completed});
    return true;
}

bool virt_create_iommus(struct virt *v, struct vd_error *err)
{
    for (uint32_t i = 0; i < virt_num_iommus(&v->config); i++)
        if (!create(v, i, err))
            return false;
    return true;
}

/* --- an IOMMU as a PCIe function --- */

static enum vd_status bar_access(void *ctx, uint32_t bar, struct vd_txn *txn)
{
    struct virt_iommu *i = ctx;
    (void)bar;
    return iommu_access(i->iommu, txn);
}

static void function_reset(void *ctx)
{
    struct virt_iommu *i = ctx;
    iommu_reset(i->iommu);
}

/* The root complex keeps vector table and PBA; the table is where msi_cfg_tbl is. */
static void message_due(void *ctx, uint32_t vector)
{
    struct virt_iommu *i = ctx;
    pcie_msix_raise(&i->function, vector);
}

static bool may_master(void *ctx)
{
    return pcie_bus_master(&((struct virt_iommu *)ctx)->function);
}

static bool plug(struct virt *v, uint32_t index, struct vd_error *err)
{
    struct virt_iommu *i = &v->iommus[index];
    i->state = calloc(1, sizeof(*i->state));
    if (!i->state)
        return vd_fail(err, "no memory for the machine");
    i->function = (struct pcie_function){
        .id = {.vendor = PCI_IOMMU_VENDOR,
               .device = PCI_IOMMU_DEVICE,
               .class_code = PCI_IOMMU_CLASS,
               .vectors = (uint16_t)(1u << v->config.iommu.vector_bits),
               .msix_bar = 0,
               .msix_table = MSI_CFG_TBL,
               .msix_pba = PBA,
               .bars = {[0] = {BAR_SIZE, true, false}}},
        .st = i->state,
        .ctx = i,
        .bar_access = bar_access,
        .reset = function_reset,
    };
    return pcie_plug(v->pcie, virt_iommu_device(&v->config, index) << 3, &i->function, err);
}

/* How long until what a device has written is in memory. */
static bool landing(void *ctx, uint32_t device_id, vd_time *wait)
{
    struct virt *v = ctx;
    struct port *port = v->pcie_port;
    uint32_t index = virt_iommu_of(&v->config, device_id >> 3);
    if (index != VIRT_NO_IOMMU) {
        if (iommu_carries_write(v->iommus[index].iommu, device_id))
            return false;
        port = v->iommus[index].port;
    }
    *wait = bus_drain_of(v->core->bus, port, device_id);
    return true;
}

bool virt_connect_iommus(struct virt *v, struct vd_error *err)
{
    pcie_connect(v->pcie, &(struct pcie_upstream){.landing = landing, .ctx = v});
    for (uint32_t index = 0; index < virt_num_iommus(&v->config); index++) {
        struct virt_iommu *i = &v->iommus[index];
        bool pci = virt_iommu_is_pci(&v->config, index);
        i->pcie = v->pcie;
        iommu_connect(i->iommu, &(struct iommu_device_port){.respond = responded,
                                                            .message = messaged,
                                                            .interrupt = pci ? message_due : NULL,
                                                            .bus_master = pci ? may_master : NULL,
                                                            .ctx = i});
        if (pci && !plug(v, index, err))
            return false;
    }
    return true;
}

/* What leaves the PCIe link.  An IOMMU's own messages are not translated. */
enum vd_status virt_upstream(void *ctx, struct vd_txn *txn)
{
    struct virt *v = ctx;
    uint32_t index = virt_iommu_of(&v->config, txn->requester >> 3);
    if (index == VIRT_NO_IOMMU)
        return bus_submit(v->core->bus, v->pcie_port, txn);
    return iommu_submit(v->iommus[index].iommu, txn);
}

void virt_reset_iommus(struct virt *v)
{
    for (uint32_t i = 0; i < virt_num_iommus(&v->config); i++)
        iommu_reset(v->iommus[i].iommu);
}

bool virt_iommus_idle(const struct virt *v)
{
    for (uint32_t i = 0; i < virt_num_iommus(&v->config); i++)
        if (!iommu_idle(v->iommus[i].iommu))
            return false;
    return true;
}

void virt_destroy_iommus(struct virt *v)
{
    for (uint32_t i = 0; i < virt_num_iommus(&v->config); i++) {
        iommu_destroy(v->iommus[i].iommu);
        free(v->iommus[i].state);
    }
}
