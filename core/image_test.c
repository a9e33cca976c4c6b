/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <elf.h>

#include "core/core.h"
#include "core/image.h"
#include "core/symbols.h"

#define RAM_BASE UINT64_C(0x80000000)
#define RAM_SIZE UINT64_C(0x100000)

/* One loadable segment, a symbol table and its strings: all that a loader looks at. */
struct program {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    Elf64_Shdr sections[3];
    Elf64_Sym symbols[3];
    char strings[32];
    uint8_t text[64];
};

static char path[] = "/tmp/viaduct-image-XXXXXX";
static struct core *core;
static struct program good;

static void write_bytes(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static int setup(void **state)
{
    struct vd_error err;
    (void)state;
    core = core_create(&(struct core_config){0});
    if (!bus_add_ram(core->bus, "ram", RAM_BASE, RAM_SIZE, 0, &err))
        return -1;
    good = (struct program){
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                               EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_RISCV,
                   .e_version = EV_CURRENT,
                   .e_entry = RAM_BASE + 0x1010,
                   .e_phoff = offsetof(struct program, segments),
                   .e_shoff = offsetof(struct program, sections),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 2,
                   .e_shentsize = sizeof(Elf64_Shdr),
                   .e_shnum = 3},
        .segments = {{.p_type = PT_LOAD,
                      .p_offset = offsetof(struct program, text),
                      .p_vaddr = RAM_BASE + 0x1000,
                      .p_paddr = RAM_BASE + 0x1000,
                      .p_filesz = 64,
                      .p_memsz = 0x2000},
                     {.p_type = PT_NOTE}},
        .sections = {{.sh_type = SHT_NULL},
                     {.sh_type = SHT_SYMTAB,
                      .sh_offset = offsetof(struct program, symbols),
                      .sh_size = sizeof(good.symbols),
                      .sh_link = 2,
                      .sh_entsize = sizeof(Elf64_Sym)},
                     {.sh_type = SHT_STRTAB,
                      .sh_offset = offsetof(struct program, strings),
                      .sh_size = sizeof(good.strings)}},
        .symbols = {{0},
                    {.st_name = 1, .st_shndx = SHN_ABS, .st_value = RAM_BASE + 0x2000},
                    {.st_name = 8, .st_shndx = SHN_ABS, .st_value = RAM_BASE + 0x2040}},
        .strings = "\0tohost\0fromhost",
    };
    memset(good.text, 0x13, sizeof(good.text));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    core_destroy(core);
    return 0;
}

static uint8_t byte_at(uint64_t addr)
{
    uint8_t byte = 0;
    assert_true(bus_peek(core->bus, addr, &byte, 1));
    return byte;
}

static void refused(const void *bytes, size_t size, const char *because)
{
    struct vd_error err = {""};
    struct image image;
    write_bytes(bytes, size);
    assert_false(image_load_elf(core->bus, path, &image, &err));
    if (!strstr(err.text, because))
        fail_msg("'%s' does not say '%s'", err.text, because);
    assert_non_null(strstr(err.text, path));
    assert_null(strchr(err.text, '\n'));
}

static void elf_is_loaded_with_entry_and_htif(void **state)
{
    struct vd_error err = {""};
    struct image image;
    (void)state;
    uint8_t dirty = 0xff;
    bus_load(core->bus, RAM_BASE + 0x2fff, &dirty, 1);
    bus_load(core->bus, RAM_BASE + 0x3000, &dirty, 1);
    write_bytes(&good, sizeof(good));
    assert_true(image_load(core->bus, path, 0, &image, &err));
    assert_int_equal(image.entry, RAM_BASE + 0x1010);
    assert_int_equal(image.start, RAM_BASE + 0x1000);
    assert_int_equal(image.end, RAM_BASE + 0x3000);
    assert_true(image.has_htif);
    assert_int_equal(image.tohost, RAM_BASE + 0x2000);
    assert_int_equal(image.fromhost, RAM_BASE + 0x2040);
    assert_int_equal(byte_at(RAM_BASE + 0x103f), 0x13);
    assert_int_equal(byte_at(RAM_BASE + 0x1040), 0);
    assert_int_equal(byte_at(RAM_BASE + 0x2fff), 0);
    assert_int_equal(byte_at(RAM_BASE + 0x3000), 0xff);
}

static void virtual_entry_becomes_physical(void **state)
{
    struct vd_error err = {""};
    struct image image;
    (void)state;
    good.segments[0].p_vaddr = UINT64_C(0xffffffff80000000);
    good.header.e_entry = UINT64_C(0xffffffff80000020);
    write_bytes(&good, sizeof(good));
    assert_true(image_load_elf(core->bus, path, &image, &err));
    assert_int_equal(image.entry, RAM_BASE + 0x1020);
}

