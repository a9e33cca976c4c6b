/* SPDX-License-Identifier: BSD-2-Clause */
/* Operands of the 16-bit instructions: where each format has its registers and every bit of its
 * immediate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hart/insn.h"
#include "viaduct/bits.h"

/* Registers: a digit is that register, d is bits 11:7, s 6:2, D 9:7 and S 4:2 of the short ones, -
 * none (0).  Bits: which bit of the immediate each of bits 12 to 2 is, in hexadecimal, g is 16,
 * h 17. */
static const struct form {
    const char *name;
    char rd, rs1, rs2;
    const char *bits;
    bool is_signed;
    int32_t fixed;
} forms[] = {
    {"addi4spn", 'S', '2', '-', "54987623...", false, 0},
    {"fld", 'S', 'D', '-', "543...76...", false, 0},
    {"lw", 'S', 'D', '-', "543...26...", false, 0},
    {"ld", 'S', 'D', '-', "543...76...", false, 0},
    {"fsd", '-', 'D', 'S', "543...76...", false, 0},
    {"sw", '-', 'D', 'S', "543...26...", false, 0},
    {"sd", '-', 'D', 'S', "543...76...", false, 0},
    {"addi", 'd', 'd', '-', "5.....43210", true, 0},
    {"addiw", 'd', 'd', '-', "5.....43210", true, 0},
    {"li", 'd', '0', '-', "5.....43210", true, 0},
    {"addi16sp", '2', '2', '-', "9.....46875", true, 0},
    {"lui", 'd', '-', '-', "h.....gfedc", true, 0},
    {"srli", 'D', 'D', '-', "5.....43210", false, 0},
    {"srai", 'D', 'D', '-', "5.....43210", false, 0},
    {"andi", 'D', 'D', '-', "5.....43210", true, 0},
    {"sub", 'D', 'D', 'S', "...........", false, 0},
    {"xor", 'D', 'D', 'S', "...........", false, 0},
    {"or", 'D', 'D', 'S', "...........", false, 0},
    {"and", 'D', 'D', 'S', "...........", false, 0},
    {"subw", 'D', 'D', 'S', "...........", false, 0},
    {"addw", 'D', 'D', 'S', "...........", false, 0},
    {"j", '0', '-', '-', "b498a673215", true, 0},
    {"beqz", '-', 'D', '0', "843...76215", true, 0},
    {"bnez", '-', 'D', '0', "843...76215", true, 0},
    {"slli", 'd', 'd', '-', "5.....43210", false, 0},
    {"fldsp", 'd', '2', '-', "5.....43876", false, 0},
    {"lwsp", 'd', '2', '-', "5.....43276", false, 0},
    {"ldsp", 'd', '2', '-', "5.....43876", false, 0},
    {"jr", '0', 'd', '-', "...........", false, 0},
    {"mv", 'd', '0', 's', "...........", false, 0},
    {"ebreak", '-', '-', '-', "...........", false, 0},
    {"jalr", '1', 'd', '-', "...........", false, 0},
    {"add", 'd', 'd', 's', "...........", false, 0},
    {"fsdsp", '-', '2', 's', "543876.....", false, 0},
    {"swsp", '-', '2', 's', "543276.....", false, 0},
    {"sdsp", '-', '2', 's', "543876.....", false, 0},
    {"lbu", 'S', 'D', '-', "......01...", false, 0},
    {"lhu", 'S', 'D', '-', ".......1...", false, 0},
    {"lh", 'S', 'D', '-', ".......1...", false, 0},
    {"sb", '-', 'D', 'S', "......01...", false, 0},
    {"sh", '-', 'D', 'S', ".......1...", false, 0},
    {"zext_b", 'D', 'D', '-', "...........", false, 255},
    {"sext_b", 'D', 'D', '-', "...........", false, 0},
    {"zext_h", 'D', 'D', '-', "...........", false, 0},
    {"sext_h", 'D', 'D', '-', "...........", false, 0},
    {"zext_w", 'D', 'D', '0', "...........", false, 0},
    {"not", 'D', 'D', '-', "...........", true, -1},
    {"mul", 'D', 'D', 'S', "...........", false, 0},
    {"mop", '0', '0', '-', "..321......", false, 0},
};

