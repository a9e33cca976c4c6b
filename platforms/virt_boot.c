/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in memory when the harts come out of reset: images, devicetree, reset code. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/image.h"
#include "core/rng.h"
#include "platforms/devicetree.h"
#include "platforms/file.h"
#include "platforms/virt_machine.h"

#define MIB (UINT64_C(1) << 20)

/* Where Debian's package `opensbi` has it, best first. */
static const char *const default_bios[] = {
    "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.elf",
    "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
    "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
    "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf",
};

/* OpenSBI's struct fw_dynamic_info, version 2. */
struct fw_dynamic_info {
    uint64_t magic, version, next_addr, next_mode, options, boot_hart;
};
enum { FW_DYNAMIC_MAGIC = 0x4942534f, FW_DYNAMIC_VERSION = 2, NEXT_MODE_S = 1 };

struct boot {
    struct virt *virt;
    uint64_t ram, ram_end;
    uint64_t firmware_end; /* of what is loaded at the start of RAM */
    uint64_t start;        /* where the harts jump to out of reset */
    uint64_t kernel;       /* entry, for the firmware */
    uint64_t initrd, initrd_end;
    uint64_t dtb;
};

const char *virt_bios_path(const struct virt *v)
{
    const char *path = v->config.machine.bios;
    if (*path != '\0' && strcmp(path, "default") != 0)
        return path;
    for (size_t i = 0; i < sizeof(default_bios) / sizeof(default_bios[0]); i++)
        if (access(default_bios[i], R_OK) == 0)
            return default_bios[i];
    return NULL;
}

static bool adopt(struct boot *b, const struct image *image, struct vd_error *err)
{
    if (image->signature < image->signature_end) {
        b->virt->signature = image->signature;
        b->virt->signature_end = image->signature_end;
    }
    return !image->has_htif || virt_add_htif(b->virt, image->tohost, image->fromhost, err);
}

static bool has_flash(const struct boot *b)
{
    return *b->virt->config.flashes[0].file;
}

static uint64_t flash_base(const struct boot *b)
{
    return virt_range(&b->virt->config, VIRT_FLASH0).base;
}

static bool no_bios(const struct boot *b)
{
    return strcmp(b->virt->config.machine.bios, "none") == 0;
}

/* As QEMU: firmware starts what is in flash in S-mode, and that finds the kernel by fw_cfg. */
static bool flash_is_payload(const struct boot *b)
{
    return has_flash(b) && !no_bios(b);
}

static bool load_bios(struct boot *b, struct vd_error *err)
{
    const char *path = virt_bios_path(b->virt);
    struct image image;
    if (!path)
        return vd_fail(err,
                       "machine.bios is default, but there is no %s: install the package opensbi, "
                       "or give -bios a file or none",
                       default_bios[0]);
    if (no_bios(b)) {
        b->start = has_flash(b) ? flash_base(b) : b->ram;
        return true;
    }
    if (!image_load(b->virt->core->bus, path, b->ram, &image, err))
        return false;
    b->start = image.entry;
    b->firmware_end = image.end;
    return adopt(b, &image, err);
}

/* As QEMU: at the first 2 MiB boundary behind the firmware, so at the start of RAM without one. */
static uint64_t kernel_place(const struct boot *b)
{
    bool behind = b->firmware_end > b->ram && b->firmware_end <= b->ram_end;
    uint64_t size = behind ? b->firmware_end - b->ram : 0;
    return b->ram + (size + VIRT_KERNEL_OFFSET - 1) / VIRT_KERNEL_OFFSET * VIRT_KERNEL_OFFSET;
}

static bool load_kernel(struct boot *b, struct vd_error *err)
{
    const struct virt_machine_config *m = &b->virt->config.machine;
    struct image image;
    b->kernel = flash_is_payload(b) ? flash_base(b) : kernel_place(b);
    if (*m->kernel == '\0' || flash_is_payload(b))
        return true;
    if (!image_load(b->virt->core->bus, m->kernel, b->kernel, &image, err))
        return false;
    b->kernel = image.entry;
    if (no_bios(b) && !has_flash(b))
        b->start = image.entry;
    return adopt(b, &image, err);
}

/* As QEMU: behind half the RAM, at most 512 MiB from its start. */
static bool load_initrd(struct boot *b, struct vd_error *err)
{
    const char *path = b->virt->config.machine.initrd;
    uint64_t half = (b->ram_end - b->ram) / 2;
    struct image image;
    if (*path == '\0' || flash_is_payload(b))
        return true;
    b->initrd = b->ram + (half < 512 * MIB ? half : 512 * MIB);
    if (!image_load_raw(b->virt->core->bus, path, b->initrd, &image, err))
        return false;
    b->initrd_end = image.end;
    return true;
}

