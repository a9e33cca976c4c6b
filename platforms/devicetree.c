/* SPDX-License-Identifier: BSD-2-Clause */
#include "platforms/devicetree.h"

#include <string.h>

#include "platforms/devicetree_parts.h"

enum { FINISHER_PASS = 0x5555, FINISHER_RESET = 0x7777 };

/* Local interrupts of a hart. */
enum { IRQ_M_SOFT = 3, IRQ_M_TIMER = 7, IRQ_S_EXT = 9, IRQ_M_EXT = 11 };

void node_reg(struct tree *t, enum virt_region region)
{
    struct virt_range range = virt_range(t->config, region);
    struct cells c = {.count = 0};
    cells_add64(&c, range.base);
    cells_add64(&c, range.size);
    tree_put(t, "reg", &c);
}

uint64_t node_base_of(const struct tree *t, enum virt_region region)
{
    return virt_range(t->config, region).base;
}

static uint32_t intc_phandle(uint32_t hart)
{
    return PHANDLE_CPU0 + 2 * hart + 1;
}

/* interrupts-extended with one local interrupt, or two, of every hart. */
static void local_interrupts(struct tree *t, uint32_t first, uint32_t second)
{
    struct cells c = {.count = 0};
    for (uint32_t hart = 0; hart < t->config->machine.harts; hart++) {
        cells_add(&c, intc_phandle(hart));
        cells_add(&c, first);
        if (second) {
            cells_add(&c, intc_phandle(hart));
            cells_add(&c, second);
        }
    }
    tree_put(t, "interrupts-extended", &c);
}

void node_wired(struct tree *t, uint32_t source, uint32_t count)
{
    struct cells c = {.count = 0};
    for (uint32_t i = 0; i < count; i++) {
        cells_add(&c, source + i);
        cells_add(&c, IRQ_LEVEL_HIGH);
    }
    tree_cell(t, "interrupt-parent", PHANDLE_APLIC_S);
    tree_put(t, "interrupts", &c);
}

/* riscv,isa for what is old, riscv,isa-extensions for what is new. */
static void isa(struct tree *t)
{
    const char *name;
    char string[1024], list[1024] = "i";
    size_t used = 2;
    hart_isa_string(&t->config->hart, string, sizeof(string));
    tree_text(t, "riscv,isa", string);
    tree_text(t, "riscv,isa-base", "rv64i");
    for (unsigned i = 0; (name = hart_isa_name(&t->config->hart, i)) != NULL; i++) {
        size_t length = strlen(name) + 1;
        if (length == 1 || used + length > sizeof(list))
            continue;
        memcpy(list + used, name, length);
        used += length;
    }
    tree_bytes(t, "riscv,isa-extensions", list, used);
}

static void cache_blocks(struct tree *t)
{
    enum { BLOCK_BYTES = 64 };
    uint64_t extensions = t->config->hart.extensions;
    if (extensions >> HART_EXT_Zicbom & 1)
        tree_cell(t, "riscv,cbom-block-size", BLOCK_BYTES);
    if (extensions >> HART_EXT_Zicbop & 1)
        tree_cell(t, "riscv,cbop-block-size", BLOCK_BYTES);
    if (extensions >> HART_EXT_Zicboz & 1)
        tree_cell(t, "riscv,cboz-block-size", BLOCK_BYTES);
}

static const char *mmu_type(const struct tree *t)
{
    static const char *const types[] = {"riscv,sv39", "riscv,sv48", "riscv,sv57"};
    uint32_t mode = t->config->hart.satp_mode;
    return types[mode >= 8 && mode <= 10 ? mode - 8 : 0];
}

static void cpu(struct tree *t, uint32_t hart)
{
    tree_begin_at(t, "cpu", hart);
    tree_cell(t, "phandle", PHANDLE_CPU0 + 2 * hart);
    tree_text(t, "device_type", "cpu");
    tree_cell(t, "reg", hart);
    tree_text(t, "status", "okay");
    tree_text(t, "compatible", "riscv");
    isa(t);
    cache_blocks(t);
    tree_text(t, "mmu-type", mmu_type(t));
    tree_begin(t, "interrupt-controller");
    tree_cell(t, "#address-cells", 0);
    tree_cell(t, "#interrupt-cells", 1);
    tree_empty(t, "interrupt-controller");
    tree_text(t, "compatible", "riscv,cpu-intc");
    tree_cell(t, "phandle", intc_phandle(hart));
    tree_end(t);
    tree_end(t);
}

static void cpu_map(struct tree *t)
{
    tree_begin(t, "cpu-map");
    tree_begin(t, "cluster0");
    for (uint32_t hart = 0; hart < t->config->machine.harts; hart++) {
        char name[16];
        snprintf(name, sizeof(name), "core%u", hart);
        tree_begin(t, name);
        tree_cell(t, "cpu", PHANDLE_CPU0 + 2 * hart);
        tree_end(t);
    }
    tree_end(t);
    tree_end(t);
}

