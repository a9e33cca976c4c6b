/* SPDX-License-Identifier: BSD-2-Clause */
#include "arguments.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fw_files.h"
#include "platforms/file.h"

/* QEMU's. */
#define GDB_PORT "1234"

static char *own(struct arguments *a, char *memory)
{
    if (memory && a->num_owned < 2 * MAX_SETTINGS)
        a->owned[a->num_owned++] = memory;
    return memory;
}

static char *copy(struct arguments *a, const char *text, size_t length)
{
    return own(a, strndup(text, length));
}

void arguments_free(struct arguments *a)
{
    while (a->num_owned)
        free(a->owned[--a->num_owned]);
}

bool arguments_add_text(struct arguments *a, const char *name, const char *text, size_t length,
                        struct vd_error *err)
{
    if (a->num_settings == MAX_SETTINGS)
        return vd_fail(err, "at most %d settings are accepted", MAX_SETTINGS);
    a->settings[a->num_settings++] = (struct virt_setting){name, text, length};
    return true;
}

bool arguments_add(struct arguments *a, const char *key, const char *value, struct vd_error *err)
{
    return arguments_add_text(a, key, value, 0, err);
}

bool arguments_add_copy(struct arguments *a, const char *key, const char *value,
                        struct vd_error *err)
{
    const char *own_key = copy(a, key, strlen(key));
    return arguments_add(a, own_key, copy(a, value, strlen(value)), err);
}

bool arguments_add_name(void *ctx, const char *argument, struct vd_error *err)
{
    struct arguments *a = ctx;
    if (a->num_names == sizeof(a->names) / sizeof(a->names[0]))
        return vd_fail(err, "too many arguments");
    a->names[a->num_names++] = argument;
    return true;
}

bool arguments_parse_time(const char *text, uint64_t cycle_ps, uint64_t *cycles)
{
    static const struct {
        const char *unit;
        uint64_t ps;
    } units[] = {{"ps", 1},
                 {"ns", 1000},
                 {"us", 1000000},
                 {"ms", 1000000000},
                 {"s", UINT64_C(1000000000000)}};
    size_t digits = strspn(text, "0123456789");
    char number[32];
    if (digits == 0 || digits >= sizeof(number))
        return false;
    snprintf(number, sizeof(number), "%.*s", (int)digits, text);
    if (!config_parse_number(number, cycles))
        return false;
    if (text[digits] == '\0')
        return true;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text + digits, units[i].unit) != 0)
            continue;
        unsigned __int128 ps = (unsigned __int128)*cycles * units[i].ps;
        *cycles = (uint64_t)((ps + cycle_ps - 1) / cycle_ps);
        return ps < UINT64_MAX;
    }
    return false;
}

static bool add_time(struct arguments *a, const char *key, const char *text, uint64_t cycle_ps,
                     char cycles_text[32], struct vd_error *err)
{
    uint64_t cycles;
    if (!text)
        return true;
    if (!arguments_parse_time(text, cycle_ps, &cycles))
        return vd_fail(err,
                       "%s does not take '%.40s': accepted are cycles, or a time as 500ns, 20us, "
                       "3ms or 1s",
                       key, text);
    snprintf(cycles_text, 32, "%" PRIu64, cycles);
    return arguments_add(a, key, cycles_text, err);
}

bool arguments_configure(struct arguments *a, struct virt_config *config, struct vd_error *err)
{
    a->status = STATUS_CONFIG;
    if (!drives_configure(a, err))
        return false;
    uint32_t settings = a->num_settings;
    if (!virt_configure(config, a->settings, a->num_settings, err))
        return false;
    uint64_t cycle_ps = config->machine.cycle_ps;
    bool ok =
        add_time(a, "machine.limit", a->limit, cycle_ps, a->limit_cycles, err) &&
        add_time(a, "machine.quantum", a->quantum, cycle_ps, a->quantum_cycles, err) &&
        (a->num_settings == settings || virt_configure(config, a->settings, a->num_settings, err));
    a->num_settings = settings;
    return ok;
}

/* --- what the options do --- */

static bool take_key(void *ctx, const struct option *option, const char *value,
                     struct vd_error *err)
{
    return arguments_add(ctx, option->key, value, err);
}

/* QEMU's -m: a number without a unit is MiB. */
static bool take_memory(void *ctx, const struct option *option, const char *value,
                        struct vd_error *err)
{
    struct arguments *a = ctx;
    char text[64];
    size_t length = strlen(value);
    bool bare = length && isdigit((unsigned char)value[length - 1]);
    snprintf(text, sizeof(text), "%.40s%s", value, bare ? "M" : "");
    return arguments_add(a, option->key, copy(a, text, strlen(text)), err);
}

