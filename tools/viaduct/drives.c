/* SPDX-License-Identifier: BSD-2-Clause */
#include "drives.h"

#include <inttypes.h>
#include <string.h>

#include "arguments.h"
#include "properties.h"

static bool parse_switch(const char *what, const char *text, bool *value, struct vd_error *err)
{
    *value = strcmp(text, "on") == 0;
    return *value || *text == '\0' || strcmp(text, "off") == 0 ||
           vd_fail(err, "%s=%.40s: accepted are on and off", what, text);
}

static struct drive *new_drive(struct drives *d, struct vd_error *err)
{
    if (d->num_drives == MAX_DRIVES) {
        vd_fail(err, "at most %d -drive and -blockdev are accepted", MAX_DRIVES);
        return NULL;
    }
    return &d->drives[d->num_drives++];
}

static struct device *new_device(struct drives *d, const char *model, struct vd_error *err)
{
    if (d->num_devices == VIRT_MAX_DEVICES) {
        vd_fail(err, "at most %d devices are accepted", VIRT_MAX_DEVICES);
        return NULL;
    }
    struct device *device = &d->devices[d->num_devices++];
    snprintf(device->model, sizeof(device->model), "%s", model);
    return device;
}

bool drives_take_flash(struct drives *d, uint32_t bank, const char *id, struct vd_error *err)
{
    if (!*id || strlen(id) >= DRIVE_TEXT)
        return vd_fail(err, "pflash%" PRIu32 "='%.80s': accepted is the id of a -drive", bank, id);
    if (*d->flashes[bank])
        return vd_fail(err, "there is a file for bank %" PRIu32 " of flash already", bank);
    memcpy(d->flashes[bank], id, strlen(id) + 1);
    return true;
}

/* The bank that unit= names, or the first that has no file. */
static bool attach_flash(struct drives *d, struct drive *drive, const char *unit,
                         struct vd_error *err)
{
    uint32_t bank = *unit ? (uint32_t)(*unit - '0') : *d->flashes[0] != '\0';
    if (bank >= VIRT_FLASHES || (*unit && unit[1]))
        return vd_fail(err, "-drive if=pflash,unit=%.40s: accepted are 0 and 1", unit);
    if (!*drive->id)
        snprintf(drive->id, sizeof(drive->id), "#flash%" PRIu32, bank);
    return drives_take_flash(d, bank, drive->id, err);
}

/* A drive of nobody (if=none) waits for its device; any other is a virtio-blk-pci. */
static bool attach(struct drives *d, struct drive *drive, const char *interface,
                   struct vd_error *err)
{
    if (strcmp(interface, "none") == 0)
        return *drive->id || vd_fail(err, "-drive if=none needs id=NAME, for -device drive=NAME");
    if (*interface && strcmp(interface, "virtio") != 0)
        return vd_fail(err, "-drive if=%.40s: accepted are none, virtio and pflash", interface);
    if (!*drive->id)
        snprintf(drive->id, sizeof(drive->id), "#drive%" PRIu32, d->num_drives);
    struct device *device = new_device(d, "virtio-blk-pci", err);
    if (!device)
        return false;
    memcpy(device->drive, drive->id, sizeof(device->drive));
    return true;
}

bool drives_take_drive(void *arguments, const struct option *option, const char *value,
                       struct vd_error *err)
{
    struct drives *d = &((struct arguments *)arguments)->drives;
    char interface[DRIVE_TEXT] = "", readonly[DRIVE_TEXT] = "", unit[DRIVE_TEXT] = "";
    (void)option;
    struct drive *drive = new_drive(d, err);
    if (!drive)
        return false;
    const struct property list[] = {{"file", drive->file, sizeof(drive->file), NULL},
                                    {"if", interface, sizeof(interface), NULL},
                                    {"unit", unit, sizeof(unit), NULL},
                                    {"id", drive->id, sizeof(drive->id), NULL},
                                    {"readonly", readonly, sizeof(readonly), NULL},
                                    {"format", NULL, 0, "raw"},
                                    {NULL, NULL, 0, NULL}};
    if (!properties_parse(list, "-drive", value, err) ||
        !parse_switch("-drive readonly", readonly, &drive->readonly, err))
        return false;
    if (!*drive->file)
        return vd_fail(err, "-drive needs file=FILE");
    if (strcmp(interface, "pflash") == 0)
        return attach_flash(d, drive, unit, err);
    return attach(d, drive, interface, err);
}

