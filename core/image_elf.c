/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/image_elf.h"

#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <string.h>

struct loader {
    struct bus *bus;
    const struct image_file *file;
    Elf *elf;
    GElf_Ehdr header;
    uint64_t addr; /* where a program that can be anywhere goes */
    uint64_t bias; /* ... and what that adds to its addresses */
    struct image *image;
    struct vd_error *err;
};

static bool check_header(const struct loader *l)
{
    const char *path = l->file->path;
    const GElf_Ehdr *h = &l->header;
    if (h->e_ident[EI_CLASS] != ELFCLASS64)
        return vd_fail(l->err, "'%s' is a 32-bit ELF; a 64-bit RISC-V one is needed", path);
    if (h->e_ident[EI_DATA] != ELFDATA2LSB)
        return vd_fail(l->err, "'%s' is a big-endian ELF; a little-endian RISC-V one is needed",
                       path);
    if (h->e_machine != EM_RISCV)
        return vd_fail(l->err, "'%s' is an ELF for machine %u; RISC-V (%u) is needed", path,
                       h->e_machine, (unsigned)EM_RISCV);
    if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
        return vd_fail(l->err, "'%s' is an ELF of type %u; an executable is needed, linked", path,
                       h->e_type);
    return true;
}

static bool load_segment(struct loader *l, size_t index, const GElf_Phdr *p)
{
    char what[300];
    struct image *image = l->image;
    uint64_t addr = p->p_paddr + l->bias;
    if (p->p_offset > l->file->size || p->p_filesz > l->file->size - p->p_offset)
        return vd_fail(l->err,
                       "'%s' is truncated: segment %zu needs bytes up to 0x%" PRIx64
                       " and the file has 0x%" PRIx64,
                       l->file->path, index, p->p_offset + p->p_filesz, l->file->size);
    if (p->p_filesz > p->p_memsz)
        return vd_fail(l->err, "'%s': segment %zu has more bytes in the file than in memory",
                       l->file->path, index);
    snprintf(what, sizeof(what), "'%s': segment %zu", l->file->path, index);
    struct ram *ram = bus_ram(l->bus, addr, p->p_memsz);
    if (!ram)
        return image_outside(l->bus, what, addr, p->p_memsz, l->err);
    ram_clear(ram, addr, p->p_memsz);
    bus_load(l->bus, addr, l->file->bytes + p->p_offset, p->p_filesz);
    if (addr < image->start)
        image->start = addr;
    if (addr + p->p_memsz > image->end)
        image->end = addr + p->p_memsz;
    if (l->header.e_entry - p->p_vaddr < p->p_memsz)
        image->entry = l->header.e_entry - p->p_vaddr + addr;
    return true;
}

/* CHOICE: a position-independent program that was linked for addresses where there is no memory,
 * as OpenSBI is for 0, goes where raw bytes would. */
static void place(struct loader *l, size_t count)
{
    uint64_t start = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr p;
        if (gelf_getphdr(l->elf, (int)i, &p) && p.p_type == PT_LOAD && p.p_paddr < start)
            start = p.p_paddr;
    }
    if (l->header.e_type == ET_DYN && l->addr && !bus_ram(l->bus, start, 1))
        l->bias = l->addr - start;
}

static bool load_segments(struct loader *l)
{
    size_t count, loaded = 0;
    if (elf_getphdrnum(l->elf, &count))
        return vd_fail(l->err, "'%s' is no valid ELF: %s", l->file->path, elf_errmsg(-1));
    place(l, count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr p;
        if (!gelf_getphdr(l->elf, (int)i, &p))
            return vd_fail(l->err, "'%s' is truncated: it ends within its program headers",
                           l->file->path);
        if (p.p_type != PT_LOAD || !p.p_memsz)
            continue;
        if (!load_segment(l, i, &p))
            return false;
        loaded++;
    }
    if (!loaded)
        return vd_fail(l->err, "'%s' has no segment to load", l->file->path);
    return true;
}

static void take_symbol(struct loader *l, const char *name, const GElf_Sym *symbol)
{
    struct image *image = l->image;
    uint64_t value = symbol->st_value + l->bias;
    if (strcmp(name, "tohost") == 0) {
        image->has_htif = true;
        image->tohost = value;
    } else if (strcmp(name, "fromhost") == 0) {
        image->fromhost = value;
    } else if (strcmp(name, "begin_signature") == 0) {
        image->signature = value;
    } else if (strcmp(name, "end_signature") == 0) {
        image->signature_end = value;
    }
}

/* A damaged symbol table is as good as none: only HTIF needs it. */
static void find_symbols(struct loader *l)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(l->elf, section))) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB || !header.sh_entsize)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        for (size_t i = 0; data && i < header.sh_size / header.sh_entsize; i++) {
            GElf_Sym symbol;
            if (!gelf_getsym(data, (int)i, &symbol))
                break;
            const char *name = elf_strptr(l->elf, header.sh_link, symbol.st_name);
            if (name && symbol.st_shndx != SHN_UNDEF)
                take_symbol(l, name, &symbol);
        }
    }
}

static bool load(struct loader *l)
{
    if (elf_kind(l->elf) != ELF_K_ELF || !gelf_getehdr(l->elf, &l->header))
        return vd_fail(l->err, "'%s' is no ELF file, or is truncated within its header",
                       l->file->path);
    if (!check_header(l) || !load_segments(l))
        return false;
    find_symbols(l);
    return true;
}

bool image_place_elf(struct bus *bus, const struct image_file *file, uint64_t addr,
                     struct image *image, struct vd_error *err)
{
    struct loader l = {.bus = bus, .file = file, .addr = addr, .image = image, .err = err};
    elf_version(EV_CURRENT);
    *image = (struct image){.start = UINT64_MAX};
    l.elf = elf_memory((char *)file->bytes, file->size);
    if (!l.elf)
        return vd_fail(err, "'%s' is no ELF file, or is truncated within its header", file->path);
    image->entry = 0;
    bool ok = load(&l);
    if (ok && !image->entry)
        image->entry = l.header.e_entry;
    elf_end(l.elf);
    return ok;
}
