/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/image_elf.h"

/* Header of a RISC-V boot Image. */
enum { IMAGE_SIZE = 16, IMAGE_FLAGS = 24, IMAGE_MAGIC2 = 56, IMAGE_HEADER = 64 };
#define IMAGE_BIG_ENDIAN UINT64_C(1)

static bool map_contents(int fd, const char *path, struct image_file *file, struct vd_error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return vd_fail(err, "cannot read '%s': %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return vd_fail(err, "cannot read '%s': it is not a regular file", path);
    if (st.st_size == 0)
        return vd_fail(err, "'%s' is empty", path);
    file->size = (uint64_t)st.st_size;
    void *bytes = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return vd_fail(err, "cannot read '%s': %s", path, strerror(errno));
    file->bytes = bytes;
    return true;
}

static bool open_file(const char *path, struct image_file *file, struct vd_error *err)
{
    *file = (struct image_file){.path = path};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vd_fail(err, "cannot open '%s': %s", path, strerror(errno));
    bool ok = map_contents(fd, path, file, err);
    close(fd);
    return ok;
}

static void close_file(struct image_file *file)
{
    munmap(file->bytes, file->size);
}

bool image_outside(const struct bus *bus, const char *what, uint64_t addr, uint64_t size,
                   struct vd_error *err)
{
    char memory[256] = "there is no RAM";
    size_t used = 0;
    const struct ram *ram;
    for (uint32_t i = 0; (ram = bus_nth_ram(bus, i)) && used < sizeof(memory); i++)
        used += (size_t)snprintf(memory + used, sizeof(memory) - used,
                                 "%s%s is 0x%" PRIx64 "..0x%" PRIx64, i ? ", " : "", ram->name,
                                 ram->base, ram->base + (ram->size - 1));
    return vd_fail(err, "%s at 0x%" PRIx64 "..0x%" PRIx64 " is outside of memory: %s", what, addr,
                   addr + (size - 1), memory);
}

static bool place_bytes(struct bus *bus, const struct image_file *file, uint64_t addr,
                        struct image *image, struct vd_error *err)
{
    char what[300];
    snprintf(what, sizeof(what), "'%s'", file->path);
    if (!bus_load(bus, addr, file->bytes, file->size))
        return image_outside(bus, what, addr, file->size, err);
    *image = (struct image){.entry = addr, .start = addr, .end = addr + file->size};
    return true;
}

static uint64_t field(const struct image_file *file, size_t offset)
{
    uint64_t value;
    memcpy(&value, file->bytes + offset, sizeof(value));
    return value;
}

static bool is_linux(const struct image_file *file)
{
    return file->size >= IMAGE_HEADER && memcmp(file->bytes + IMAGE_MAGIC2, "RSC\x05", 4) == 0;
}

/* The kernel clears its bss beyond the file itself, but needs RAM there.  CHOICE: text_offset says
 * how far from the start of RAM a loader puts the Image; who calls has placed it already, as
 * fw_jump has its one address.
 */
static bool place_linux(struct bus *bus, const struct image_file *file, uint64_t addr,
                        struct image *image, struct vd_error *err)
{
    char what[300];
    if (!is_linux(file))
        return vd_fail(err, "'%s' is not a RISC-V boot Image: no magic number RSC\\x05 at byte 56",
                       file->path);
    if (field(file, IMAGE_FLAGS) & IMAGE_BIG_ENDIAN)
        return vd_fail(err, "'%s' is a big-endian Image; only little-endian ones run", file->path);
    uint64_t size = field(file, IMAGE_SIZE);
    size = size > file->size ? size : file->size;
    snprintf(what, sizeof(what), "Image '%s'", file->path);
    if (!bus_ram(bus, addr, size))
        return image_outside(bus, what, addr, size, err);
    if (!place_bytes(bus, file, addr, image, err))
        return false;
    image->end = addr + size;
    return true;
}

/* Header of U-Boot's uImage: words are big-endian, the last four bytes say what it is. */
enum {
    UIMAGE_SIZE = 12,
    UIMAGE_LOAD = 16,
    UIMAGE_ENTRY = 20,
    UIMAGE_TYPE = 30,
    UIMAGE_HEADER = 64
};
enum { UIMAGE_KERNEL = 2, UIMAGE_COMPRESSION = 31 };

static bool is_uimage(const struct image_file *file)
{
    return file->size > UIMAGE_HEADER && memcmp(file->bytes, "\x27\x05\x19\x56", 4) == 0;
}

static uint32_t big_endian(const struct image_file *file, size_t offset)
{
    uint32_t value;
    memcpy(&value, file->bytes + offset, sizeof(value));
    return __builtin_bswap32(value);
}

/* It has its own addresses, as an ELF has. */
static bool place_uimage(struct bus *bus, const struct image_file *file, struct image *image,
                         struct vd_error *err)
{
    struct image_file body = {.path = file->path,
                              .bytes = file->bytes + UIMAGE_HEADER,
                              .size = big_endian(file, UIMAGE_SIZE)};
    if (file->bytes[UIMAGE_TYPE] != UIMAGE_KERNEL || file->bytes[UIMAGE_COMPRESSION] != 0)
        return vd_fail(err,
                       "'%s' is a uImage of type %u with compression %u; accepted is a kernel (2) "
                       "that is not compressed (0)",
                       file->path, file->bytes[UIMAGE_TYPE], file->bytes[UIMAGE_COMPRESSION]);
    if (body.size == 0 || body.size > file->size - UIMAGE_HEADER)
        return vd_fail(err, "'%s' is a uImage of %" PRIu64 " bytes, of which %" PRIu64 " are there",
                       file->path, body.size, file->size - UIMAGE_HEADER);
    bool ok = place_bytes(bus, &body, big_endian(file, UIMAGE_LOAD), image, err);
    image->entry = big_endian(file, UIMAGE_ENTRY);
    return ok;
}

enum format { FORMAT_ELF, FORMAT_LINUX, FORMAT_UIMAGE, FORMAT_RAW, FORMAT_ANY };

static enum format format_of(const struct image_file *file)
{
    if (file->size >= 4 && memcmp(file->bytes, "\177ELF", 4) == 0)
        return FORMAT_ELF;
    if (is_uimage(file))
        return FORMAT_UIMAGE;
    return is_linux(file) ? FORMAT_LINUX : FORMAT_RAW;
}

static bool load(struct bus *bus, const char *path, enum format format, uint64_t addr,
                 struct image *image, struct vd_error *err)
{
    struct image_file file;
    bool ok = false;
    if (!open_file(path, &file, err))
        return false;
    if (format == FORMAT_ANY)
        format = format_of(&file);
    if (format == FORMAT_ELF)
        ok = image_place_elf(bus, &file, addr, image, err);
    else if (format == FORMAT_LINUX)
        ok = place_linux(bus, &file, addr, image, err);
    else if (format == FORMAT_UIMAGE)
        ok = place_uimage(bus, &file, image, err);
    else
        ok = place_bytes(bus, &file, addr, image, err);
    close_file(&file);
    return ok;
}

bool image_load_elf(struct bus *bus, const char *path, struct image *image, struct vd_error *err)
{
    return load(bus, path, FORMAT_ELF, 0, image, err);
}

bool image_load_raw(struct bus *bus, const char *path, uint64_t addr, struct image *image,
                    struct vd_error *err)
{
    return load(bus, path, FORMAT_RAW, addr, image, err);
}

bool image_load_linux(struct bus *bus, const char *path, uint64_t addr, struct image *image,
                      struct vd_error *err)
{
    return load(bus, path, FORMAT_LINUX, addr, image, err);
}

bool image_load(struct bus *bus, const char *path, uint64_t addr, struct image *image,
                struct vd_error *err)
{
    return load(bus, path, FORMAT_ANY, addr, image, err);
}