/* A file in memory at reset, which is no device of the machine but QEMU's word for it. */
static bool take_loader(struct arguments *a, const char *properties, struct vd_error *err)
{
    struct drives *d = &a->drives;
    char file[VIRT_PATH_SIZE] = "", addr[DRIVE_TEXT] = "";
    size_t used = strlen(d->loads);
    const struct property list[] = {{"file", file, sizeof(file), NULL},
                                    {"addr", addr, sizeof(addr), NULL},
                                    {NULL, NULL, 0, NULL}};
    if (!properties_parse(list, "-device loader", properties, err))
        return false;
    if (!*file || !*addr)
        return vd_fail(err, "-device loader needs file=FILE and addr=ADDRESS");
    if (used + strlen(file) + strlen(addr) + 3 > sizeof(d->loads))
        return vd_fail(err, "-device loader: too many files");
    snprintf(d->loads + used, sizeof(d->loads) - used, "%s%s@%s", used ? "," : "", file, addr);
    return arguments_add_copy(a, "machine.loads", d->loads, err);
}

bool drives_take_blockdev(void *arguments, const struct option *option, const char *value,
                          struct vd_error *err)
{
    struct drives *d = &((struct arguments *)arguments)->drives;
    char readonly[DRIVE_TEXT] = "";
    (void)option;
    struct drive *drive = new_drive(d, err);
    if (!drive)
        return false;
    const struct property list[] = {{"node-name", drive->id, sizeof(drive->id), NULL},
                                    {"driver", NULL, 0, "file"},
                                    {"filename", drive->file, sizeof(drive->file), NULL},
                                    {"read-only", readonly, sizeof(readonly), NULL},
                                    {NULL, NULL, 0, NULL}};
    if (!properties_parse(list, "-blockdev", value, err) ||
        !parse_switch("-blockdev read-only", readonly, &drive->readonly, err))
        return false;
    return (*drive->file && *drive->id) ||
           vd_fail(err, "-blockdev needs driver=file,node-name=NAME,filename=FILE");
}

bool drives_take_device(void *arguments, const struct option *option, const char *value,
                        struct vd_error *err)
{
    struct drives *d = &((struct arguments *)arguments)->drives;
    char model[DRIVE_TEXT];
    size_t length = strcspn(value, ",");
    (void)option;
    snprintf(model, sizeof(model), "%.*s", (int)(length < DRIVE_TEXT ? length : DRIVE_TEXT - 1),
             value);
    const char *properties = value + length + (value[length] == ',');
    if (strcmp(model, "loader") == 0)
        return take_loader(arguments, properties, err);
    struct device *device = new_device(d, model, err);
    if (!device)
        return false;
    const struct property list[] = {{"drive", device->drive, sizeof(device->drive), NULL},
                                    {"serial", device->serial, sizeof(device->serial), NULL},
                                    {"id", device->id, sizeof(device->id), NULL},
                                    {"bus", device->bus, sizeof(device->bus), NULL},
                                    {"addr", device->addr, sizeof(device->addr), NULL},
                                    {"dma_mask", device->dma_mask, sizeof(device->dma_mask), NULL},
                                    {NULL, NULL, 0, NULL}};
    return properties_parse(list, "-device", properties, err);
}

static struct drive *find_drive(struct drives *d, const char *id)
{
    for (uint32_t i = 0; i < d->num_drives; i++)
        if (strcmp(d->drives[i].id, id) == 0)
            return &d->drives[i];
    return NULL;
}

static bool set(struct arguments *a, const char *section, uint32_t index, const char *name,
                const char *value, struct vd_error *err)
{
    char key[32];
    snprintf(key, sizeof(key), "%s%" PRIu32 ".%s", section, index, name);
    return arguments_add_copy(a, key, value, err);
}

