/* SPDX-License-Identifier: BSD-2-Clause */
/* What software looks for in the devicetree is there, and says what the configuration says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libfdt.h>

#include "platforms/devicetree.h"
#include "platforms/virt_map.h"

struct machine {
    struct virt_config config;
    void *blob;
};

static void configure(struct virt_config *config, const char *harts, const char *guests,
                      const char *memory)
{
    struct vd_error err = {""};
    const struct virt_setting settings[] = {
        {"machine.harts", harts, 0},
        {"imsic.guests", guests, 0},
        {"machine.memory", memory, 0},
        {"machine.append", "exp=a02 count=3", 0},
    };
    if (!virt_configure(config, settings, sizeof(settings) / sizeof(settings[0]), &err))
        fail_msg("%s", err.text);
}

static void *build(const struct virt_config *config)
{
    struct devicetree_chosen chosen = {.initrd_start = 0x88000000, .initrd_end = 0x88001000};
    size_t size = 0;
    struct vd_error err = {""};
    void *blob = devicetree_build(config, &chosen, &size, &err);
    assert_non_null(blob);
    assert_int_equal(fdt_check_full(blob, size), 0);
    return blob;
}

static uint32_t cell(const void *blob, const char *path, const char *name, uint32_t index)
{
    int node = fdt_path_offset(blob, path), length;
    if (node < 0)
        fail_msg("no node %s", path);
    const fdt32_t *cells = fdt_getprop(blob, node, name, &length);
    if (!cells || (int)(index * 4) >= length)
        fail_msg("no cell %u of %s in %s", index, name, path);
    return fdt32_to_cpu(cells[index]);
}

static int length_of(const void *blob, const char *path, const char *name)
{
    int length = -1;
    fdt_getprop(blob, fdt_path_offset(blob, path), name, &length);
    return length;
}

static void compatible(const void *blob, const char *path, const char *value)
{
    int node = fdt_path_offset(blob, path);
    if (node < 0 || fdt_node_check_compatible(blob, node, value) != 0)
        fail_msg("%s is not compatible with %s", path, value);
}

static void nodes_are_where_qemu_has_them(void **state)
{
    (void)state;
    static const struct {
        const char *path, *compatible;
        uint32_t base, size;
    } nodes[] = {
        {"/soc/test@100000", "sifive,test1", 0x100000, 0x1000},
        {"/soc/test@100000", "syscon", 0x100000, 0x1000},
        {"/soc/rtc@101000", "google,goldfish-rtc", 0x101000, 0x1000},
        {"/soc/clint@2000000", "riscv,clint0", 0x2000000, 0x10000},
        {"/soc/iommu@3010000", "riscv,iommu", 0x3010000, 0x1000},
        {"/soc/aplic@c000000", "riscv,aplic", 0xc000000, 0x8000},
        {"/soc/aplic@d000000", "riscv,aplic", 0xd000000, 0x8000},
        {"/soc/serial@10000000", "ns16550a", 0x10000000, 0x100},
        {"/soc/imsics@24000000", "riscv,imsics", 0x24000000, 0x2000},
        {"/soc/imsics@28000000", "riscv,imsics", 0x28000000, 0x8000},
        {"/soc/pci@30000000", "pci-host-ecam-generic", 0x30000000, 0x10000000},
    };
    struct virt_config config;
    configure(&config, "2", "3", "1G");
    void *blob = build(&config);
    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        compatible(blob, nodes[i].path, nodes[i].compatible);
        assert_int_equal(cell(blob, nodes[i].path, "reg", 0), 0);
        assert_int_equal(cell(blob, nodes[i].path, "reg", 1), nodes[i].base);
        assert_int_equal(cell(blob, nodes[i].path, "reg", 3), nodes[i].size);
    }
    assert_int_equal(cell(blob, "/memory@80000000", "reg", 3), 0x40000000);
    free(blob);
}

static void interrupt_controllers_form_the_aia_tree(void **state)
{
    (void)state;
    struct virt_config config;
    configure(&config, "3", "3", "1G");
    void *blob = build(&config);
    uint32_t imsic_m = cell(blob, "/soc/imsics@24000000", "phandle", 0);
    uint32_t imsic_s = cell(blob, "/soc/imsics@28000000", "phandle", 0);
    uint32_t aplic_s = cell(blob, "/soc/aplic@d000000", "phandle", 0);
    assert_int_equal(cell(blob, "/soc/aplic@c000000", "msi-parent", 0), imsic_m);
    assert_int_equal(cell(blob, "/soc/aplic@d000000", "msi-parent", 0), imsic_s);
    assert_int_equal(cell(blob, "/soc/aplic@c000000", "riscv,children", 0), aplic_s);
    static const char *const names[] = {"riscv,delegate", "riscv,delegation"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cell(blob, "/soc/aplic@c000000", names[i], 0), aplic_s);
        assert_int_equal(cell(blob, "/soc/aplic@c000000", names[i], 1), 1);
        assert_int_equal(cell(blob, "/soc/aplic@c000000", names[i], 2), 96);
    }
    assert_int_equal(cell(blob, "/soc/imsics@28000000", "riscv,guest-index-bits", 0), 2);
    assert_int_equal(cell(blob, "/soc/imsics@28000000", "riscv,num-ids", 0), 255);
    assert_int_equal(length_of(blob, "/soc/imsics@28000000", "msi-controller"), 0);
    for (uint32_t hart = 0; hart < 3; hart++) {
        char path[64];
        snprintf(path, sizeof(path), "/cpus/cpu@%u/interrupt-controller", hart);
        uint32_t intc = cell(blob, path, "phandle", 0);
        assert_int_equal(cell(blob, "/soc/imsics@24000000", "interrupts-extended", 2 * hart), intc);
        assert_int_equal(cell(blob, "/soc/imsics@24000000", "interrupts-extended", 2 * hart + 1),
                         11);
        assert_int_equal(cell(blob, "/soc/imsics@28000000", "interrupts-extended", 2 * hart + 1),
                         9);
        assert_int_equal(cell(blob, "/soc/clint@2000000", "interrupts-extended", 4 * hart + 1), 3);
        assert_int_equal(cell(blob, "/soc/clint@2000000", "interrupts-extended", 4 * hart + 3), 7);
    }
    free(blob);
}

/* Without interrupt files the APLIC's domains are wired to the harts, and nobody is told to send
 * MSIs. */
