/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, registers and immediates of the instruction table against binutils.  VIADUCT_BINUTILS, if
 * set, stands in front of `as` and `objdump`: a newer version, which has to know every row. */
#include <ctype.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hart/cfi.h"
#include "viaduct/bits.h"

enum { FILLINGS = 12, FLOAT = 32, MAX_NUMBERS = 8 };

/* What a disassembled line says: its registers in order, f0 being FLOAT, and the numbers. */
struct line {
    char name[64];
    uint8_t registers[MAX_NUMBERS];
    unsigned num_registers;
    int64_t numbers[MAX_NUMBERS];
    unsigned count;
    uint64_t address;
};

static uint64_t seed = 7;

static uint32_t random_word(void)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 32);
}

static const char *prefix(void)
{
    const char *given = getenv("VIADUCT_BINUTILS");
    return given && *given ? given : "riscv64-unknown-elf-";
}

/* With newer binutils nothing is excused. */
static bool must_know_all(void)
{
    const char *given = getenv("VIADUCT_BINUTILS");
    return given && *given;
}

/* At addresses whose targets do not look like registers. */
static FILE *disassemble(const uint32_t *words, unsigned count)
{
    static const char *const extensions[] = {"_zicbom_zicbop_zicboz_zawrs_zfh_zicond_zimop_zabha_"
                                             "zacas_zfa_zcb_zcmop_zalasr_zicfilp_zicfiss",
                                             "_zicbom_zicbop_zicboz_zawrs_zfh"};
    char command[2048];
    FILE *source = fopen("insn_operand_test.s", "w");
    if (!source)
        return NULL;
    for (unsigned i = 0; i < count; i++)
        fprintf(source, ".insn 4, %#x\n", words[i]);
    fclose(source);
    for (size_t i = 0; i < (must_know_all() ? 1 : 2); i++) {
        snprintf(command, sizeof(command),
                 "%sas -march=rv64gch_svinval_zba_zbb_zbc_zbs%s insn_operand_test.s -o "
                 "insn_operand_test.o 2>/dev/null",
                 prefix(), extensions[i]);
        if (system(command) != 0)
            continue;
        snprintf(command, sizeof(command),
                 "%sobjdump -d -M no-aliases,numeric --adjust-vma=0x1000000000 insn_operand_test.o",
                 prefix());
        return popen(command, "r");
    }
    return NULL;
}

static void take_word(struct line *line, const char *word)
{
    char *end;
    if ((*word == 'x' || *word == 'f') && isdigit((unsigned char)word[1])) {
        unsigned long number = strtoul(word + 1, &end, 10);
        if (!*end && number < 32 && line->num_registers < MAX_NUMBERS)
            line->registers[line->num_registers++] = (uint8_t)(number + (*word == 'f' ? FLOAT : 0));
        return;
    }
    int64_t value = (int64_t)strtoull(word, &end, 0);
    if (end != word && !*end && line->count < MAX_NUMBERS)
        line->numbers[line->count++] = value;
    value = (int64_t)strtoull(word, &end, 16); /* a target is printed without 0x */
    if (end != word && !*end && line->count < MAX_NUMBERS)
        line->numbers[line->count++] = value;
}

static bool next_line(FILE *in, struct line *line)
{
    char text[256];
    while (fgets(text, sizeof(text), in)) {
        unsigned bits;
        int at = 0;
        *line = (struct line){.count = 0};
        if (sscanf(text, " %" SCNx64 ": %x %63s%n", &line->address, &bits, line->name, &at) != 3)
            continue;
        for (char *word = strtok(text + at, " \t\n,()"); word && *word != '#' && *word != '<';
             word = strtok(NULL, " \t\n,()"))
            take_word(line, word);
        return true;
    }
    return false;
}

static bool is(const struct insn_format *f, const char *name)
{
    return strncmp(f->name, name, strlen(name)) == 0;
}