/* `who` is said in messages. */
static bool set_drive(struct arguments *a, const char *section, uint32_t index, const char *who,
                      const char *id, struct vd_error *err)
{
    struct drive *drive = find_drive(&a->drives, id);
    if (!drive)
        return vd_fail(err, "-device %s: there is no -drive with id=%s", who, id);
    if (drive->used)
        return vd_fail(err, "-device %s: drive %s belongs to another device already", who, id);
    drive->used = true;
    return set(a, section, index, "file", drive->file, err) &&
           (!drive->readonly || set(a, section, index, "readonly", "on", err));
}

/* QEMU's addr is hexadecimal, and may name a function, of which a device here has one. */
static bool set_addr(struct arguments *a, uint32_t index, const struct device *device,
                     struct vd_error *err)
{
    unsigned number = 0, function = 0;
    char rest, text[16];
    int found = sscanf(device->addr, "%x.%x%c", &number, &function, &rest);
    bool whole = found == 2 || (found == 1 && !strpbrk(device->addr, ".,"));
    if (!whole || number < 1 || number > 31 || function)
        return vd_fail(err, "-device %s,addr=%s: accepted are 1 to 1f, or the same with .0",
                       device->model, device->addr);
    snprintf(text, sizeof(text), "%u", number);
    return set(a, "device", index, "addr", text, err);
}

static bool set_device(struct arguments *a, uint32_t index, const struct device *device,
                       struct vd_error *err)
{
    if (!set(a, "device", index, "model", device->model, err))
        return false;
    if (*device->drive && !set_drive(a, "device", index, device->model, device->drive, err))
        return false;
    if (*device->addr && !set_addr(a, index, device, err))
        return false;
    if (*device->dma_mask && !arguments_add_copy(a, "edu.dma_mask", device->dma_mask, err))
        return false;
    return !*device->serial || set(a, "device", index, "serial", device->serial, err);
}

/* The controller of a namespace: the one that bus= names, else the last one before it. */
static uint32_t controller_of(const struct drives *d, uint32_t which)
{
    const char *bus = d->devices[which].bus;
    uint32_t found = VIRT_MAX_DEVICES;
    for (uint32_t i = 0; i < d->num_devices; i++)
        if (strcmp(d->devices[i].model, "nvme") == 0 &&
            (*bus ? strcmp(bus, d->devices[i].id) == 0 : i < which))
            found = i;
    return found;
}

/* In the configuration a namespace stands behind its controller. */
static bool set_with_namespaces(struct arguments *a, uint32_t which, uint32_t *index,
                                struct vd_error *err)
{
    const struct drives *d = &a->drives;
    if (!set_device(a, (*index)++, &d->devices[which], err))
        return false;
    for (uint32_t i = 0; i < d->num_devices; i++)
        if (strcmp(d->devices[i].model, "nvme-ns") == 0 && controller_of(d, i) == which &&
            !set_device(a, (*index)++, &d->devices[i], err))
            return false;
    return true;
}

bool drives_configure(struct arguments *a, struct vd_error *err)
{
    struct drives *d = &a->drives;
    uint32_t index = 0;
    for (uint32_t i = 0; i < d->num_devices; i++)
        if (strcmp(d->devices[i].model, "nvme-ns") != 0 && !set_with_namespaces(a, i, &index, err))
            return false;
    if (index != d->num_devices)
        return vd_fail(err, "-device nvme-ns: there is no -device nvme for it: give bus=ID of one "
                            "with id=ID");
    for (uint32_t i = 0; i < VIRT_FLASHES; i++)
        if (*d->flashes[i] && !set_drive(a, "flash", i, "pflash", d->flashes[i], err))
            return false;
    for (uint32_t i = 0; i < d->num_drives; i++)
        if (!d->drives[i].used)
            return vd_fail(err, "-drive id=%s: no -device has drive=%s", d->drives[i].id,
                           d->drives[i].id);
    d->num_devices = d->num_drives = 0;
    memset(d->flashes, 0, sizeof(d->flashes));
    return true;
}