static bool take_assignment(struct arguments *a, const char *what, const char *text, size_t length,
                            struct vd_error *err)
{
    const char *equals = memchr(text, '=', length);
    if (!equals)
        return vd_fail(err, "%s %.*s: write key=value", what, (int)(length < 80 ? length : 80),
                       text);
    const char *key = copy(a, text, (size_t)(equals - text));
    const char *value = copy(a, equals + 1, length - (size_t)(equals - text) - 1);
    return arguments_add(a, key, value, err);
}

static bool take_set(void *ctx, const struct option *option, const char *value,
                     struct vd_error *err)
{
    (void)option;
    return take_assignment(ctx, "--set", value, strlen(value), err);
}

/* What QEMU's -M virt takes and what it means here. */
static const struct {
    const char *name, *key, *only;
} machine_properties[] = {
    {"aia-guests", "imsic.guests", NULL},
    {"iommu-sys", "machine.iommu", NULL},
    {"aia", "machine.aia", NULL},
    {"acpi", NULL, "off"},
    {"pflash0", NULL, NULL},
    {"pflash1", NULL, NULL},
};

static bool take_property(struct arguments *a, const char *text, size_t length,
                          struct vd_error *err)
{
    size_t name = strcspn(text, "=,");
    for (size_t i = 0; i < sizeof(machine_properties) / sizeof(machine_properties[0]); i++) {
        const char *known = machine_properties[i].name, *only = machine_properties[i].only;
        if (strlen(known) != name || memcmp(known, text, name) != 0)
            continue;
        const char *value = name < length ? copy(a, text + name + 1, length - name - 1) : "on";
        if (machine_properties[i].key)
            return arguments_add(a, machine_properties[i].key, value, err);
        if (!only)
            return drives_take_flash(&a->drives, (uint32_t)(known[strlen("pflash")] - '0'), value,
                                     err);
        return strcmp(value, only) == 0 ||
               vd_fail(err, "-M virt,%s=%.40s: accepted is %s=%s", known, value, known, only);
    }
    if (!memchr(text, '.', name))
        return vd_fail(
            err,
            "-M virt has no '%.*s': accepted are aia=aplic-imsic|aplic, aia-guests=N, "
            "iommu-sys=on|off, acpi=off, pflash0=ID, pflash1=ID, and any section.key=value",
            (int)(name < 60 ? name : 60), text);
    return take_assignment(a, "-M virt,", text, length, err);
}

static bool take_machine(void *ctx, const struct option *option, const char *value,
                         struct vd_error *err)
{
    (void)option;
    size_t length = strcspn(value, ",");
    if (length != strlen("virt") || memcmp(value, "virt", length) != 0)
        return vd_fail(err, "there is no machine '%.*s': accepted is virt",
                       (int)(length < 60 ? length : 60), value);
    for (const char *at = value + length; *at == ',';) {
        at++;
        size_t part = strcspn(at, ",");
        if (!take_property(ctx, at, part, err))
            return false;
        at += part;
    }
    return true;
}

static bool take_config(void *ctx, const struct option *option, const char *value,
                        struct vd_error *err)
{
    (void)option;
    struct arguments *a = ctx;
    size_t size;
    char *text = own(a, file_read(value, &size, err));
    if (!text)
        a->status = STATUS_FILE;
    return text && (size == 0 || arguments_add_text(a, value, text, size, err));
}

/* A preset by name, or a file, which must be there. */
static bool take_timing(void *ctx, const struct option *option, const char *value,
                        struct vd_error *err)
{
    struct arguments *a = ctx;
    size_t size;
    if (strpbrk(value, "./") && !own(a, file_read(value, &size, err))) {
        a->status = STATUS_FILE;
        return false;
    }
    return arguments_add(a, option->key, value, err);
}

static bool take_seed(void *ctx, const struct option *option, const char *value,
                      struct vd_error *err)
{
    (void)option;
    return arguments_add(ctx, "machine.seed", value, err) &&
           arguments_add(ctx, "experiment.seed", value, err);
}

static bool take_sweep(void *ctx, const struct option *option, const char *value,
                       struct vd_error *err)
{
    (void)option;
    struct arguments *a = ctx;
    const char *equals = strchr(value, '=');
    if (!equals || equals[1] == '\0')
        return vd_fail(err, "--sweep %.80s: write key=value,value,...", value);
    if (a->num_sweeps == MAX_SWEEPS)
        return vd_fail(err, "at most %d --sweep are accepted", MAX_SWEEPS);
    struct sweep *sweep = &a->sweeps[a->num_sweeps++];
    sweep->key = copy(a, value, (size_t)(equals - value));
    for (const char *at = equals; *at;) {
        size_t length = strcspn(++at, ",");
        if (sweep->count == MAX_POINTS)
            return vd_fail(err, "--sweep %s: at most %d values are accepted", sweep->key,
                           MAX_POINTS);
        sweep->values[sweep->count++] = copy(a, at, length);
        at += length;
    }
    return true;
}

