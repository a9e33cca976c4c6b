/* SPDX-License-Identifier: BSD-2-Clause */
/* The instruction tables against themselves, and against binutils. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hart/insn.h"
#include "viaduct/bits.h"

static struct hart_config all(void)
{
    return (struct hart_config){.extensions = vd_mask(0, HART_EXT_COUNT)};
}

static void every_row_is_32_bits_wide(void **state)
{
    (void)state;
    for (unsigned i = 0; i < INSN_COUNT; i++) {
        struct insn_format f = insn_format((enum insn_code)i);
        assert_int_equal(f.width, 32);
        assert_int_equal(f.mask & 3, 3);
        assert_int_equal(f.match & 3, 3);
    }
    for (unsigned i = 0; i < insn_compressed_rows(); i++) {
        enum insn_code base;
        assert_int_equal(insn_compressed_format(i, &base).width, 16);
    }
}

static void no_two_rows_overlap(void **state)
{
    (void)state;
    for (unsigned i = 0; i < INSN_COUNT; i++)
        for (unsigned j = 0; j < i; j++) {
            struct insn_format a = insn_format((enum insn_code)i);
            struct insn_format b = insn_format((enum insn_code)j);
            if (((a.match ^ b.match) & a.mask & b.mask) == 0)
                fail_msg("%s and %s overlap", a.name, b.name);
        }
}

/* The highest bit of an immediate is bit 31 of a 32-bit instruction wherever it is signed. */
static void signs_are_in_bit_31(void **state)
{
    (void)state;
    struct hart_config config = all();
    struct insn_table *t = insn_table_create(&config);
    for (unsigned i = 0; i < INSN_COUNT; i++) {
        struct insn_format f = insn_format((enum insn_code)i);
        struct insn_operands o;
        if (!f.is_signed || f.mask >> 31)
            continue;
        insn_decode(t, f.match | 0x80000000u, &o);
        assert_int_equal(o.code, i);
        assert_true(o.imm < 0);
        insn_decode(t, f.match | (0x7fffffffu & ~f.mask), &o);
        assert_true(o.imm >= 0);
    }
    insn_table_destroy(t);
}

static void a_row_needs_its_extension(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits;
        uint64_t without;
    } cases[] = {
        {0x02c58533, VD_BIT(HART_EXT_M)},
        {0x1005a52f, VD_BIT(HART_EXT_A)},
        {0x00c5f553, VD_BIT(HART_EXT_F)},
        {0x02c5f553, VD_BIT(HART_EXT_D)},
        {0x0001, VD_BIT(HART_EXT_C)},
        {0x60000073 | 4 << 12, VD_BIT(HART_EXT_H)},
        {0x20c5a533, VD_BIT(HART_EXT_Zba)},
        {0x60059513, VD_BIT(HART_EXT_Zbb)},
        {0x28c59533, VD_BIT(HART_EXT_Zbs)},
        {0x16000073, VD_BIT(HART_EXT_Svinval)},
        {0x26000073, VD_BIT(HART_EXT_H)},
        {0x26000073, VD_BIT(HART_EXT_Svinval)},
        {0x0000100f, VD_BIT(HART_EXT_Zifencei)},
        {0x30002573, VD_BIT(HART_EXT_Zicsr)},
        {0x10200073, VD_BIT(HART_EXT_S)},
        {0x2148, VD_BIT(HART_EXT_D)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hart_config with = all(), without = all();
        struct insn_operands o;
        without.extensions &= ~cases[i].without;
        struct insn_table *t = insn_table_create(&with), *u = insn_table_create(&without);
        insn_decode(t, cases[i].bits, &o);
        assert_true(o.code < INSN_COUNT);
        insn_decode(u, cases[i].bits, &o);
        assert_int_equal(o.code, INSN_COUNT);
        insn_table_destroy(t);
        insn_table_destroy(u);
    }
}

static void reserved_compressed_forms_are_illegal(void **state)
{
    (void)state;
    static const uint16_t reserved[] = {
        0x0000,                        /* all zero */
        0x0004 & 0x1c, 0x2001,         /* addi4spn with 0, addiw x0 */
        0x6101,        0x6081,         /* addi16sp 0, lui 0 */
        0x8002,        0x4002, 0x6002, /* jr x0, lwsp x0, ldsp x0 */
        0x9c41,        0x9c61, 0x8000, 0x8001 | 0x1c60,
    };
    struct hart_config config = all();
    struct insn_table *t = insn_table_create(&config);
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        struct insn_operands o;
        insn_decode(t, reserved[i], &o);
        assert_int_equal(o.code, INSN_COUNT);
        assert_int_equal(o.length, 2);
    }
    insn_table_destroy(t);
}

/* --- binutils as a witness --- */
enum { FILLINGS = 40 };

static uint64_t seed = 1;
static uint32_t random_word(void)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 32);
}

static uint32_t filling(const struct insn_format *f)
{
    uint32_t bits = f->match | (random_word() & ~f->mask);
    if (f->rm != INSN_NO_FIELD)
        bits &= ~(7u << f->rm);
    return bits;
}

/* fence.i and fence spell only some of their bits, CSR instructions take any number. */
static void plain_name(const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s", name);
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = '.';
}