/* Linked for 0, where there is no memory; an entry of 0 is one too. */
static void position_independent_elf_goes_where_it_is_told(void **state)
{
    struct vd_error err = {""};
    struct image image;
    (void)state;
    good.header.e_type = ET_DYN;
    good.header.e_entry = 0;
    good.segments[0].p_vaddr = good.segments[0].p_paddr = 0;
    good.symbols[1].st_value = 0x1000;
    good.symbols[2].st_value = 0x1040;
    write_bytes(&good, sizeof(good));
    assert_true(image_load(core->bus, path, RAM_BASE + 0x4000, &image, &err));
    assert_int_equal(image.entry, RAM_BASE + 0x4000);
    assert_int_equal(image.start, RAM_BASE + 0x4000);
    assert_int_equal(image.end, RAM_BASE + 0x6000);
    assert_int_equal(image.tohost, RAM_BASE + 0x5000);
    assert_int_equal(image.fromhost, RAM_BASE + 0x5040);
    good.header.e_type = ET_EXEC;
    refused(&good, sizeof(good), "outside of memory");
    good.header.e_type = ET_DYN;
    good.segments[0].p_vaddr = good.segments[0].p_paddr = RAM_BASE + 0x1000;
    write_bytes(&good, sizeof(good));
    assert_true(image_load(core->bus, path, RAM_BASE + 0x4000, &image, &err));
    assert_int_equal(image.start, RAM_BASE + 0x1000);
}

/* The body goes to its load address, the entry is its own; what is compressed or short is refused.
 */
static void uimage_goes_where_its_header_says(void **state)
{
    struct vd_error err = {""};
    struct image image;
    (void)state;
    uint8_t file[64 + 8] = {
        [0] = 0x27,  0x05,        0x19, 0x56,      [15] = 8, [16] = 0x80, [18] = 0x40,
        [20] = 0x80, [22] = 0x40, 0x04, [29] = 26, 2,        [64] = 0x13, 0x05};
    write_bytes(file, sizeof(file));
    if (!image_load(core->bus, path, RAM_BASE, &image, &err))
        fail_msg("%s", err.text);
    assert_int_equal(image.start, RAM_BASE + 0x4000);
    assert_int_equal(image.end, RAM_BASE + 0x4008);
    assert_int_equal(image.entry, RAM_BASE + 0x4004);
    uint16_t first;
    assert_true(bus_peek(core->bus, RAM_BASE + 0x4000, &first, sizeof(first)));
    assert_int_equal(first, 0x0513);
    static const struct {
        uint8_t at, value;
        const char *says;
    } wrong[] = {{30, 3, "of type 3 with compression 0"},
                 {31, 1, "of type 2 with compression 1"},
                 {15, 9, "a uImage of 9 bytes, of which 8 are there"},
                 {15, 0, "a uImage of 0 bytes"},
                 {16, 0x40, "outside of memory"}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t bad[sizeof(file)];
        memcpy(bad, file, sizeof(bad));
        bad[wrong[i].at] = wrong[i].value;
        write_bytes(bad, sizeof(bad));
        assert_false(image_load(core->bus, path, RAM_BASE, &image, &err));
        assert_non_null(strstr(err.text, wrong[i].says));
    }
}

static void elf_without_symbols_has_no_htif(void **state)
{
    struct vd_error err = {""};
    struct image image;
    (void)state;
    good.header.e_shnum = 0;
    good.header.e_shoff = 0;
    write_bytes(&good, sizeof(good));
    assert_true(image_load_elf(core->bus, path, &image, &err));
    assert_false(image.has_htif);
}