static void cpus(struct tree *t)
{
    tree_begin(t, "cpus");
    tree_cell(t, "#address-cells", 1);
    tree_cell(t, "#size-cells", 0);
    tree_cell(t, "timebase-frequency", (uint32_t)t->config->machine.timebase);
    for (uint32_t hart = 0; hart < t->config->machine.harts; hart++)
        cpu(t, hart);
    cpu_map(t);
    tree_end(t);
}

static void memory(struct tree *t)
{
    tree_begin_at(t, "memory", node_base_of(t, VIRT_RAM));
    tree_text(t, "device_type", "memory");
    node_reg(t, VIRT_RAM);
    tree_end(t);
}

static void clint(struct tree *t)
{
    tree_begin_at(t, "clint", node_base_of(t, VIRT_CLINT));
    TREE_STRINGS(t, "compatible", "sifive,clint0\0riscv,clint0");
    node_reg(t, VIRT_CLINT);
    local_interrupts(t, IRQ_M_SOFT, IRQ_M_TIMER);
    tree_end(t);
}

static void imsics_common(struct tree *t, enum virt_region region, uint32_t phandle,
                          uint32_t local_irq)
{
    tree_text(t, "compatible", "riscv,imsics");
    tree_cell(t, "phandle", phandle);
    tree_cell(t, "#address-cells", 0);
    tree_cell(t, "#interrupt-cells", 0);
    tree_empty(t, "interrupt-controller");
    tree_empty(t, "msi-controller");
    tree_cell(t, "#msi-cells", 0);
    local_interrupts(t, local_irq, 0);
    node_reg(t, region);
    tree_cell(t, "riscv,num-ids", t->config->imsic.ids);
    tree_cell(t, "riscv,ipi-id", 1);
}

static void imsics_m(struct tree *t)
{
    tree_begin_at(t, "imsics", node_base_of(t, VIRT_IMSIC_M));
    imsics_common(t, VIRT_IMSIC_M, PHANDLE_IMSIC_M, IRQ_M_EXT);
    tree_end(t);
}

static void imsics_s(struct tree *t)
{
    tree_begin_at(t, "imsics", node_base_of(t, VIRT_IMSIC_S));
    imsics_common(t, VIRT_IMSIC_S, PHANDLE_IMSIC_S, IRQ_S_EXT);
    if (t->config->imsic.guest_ids && t->config->imsic.guest_ids != t->config->imsic.ids)
        tree_cell(t, "riscv,num-guest-ids", t->config->imsic.guest_ids);
    if (t->config->imsic.guests)
        tree_cell(t, "riscv,guest-index-bits", virt_guest_index_bits(t->config));
    tree_end(t);
}

static void aplic_common(struct tree *t, enum virt_region region, uint32_t phandle, uint32_t imsic,
                         uint32_t local_irq)
{
    tree_text(t, "compatible", "riscv,aplic");
    tree_cell(t, "phandle", phandle);
    tree_cell(t, "#address-cells", 0);
    tree_cell(t, "#interrupt-cells", 2);
    tree_empty(t, "interrupt-controller");
    if (virt_has_imsics(t->config))
        tree_cell(t, "msi-parent", imsic);
    else
        local_interrupts(t, local_irq, 0);
    node_reg(t, region);
    tree_cell(t, "riscv,num-sources", t->config->aplic.sources);
}

static void aplic_m(struct tree *t)
{
    struct cells c = {.count = 0};
    tree_begin_at(t, "aplic", node_base_of(t, VIRT_APLIC_M));
    aplic_common(t, VIRT_APLIC_M, PHANDLE_APLIC_M, PHANDLE_IMSIC_M, IRQ_M_EXT);
    tree_cell(t, "riscv,children", PHANDLE_APLIC_S);
    cells_add(&c, PHANDLE_APLIC_S);
    cells_add(&c, 1);
    cells_add(&c, t->config->aplic.sources);
    tree_put(t, "riscv,delegate", &c); /* the binding's first name, which OpenSBI 1.1 looks for */
    tree_put(t, "riscv,delegation", &c);
    tree_end(t);
}

static void aplic_s(struct tree *t)
{
    tree_begin_at(t, "aplic", node_base_of(t, VIRT_APLIC_S));
    aplic_common(t, VIRT_APLIC_S, PHANDLE_APLIC_S, PHANDLE_IMSIC_S, IRQ_S_EXT);
    tree_end(t);
}
static void uart(struct tree *t)
{
    tree_begin_at(t, "serial", node_base_of(t, VIRT_UART));
    tree_text(t, "compatible", "ns16550a");
    tree_cell(t, "clock-frequency", 3686400);
    node_reg(t, VIRT_UART);
    node_wired(t, VIRT_IRQ_UART, 1);
    tree_end(t);
}

static void virtio_mmio(struct tree *t, uint32_t slot)
{
    struct virt_range range = virt_virtio_slot(slot);
    struct cells c = {.count = 0};
    cells_add64(&c, range.base);
    cells_add64(&c, range.size);
    tree_begin_at(t, "virtio_mmio", range.base);
    tree_text(t, "compatible", "virtio,mmio");
    tree_put(t, "reg", &c);
    tree_empty(t, "dma-coherent");
    node_wired(t, VIRT_IRQ_VIRTIO + slot, 1);
    tree_end(t);
}