static bool same_name(const char *ours, const char *theirs)
{
    size_t length = strlen(ours);
    if (strncmp(ours, theirs, length) != 0)
        return false;
    const char *rest = theirs + length;
    return *rest == 0 || strcmp(rest, ".aq") == 0 || strcmp(rest, ".rl") == 0 ||
           strcmp(rest, ".aqrl") == 0;
}

static FILE *disassemble(const uint32_t *words, const uint8_t *sizes, unsigned count)
{
    static const char path[] = "insn_test.s";
    FILE *source = fopen(path, "w");
    if (!source)
        return NULL;
    for (unsigned i = 0; i < count; i++)
        fprintf(source, ".insn %u, %#x\n", sizes[i], words[i]);
    fclose(source);
    if (system("riscv64-unknown-elf-as -march=rv64gch_svinval_zba_zbb_zbs insn_test.s "
               "-o insn_test.o 2>/dev/null") != 0)
        return NULL;
    return popen("riscv64-unknown-elf-objdump -d -M no-aliases insn_test.o", "r");
}

/* The next instruction's mnemonic. */
static bool next_name(FILE *in, char *name)
{
    char line[256];
    while (fgets(line, sizeof(line), in)) {
        unsigned address, bits;
        if (sscanf(line, " %x: %x %63s", &address, &bits, name) == 3)
            return true;
    }
    return false;
}

static void names_agree_with_binutils(void **state)
{
    (void)state;
    static uint32_t words[INSN_COUNT * FILLINGS];
    static uint8_t sizes[INSN_COUNT * FILLINGS];
    unsigned count = 0;
    for (unsigned i = 0; i < INSN_COUNT; i++) {
        struct insn_format f = insn_format((enum insn_code)i);
        for (unsigned k = 0; k < FILLINGS; k++, count++) {
            words[count] = i == INSN_fence || i == INSN_fence_i ? f.match : filling(&f);
            sizes[count] = 4;
        }
    }
    FILE *in = disassemble(words, sizes, count);
    if (!in) {
        print_message("SKIP: no riscv64-unknown-elf binutils\n");
        skip();
    }
    for (unsigned i = 0; i < count; i++) {
        char theirs[64], ours[64];
        assert_true(next_name(in, theirs));
        plain_name(insn_format((enum insn_code)(i / FILLINGS)).name, ours, sizeof(ours));
        if (!same_name(ours, theirs))
            fail_msg("%08x is %s, binutils says %s", words[i], ours, theirs);
    }
    pclose(in);
}

/* The 32-bit form that a compressed instruction stands for, by its operands. */
static void compressed_name(const struct insn_operands *o, char *out, size_t size)
{
    if (o->code == INSN_COUNT)
        snprintf(out, size, "illegal");
    else
        plain_name(insn_format((enum insn_code)o->code).name, out, size);
}

/* binutils' compressed mnemonics, less "c.", that are not their base row's. */
static const char *base_of(const char *name)
{
    static const char *const names[][2] = {
        {"addi4spn", "addi"}, {"addi16sp", "addi"}, {"li", "addi"},     {"nop", "addi"},
        {"fldsp", "fld"},     {"lwsp", "lw"},       {"ldsp", "ld"},     {"fsdsp", "fsd"},
        {"swsp", "sw"},       {"sdsp", "sd"},       {"j", "jal"},       {"jr", "jalr"},
        {"beqz", "beq"},      {"bnez", "bne"},      {"mv", "add"},      {"unimp", "illegal"},
        {"slli64", "slli"},   {"srli64", "srli"},   {"srai64", "srai"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i][0]) == 0)
            return names[i][1];
    return name;
}

static void every_compressed_encoding_agrees(void **state)
{
    (void)state;
    enum { PARCELS = 65536, ADDI16SP_0 = 0x6101 };
    static uint32_t words[PARCELS];
    static uint8_t sizes[PARCELS];
    unsigned count = 0;
    for (uint32_t bits = 0; bits < PARCELS; bits++)
        if ((bits & 3) != 3) {
            sizes[count] = 2;
            words[count++] = bits;
        }
    FILE *in = disassemble(words, sizes, count);
    if (!in)
        skip();
    struct hart_config config = all();
    struct insn_table *t = insn_table_create(&config);
    for (unsigned i = 0; i < count; i++) {
        char theirs[64], ours[64];
        struct insn_operands o;
        assert_true(next_name(in, theirs));
        insn_decode(t, words[i], &o);
        compressed_name(&o, ours, sizeof(ours));
        if (words[i] == ADDI16SP_0) /* reserved, but binutils does not mind */
            continue;
        const char *named = strncmp(theirs, "c.", 2) == 0 ? base_of(theirs + 2) : "illegal";
        if (strcmp(ours, named) != 0)
            fail_msg("%04x is %s, binutils says %s", words[i], ours, theirs);
    }
    insn_table_destroy(t);
    pclose(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_32_bits_wide),
        cmocka_unit_test(no_two_rows_overlap),
        cmocka_unit_test(signs_are_in_bit_31),
        cmocka_unit_test(a_row_needs_its_extension),
        cmocka_unit_test(reserved_compressed_forms_are_illegal),
        cmocka_unit_test(names_agree_with_binutils),
        cmocka_unit_test(every_compressed_encoding_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