static const struct form *form_of(const char *name)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(forms[i].name, name) == 0)
            return &forms[i];
    return NULL;
}

static unsigned register_of(char where, uint32_t bits)
{
    switch (where) {
    case 'd':
        return bits >> 7 & 31;
    case 's':
        return bits >> 2 & 31;
    case 'D':
        return 8 + (bits >> 7 & 7);
    case 'S':
        return 8 + (bits >> 2 & 7);
    default:
        return where == '-' ? 0 : (unsigned)(where - '0');
    }
}

static int32_t immediate_of(const struct form *form, uint32_t bits)
{
    uint64_t value = 0;
    unsigned highest = 0;
    for (unsigned i = 0; i < 11; i++) {
        char c = form->bits[i];
        if (c == '.')
            continue;
        unsigned to = c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
        value |= (uint64_t)(bits >> (12 - i) & 1) << to;
        highest = to > highest ? to : highest;
    }
    return form->is_signed && highest ? (int32_t)vd_sign_extend(value, highest + 1)
                                      : (int32_t)value;
}

static void operands_are_where_the_manual_has_them(void **state)
{
    (void)state;
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    struct insn_table *t = insn_table_create(&config);
    for (unsigned row = 0; row < insn_compressed_rows(); row++) {
        enum insn_code base;
        struct insn_format f = insn_compressed_format(row, &base);
        const struct form *form = form_of(f.name);
        unsigned found = 0;
        for (uint32_t fill = 0; form && fill < 0x10000; fill += 0x25) {
            struct insn_operands o;
            uint32_t bits = f.match | (fill & ~f.mask);
            insn_decode(t, bits, &o);
            if (o.code != base) /* another row's, or reserved */
                continue;
            int32_t imm = form->fixed ? form->fixed : immediate_of(form, bits);
            if (o.rd != register_of(form->rd, bits) || o.rs1 != register_of(form->rs1, bits) ||
                o.rs2 != register_of(form->rs2, bits) || o.imm != imm || o.length != 2)
                fail_msg("%s %04x: %u %u %u, %d", f.name, bits, o.rd, o.rs1, o.rs2, o.imm);
            found++;
        }
        if (found < 2)
            fail_msg("%s was not found", f.name);
    }
    insn_table_destroy(t);
}

/* [unpriv ext:zca]: what no row takes, and hints that are one. */
static void edges(void **state)
{
    (void)state;
    static const struct {
        uint16_t bits, code;
    } rows[] = {
        {0x0000, INSN_COUNT}, {0x001c, INSN_COUNT},  {0x2001, INSN_COUNT}, {0x2081, INSN_addiw},
        {0x6001, INSN_COUNT}, {0x6101, INSN_COUNT},  {0x6105, INSN_addi},  {0x6005, INSN_lui},
        {0x4002, INSN_COUNT}, {0x6002, INSN_COUNT},  {0x8002, INSN_COUNT}, {0x8082, INSN_jalr},
        {0x8006, INSN_add},   {0x9002, INSN_ebreak}, {0x9082, INSN_jalr},  {0x9006, INSN_add},
        {0x0001, INSN_addi},  {0x9c41, INSN_mul},    {0x6081, INSN_addi},  {0x6201, INSN_COUNT},
    };
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    struct insn_table *t = insn_table_create(&config);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct insn_operands o;
        insn_decode(t, rows[i].bits, &o);
        if (o.code != rows[i].code)
            fail_msg("%04x: %u", rows[i].bits, o.code);
    }
    insn_table_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operands_are_where_the_manual_has_them),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
