/* SPDX-License-Identifier: BSD-2-Clause */
/* What is connected to what, and where it is on the bus. */
#include <inttypes.h>

#include "platforms/virt_machine.h"

/* --- wires: every sink has the model's own shape of an input pin --- */

static void to_hart(void *ctx, uint32_t line, bool level)
{
    hart_wire(ctx, line, level);
}

static void to_aplic(void *ctx, uint32_t source, bool level)
{
    aplic_wire(ctx, source, level);
}

static void to_imsic(void *ctx, uint32_t file, bool level)
{
    imsic_wire(ctx, file, level);
}

static void wire_to_hart(struct virt *v, struct port *from, uint32_t line, uint32_t hart,
                         uint32_t hart_line)
{
    port_wire(from, line,
              &(struct port_wire){.sink = to_hart,
                                  .ctx = v->harts[hart].hart,
                                  .arg = hart_line,
                                  .runner = hart_runner(v->harts[hart].hart),
                                  .hart = hart});
}

static void wire_to_aplic(struct virt *v, struct port *from, uint32_t line, uint32_t source)
{
    port_wire(from, line, &(struct port_wire){.sink = to_aplic, .ctx = v->aplic, .arg = source});
}

/* The APLIC's direct delivery arrives at the interrupt files, which can be told to let it through.
 */
static void wire_files(struct virt *v, uint32_t hart)
{
    struct port *imsic = v->harts[hart].imsic_port;
    wire_to_hart(v, imsic, VD_LINE_MEIP, hart, VD_LINE_MEIP);
    wire_to_hart(v, imsic, VD_LINE_SEIP, hart, VD_LINE_SEIP);
    for (uint32_t guest = 1; guest <= v->config.imsic.guests; guest++)
        wire_to_hart(v, imsic, VD_LINE_HGEIP + guest, hart, VD_LINE_HGEIP + guest);
    for (uint32_t domain = 0; domain < 2; domain++)
        port_wire(v->aplic_port, APLIC_LINE(domain, hart),
                  &(struct port_wire){.sink = to_imsic,
                                      .ctx = v->harts[hart].imsic,
                                      .arg = domain ? VD_IMSIC_FILE_S : VD_IMSIC_FILE_M});
}

static void wire_hart(struct virt *v, uint32_t hart)
{
    wire_to_hart(v, v->clint_port, CLINT_LINE_MSIP(hart), hart, VD_LINE_MSIP);
    wire_to_hart(v, v->clint_port, CLINT_LINE_MTIP(hart), hart, VD_LINE_MTIP);
    if (v->harts[hart].imsic) {
        wire_files(v, hart);
        return;
    }
    wire_to_hart(v, v->aplic_port, APLIC_LINE(0, hart), hart, VD_LINE_MEIP);
    wire_to_hart(v, v->aplic_port, APLIC_LINE(1, hart), hart, VD_LINE_SEIP);
}

void virt_wire(struct virt *v)
{
    for (uint32_t hart = 0; hart < v->config.machine.harts; hart++)
        wire_hart(v, hart);
    wire_to_aplic(v, v->uart_port, 0, VIRT_IRQ_UART);
    wire_to_aplic(v, v->rtc_port, 0, VIRT_IRQ_RTC);
    for (uint32_t pin = 0; pin < 4; pin++)
        wire_to_aplic(v, v->pcie_port, pin, VIRT_IRQ_PCIE + pin);
    for (uint32_t i = 0; i < virt_num_sys_iommus(&v->config); i++)
        for (uint32_t line = 0; line < VIRT_IOMMU_IRQS; line++)
            wire_to_aplic(v, v->iommus[i].port, line, virt_iommu_irq(i) + line);
}

/* --- bus targets: the bus calls these --- */

static enum vd_status at_clint(void *ctx, struct vd_txn *txn)
{
    return clint_access(ctx, txn);
}

static enum vd_status at_finisher(void *ctx, struct vd_txn *txn)
{
    return finisher_access(ctx, txn);
}

static enum vd_status at_rtc(void *ctx, struct vd_txn *txn)
{
    return rtc_access(ctx, txn);
}

static enum vd_status at_uart(void *ctx, struct vd_txn *txn)
{
    return uart_access(ctx, txn);
}

static enum vd_status at_fw_cfg(void *ctx, struct vd_txn *txn)
{
    return fw_cfg_access(ctx, txn);
}

static enum vd_status at_iommu(void *ctx, struct vd_txn *txn)
{
    return iommu_access(ctx, txn);
}

static enum vd_status at_aplic_m(void *ctx, struct vd_txn *txn)
{
    return aplic_access(ctx, 0, txn);
}

static enum vd_status at_aplic_s(void *ctx, struct vd_txn *txn)
{
    return aplic_access(ctx, 1, txn);
}

static enum vd_status at_ecam(void *ctx, struct vd_txn *txn)
{
    return pcie_ecam(ctx, txn);
}

static enum vd_status at_window(void *ctx, struct vd_txn *txn)
{
    return pcie_mmio(ctx, txn);
}

