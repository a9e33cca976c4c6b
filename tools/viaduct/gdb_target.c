/* SPDX-License-Identifier: BSD-2-Clause */
#include "gdb_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of hart.h and of GDB are the same, up to the one that GDB has for the mode. */
enum { REGISTER_PRIV = HART_REG_CSR0 + 4096, PAGE = 4096 };

static const struct {
    uint32_t first, last;
    const char *name;
} csrs[] = {
#define CSR(number, name, ...)            {number, number, #name},
#define CSR_ARRAY(first, last, name, ...) {first, last, #name},
#include "hart/csr.def"
#undef CSR
#undef CSR_ARRAY
};

/* The name of an array's first CSR ends with its number, those behind it count on. */
static void csr_name(char name[32], const char *first, uint32_t index)
{
    size_t stem = strlen(first);
    while (index && stem && first[stem - 1] >= '0' && first[stem - 1] <= '9')
        stem--;
    if (first[stem] == '\0')
        snprintf(name, 32, "%s", first);
    else
        snprintf(name, 32, "%.*s%lu", (int)stem, first, strtoul(first + stem, NULL, 10) + index);
}

static bool is_floating(uint32_t csr)
{
    return csr >= 1 && csr <= 3;
}

static void describe_core(FILE *out)
{
    static const char *const names[32] = {"zero", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
                                          "fp",   "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
                                          "a6",   "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
                                          "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
    fputs("<feature name=\"org.gnu.gdb.riscv.cpu\">", out);
    for (uint32_t i = 0; i < 32; i++)
        fprintf(out, "<reg name=\"%s\" bitsize=\"64\" regnum=\"%" PRIu32 "\"/>", names[i], i);
    fprintf(out, "<reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\" regnum=\"%d\"/></feature>",
            HART_REG_PC);
}

static void describe_floating(FILE *out)
{
    static const char *const controls[] = {"fflags", "frm", "fcsr"};
    fputs("<feature name=\"org.gnu.gdb.riscv.fpu\">", out);
    for (uint32_t i = 0; i < 32; i++)
        fprintf(out,
                "<reg name=\"f%" PRIu32 "\" bitsize=\"64\" type=\"ieee_double\" regnum=\"%" PRIu32
                "\"/>",
                i, HART_REG_F0 + i);
    for (uint32_t i = 0; i < 3; i++)
        fprintf(out, "<reg name=\"%s\" bitsize=\"32\" regnum=\"%" PRIu32 "\"/>", controls[i],
                HART_REG_CSR0 + 1 + i);
    fputs("</feature>", out);
}

static void describe_csrs(FILE *out, struct hart *hart)
{
    fputs("<feature name=\"org.gnu.gdb.riscv.csr\">", out);
    for (size_t row = 0; row < sizeof(csrs) / sizeof(csrs[0]); row++) {
        for (uint32_t n = csrs[row].first; n <= csrs[row].last; n++) {
            uint64_t value;
            char name[32];
            if (is_floating(n) || !hart_get(hart, HART_REG_CSR0 + n, &value))
                continue;
            csr_name(name, csrs[row].name, n - csrs[row].first);
            fprintf(out, "<reg name=\"%s\" bitsize=\"64\" regnum=\"%" PRIu32 "\" group=\"csr\"/>",
                    name, HART_REG_CSR0 + n);
        }
    }
    fputs("</feature><feature name=\"org.gnu.gdb.riscv.virtual\">", out);
    fprintf(out, "<reg name=\"priv\" bitsize=\"64\" regnum=\"%d\"/></feature>", REGISTER_PRIV);
}

char *gdb_target_description(struct virt *virt)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs(
        "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">"
        "<architecture>riscv:rv64</architecture>",
        out);
    describe_core(out);
    if (virt_config(virt)->hart.extensions >> HART_EXT_F & 1)
        describe_floating(out);
    describe_csrs(out, virt_hart(virt, 0));
    fputs("</target>", out);
    fclose(out);
    return text;
}

/* A number is in memory order. */
static void put_number(char *text, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", (unsigned)(value >> 8 * i & 0xff));
}

static bool take_byte(const char *text, uint8_t *byte)
{
    char digits[3] = {text[0], text[0] ? text[1] : '\0', '\0'}, *end;
    *byte = (uint8_t)strtoul(digits, &end, 16);
    return end == digits + 2;
}

/* U 0, S 1, M 3, and 4 more with V=1, as GDB has no better. */
static uint64_t mode_number(const struct hart *hart)
{
    static const uint8_t numbers[] = {
        [VD_MODE_U] = 0, [VD_MODE_S] = 1, [VD_MODE_M] = 3, [VD_MODE_VU] = 4, [VD_MODE_VS] = 5};
    return numbers[hart_mode(hart)];
}

static unsigned bytes_of(uint32_t number)
{
    bool floating = number > HART_REG_CSR0 && is_floating(number - HART_REG_CSR0);
    return floating ? 4 : 8;
}

bool gdb_target_read(struct hart *hart, uint32_t number, char text[17])
{
    uint64_t value = mode_number(hart);
    if (number != REGISTER_PRIV && !hart_get(hart, number, &value))
        return false;
    put_number(text, value, bytes_of(number));
    return true;
}

bool gdb_target_write(struct hart *hart, uint32_t number, const char *text)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes_of(number); i++) {
        uint8_t byte;
        if (!take_byte(text + 2 * i, &byte))
            return false;
        value |= (uint64_t)byte << 8 * i;
    }
    return hart_set(hart, number, value);
}

/* What is left of the page that the address is in. */
static size_t in_page(uint64_t address, size_t size)
{
    size_t left = PAGE - address % PAGE;
    return size < left ? size : left;
}

bool gdb_target_load(struct virt *virt, struct hart *hart, uint64_t address, size_t size,
                     char *text)
{
    while (size) {
        uint8_t bytes[PAGE];
        uint64_t physical;
        size_t part = in_page(address, size);
        if (!hart_peek_address(hart, address, &physical) ||
            !bus_peek(virt_core(virt)->bus, physical, bytes, part))
            return false;
        for (size_t i = 0; i < part; i++)
            put_number(text + 2 * i, bytes[i], 1);
        text += 2 * part;
        address += part;
        size -= part;
    }
    return true;
}

bool gdb_target_store(struct virt *virt, struct hart *hart, uint64_t address, size_t size,
                      const char *text)
{
    while (size) {
        uint8_t bytes[PAGE];
        uint64_t physical;
        size_t part = in_page(address, size);
        for (size_t i = 0; i < part; i++)
            if (!take_byte(text + 2 * i, &bytes[i]))
                return false;
        if (!hart_peek_address(hart, address, &physical) ||
            !bus_load(virt_core(virt)->bus, physical, bytes, part))
            return false;
        text += 2 * part;
        address += part;
        size -= part;
    }
    return true;
}
