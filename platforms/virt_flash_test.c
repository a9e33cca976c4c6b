/* SPDX-License-Identifier: BSD-2-Clause */
/* Flash, fw_cfg and where PCIe devices are, as software on the machine finds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "platforms/file.h"
#include "platforms/virt_machine.h"

enum { FLASH1 = 0x22000000, FW_DATA = 0x10100000, FW_SELECTOR = FW_DATA + 8 };

static char path[] = "/tmp/viaduct_flash.XXXXXX";
static struct virt *virt;
static struct port *port;

static struct vd_error build(const struct virt_setting *settings, size_t count)
{
    struct virt_config *config = malloc(sizeof(*config));
    struct vd_error err = {""};
    assert_non_null(config);
    virt = virt_configure(config, settings, count, &err) ? virt_create(config, &err) : NULL;
    if (virt)
        port = port_create(virt_core(virt), "test");
    free(config);
    return err;
}

static int setup(void **state)
{
    (void)state;
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    int fd = mkstemp(path);
    assert_true(fd >= 0 && ftruncate(fd, 32 << 20) == 0);
    assert_int_equal(pwrite(fd, "\xff\xff\xff\xff", 4, 0x100), 4);
    close(fd);
    virt = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    virt_destroy(virt);
    unlink(path);
    return 0;
}

static enum vd_status perform(uint8_t cmd, uint64_t addr, uint8_t size, uint64_t *data)
{
    struct vd_txn txn = {.cmd = cmd, .addr = addr, .size = size, .data = {*data}};
    txn.requester = VD_REQUESTER_HART(0);
    const struct vd_host *host = port_host(port);
    enum vd_status status = host->ops->access(host->ctx, &txn);
    *data = txn.data[0];
    return status;
}

static uint64_t load(uint64_t addr, uint8_t size)
{
    uint64_t data = 0;
    assert_int_equal(perform(VD_READ, addr, size, &data), VD_OK);
    return data;
}

static void store(uint64_t addr, uint8_t size, uint64_t data)
{
    assert_int_equal(perform(VD_WRITE, addr, size, &data), VD_OK);
}

static void what_is_programmed_is_in_the_file(void **state)
{
    (void)state;
    struct virt_setting settings[] = {{"flash1.file", path, 0}, {"flash1.readonly", "off", 0}};
    build(settings, 2);
    assert_int_equal(load(FLASH1 + 0x100, 4), UINT32_MAX);
    assert_int_equal(load(FLASH1, 8), 0);
    store(FLASH1 + 0x100, 4, 0x00400040);
    store(FLASH1 + 0x100, 4, 0xcafe1234);
    assert_int_equal(load(FLASH1, 4), 0x00800080);
    store(FLASH1, 4, 0x00ff00ff);
    assert_int_equal(load(FLASH1 + 0x100, 4), 0xcafe1234);
    virt_destroy(virt);
    settings[1].text = "on";
    build(settings, 2);
    assert_int_equal(load(FLASH1 + 0x100, 4), 0xcafe1234);
    store(FLASH1 + 0x100, 4, 0x00400040);
    store(FLASH1 + 0x100, 4, 0);
    assert_int_equal(load(FLASH1, 4), 0x00920092);
    store(FLASH1, 4, 0x00ff00ff);
    assert_int_equal(load(FLASH1 + 0x100, 4), 0xcafe1234);
}

static void a_file_of_another_size_is_refused(void **state)
{
    (void)state;
    const struct virt_setting settings[] = {{"flash0.file", path, 0}};
    assert_int_equal(truncate(path, 1 << 20), 0);
    struct vd_error err = build(settings, 1);
    assert_null(virt);
    assert_non_null(strstr(err.text, "a bank of flash has 33554432"));
}

static uint64_t item(uint16_t key, uint8_t size)
{
    store(FW_SELECTOR, 2, __builtin_bswap16(key));
    return load(FW_DATA, size);
}

static void fw_cfg_describes_the_machine(void **state)
{
    (void)state;
    const struct virt_setting settings[] = {
        {"machine.harts", "3", 0}, {"machine.bios", "none", 0}, {"machine.append", "quiet", 0}};
    struct vd_error err = build(settings, 3);
    assert_non_null(virt);
    if (!virt_load(virt, &err))
        fail_msg("%s", err.text);
    assert_int_equal(item(0x00, 4), 0x554d4551);
    assert_int_equal(item(0x01, 4), 3);
    assert_int_equal(item(0x03, 8), 128 << 20);
    assert_int_equal(item(0x05, 2), 3);
    assert_int_equal(item(0x14, 4), 0);
}

/* Sorted by name, what is there unasked among them; the keys follow. */
static void fw_cfg_has_the_files_that_were_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t size, first;
    } files[] = {{"a/text", 5, 0x6c6c6568},
                 {"bios-geometry", 0, 0},
                 {"bootorder", 0, 0},
                 {"etc/boot-fail-wait", 4, 0xffffffff},
                 {"opt/disk", 32 << 20, 0}};
    const struct virt_setting settings[] = {{"fw_cfg_file0.name", "opt/disk", 0},
                                            {"fw_cfg_file0.file", path, 0},
                                            {"fw_cfg_file2.name", "a/text", 0},
                                            {"fw_cfg_file2.text", "hello", 0},
                                            {"machine.bios", "none", 0}};
    struct vd_error err = build(settings, 5);
    assert_non_null(virt);
    if (!virt_load(virt, &err))
        fail_msg("%s", err.text);
    assert_int_equal(item(0x19, 4), __builtin_bswap32(5));
    for (uint32_t i = 0; i < 5; i++) {
        char name[56];
        assert_int_equal(load(FW_DATA, 4), __builtin_bswap32(files[i].size));
        assert_int_equal(load(FW_DATA, 4), __builtin_bswap16((uint16_t)(0x20 + i)));
        for (uint32_t c = 0; c < sizeof(name); c++)
            name[c] = (char)load(FW_DATA, 1);
        assert_string_equal(name, files[i].name);
    }
    for (uint16_t i = 0; i < 5; i++)
        assert_int_equal(item((uint16_t)(0x20 + i), 4), files[i].first);
}