/* For options that just keep their value: key is unused, the place is found by name. */
static bool take_text(void *ctx, const struct option *option, const char *value,
                      struct vd_error *err)
{
    struct arguments *a = ctx;
    const struct {
        const char *name;
        const char **place;
    } places[] = {{"limit", &a->limit},
                  {"quantum", &a->quantum},
                  {"trace", &a->trace},
                  {"record", &a->record},
                  {"gdb", &a->gdb},
                  {"replay", &a->replay},
                  {"stats", &a->stats},
                  {"dump-dtb", &a->dump_dtb},
                  {"out", &a->out},
                  {"signature", &a->signature},
                  {"signature-granularity", &a->granularity}};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strcmp(places[i].name, option->name) == 0)
            *places[i].place = value;
    if (*value == '\0')
        return vd_fail(err, "option -%s needs a value: %s", option->name, option->argument);
    return true;
}

static bool take_flag(void *ctx, const struct option *option, const char *value,
                      struct vd_error *err)
{
    (void)value;
    (void)err;
    struct arguments *a = ctx;
    if (strcmp(option->name, "print-config") == 0)
        a->print_config = true;
    else if (strcmp(option->name, "no-reboot") == 0)
        a->no_reboot = true;
    else if (strcmp(option->name, "s") == 0)
        a->gdb = GDB_PORT;
    else if (strcmp(option->name, "S") == 0)
        a->halted = true;
    else
        a->console = true;
    return true;
}

const struct option machine_options[] = {
    {"M", "virt[,key=value...]", "the machine: aia-guests=N, iommu-sys=on|off, section.key=value",
     take_machine, NULL},
    {"smp", "N", "harts, 1..64", take_key, "machine.harts"},
    {"m", "SIZE", "RAM; a number alone is MiB", take_memory, "machine.memory"},
    {"bios", "FILE", "M-mode firmware, default (OpenSBI) or none", take_key, "machine.bios"},
    {"kernel", "FILE", "S-mode program: ELF, uImage, Linux Image or raw", take_key,
     "machine.kernel"},
    {"initrd", "FILE", "initial RAM disk", take_key, "machine.initrd"},
    {"append", "TEXT", "boot arguments", take_key, "machine.append"},
    {"dtb", "FILE", "devicetree in place of the generated one", take_key, "machine.dtb"},
    {"symbols", "FILE", "ELF with names for addresses in messages", take_key, "machine.symbols"},
    {"drive", "file=FILE[,...]",
     "a raw disk: a virtio-blk-pci, with if=none,id=ID for -device, or if=pflash",
     drives_take_drive, NULL},
    {"blockdev", "driver=file,...", "a raw disk: node-name=ID, filename=FILE, read-only=on|off",
     drives_take_blockdev, NULL},
    {"device", "MODEL[,...]",
     "edu, nvme, nvme-ns, virtio-{blk,rng}-{pci,device}: drive=ID, serial=TEXT, addr=N; loader: "
     "file=, addr=",
     drives_take_device, NULL},
    {"fw_cfg", "[name=]NAME,file=FILE|string=TEXT", "a file in fw_cfg, for firmware", fw_files_take,
     NULL},
    {"timing", "PRESET", "functional, inorder, or a YAML file", take_timing, "machine.timing"},
    {"quantum", "T", "how far a hart may run ahead of another", take_text, NULL},
    {"seed", "N", "of every random choice", take_seed, NULL},
    {"limit", "T", "ends the run: cycles, or as 500ns, 20us, 3ms, 1s", take_text, NULL},
    {"no-reboot", NULL, "a reset by the guest ends the run", take_flag, NULL},
    {"config", "FILE", "YAML as --print-config writes it", take_config, NULL},
    {"set", "key=value", "one value of the configuration", take_set, NULL},
    {"trace", "FILE", "writes a binary trace; `viaduct trace` prints it", take_text, NULL},
    {"stats", "FILE", "writes counters as JSON", take_text, NULL},
    {"record", "FILE", "writes the console's input, with its times", take_text, NULL},
    {"replay", "FILE", "what --record wrote is the console's input", take_text, NULL},
    {"dump-dtb", "FILE", "writes the devicetree and ends", take_text, NULL},
    {"print-config", NULL, "prints the exact configuration and ends", take_flag, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct option run_options[] = {
    {"gdb", "PORT", "serves GDB on this port of localhost", take_text, NULL},
    {"s", NULL, "--gdb " GDB_PORT, take_flag, NULL},
    {"S", NULL, "with --gdb: waits in reset until the debugger lets it go", take_flag, NULL},
    {"signature", "FILE", "writes memory from begin_signature to end_signature", take_text, NULL},
    {"signature-granularity", "N", "bytes of a line of it: 4", take_text, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct option exp_options[] = {
    {"sweep", "key=a,b,...", "runs once for every value; several make a grid", take_sweep, NULL},
    {"out", "DIR", "writes samples, configuration, timeline and report there", take_text, NULL},
    {"console", NULL, "shows what the guest prints", take_flag, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
