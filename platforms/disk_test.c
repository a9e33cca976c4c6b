/* SPDX-License-Identifier: BSD-2-Clause */
#include "platforms/disk.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "platforms/virt_machine.h"

static char folder[] = "/tmp/disk_test.XXXXXX";
static char path[64];

static void make(long size)
{
    FILE *out = fopen(path, "wb");
    for (long i = 0; i < size; i++)
        fputc((int)(i % 251), out);
    fclose(out);
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/disk", folder);
    make(1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    rmdir(folder);
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    return 0;
}

static void reads_and_writes(void **state)
{
    uint8_t data[1000], zeros[1000] = {0};
    (void)state;
    struct disk *d = disk_open(path, false, NULL);
    assert_non_null(d);
    struct vd_disk disk = disk_contract(d);
    assert_int_equal(disk.size, 1 << 20);
    assert_true(disk.ops->read(disk.ctx, 700, data, sizeof(data)));
    for (uint32_t i = 0; i < sizeof(data); i++)
        assert_int_equal(data[i], (700 + i) % 251);
    assert_true(disk.ops->write(disk.ctx, 5000, data, sizeof(data)));
    assert_true(disk.ops->zero(disk.ctx, 100000, 300000, true));
    assert_true(disk.ops->zero(disk.ctx, 512, 188, false));
    assert_true(disk.ops->flush(disk.ctx));
    disk_close(d);
    d = disk_open(path, true, NULL);
    disk = disk_contract(d);
    assert_int_equal(disk.size, 1 << 20);
    uint8_t back[1000];
    assert_true(disk.ops->read(disk.ctx, 5000, back, sizeof(back)));
    assert_memory_equal(back, data, sizeof(data));
    assert_true(disk.ops->read(disk.ctx, 399000, back, sizeof(back)));
    assert_memory_equal(back, zeros, sizeof(zeros));
    assert_true(disk.ops->read(disk.ctx, 400000, back, 1));
    assert_int_equal(back[0], 400000 % 251);
    assert_true(disk.ops->read(disk.ctx, 700, back, 1));
    assert_int_equal(back[0], 700 % 251);
    assert_false(disk.ops->write(disk.ctx, 0, data, 1));
    disk_close(d);
}

static void a_file_that_shrinks_is_an_error(void **state)
{
    uint8_t data[512];
    (void)state;
    struct disk *d = disk_open(path, false, NULL);
    struct vd_disk disk = disk_contract(d);
    assert_int_equal(truncate(path, 512), 0);
    assert_false(disk.ops->read(disk.ctx, 512, data, sizeof(data)));
    assert_true(disk.ops->read(disk.ctx, 0, data, sizeof(data)));
    disk_close(d);
}

static void bad_files_get_their_sentence(void **state)
{
    struct vd_error err = {""};
    (void)state;
    make(1000);
    assert_null(disk_open(path, false, &err));
    assert_non_null(strstr(err.text, "has 1000 bytes: accepted are disks of one or more whole"));
    make(0);
    assert_null(disk_open(path, false, &err));
    assert_non_null(strstr(err.text, "has 0 bytes"));
    assert_null(disk_open(folder, true, &err));
    assert_non_null(strstr(err.text, "is no disk: accepted are regular files"));
    assert_null(disk_open("/nonexistent/disk", false, &err));
    assert_non_null(strstr(err.text, "/nonexistent/disk cannot be opened for reading and writing"));
}

static void one_writer_at_a_time(void **state)
{
    struct vd_error err = {""};
    (void)state;
    struct disk *writer = disk_open(path, false, NULL);
    assert_null(disk_open(path, false, &err));
    assert_null(disk_open(path, true, &err));
    assert_non_null(strstr(err.text, "in use as a disk already"));
    disk_close(writer);
    struct disk *reader = disk_open(path, true, NULL), *other = disk_open(path, true, NULL);
    assert_non_null(reader);
    assert_non_null(other);
    disk_close(reader);
    disk_close(other);
}

/* What was written is in the file even if the process is killed before it closes the disk. */
static void a_killed_process_loses_nothing(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct disk *d = disk_open(path, false, NULL);
        struct vd_disk disk = disk_contract(d);
        disk.ops->write(disk.ctx, 12345, "durable", 7);
        disk.ops->flush(disk.ctx);
        raise(SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    char data[7];
    struct disk *d = disk_open(path, true, NULL);
    struct vd_disk disk = disk_contract(d);
    assert_true(disk.ops->read(disk.ctx, 12345, data, sizeof(data)));
    assert_memory_equal(data, "durable", 7);
    disk_close(d);
}

static struct virt *machine(const struct virt_setting *settings, size_t count, struct vd_error *err)
{
    static struct virt_config config;
    return virt_configure(&config, settings, count, err) ? virt_create(&config, err) : NULL;
}

static uint64_t load(struct virt *v, uint64_t addr, unsigned size)
{
    struct vd_txn txn = {.cmd = VD_READ, .addr = addr, .size = (uint8_t)size};
    struct port *port = v->harts[0].port;
    const struct vd_host *host = port_host(port);
    txn.requester = VD_REQUESTER_HART(0);
    assert_int_equal(host->ops->access(host->ctx, &txn), VD_OK);
    return txn.data[0] & (size == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1);
}

/* PCIe devices follow the endpoints; MMIO devices take the slots in order. */
static void devices_are_where_they_belong(void **state)
{
    (void)state;
    struct vd_error err = {""};
    const struct virt_setting settings[] = {
        {"device0.model", "virtio-rng-device", 0},
        {"device1.model", "nvme", 0},
        {"device1.file", path, 0},
        {"device2.model", "virtio-rng-device", 0},
        {"device3.model", "virtio-rng-pci", 0},
    };
    struct virt *v = machine(settings, 5, &err);
    assert_non_null(v);
    assert_int_equal(load(v, 0x10001000, 4), 0x74726976);
    assert_int_equal(load(v, 0x10001008, 4), 4);
    assert_int_equal(load(v, 0x10002008, 4), 4);
    assert_int_equal(load(v, 0x30010000, 4), 0x00101af0);
    assert_int_equal(load(v, 0x30018000, 4), 0x10441af4);
    assert_true(virt_idle(v));
    virt_destroy(v);
}

static void bad_devices_get_their_sentence(void **state)
{
    (void)state;
    static const struct {
        struct virt_setting settings[2];
        const char *error;
    } cases[] = {
        {{{"device0.model", "floppy", 0}, {"device0.readonly", "off", 0}}, "device0.model"},
        {{{"device0.model", "virtio-blk-pci", 0}, {"device0.readonly", "off", 0}},
         "device0.file is empty"},
        {{{"device0.model", "nvme-ns", 0}, {"device0.readonly", "off", 0}},
         "device0.model is nvme-ns: accepted behind an nvme"},
        {{{"device0.model", "nvme", 0}, {"device0.file", "/nonexistent", 0}}, "/nonexistent"},
        {{{"device0.model", "virtio-rng-pci", 0}, {"virtio.queue_size", "100", 0}},
         "queue_size is 100"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vd_error err = {""};
        assert_null(machine(cases[i].settings, 2, &err));
        assert_non_null(strstr(err.text, cases[i].error));
    }
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(reads_and_writes),
        RULE(a_file_that_shrinks_is_an_error),
        RULE(bad_files_get_their_sentence),
        RULE(one_writer_at_a_time),
        RULE(a_killed_process_loses_nothing),
        RULE(devices_are_where_they_belong),
        RULE(bad_devices_get_their_sentence),
    };
    return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