static enum vd_status at_file(struct imsic *imsic, uint32_t file, struct vd_txn *txn)
{
    uint64_t addr = txn->addr;
    txn->addr = addr % RAM_PAGE;
    enum vd_status status = imsic_access(imsic, file, txn);
    txn->addr = addr;
    return status;
}

static enum vd_status at_machine_file(void *ctx, struct vd_txn *txn)
{
    return at_file(ctx, VD_IMSIC_FILE_M, txn);
}

/* A hart's S file and its guest files are one stride of pages. */
static enum vd_status at_supervisor_files(void *ctx, struct vd_txn *txn)
{
    return at_file(ctx, VD_IMSIC_FILE_S + (uint32_t)(txn->addr / RAM_PAGE), txn);
}

static bool add(struct virt *v, struct virt_range range, uint32_t rules,
                enum vd_status (*access)(void *ctx, struct vd_txn *txn), void *ctx,
                struct vd_error *err)
{
    const struct virt_bus_config *bus = &v->config.bus;
    uint64_t cycle = v->config.machine.cycle_ps;
    struct bus_target target = {
        .name = range.name,
        .base = range.base,
        .size = range.size,
        .access = access,
        .ctx = ctx,
        .rules = rules,
        .absolute = access == at_window,
        .read_latency = bus->device_read * cycle,
        .write_latency = (rules & BUS_MSI ? bus->msi_write : bus->device_write) * cycle,
        .hart_read_latency = bus->hart_read * cycle,
        /* A hart waits for a configuration write, which is not posted. */
        .hart_write_latency = access == at_ecam ? 0 : bus->hart_write * cycle,
    };
    return bus_add_target(v->core->bus, &target, err);
}

static bool map_files(struct virt *v, uint32_t hart, struct vd_error *err)
{
    uint32_t rules = BUS_READ | BUS_WRITE | BUS_MSI;
    struct virt_range m = virt_range(&v->config, VIRT_IMSIC_M);
    struct virt_range s = virt_range(&v->config, VIRT_IMSIC_S);
    uint64_t stride = (uint64_t)RAM_PAGE << virt_guest_index_bits(&v->config);
    m.base += hart * RAM_PAGE;
    m.size = RAM_PAGE;
    s.base += hart * stride;
    s.size = stride;
    return add(v, m, rules, at_machine_file, v->harts[hart].imsic, err) &&
           add(v, s, rules, at_supervisor_files, v->harts[hart].imsic, err);
}

static bool map_memory(struct virt *v, struct vd_error *err)
{
    struct virt_range bad = virt_range(&v->config, VIRT_POISON);
    struct virt_range rom = virt_range(&v->config, VIRT_MROM);
    struct virt_range ram = virt_range(&v->config, VIRT_RAM);
    if (v->config.machine.poison &&
        !bus_add_ram(v->core->bus, bad.name, bad.base, bad.size, RAM_POISONED, err))
        return false;
    return bus_add_ram(v->core->bus, rom.name, rom.base, rom.size, RAM_READ_ONLY, err) &&
           bus_add_ram(v->core->bus, ram.name, ram.base, ram.size, 0, err);
}

/* One page each. */
static bool map_iommus(struct virt *v, struct vd_error *err)
{
    struct virt_range page = virt_range(&v->config, VIRT_IOMMU);
    for (uint32_t i = 0; i < virt_num_sys_iommus(&v->config); i++) {
        if (!add(v, page, BUS_READ | BUS_WRITE, at_iommu, v->iommus[i].iommu, err))
            return false;
        page.base += page.size;
    }
    return true;
}

bool virt_map(struct virt *v, struct vd_error *err)
{
    const struct {
        enum virt_region region;
        enum vd_status (*access)(void *ctx, struct vd_txn *txn);
        void *ctx;
        uint32_t rules;
    } rows[] = {
        {VIRT_FINISHER, at_finisher, v->finisher, BUS_READ | BUS_WRITE},
        {VIRT_RTC, at_rtc, v->rtc, BUS_READ | BUS_WRITE},
        {VIRT_CLINT, at_clint, v->clint, BUS_READ | BUS_WRITE | BUS_ATOMIC},
        {VIRT_APLIC_M, at_aplic_m, v->aplic, BUS_READ | BUS_WRITE},
        {VIRT_APLIC_S, at_aplic_s, v->aplic, BUS_READ | BUS_WRITE},
        {VIRT_UART, at_uart, v->uart, BUS_READ | BUS_WRITE},
        {VIRT_FW_CFG, at_fw_cfg, v->fw_cfg, BUS_READ | BUS_WRITE},
        {VIRT_ECAM, at_ecam, v->pcie, BUS_READ | BUS_WRITE},
        {VIRT_PCIE_MMIO, at_window, v->pcie, BUS_READ | BUS_WRITE},
        {VIRT_PCIE_MMIO64, at_window, v->pcie, BUS_READ | BUS_WRITE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct virt_range range = virt_range(&v->config, rows[i].region);
        if (rows[i].ctx && !add(v, range, rows[i].rules, rows[i].access, rows[i].ctx, err))
            return false;
    }
    for (uint32_t hart = 0; hart < v->config.machine.harts; hart++)
        if (v->harts[hart].imsic && !map_files(v, hart, err))
            return false;
    return map_iommus(v, err) && map_memory(v, err);
}