/* Dots for underlines; behind the name may come ordering, or a may-be-operation's number. */
static bool same_name(const struct insn_format *f, const char *theirs)
{
    size_t length = strlen(f->name);
    for (size_t i = 0; i < length; i++)
        if (theirs[i] != (f->name[i] == '_' ? '.' : f->name[i]))
            return false;
    const char *rest = theirs + length;
    return *rest == 0 || strcmp(rest, ".aq") == 0 || strcmp(rest, ".rl") == 0 ||
           strcmp(rest, ".aqrl") == 0 ||
           (is(f, "mop_r") && *rest == '.' && isdigit((unsigned char)rest[1]));
}

static bool unknown(const struct line *line)
{
    return *line->name == '.' || strncmp(line->name, "0x", 2) == 0;
}

static bool float_rd(enum insn_class class)
{
    return class == CLASS_FP || class == CLASS_FP_DIV || class == CLASS_FP_LOAD ||
           class == CLASS_FP_FROM_X;
}

static bool float_rs1(enum insn_class class)
{
    return class == CLASS_FP || class == CLASS_FP_DIV || class == CLASS_FP_TO_X;
}

static bool float_rs2(enum insn_class class)
{
    return float_rs1(class) || class == CLASS_FP_STORE;
}

/* The field of rs1 holds a number in CSR instructions with an immediate and in fli. */
static bool rs1_is_number(const struct insn_format *f)
{
    return is(f, "fli") || (f->class == CLASS_CSR && f->name[strlen(f->name) - 1] == 'i');
}

static unsigned add(uint8_t *registers, unsigned count, uint8_t field, uint8_t number,
                    bool is_float)
{
    if (field == INSN_NO_FIELD)
        return count;
    registers[count] = (uint8_t)(number + (is_float ? FLOAT : 0));
    return count + 1;
}

/* Stores and atomics have what goes to memory in front of the address. */
static unsigned list_registers(const struct insn_format *f, const struct insn_operands *o,
                               uint8_t registers[4])
{
    enum insn_class class = insn_class((enum insn_code)o->code);
    bool swapped =
        class == CLASS_STORE || class == CLASS_FP_STORE || class == CLASS_AMO || class == CLASS_HSV;
    uint8_t rs1 = rs1_is_number(f) ? INSN_NO_FIELD : f->rs1;
    unsigned n = add(registers, 0, f->rd, o->rd, float_rd(class));
    if (swapped)
        n = add(registers, n, f->rs2, o->rs2, float_rs2(class));
    n = add(registers, n, rs1, o->rs1, float_rs1(class));
    if (!swapped)
        n = add(registers, n, f->rs2, o->rs2, float_rs2(class));
    return add(registers, n, f->rs3, o->rs3, true);
}

/* Their spelling of an immediate: as it is, the upper 20 bits, or where it leads. */
static bool says_immediate(const struct line *line, const struct insn_operands *o)
{
    const int64_t spellings[] = {o->imm, (uint32_t)o->imm >> 12,
                                 (int64_t)line->address + (int64_t)o->imm};
    for (unsigned i = 0; i < line->count; i++)
        for (size_t k = 0; k < sizeof(spellings) / sizeof(spellings[0]); k++)
            if (line->numbers[i] == spellings[k])
                return true;
    return false;
}

/* CSRs and the constants of fli have names, fences letters, a mop's number is in its name. */
static bool has_plain_immediate(const struct insn_format *f, enum insn_code code)
{
    enum insn_class class = insn_class(code);
    return f->num_pieces && class != CLASS_CSR && class != CLASS_FENCE && class != CLASS_FENCE_I &&
           class != CLASS_HINT && !is(f, "fli") && !is(f, "mop");
}

