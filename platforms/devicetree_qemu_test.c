/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU as a witness: whatever its devicetree of the same machine says, ours says too, but for what
 * the tables below name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <libfdt.h>

#include "platforms/devicetree.h"
#include "platforms/file.h"

/* Nodes of QEMU's that are not modelled. */
static const char *const absent[] = {"pmu", "platform-bus@", "virtio_mmio@"};

/* Properties that differ for a reason. */
static const struct {
    const char *path, *property; /* a prefix of the path */
} different[] = {
    {"/", "model"},              /* says who we are */
    {"/chosen", "rng-seed"},     /* random there */
    {"/cpus/cpu@", "riscv,isa"}, /* another hart */
    {"/cpus/cpu@", "mmu-type"},
    {"", "phandle"},
};

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_absent(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        if (has_prefix(name, absent[i]))
            return true;
    return false;
}

static bool may_differ(const char *path, const char *property)
{
    for (size_t i = 0; i < sizeof(different) / sizeof(different[0]); i++)
        if (has_prefix(path, different[i].path) && strcmp(property, different[i].property) == 0)
            return true;
    return false;
}

/* Cells are equal if they are the same number, or phandles of nodes with the same path. */
static bool same_cell(const void *a, uint32_t cell_a, const void *b, uint32_t cell_b)
{
    char path_a[256], path_b[256];
    int node_a = fdt_node_offset_by_phandle(a, cell_a);
    int node_b = fdt_node_offset_by_phandle(b, cell_b);
    if (cell_a == cell_b)
        return true;
    return node_a >= 0 && node_b >= 0 && fdt_get_path(a, node_a, path_a, sizeof(path_a)) == 0 &&
           fdt_get_path(b, node_b, path_b, sizeof(path_b)) == 0 && strcmp(path_a, path_b) == 0;
}

static bool same_value(const void *a, const void *value_a, const void *b, const void *value_b,
                       int length)
{
    const fdt32_t *cells_a = value_a, *cells_b = value_b;
    if (memcmp(value_a, value_b, (size_t)length) == 0)
        return true;
    for (int i = 0; i < length / 4; i++)
        if (!same_cell(a, fdt32_ld(&cells_a[i]), b, fdt32_ld(&cells_b[i])))
            return false;
    return length % 4 == 0;
}

static void compare_properties(const void *qemu, int node, const void *ours, const char *path)
{
    int other = fdt_path_offset(ours, path), property;
    if (other < 0)
        fail_msg("QEMU has %s, we do not", path);
    fdt_for_each_property_offset(property, qemu, node)
    {
        const char *name;
        int length, our_length;
        const void *value = fdt_getprop_by_offset(qemu, property, &name, &length);
        if (may_differ(path, name))
            continue;
        const void *our_value = fdt_getprop(ours, other, name, &our_length);
        if (!our_value)
            fail_msg("QEMU has %s in %s, we do not", name, path);
        if (our_length != length || !same_value(qemu, value, ours, our_value, length))
            fail_msg("%s in %s is not what QEMU has", name, path);
    }
}

static void compare(const void *qemu, const void *ours)
{
    int nodes = 0;
    for (int node = 0; node >= 0; node = fdt_next_node(qemu, node, NULL)) {
        char path[256];
        assert_int_equal(fdt_get_path(qemu, node, path, sizeof(path)), 0);
        if (is_absent(path))
            continue;
        compare_properties(qemu, node, ours, path);
        nodes++;
    }
    assert_true(nodes > 15);
}

static void *ask_qemu(unsigned harts, unsigned guests, const char *aia)
{
    char file[] = "/tmp/viaduct_dtb.XXXXXX", command[256];
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    snprintf(command, sizeof(command),
             "qemu-system-riscv64 -M virt,aia=%s,aia-guests=%u,dumpdtb=%s -smp %u -m 1G "
             "-display none >/dev/null 2>&1",
             aia, guests, file, harts);
    int status = system(command);
    size_t size = 0;
    char *blob = status == 0 ? file_read(file, &size, NULL) : NULL;
    unlink(file);
    return blob;
}

static void the_tree_is_qemu_s(void **state)
{
    (void)state;
    static const struct {
        unsigned harts, guests;
        uint32_t aia;
        const char *name;
    } machines[] = {{1, 3, VIRT_AIA_APLIC_IMSIC, "aplic-imsic"},
                    {2, 3, VIRT_AIA_APLIC_IMSIC, "aplic-imsic"},
                    {4, 5, VIRT_AIA_APLIC_IMSIC, "aplic-imsic"},
                    {8, 1, VIRT_AIA_APLIC_IMSIC, "aplic-imsic"},
                    {3, 0, VIRT_AIA_APLIC, "aplic"}};
    if (system("command -v qemu-system-riscv64 >/dev/null") != 0) {
        print_message("SKIP: there is no qemu-system-riscv64\n");
        skip();
    }
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        struct virt_config config;
        struct vd_error err = {""};
        assert_true(virt_configure(&config, NULL, 0, &err));
        config.machine.harts = machines[i].harts;
        config.machine.aia = machines[i].aia;
        config.machine.memory = UINT64_C(1) << 30;
        config.imsic.guests = machines[i].guests;
        struct devicetree_chosen chosen = {.initrd_start = 0};
        size_t size;
        void *ours = devicetree_build(&config, &chosen, &size, &err);
        void *qemu = ask_qemu(machines[i].harts, machines[i].guests, machines[i].name);
        assert_non_null(ours);
        assert_non_null(qemu);
        compare(qemu, ours);
        free(qemu);
        free(ours);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_tree_is_qemu_s)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
