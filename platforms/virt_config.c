/* SPDX-License-Identifier: BSD-2-Clause */
#include "platforms/virt_config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platforms/embedded.h"
#include "platforms/file.h"
#include "platforms/virt_map.h"

static bool read_embedded(struct virt_config *values, const char *name, struct vd_error *err)
{
    struct config config = virt_schema(values);
    const struct embedded_file *file = embedded_find(platform_files, name);
    if (!file)
        return vd_fail(err, "%s is not in this binary", name);
    return config_read_yaml(&config, name, file->data, (size_t)(file->end - file->data), err);
}

bool virt_defaults(struct virt_config *values, struct vd_error *err)
{
    memset(values, 0, sizeof(*values));
    struct config config = virt_schema(values);
    config_defaults(&config);
    return read_embedded(values, "virt.yaml", err);
}

static bool unknown_preset(const char *name, struct vd_error *err)
{
    char list[256] = "";
    for (const struct embedded_file *f = platform_files; f->name; f++) {
        const char *base = f->name + strlen("timing/");
        size_t used = strlen(list);
        if (strncmp(f->name, "timing/", strlen("timing/")) == 0)
            snprintf(list + used, sizeof(list) - used, "%s%.*s", used ? ", " : "",
                     (int)strcspn(base, "."), base);
    }
    return vd_fail(err, "there is no timing preset '%.80s': accepted are %s, or a file's name",
                   name, list);
}

static bool read_preset(struct virt_config *values, const char *name, struct vd_error *err)
{
    char path[VIRT_PATH_SIZE + 16];
    if (*name == '\0')
        name = "functional";
    snprintf(path, sizeof(path), "timing/%s.yaml", name);
    if (embedded_find(platform_files, path))
        return read_embedded(values, path, err);
    if (!strpbrk(name, "./"))
        return unknown_preset(name, err);
    size_t size;
    char *text = file_read(name, &size, err);
    struct config config = virt_schema(values);
    bool ok = text && config_read_yaml(&config, name, text, size, err);
    free(text);
    return ok;
}

static bool apply(struct virt_config *values, const struct virt_setting *settings, size_t count,
                  struct vd_error *err)
{
    struct config config = virt_schema(values);
    for (size_t i = 0; i < count; i++) {
        const struct virt_setting *s = &settings[i];
        bool ok = s->length ? config_read_yaml(&config, s->name, s->text, s->length, err)
                            : config_set(&config, s->name, s->text, err);
        if (!ok)
            return false;
    }
    return true;
}

/* What one part says, the others repeat. */
static void derive(struct virt_config *values)
{
    uint64_t cycle_ps = values->machine.cycle_ps;
    bool imsics = virt_has_imsics(values);
    values->hart.geilen = imsics ? values->imsic.guests : 0;
    values->hart.cycle_ps = cycle_ps;
    values->imsic.cycle_ps = cycle_ps;
    values->aplic.cycle_ps = cycle_ps;
    values->aplic.harts = values->machine.harts;
    values->aplic.guests = values->hart.geilen;
    if (!imsics) {
        values->aplic.msi = false;
        values->aplic.direct = true;
    }
    values->iommu.cycle_ps = cycle_ps;
    values->pcie.cycle_ps = cycle_ps;
    values->pcie.mmio32_base = virt_range(values, VIRT_PCIE_MMIO).base;
    values->pcie.mmio32_size = virt_range(values, VIRT_PCIE_MMIO).size;
    values->pcie.mmio64_base = virt_range(values, VIRT_PCIE_MMIO64).base;
    values->pcie.mmio64_size = virt_range(values, VIRT_PCIE_MMIO64).size;
    values->endpoint.cycle_ps = cycle_ps;
    values->uart.cycle_ps = cycle_ps;
    values->nvme.cycle_ps = cycle_ps;
    values->virtio.cycle_ps = cycle_ps;
    values->edu.cycle_ps = cycle_ps;
    values->pflash.cycle_ps = cycle_ps;
    values->fw_cfg.index = VIRT_MAX_DEVICES; /* behind the devices on MMIO */
}

bool virt_configure(struct virt_config *values, const struct virt_setting *settings, size_t count,
                    struct vd_error *err)
{
    if (!virt_defaults(values, err) || !apply(values, settings, count, err))
        return false;
    char timing[VIRT_PATH_SIZE];
    memcpy(timing, values->machine.timing, sizeof(timing));
    if (!virt_defaults(values, err) || !read_preset(values, timing, err) ||
        !apply(values, settings, count, err))
        return false;
    derive(values);
    return virt_check(values, err);
}