static void check(const struct insn_table *t, uint32_t bits, const struct line *line)
{
    struct insn_operands o;
    uint8_t registers[4];
    insn_decode(t, bits, &o);
    assert_true(o.code < INSN_COUNT);
    struct insn_format f = insn_format((enum insn_code)o.code);
    if (strcmp(line->name, "lpad") == 0) { /* [unpriv norm:zicflip_lpad_enc] */
        assert_true(o.code == INSN_auipc && o.rd == 0 && says_immediate(line, &o));
        return;
    }
    if (!same_name(&f, line->name))
        fail_msg("%08x is %s, binutils says %s", bits, f.name, line->name);
    if (is(&f, "fence")) /* does not spell what it ignores */
        return;
    unsigned count = list_registers(&f, &o, registers);
    if (count != line->num_registers || memcmp(registers, line->registers, count) != 0)
        fail_msg("%08x, %s: binutils has other registers, or another order", bits, f.name);
    if (rs1_is_number(&f) && !is(&f, "fli")) {
        bool said = false;
        for (unsigned i = 0; i < line->count; i++)
            said |= line->numbers[i] == o.rs1;
        if (!said)
            fail_msg("%08x, %s: the number is %u, binutils does not say so", bits, f.name, o.rs1);
    }
    if (has_plain_immediate(&f, (enum insn_code)o.code) && !says_immediate(line, &o))
        fail_msg("%08x, %s: the immediate is %d, binutils does not say so", bits, f.name, o.imm);
}

/* Reserved rounding modes and odd pairs have no spelling. */
static uint32_t filling(const struct insn_format *f)
{
    uint32_t bits = f->match | (random_word() & ~f->mask);
    if (f->rm != INSN_NO_FIELD)
        bits &= ~(7u << f->rm);
    return is(f, "amocas_q") ? bits & ~(1u << 7 | 1u << 20) : bits;
}

static void every_row_is_what_binutils_says(void **state)
{
    (void)state;
    static uint32_t words[INSN_COUNT * FILLINGS];
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    unsigned count = 0, checked = 0;
    for (unsigned i = 0; i < INSN_COUNT; i++) {
        struct insn_format f = insn_format((enum insn_code)i);
        for (unsigned k = 0; k < FILLINGS; k++)
            words[count++] = i == INSN_fence || i == INSN_fence_i ? f.match : filling(&f);
    }
    FILE *in = disassemble(words, count);
    if (!in) {
        print_message("SKIP: no binutils at %sas\n", prefix());
        skip();
    }
    struct insn_table *t = insn_table_create(&config);
    for (unsigned i = 0; i < count; i++) {
        struct line line;
        assert_true(next_line(in, &line));
        if (unknown(&line) && !must_know_all())
            continue;
        check(t, words[i], &line);
        checked++;
    }
    insn_table_destroy(t);
    pclose(in);
    assert_true(checked > count / 2);
    assert_true(checked == count || !must_know_all());
}

static const char *shadow_name(const struct insn_table *t, uint32_t bits)
{
    struct insn_operands o;
    insn_decode(t, bits, &o);
    switch (cfi_code(CFI_SSE, &o, 0)) {
    case PSEUDO_sspush:
        return "sspush";
    case PSEUDO_sspopchk:
        return "sspopchk";
    case PSEUDO_ssrdp:
        return "ssrdp";
    default:
        return "mop.r";
    }
}

/* mop.r.28 and mop.rr.7, with all registers of the one and most of the other. */
static void shadow_stack_instructions_are_what_binutils_says(void **state)
{
    (void)state;
    enum { WORDS = 2048 };
    static uint32_t words[WORDS];
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    for (uint32_t i = 0; i < WORDS / 2; i++) {
        words[i] = 0xcdc04073 | (i & 31) << 7 | (i >> 5) << 15;
        words[WORDS / 2 + i] = 0xce004073 | (i & 3) << 7 | (i >> 2 & 7) << 15 | (i >> 5) << 20;
    }
    if (!must_know_all())
        skip();
    FILE *in = disassemble(words, WORDS);
    assert_non_null(in);
    struct insn_table *t = insn_table_create(&config);
    for (unsigned i = 0; i < WORDS; i++) {
        struct line line;
        assert_true(next_line(in, &line));
        const char *name = shadow_name(t, words[i]);
        bool to_x0 = strcmp(line.name, "ssrdp") == 0 && !(words[i] >> 7 & 31);
        if (!to_x0 && strncmp(line.name, name, strlen(name)) != 0) /* [unpriv SSP_READ] has no x0 */
            fail_msg("%08x is %s, binutils says %s", words[i], name, line.name);
    }
    insn_table_destroy(t);
    pclose(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_what_binutils_says),
        cmocka_unit_test(shadow_stack_instructions_are_what_binutils_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
