/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/symbols.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Further from its symbol than this an address belongs to nobody. */
enum { FARTHEST = 1 << 20, NAME_SIZE = 64 };

struct symbol {
    uint64_t addr;
    char name[NAME_SIZE];
};

struct symbols {
    struct symbol *list;
    size_t count, room;
    bool sorted;
};

struct symbols *symbols_create(void)
{
    return calloc(1, sizeof(struct symbols));
}

void symbols_destroy(struct symbols *s)
{
    if (!s)
        return;
    free(s->list);
    free(s);
}

static void add(struct symbols *s, uint64_t addr, const char *name)
{
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 1024;
        struct symbol *list = realloc(s->list, room * sizeof(*list));
        if (!list)
            return;
        s->list = list;
        s->room = room;
    }
    struct symbol *symbol = &s->list[s->count++];
    symbol->addr = addr;
    snprintf(symbol->name, sizeof(symbol->name), "%s", name);
    s->sorted = false;
}

/* Mapping symbols ($x, $d) and local labels (.L) name no function. */
static bool names_code(const GElf_Sym *symbol, const char *name)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info);
    bool code = type == STT_FUNC || type == STT_NOTYPE;
    return code && symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS && name && *name &&
           *name != '$' && *name != '.';
}

static void add_table(struct symbols *s, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    for (size_t i = 0; data && i < header->sh_size / header->sh_entsize; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, (int)i, &symbol))
            return;
        const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (names_code(&symbol, name))
            add(s, symbol.st_value, name);
    }
}

static void add_elf(struct symbols *s, Elf *elf)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section))) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB && header.sh_entsize)
            add_table(s, elf, section, &header);
    }
}

void symbols_add(struct symbols *s, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (elf && elf_kind(elf) == ELF_K_ELF)
        add_elf(s, elf);
    elf_end(elf);
    close(fd);
}

/* Of two names of one address the shorter one is the function's. */
static int order(const void *x, const void *y)
{
    const struct symbol *a = x, *b = y;
    if (a->addr != b->addr)
        return a->addr < b->addr ? -1 : 1;
    size_t lengths[] = {strlen(a->name), strlen(b->name)};
    if (lengths[0] != lengths[1])
        return lengths[0] < lengths[1] ? 1 : -1;
    return strcmp(a->name, b->name);
}

void symbols_name(struct symbols *s, uint64_t addr, char *text, size_t size)
{
    *text = '\0';
    if (!s->sorted && s->count)
        qsort(s->list, s->count, sizeof(*s->list), order);
    s->sorted = true;
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->list[middle].addr <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    if (low && addr - s->list[low - 1].addr < FARTHEST)
        snprintf(text, size, "%s+0x%" PRIx64, s->list[low - 1].name, addr - s->list[low - 1].addr);
}