/* ELF files go where they say, others to ADDR of FILE@ADDR. */
static bool load_one(struct boot *b, char *text, struct vd_error *err)
{
    char *at = strrchr(text, '@');
    uint64_t addr;
    struct image image;
    if (!at || !config_parse_number(at + 1, &addr))
        return vd_fail(err, "machine.loads has '%.80s': accepted is FILE@ADDR", text);
    *at = '\0';
    return image_load(b->virt->core->bus, text, addr, &image, err);
}

static bool load_more(struct boot *b, struct vd_error *err)
{
    char list[VIRT_LOADS_SIZE], *next = list;
    memcpy(list, b->virt->config.machine.loads, sizeof(list));
    while (next && *next) {
        char *text = strsep(&next, ",");
        if (!load_one(b, text, err))
            return false;
    }
    return true;
}

static void fill_rng_seed(const struct virt *v, uint8_t bytes[32])
{
    struct rng rng;
    rng_seed(&rng, sim_seed(v->core->sim, "rng-seed"));
    for (unsigned i = 0; i < 4; i++) {
        uint64_t word = rng_next(&rng);
        memcpy(bytes + 8 * i, &word, sizeof(word));
    }
}

static void *generate(const struct boot *b, size_t *size, struct vd_error *err)
{
    struct devicetree_chosen chosen = {.initrd_start = b->initrd, .initrd_end = b->initrd_end};
    fill_rng_seed(b->virt, chosen.rng_seed);
    return devicetree_build(&b->virt->config, &chosen, size, err);
}

static void *devicetree(const struct boot *b, size_t *size, struct vd_error *err)
{
    const char *path = b->virt->config.machine.dtb;
    if (*path == '\0')
        return generate(b, size, err);
    char *blob = file_read(path, size, err);
    if (blob && (*size < sizeof(struct fdt_header) || fdt_check_header(blob) != 0 ||
                 fdt_totalsize(blob) > *size)) {
        vd_fail(err, "%s is not a devicetree blob: accepted is what dtc or --dump-dtb writes",
                path);
        free(blob);
        return NULL;
    }
    return blob;
}

/* As QEMU: 2 MiB aligned, as high as fits below 3 GiB, so that 32-bit loaders reach it. */
static bool load_devicetree(struct boot *b, struct vd_error *err)
{
    size_t size;
    void *blob = devicetree(b, &size, err);
    if (!blob)
        return false;
    uint64_t top = b->ram_end < 3072 * MIB ? b->ram_end : 3072 * MIB;
    b->dtb = (top - size) / (2 * MIB) * (2 * MIB);
    bool ok = bus_load(b->virt->core->bus, b->dtb, blob, size);
    free(blob);
    return ok || vd_fail(err, "there is no room in RAM for the devicetree");
}

/* auipc and ld reach the words behind the code: start, dtb, then fw_dynamic_info. */
static bool load_reset_code(struct boot *b)
{
    enum { START = 0x18, DTB = 0x20, INFO = 0x28 };
    static const uint32_t code[] = {
        0x00000297,                 /* auipc t0, 0 */
        0x00028613 | (INFO << 20),  /* addi a2, t0, INFO */
        0xf1402573,                 /* csrr a0, mhartid */
        0x0002b583 | (DTB << 20),   /* ld a1, DTB(t0) */
        0x0002b283 | (START << 20), /* ld t0, START(t0) */
        0x00028067,                 /* jr t0 */
    };
    uint8_t rom[INFO + sizeof(struct fw_dynamic_info)];
    struct fw_dynamic_info info = {.magic = FW_DYNAMIC_MAGIC,
                                   .version = FW_DYNAMIC_VERSION,
                                   .next_addr = b->kernel,
                                   .next_mode = NEXT_MODE_S};
    memcpy(rom, code, sizeof(code));
    memcpy(rom + START, &b->start, sizeof(b->start));
    memcpy(rom + DTB, &b->dtb, sizeof(b->dtb));
    memcpy(rom + INFO, &info, sizeof(info));
    return bus_load(b->virt->core->bus, virt_range(&b->virt->config, VIRT_MROM).base, rom,
                    sizeof(rom));
}

static struct boot boot_of(struct virt *v)
{
    struct virt_range ram = virt_range(&v->config, VIRT_RAM);
    return (struct boot){
        .virt = v, .ram = ram.base, .ram_end = ram.base + ram.size, .start = ram.base};
}

bool virt_load(struct virt *v, struct vd_error *err)
{
    struct boot b = boot_of(v);
    return load_bios(&b, err) && load_kernel(&b, err) && load_initrd(&b, err) &&
           load_more(&b, err) && load_devicetree(&b, err) &&
           virt_describe(v, flash_is_payload(&b), err) &&
           (load_reset_code(&b) || vd_fail(err, "the reset code does not fit into the ROM"));
}

void *virt_devicetree(struct virt *v, size_t *size, struct vd_error *err)
{
    struct boot b = boot_of(v);
    return load_initrd(&b, err) ? devicetree(&b, size, err) : NULL;
}
