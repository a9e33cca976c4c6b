/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine tells its firmware by fw_cfg. */
#include <stdlib.h>
#include <string.h>

#include "platforms/file.h"
#include "platforms/virt_machine.h"

static bool describe_machine(struct virt *v, struct vd_error *err)
{
    static const uint8_t no_uuid[16];
    const struct virt_machine_config *m = &v->config.machine;
    const struct {
        uint16_t key;
        uint8_t size;
        uint64_t value;
    } rows[] = {
        {FW_CFG_RAM_SIZE, 8, m->memory}, {FW_CFG_NOGRAPHIC, 2, 1}, {FW_CFG_NB_CPUS, 2, m->harts},
        {FW_CFG_MAX_CPUS, 2, m->harts},  {FW_CFG_BOOT_MENU, 2, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!fw_cfg_put_number(v->fw_cfg, rows[i].key, rows[i].value, rows[i].size, err))
            return false;
    return fw_cfg_put(v->fw_cfg, FW_CFG_UUID, no_uuid, sizeof(no_uuid), err);
}

/* The size as one item, the bytes as another; no file is a size of 0. */
static bool put_file(struct virt *v, uint16_t size_key, uint16_t data_key, const char *path,
                     struct vd_error *err)
{
    size_t size = 0;
    char *bytes = *path ? file_read(path, &size, err) : NULL;
    if (*path && !bytes)
        return false;
    bool ok = fw_cfg_put_number(v->fw_cfg, size_key, size, 4, err) &&
              fw_cfg_put(v->fw_cfg, data_key, bytes, size, err);
    free(bytes);
    return ok;
}

static bool describe_boot(struct virt *v, struct vd_error *err)
{
    const struct virt_machine_config *m = &v->config.machine;
    size_t size = *m->append ? strlen(m->append) + 1 : 0;
    return put_file(v, FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA, m->kernel, err) &&
           put_file(v, FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA, m->initrd, err) &&
           fw_cfg_put_number(v->fw_cfg, FW_CFG_CMDLINE_SIZE, size, 4, err) &&
           fw_cfg_put(v->fw_cfg, FW_CFG_CMDLINE_DATA, m->append, size, err);
}

/* A file of the directory: of a file of the host, or of the bytes. */
struct entry {
    const char *name, *file;
    const void *bytes;
    size_t size;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static bool put_entry(struct virt *v, const struct entry *e, struct vd_error *err)
{
    if (!e->file)
        return fw_cfg_put_file(v->fw_cfg, e->name, e->bytes, e->size, err);
    size_t size;
    char *bytes = file_read(e->file, &size, err);
    bool ok = bytes && fw_cfg_put_file(v->fw_cfg, e->name, bytes, size, err);
    free(bytes);
    return ok;
}

/* As QEMU: what there is without being asked for, and their keys follow the names.  There are no
 * tables of ACPI and SMBIOS: the devicetree says it all. */
static bool describe_files(struct virt *v, struct vd_error *err)
{
    static const uint8_t for_ever[4] = {0xff, 0xff, 0xff, 0xff};
    struct entry list[VIRT_FW_FILES + 3] = {
        {"bios-geometry", NULL, "", 0},
        {"bootorder", NULL, "", 0},
        {"etc/boot-fail-wait", NULL, for_ever, sizeof(for_ever)},
    };
    size_t count = 3;
    for (uint32_t i = 0; i < VIRT_FW_FILES; i++) {
        const struct virt_fw_file_config *f = &v->config.fw_files[i];
        if (*f->name)
            list[count++] =
                (struct entry){f->name, *f->file ? f->file : NULL, f->text, strlen(f->text)};
    }
    qsort(list, count, sizeof(list[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        if (i && by_name(&list[i - 1], &list[i]) == 0)
            return vd_fail(err, "fw_cfg has a file '%s' already", list[i].name);
        if (!put_entry(v, &list[i], err))
            return false;
    }
    return true;
}

bool virt_describe(struct virt *v, bool boot, struct vd_error *err)
{
    return describe_machine(v, err) && describe_files(v, err) && (!boot || describe_boot(v, err));
}