/* A name once, and one source of its bytes. */
static void fw_cfg_files_have_one_name_and_one_source(void **state)
{
    (void)state;
    static const struct {
        struct virt_setting settings[3];
        const char *says;
    } rows[] = {
        {{{"fw_cfg_file1.text", "x", 0}}, "fw_cfg_file1 has no name"},
        {{{"fw_cfg_file1.name", "x", 0}}, "fw_cfg_file1: accepted is a file or a text"},
        {{{"fw_cfg_file1.name", "x", 0},
          {"fw_cfg_file1.text", "x", 0},
          {"fw_cfg_file1.file", "x", 0}},
         "fw_cfg_file1: accepted is a file or a text"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t count = 1;
        while (count < 3 && rows[i].settings[count].name)
            count++;
        struct vd_error err = build(rows[i].settings, count);
        assert_null(virt);
        assert_non_null(strstr(err.text, rows[i].says));
    }
}

/* Then the firmware finds the kernel there, not in memory. */
static void fw_cfg_has_the_kernel_of_a_payload_in_flash(void **state)
{
    (void)state;
    const struct virt_setting settings[] = {{"flash0.file", path, 0},
                                            {"machine.bios", path, 0},
                                            {"machine.kernel", path, 0},
                                            {"machine.append", "quiet", 0}};
    struct vd_error err = build(settings, 4);
    assert_non_null(virt);
    if (!virt_load(virt, &err))
        fail_msg("%s", err.text);
    assert_int_equal(item(0x14, 4), strlen("quiet") + 1);
    assert_int_equal(item(0x15, 8), UINT64_C(0x7465697571));
    assert_int_equal(item(0x08, 4), 32 << 20);
    uint64_t next_addr = 0; /* of fw_dynamic_info, behind the reset code */
    assert_true(bus_peek(virt_core(virt)->bus, 0x1038, &next_addr, sizeof(next_addr)));
    assert_int_equal(next_addr, 0x20000000);
}

static uint64_t identity_of(uint32_t device)
{
    return load(0x30000000 + (device << 15), 4);
}

static void devices_are_where_they_are_told(void **state)
{
    (void)state;
    const struct virt_setting settings[] = {{"device0.model", "virtio-rng-pci", 0},
                                            {"device1.model", "edu", 0},
                                            {"device1.addr", "1", 0},
                                            {"machine.endpoints", "2", 0}};
    build(settings, 4);
    assert_non_null(virt);
    assert_int_equal(identity_of(1), 0x11e81234);
    assert_int_equal(identity_of(2), 0x00011af0);
    assert_int_equal(identity_of(3), 0x00011af0);
    assert_int_equal(identity_of(4), 0x10441af4);
    assert_int_equal(identity_of(5), UINT32_MAX);
}

static void two_devices_at_one_place_are_refused(void **state)
{
    (void)state;
    const struct virt_setting settings[] = {{"device0.model", "edu", 0},
                                            {"device0.addr", "4", 0},
                                            {"device1.model", "edu", 0},
                                            {"device1.addr", "4", 0}};
    struct vd_error err = build(settings, 4);
    assert_null(virt);
    assert_non_null(strstr(err.text, "device1.addr is 4: device0 is there"));
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(what_is_programmed_is_in_the_file),
        RULE(a_file_of_another_size_is_refused),
        RULE(fw_cfg_describes_the_machine),
        RULE(fw_cfg_has_the_kernel_of_a_payload_in_flash),
        RULE(fw_cfg_has_the_files_that_were_asked_for),
        RULE(fw_cfg_files_have_one_name_and_one_source),
        RULE(devices_are_where_they_are_told),
        RULE(two_devices_at_one_place_are_refused),
    };
    return cmocka_run_group_tests_name("virt flash", tests, NULL, NULL);
}