static void an_aplic_without_imsics_is_wired(void **state)
{
    (void)state;
    struct virt_config config;
    configure(&config, "2", "3", "1G");
    config.machine.aia = VIRT_AIA_APLIC;
    void *blob = build(&config);
    uint32_t intc = cell(blob, "/cpus/cpu@1/interrupt-controller", "phandle", 0);
    assert_int_equal(cell(blob, "/soc/aplic@c000000", "interrupts-extended", 2), intc);
    assert_int_equal(cell(blob, "/soc/aplic@c000000", "interrupts-extended", 3), 11);
    assert_int_equal(cell(blob, "/soc/aplic@d000000", "interrupts-extended", 2), intc);
    assert_int_equal(cell(blob, "/soc/aplic@d000000", "interrupts-extended", 3), 9);
    static const char *const senders[] = {"/soc/aplic@c000000", "/soc/aplic@d000000",
                                          "/soc/iommu@3010000", "/soc/pci@30000000"};
    for (int i = 0; i < 4; i++)
        assert_null(fdt_getprop(blob, fdt_path_offset(blob, senders[i]), "msi-parent", NULL));
    assert_true(fdt_path_offset(blob, "/soc/imsics@24000000") < 0);
    assert_true(fdt_path_offset(blob, "/soc/imsics@28000000") < 0);
    free(blob);
}