/* Interrupt files are reached by CSRs of both [aia CSRs]. */
static bool harts_reach_files(const struct virt_config *values)
{
    uint64_t extensions = values->hart.extensions;
    return (extensions >> HART_EXT_Smaia & 1) && (extensions >> HART_EXT_Ssaia & 1);
}

bool virt_has_imsics(const struct virt_config *values)
{
    uint32_t aia = values->machine.aia;
    return aia == VIRT_AIA_APLIC_IMSIC || (aia == VIRT_AIA_AUTO && harts_reach_files(values));
}

static bool check_iommus(const struct virt_config *values, struct vd_error *err)
{
    uint32_t count = virt_num_iommus(values);
    for (const char *c = values->machine.endpoint_iommus; *c; c++)
        if (*c != ' ' && *c != '-' && (*c < '0' || *c >= '0' + (int)count))
            return vd_fail(err,
                           "machine.endpoint_iommus is '%s': accepted are the numbers of the "
                           "machine's %u IOMMUs from 0, and -",
                           values->machine.endpoint_iommus, count);
    uint32_t sources = virt_iommu_irq(virt_num_sys_iommus(values));
    if (values->aplic.sources >= sources)
        return true;
    return vd_fail(
        err, "aplic.sources is %u: this platform wires sources up to %u, so accepted are %u..1023",
        values->aplic.sources, sources - 1, sources);
}

static bool check_addr(const struct virt_config *values, uint32_t index, struct vd_error *err)
{
    uint32_t addr = values->devices[index].addr;
    if (!virt_on_pcie(values, index) || !addr)
        return true;
    if (addr + values->machine.pci_iommus >= 32)
        return vd_fail(err, "device%u.addr is %u: an IOMMU is there", index, addr);
    for (uint32_t i = 0; i < index; i++)
        if (virt_on_pcie(values, i) && values->devices[i].addr == addr)
            return vd_fail(err, "device%u.addr is %u: device%u is there", index, addr, i);
    return true;
}

static bool check_devices(const struct virt_config *values, struct vd_error *err)
{
    for (uint32_t i = 0; i < VIRT_MAX_DEVICES; i++) {
        uint32_t before = i ? values->devices[i - 1].model : VIRT_DEVICE_NONE;
        if (values->devices[i].model == VIRT_DEVICE_NVME_NS && before != VIRT_DEVICE_NVME &&
            before != VIRT_DEVICE_NVME_NS)
            return vd_fail(
                err, "device%u.model is nvme-ns: accepted behind an nvme or another nvme-ns", i);
        if (!check_addr(values, i, err))
            return false;
    }
    return true;
}

static bool check_fw_files(const struct virt_config *values, struct vd_error *err)
{
    for (uint32_t i = 0; i < VIRT_FW_FILES; i++) {
        const struct virt_fw_file_config *f = &values->fw_files[i];
        if (!*f->name && (*f->file || *f->text))
            return vd_fail(err, "fw_cfg_file%u has no name", i);
        if (*f->name && !*f->file == !*f->text)
            return vd_fail(err, "fw_cfg_file%u: accepted is a file or a text", i);
        for (uint32_t k = 0; *f->name && k < i; k++)
            if (strcmp(values->fw_files[k].name, f->name) == 0)
                return vd_fail(err, "fw_cfg_file%u.name is '%s', and so is that of fw_cfg_file%u",
                               i, f->name, k);
    }
    return true;
}

bool virt_check(const struct virt_config *values, struct vd_error *err)
{
    const struct virt_machine_config *m = &values->machine;
    if (m->memory % 4096 != 0)
        return vd_fail(err, "machine.memory is %" PRIu64 ": accepted are multiples of 4096",
                       m->memory);
    if ((values->imsic.ids + 1) % 64 != 0)
        return vd_fail(err, "imsic.ids is %u: accepted are 63, 127, ... 2047", values->imsic.ids);
    if (UINT64_C(1000000000000) % m->timebase != 0)
        return vd_fail(err,
                       "machine.timebase is %" PRIu64 ": accepted are frequencies whose period is "
                       "a whole number of picoseconds",
                       m->timebase);
    if (virt_has_imsics(values) && !harts_reach_files(values))
        return vd_fail(err,
                       "machine.aia is aplic-imsic, but the harts lack Smaia or Ssaia: accepted "
                       "are auto and aplic, or hart.smaia and hart.ssaia on");
    if (values->aplic.sources < 40)
        return vd_fail(err,
                       "aplic.sources is %u: this platform wires sources up to 39, so "
                       "accepted are 40..1023",
                       values->aplic.sources);
    return check_iommus(values, err) && check_devices(values, err) && check_fw_files(values, err);
}