static void virtio_slots(struct tree *t)
{
    for (uint32_t i = 0; i < VIRT_MAX_DEVICES; i++) {
        uint32_t slot = virt_virtio_slot_of(t->config, i);
        if (slot < VIRT_MAX_DEVICES)
            virtio_mmio(t, slot);
    }
}

static void rtc(struct tree *t)
{
    tree_begin_at(t, "rtc", node_base_of(t, VIRT_RTC));
    tree_text(t, "compatible", "google,goldfish-rtc");
    node_reg(t, VIRT_RTC);
    node_wired(t, VIRT_IRQ_RTC, 1);
    tree_end(t);
}

static void finisher(struct tree *t)
{
    tree_begin_at(t, "test", node_base_of(t, VIRT_FINISHER));
    TREE_STRINGS(t, "compatible", "sifive,test1\0sifive,test0\0syscon");
    tree_cell(t, "phandle", PHANDLE_TEST);
    node_reg(t, VIRT_FINISHER);
    tree_end(t);
}

static void soc(struct tree *t)
{
    tree_begin(t, "soc");
    tree_cell(t, "#address-cells", 2);
    tree_cell(t, "#size-cells", 2);
    tree_text(t, "compatible", "simple-bus");
    tree_empty(t, "ranges");
    clint(t);
    if (virt_has_imsics(t->config)) {
        imsics_m(t);
        imsics_s(t);
    }
    aplic_m(t);
    aplic_s(t);
    for (uint32_t i = 0; i < virt_num_sys_iommus(t->config); i++)
        devicetree_iommu(t, i);
    devicetree_pcie(t);
    finisher(t);
    rtc(t);
    virtio_slots(t);
    uart(t);
    tree_end(t);
}

static void fw_cfg(struct tree *t)
{
    tree_begin_at(t, "fw-cfg", node_base_of(t, VIRT_FW_CFG));
    tree_text(t, "compatible", "qemu,fw-cfg-mmio");
    tree_empty(t, "dma-coherent");
    node_reg(t, VIRT_FW_CFG);
    tree_end(t);
}

/* Two banks, one device. */
static void flash(struct tree *t)
{
    struct cells c = {.count = 0};
    for (enum virt_region bank = VIRT_FLASH0; bank <= VIRT_FLASH1; bank++) {
        cells_add64(&c, node_base_of(t, bank));
        cells_add64(&c, virt_range(t->config, bank).size);
    }
    tree_begin_at(t, "flash", node_base_of(t, VIRT_FLASH0));
    tree_text(t, "compatible", "cfi-flash");
    tree_cell(t, "bank-width", 4);
    tree_put(t, "reg", &c);
    tree_end(t);
}

static void power(struct tree *t, const char *name, const char *compatible, uint32_t value)
{
    tree_begin(t, name);
    tree_text(t, "compatible", compatible);
    tree_cell(t, "regmap", PHANDLE_TEST);
    tree_cell(t, "offset", 0);
    tree_cell(t, "value", value);
    tree_end(t);
}

static void chosen_node(struct tree *t, const struct devicetree_chosen *chosen)
{
    char console[64];
    snprintf(console, sizeof(console), "/soc/serial@%llx",
             (unsigned long long)node_base_of(t, VIRT_UART));
    tree_begin(t, "chosen");
    tree_text(t, "stdout-path", console);
    if (*t->config->machine.append)
        tree_text(t, "bootargs", t->config->machine.append);
    if (chosen->initrd_end != chosen->initrd_start) {
        tree_cell64(t, "linux,initrd-start", chosen->initrd_start);
        tree_cell64(t, "linux,initrd-end", chosen->initrd_end);
    }
    tree_bytes(t, "rng-seed", chosen->rng_seed, sizeof(chosen->rng_seed));
    tree_end(t);
}

static void root(struct tree *t, const struct devicetree_chosen *chosen)
{
    tree_begin(t, "");
    tree_cell(t, "#address-cells", 2);
    tree_cell(t, "#size-cells", 2);
    tree_text(t, "compatible", "riscv-virtio"); /* the name under which software knows this map */
    tree_text(t, "model", "viaduct,virt");
    chosen_node(t, chosen);
    memory(t);
    cpus(t);
    soc(t);
    fw_cfg(t);
    flash(t);
    power(t, "poweroff", "syscon-poweroff", FINISHER_PASS);
    power(t, "reboot", "syscon-reboot", FINISHER_RESET);
    tree_end(t);
}

void *devicetree_build(const struct virt_config *config, const struct devicetree_chosen *chosen,
                       size_t *size, struct vd_error *err)
{
    struct tree t;
    if (!tree_open(&t, config)) {
        vd_fail(err, "no memory for the devicetree");
        return NULL;
    }
    root(&t, chosen);
    return tree_close(&t, size, err);
}