/* Devices 1 and 3 are behind IOMMU 0, 2 behind the second, 4 behind none, 5 behind the function. */
static void every_iommu_has_its_node_and_its_devices(void **state)
{
    (void)state;
    struct virt_config config;
    struct vd_error err = {""};
    const struct virt_setting settings[] = {{"machine.iommus", "2", 0},
                                            {"machine.pci_iommus", "1", 0},
                                            {"machine.endpoint_iommus", "0 1 0 - 2", 0}};
    assert_true(virt_configure(&config, settings, 3, &err));
    void *blob = build(&config);
    static const char pci[] = "/soc/pci@30000000", function[] = "/soc/pci@30000000/iommu@1f";
    compatible(blob, "/soc/iommu@3010000", "riscv,iommu");
    compatible(blob, "/soc/iommu@3011000", "riscv,iommu");
    compatible(blob, function, "riscv,pci-iommu");
    compatible(blob, function, "pci1b36,14");
    assert_int_equal(cell(blob, "/soc/iommu@3010000", "interrupts", 0), 36);
    assert_int_equal(cell(blob, "/soc/iommu@3011000", "interrupts", 0), 40);
    assert_int_equal(cell(blob, "/soc/iommu@3011000", "reg", 1), 0x3011000);
    assert_int_equal(cell(blob, function, "reg", 0), 31 << 11);
    assert_int_equal(length_of(blob, function, "reg"), 20);
    assert_int_equal(cell(blob, function, "#iommu-cells", 0), 1);
    uint32_t p0 = cell(blob, "/soc/iommu@3010000", "phandle", 0);
    uint32_t p1 = cell(blob, "/soc/iommu@3011000", "phandle", 0);
    uint32_t p2 = cell(blob, function, "phandle", 0);
    const uint32_t rows[][4] = {
        {0x00, p0, 0x00, 0x10}, {0x10, p1, 0x10, 8},    {0x18, p0, 0x18, 8},
        {0x28, p2, 0x28, 8},    {0x30, p0, 0x30, 0xc8}, {0x100, p0, 0x100, 0xff00},
    };
    assert_int_equal(length_of(blob, pci, "iommu-map"), sizeof(rows));
    for (uint32_t i = 0; i < sizeof(rows) / 4; i++)
        assert_int_equal(cell(blob, pci, "iommu-map", i), rows[i / 4][i % 4]);
    free(blob);
}

static void guest_files_set_the_stride_between_harts(void **state)
{
    (void)state;
    static const struct {
        const char *guests;
        uint32_t bits;
    } cases[] = {{"1", 1}, {"2", 2}, {"4", 3}, {"63", 6}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct virt_config config;
        configure(&config, "4", cases[i].guests, "1G");
        void *blob = build(&config);
        assert_int_equal(cell(blob, "/soc/imsics@28000000", "riscv,guest-index-bits", 0),
                         cases[i].bits);
        assert_int_equal(cell(blob, "/soc/imsics@28000000", "reg", 3), 0x4000u << cases[i].bits);
        free(blob);
    }
    struct virt_config config;
    configure(&config, "4", "0", "1G");
    void *blob = build(&config);
    assert_int_equal(length_of(blob, "/soc/imsics@28000000", "riscv,guest-index-bits"),
                     -FDT_ERR_NOTFOUND);
    free(blob);
}

static void pcie_interrupts_are_swizzled_to_sources_32_to_35(void **state)
{
    (void)state;
    struct virt_config config;
    configure(&config, "1", "3", "1G");
    void *blob = build(&config);
    uint32_t aplic_s = cell(blob, "/soc/aplic@d000000", "phandle", 0);
    assert_int_equal(length_of(blob, "/soc/pci@30000000", "interrupt-map"), 16 * 7 * 4);
    for (uint32_t slot = 0; slot < 4; slot++) {
        for (uint32_t pin = 1; pin <= 4; pin++) {
            uint32_t row = (slot * 4 + pin - 1) * 7;
            assert_int_equal(cell(blob, "/soc/pci@30000000", "interrupt-map", row), slot << 11);
            assert_int_equal(cell(blob, "/soc/pci@30000000", "interrupt-map", row + 3), pin);
            assert_int_equal(cell(blob, "/soc/pci@30000000", "interrupt-map", row + 4), aplic_s);
            assert_int_equal(cell(blob, "/soc/pci@30000000", "interrupt-map", row + 5),
                             32 + (slot + pin - 1) % 4);
        }
    }
    assert_int_equal(cell(blob, "/soc/pci@30000000", "iommu-map", 1),
                     cell(blob, "/soc/iommu@3010000", "phandle", 0));
    assert_int_equal(cell(blob, "/soc/pci@30000000", "msi-parent", 0),
                     cell(blob, "/soc/imsics@28000000", "phandle", 0));
    free(blob);
}

static void the_high_window_is_above_ram(void **state)
{
    (void)state;
    static const struct {
        const char *memory;
        uint32_t base_high;
    } cases[] = {{"128M", 4}, {"14G", 4}, {"15G", 8}, {"64G", 0x14}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct virt_config config;
        configure(&config, "1", "3", cases[i].memory);
        void *blob = build(&config);
        assert_int_equal(cell(blob, "/soc/pci@30000000", "ranges", 15), cases[i].base_high);
        assert_int_equal(cell(blob, "/soc/pci@30000000", "ranges", 16), 0);
        free(blob);
    }
}