static void addresses_have_the_name_of_the_symbol_below(void **state)
{
    (void)state;
    char name[64];
    struct program p = good;
    p.symbols[1].st_shndx = p.symbols[2].st_shndx = 1;
    write_bytes(&p, sizeof(p));
    struct symbols *symbols = symbols_create();
    symbols_add(symbols, "/none");
    symbols_name(symbols, RAM_BASE + 0x2000, name, sizeof(name));
    assert_string_equal(name, "");
    symbols_add(symbols, path);
    static const struct {
        uint64_t addr;
        const char *name;
    } rows[] = {
        {RAM_BASE + 0x1fff, ""},
        {RAM_BASE + 0x2000, "tohost+0x0"},
        {RAM_BASE + 0x203f, "tohost+0x3f"},
        {RAM_BASE + 0x2041, "fromhost+0x1"},
        {RAM_BASE + 0x2000000, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        symbols_name(symbols, rows[i].addr, name, sizeof(name));
        assert_string_equal(name, rows[i].name);
    }
    symbols_destroy(symbols);
}

static void missing_file_is_named(void **state)
{
    struct vd_error err = {""};
    struct image image;
    (void)state;
    assert_false(image_load(core->bus, "/nonexistent/kernel", 0, &image, &err));
    assert_string_equal(err.text, "cannot open '/nonexistent/kernel': No such file or directory");
    assert_false(image_load(core->bus, "/tmp", 0, &image, &err));
    assert_non_null(strstr(err.text, "not a regular file"));
    write_bytes("", 0);
    assert_false(image_load(core->bus, path, 0, &image, &err));
    assert_non_null(strstr(err.text, "is empty"));
}

static void every_truncated_elf_is_refused(void **state)
{
    (void)state;
    for (size_t size = 1; size < sizeof(good); size += 3)
        refused(&good, size, "'");
    refused(&good, 20, "truncated");
    refused(&good, sizeof(good) - 1, "is truncated: segment 0");
}

static void wrong_machine_is_refused(void **state)
{
    (void)state;
    good.header.e_machine = EM_X86_64;
    refused(&good, sizeof(good), "machine 62; RISC-V (243)");
    good.header.e_machine = EM_RISCV;
    good.header.e_type = ET_REL;
    refused(&good, sizeof(good), "executable");
    good.header.e_type = ET_EXEC;
    good.header.e_ident[EI_CLASS] = ELFCLASS32;
    refused(&good, sizeof(good), "32-bit");
    good.header.e_ident[EI_CLASS] = ELFCLASS64;
    good.header.e_ident[EI_DATA] = ELFDATA2MSB;
    good.header.e_machine = __builtin_bswap16(EM_RISCV);
    refused(&good, sizeof(good), "big-endian");
    refused("not an elf at all", 17, "no ELF file");
}

static void segment_outside_of_ram_is_refused(void **state)
{
    (void)state;
    good.segments[0].p_paddr = 0x1000;
    refused(&good, sizeof(good),
            "segment 0 at 0x1000..0x2fff is outside of memory: ram is "
            "0x80000000..0x800fffff");
    good.segments[0].p_paddr = RAM_BASE + RAM_SIZE - 0x1000;
    refused(&good, sizeof(good), "outside of memory");
    good.segments[0].p_memsz = UINT64_MAX;
    refused(&good, sizeof(good), "outside of memory");
    good.segments[0].p_memsz = 8;
    refused(&good, sizeof(good), "more bytes in the file");
    good.segments[0].p_type = PT_NOTE;
    refused(&good, sizeof(good), "no segment to load");
    good.segments[0].p_type = PT_LOAD;
    good.segments[0].p_offset = UINT64_MAX - 8;
    refused(&good, sizeof(good), "truncated");
    good.header.e_phoff = UINT64_MAX - 60;
    refused(&good, sizeof(good), "'");
}

static void raw_bytes_go_where_they_are_told(void **state)
{
    struct vd_error err = {""};
    struct image image;
    (void)state;
    write_bytes("hello", 5);
    assert_true(image_load_raw(core->bus, path, RAM_BASE + 7, &image, &err));
    assert_int_equal(image.entry, RAM_BASE + 7);
    assert_int_equal(image.end, RAM_BASE + 12);
    assert_int_equal(byte_at(RAM_BASE + 8), 'e');
    assert_false(image_load_raw(core->bus, path, RAM_BASE + RAM_SIZE - 4, &image, &err));
    assert_non_null(strstr(err.text, "outside of memory"));
}

static void boot_image_goes_where_it_is_told(void **state)
{
    struct vd_error err = {""};
    struct image image;
    uint64_t header[10] = {0, 0x20000, 0x8000};
    (void)state;
    memcpy((uint8_t *)header + 56, "RSC\x05", 4);
    write_bytes(header, sizeof(header));
    assert_true(image_load(core->bus, path, RAM_BASE, &image, &err));
    assert_int_equal(image.entry, RAM_BASE);
    assert_int_equal(image.end, RAM_BASE + 0x8000);
    header[2] = RAM_SIZE + 1;
    write_bytes(header, sizeof(header));
    assert_false(image_load(core->bus, path, RAM_BASE, &image, &err));
    assert_non_null(strstr(err.text, "outside of memory"));
    header[3] = 1;
    write_bytes(header, sizeof(header));
    assert_false(image_load(core->bus, path, RAM_BASE, &image, &err));
    assert_non_null(strstr(err.text, "big-endian"));
    write_bytes(header, 63);
    assert_false(image_load_linux(core->bus, path, RAM_BASE, &image, &err));
    assert_non_null(strstr(err.text, "not a RISC-V boot Image"));
}

static int make_path(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(elf_is_loaded_with_entry_and_htif),
        TEST(virtual_entry_becomes_physical),
        TEST(position_independent_elf_goes_where_it_is_told),
        TEST(uimage_goes_where_its_header_says),
        TEST(elf_without_symbols_has_no_htif),
        TEST(addresses_have_the_name_of_the_symbol_below),
        TEST(missing_file_is_named),
        TEST(every_truncated_elf_is_refused),
        TEST(wrong_machine_is_refused),
        TEST(segment_outside_of_ram_is_refused),
        TEST(raw_bytes_go_where_they_are_told),
        TEST(boot_image_goes_where_it_is_told),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