static void chosen_carries_what_was_asked_for(void **state)
{
    (void)state;
    struct virt_config config;
    configure(&config, "1", "3", "1G");
    void *blob = build(&config);
    int node = fdt_path_offset(blob, "/chosen");
    assert_string_equal(fdt_getprop(blob, node, "bootargs", NULL), "exp=a02 count=3");
    const char *console = fdt_getprop(blob, node, "stdout-path", NULL);
    compatible(blob, console, "ns16550a");
    assert_int_equal(cell(blob, "/chosen", "linux,initrd-start", 1), 0x88000000);
    assert_int_equal(cell(blob, "/chosen", "linux,initrd-end", 1), 0x88001000);
    assert_int_equal(length_of(blob, "/chosen", "rng-seed"), 32);
    free(blob);
}

static void cpus_say_their_extensions_twice(void **state)
{
    (void)state;
    struct virt_config config;
    configure(&config, "2", "3", "1G");
    void *blob = build(&config);
    int node = fdt_path_offset(blob, "/cpus/cpu@1");
    static const char *const names[] = {"i",      "m",     "a",     "f",    "d",
                                        "c",      "h",     "ssaia", "sstc", "svnapot",
                                        "zicbom", "zacas", "zfa",   "sha"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_true(fdt_stringlist_search(blob, node, "riscv,isa-extensions", names[i]) >= 0);
    assert_true(fdt_stringlist_search(blob, node, "riscv,isa-extensions", "svadu") < 0);
    assert_memory_equal(fdt_getprop(blob, node, "riscv,isa", NULL), "rv64imafd", 9);
    assert_int_equal(cell(blob, "/cpus/cpu@1", "riscv,cbom-block-size", 0), 64);
    assert_int_equal(cell(blob, "/cpus/cpu@1", "riscv,cboz-block-size", 0), 64);
    assert_string_equal(fdt_getprop(blob, node, "riscv,isa-base", NULL), "rv64i");
    assert_int_equal(cell(blob, "/cpus", "timebase-frequency", 0), 10000000);
    free(blob);
}

/* Slots with a device only, in order, on sources 1, 2, ... */
static void virtio_slots_follow_the_devices(void **state)
{
    (void)state;
    struct virt_config config;
    configure(&config, "1", "3", "1G");
    config.devices[1].model = VIRT_DEVICE_RNG_MMIO;
    config.devices[2].model = VIRT_DEVICE_NVME;
    config.devices[5].model = VIRT_DEVICE_BLK_MMIO;
    void *blob = build(&config);
    compatible(blob, "/soc/virtio_mmio@10001000", "virtio,mmio");
    assert_int_equal(cell(blob, "/soc/virtio_mmio@10001000", "interrupts", 0), 1);
    assert_int_equal(cell(blob, "/soc/virtio_mmio@10002000", "interrupts", 0), 2);
    assert_int_equal(cell(blob, "/soc/virtio_mmio@10002000", "reg", 3), 0x1000);
    assert_true(fdt_path_offset(blob, "/soc/virtio_mmio@10003000") < 0);
    free(blob);
}

static void power_nodes_reach_the_finisher(void **state)
{
    (void)state;
    struct virt_config config;
    configure(&config, "1", "3", "1G");
    void *blob = build(&config);
    uint32_t test = cell(blob, "/soc/test@100000", "phandle", 0);
    assert_int_equal(cell(blob, "/poweroff", "regmap", 0), test);
    assert_int_equal(cell(blob, "/poweroff", "value", 0), 0x5555);
    assert_int_equal(cell(blob, "/reboot", "value", 0), 0x7777);
    free(blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_where_qemu_has_them),
        cmocka_unit_test(interrupt_controllers_form_the_aia_tree),
        cmocka_unit_test(an_aplic_without_imsics_is_wired),
        cmocka_unit_test(every_iommu_has_its_node_and_its_devices),
        cmocka_unit_test(guest_files_set_the_stride_between_harts),
        cmocka_unit_test(pcie_interrupts_are_swizzled_to_sources_32_to_35),
        cmocka_unit_test(the_high_window_is_above_ram),
        cmocka_unit_test(chosen_carries_what_was_asked_for),
        cmocka_unit_test(cpus_say_their_extensions_twice),
        cmocka_unit_test(virtio_slots_follow_the_devices),
        cmocka_unit_test(power_nodes_reach_the_finisher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
