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
        {0x0ac595b3, VD_BIT(HART_EXT_Zbc)},
        {0x0ec5d5b3, VD_BIT(HART_EXT_Zicond)},
        {0x81c5c573, VD_BIT(HART_EXT_Zimop)},
        {0x82c5c573, VD_BIT(HART_EXT_Zimop)},
        {0x00d00073, VD_BIT(HART_EXT_Zawrs)},
        {0x0025a00f, VD_BIT(HART_EXT_Zicbom)},
        {0x0045a00f, VD_BIT(HART_EXT_Zicboz)},
        {0x00c5852f, VD_BIT(HART_EXT_Zabha)},
        {0x28c5a52f, VD_BIT(HART_EXT_Zacas)},
        {0x28c5852f, VD_BIT(HART_EXT_Zacas)},
        {0x28c5852f, VD_BIT(HART_EXT_Zabha)},
        {0x3405852f, VD_BIT(HART_EXT_Zalasr)},
        {0x00059507, VD_BIT(HART_EXT_Zfhmin)},
        {0x42258553, VD_BIT(HART_EXT_Zfhmin)},
        {0x42258553, VD_BIT(HART_EXT_D)},
        {0x04c5f553, VD_BIT(HART_EXT_Zfh)},
        {0xf4158553, VD_BIT(HART_EXT_Zfh)},
        {0xf4158553, VD_BIT(HART_EXT_Zfa)},
        {0xf0158553, VD_BIT(HART_EXT_Zfa)},
        {0xf2158553, VD_BIT(HART_EXT_D)},
        {0x8000, VD_BIT(HART_EXT_Zcb)},
        {0x9c41, VD_BIT(HART_EXT_M)},
        {0x9c65, VD_BIT(HART_EXT_Zbb)},
        {0x9c71, VD_BIT(HART_EXT_Zba)},
        {0x6081, VD_BIT(HART_EXT_Zcmop)},
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
        0x6101,        0x6001, 0x6881, /* addi16sp 0, lui 0: x0, x17 */
        0x8002,        0x4002, 0x6002, /* jr x0, lwsp x0, ldsp x0 */
        0x9c79,        0x9c7d,         /* beside c.not */
        0x8c40,        0x9000,         /* sh with bit 6, beside it */
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

/* Debian 12's binutils do not know what is on the second line. */
static const char *const arguments[] = {
    "rv64gch_svinval_zba_zbb_zbc_zbs_zicbom_zicbop_zicboz_zawrs_zfh"
    "_zicond_zimop_zabha_zacas_zfa_zcb_zcmop_zalasr_zicfilp_zicfiss",
    "rv64gch_svinval_zba_zbb_zbc_zbs_zicbom_zicbop_zicboz_zawrs_zfh",
};

static bool assembled(void)
{
    for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        char command[256];
        snprintf(command, sizeof(command),
                 "riscv64-unknown-elf-as -march=%s insn_test.s -o insn_test.o 2>/dev/null",
                 arguments[i]);
        if (system(command) == 0)
            return true;
    }
    return false;
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
    return assembled() ? popen("riscv64-unknown-elf-objdump -d -M no-aliases insn_test.o", "r")
                       : NULL;
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

/* Younger than the binutils that must do: checked by later_rows_are_as_listed instead. */
static bool is_later(const char *name)
{
    static const char *const prefixes[] = {"amocas", "czero", "mop",  "fli",     "fminm", "fmaxm",
                                           "fround", "fltq",  "fleq", "fcvtmod", "ssamo"};
    size_t length = strlen(name);
    if (strstr(name, "_aq") || strstr(name, "_rl"))
        return true;
    if (strncmp(name, "amo", 3) == 0 && (name[length - 1] == 'b' || name[length - 1] == 'h'))
        return true;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static bool unknown(const char *theirs)
{
    return *theirs == '.' || strncmp(theirs, "0x", 2) == 0;
}

/* RISC-V's unified database of opcodes. */
static const struct {
    uint16_t code;
    uint32_t match, mask;
} later_rows[] = {
    {INSN_amoswap_b, 0x0800002f, 0xf800707f},   {INSN_amoadd_b, 0x0000002f, 0xf800707f},
    {INSN_amoxor_b, 0x2000002f, 0xf800707f},    {INSN_amoand_b, 0x6000002f, 0xf800707f},
    {INSN_amoor_b, 0x4000002f, 0xf800707f},     {INSN_amomin_b, 0x8000002f, 0xf800707f},
    {INSN_amomax_b, 0xa000002f, 0xf800707f},    {INSN_amominu_b, 0xc000002f, 0xf800707f},
    {INSN_amomaxu_b, 0xe000002f, 0xf800707f},   {INSN_amoswap_h, 0x0800102f, 0xf800707f},
    {INSN_amoadd_h, 0x0000102f, 0xf800707f},    {INSN_amoxor_h, 0x2000102f, 0xf800707f},
    {INSN_amoand_h, 0x6000102f, 0xf800707f},    {INSN_amoor_h, 0x4000102f, 0xf800707f},
    {INSN_amomin_h, 0x8000102f, 0xf800707f},    {INSN_amomax_h, 0xa000102f, 0xf800707f},
    {INSN_amominu_h, 0xc000102f, 0xf800707f},   {INSN_amomaxu_h, 0xe000102f, 0xf800707f},
    {INSN_amocas_b, 0x2800002f, 0xf800707f},    {INSN_amocas_h, 0x2800102f, 0xf800707f},
    {INSN_amocas_w, 0x2800202f, 0xf800707f},    {INSN_amocas_d, 0x2800302f, 0xf800707f},
    {INSN_amocas_q, 0x2800402f, 0xf800707f},    {INSN_czero_eqz, 0x0e005033, 0xfe00707f},
    {INSN_czero_nez, 0x0e007033, 0xfe00707f},   {INSN_fli_s, 0xf0100053, 0xfff0707f},
    {INSN_fminm_s, 0x28002053, 0xfe00707f},     {INSN_fmaxm_s, 0x28003053, 0xfe00707f},
    {INSN_fround_s, 0x40400053, 0xfff0007f},    {INSN_froundnx_s, 0x40500053, 0xfff0007f},
    {INSN_fltq_s, 0xa0005053, 0xfe00707f},      {INSN_fleq_s, 0xa0004053, 0xfe00707f},
    {INSN_fli_d, 0xf2100053, 0xfff0707f},       {INSN_fminm_d, 0x2a002053, 0xfe00707f},
    {INSN_fmaxm_d, 0x2a003053, 0xfe00707f},     {INSN_fround_d, 0x42400053, 0xfff0007f},
    {INSN_froundnx_d, 0x42500053, 0xfff0007f},  {INSN_fltq_d, 0xa2005053, 0xfe00707f},
    {INSN_fleq_d, 0xa2004053, 0xfe00707f},      {INSN_fcvtmod_w_d, 0xc2801053, 0xfff0707f},
    {INSN_fli_h, 0xf4100053, 0xfff0707f},       {INSN_fminm_h, 0x2c002053, 0xfe00707f},
    {INSN_fmaxm_h, 0x2c003053, 0xfe00707f},     {INSN_fround_h, 0x44400053, 0xfff0007f},
    {INSN_froundnx_h, 0x44500053, 0xfff0007f},  {INSN_fltq_h, 0xa4005053, 0xfe00707f},
    {INSN_fleq_h, 0xa4004053, 0xfe00707f},      {INSN_mop_r, 0x81c04073, 0xb3c0707f},
    {INSN_lb_aq, 0x3400002f, 0xfff0707f},       {INSN_lb_aqrl, 0x3600002f, 0xfff0707f},
    {INSN_lh_aq, 0x3400102f, 0xfff0707f},       {INSN_lh_aqrl, 0x3600102f, 0xfff0707f},
    {INSN_lw_aq, 0x3400202f, 0xfff0707f},       {INSN_lw_aqrl, 0x3600202f, 0xfff0707f},
    {INSN_ld_aq, 0x3400302f, 0xfff0707f},       {INSN_ld_aqrl, 0x3600302f, 0xfff0707f},
    {INSN_sb_rl, 0x3a00002f, 0xfe007fff},       {INSN_sb_aqrl, 0x3e00002f, 0xfe007fff},
    {INSN_sh_rl, 0x3a00102f, 0xfe007fff},       {INSN_sh_aqrl, 0x3e00102f, 0xfe007fff},
    {INSN_sw_rl, 0x3a00202f, 0xfe007fff},       {INSN_sw_aqrl, 0x3e00202f, 0xfe007fff},
    {INSN_sd_rl, 0x3a00302f, 0xfe007fff},       {INSN_sd_aqrl, 0x3e00302f, 0xfe007fff},
    {INSN_mop_rr, 0x82004073, 0xb200707f},      {INSN_ssamoswap_w, 0x4800202f, 0xf800707f},
    {INSN_ssamoswap_d, 0x4800302f, 0xf800707f},
};

static void later_rows_are_as_listed(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned i = 0; i < INSN_COUNT; i++)
        count += is_later(insn_format((enum insn_code)i).name);
    assert_int_equal(count, sizeof(later_rows) / sizeof(later_rows[0]));
    for (size_t i = 0; i < count; i++) {
        struct insn_format f = insn_format((enum insn_code)later_rows[i].code);
        if (f.match != later_rows[i].match || f.mask != later_rows[i].mask)
            fail_msg("%s is %08x/%08x", f.name, f.match, f.mask);
    }
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
        const char *name = insn_format((enum insn_code)(i / FILLINGS)).name;
        plain_name(name, ours, sizeof(ours));
        if (is_later(name) && (unknown(theirs) || strncmp(name, "mop", 3) == 0))
            continue;
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
        {"slli64", "slli"},   {"srli64", "srli"},   {"srai64", "srai"}, {"zext.b", "andi"},
        {"not", "xori"},      {"zext.w", "add.uw"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i][0]) == 0)
            return names[i][1];
    return name;
}

/* [unpriv ext:zcb], [unpriv norm:c-mop_enc] */
static bool is_zcb_or_zcmop(uint32_t bits)
{
    bool memory = (bits & 0xe003) == 0x8000 && (bits >> 10 & 7) < 4;
    bool store_half = (bits & 0xfc43) == 0x8c40;
    bool unary = (bits & 0xfc63) == 0x9c61 && (bits >> 2 & 7) < 6;
    bool mul = (bits & 0xfc63) == 0x9c41;
    bool mop = (bits & 0xf8ff) == 0x6081;
    return (memory && !store_half) || unary || mul || mop;
}

static void ZCB_operands(void **state)
{
    (void)state;
    static const struct {
        uint16_t bits, code;
        uint8_t rd, rs1, rs2;
        int32_t imm;
    } rows[] = {
        {0x8044, INSN_lbu, 9, 8, 0, 1},    {0x8024, INSN_lbu, 9, 8, 0, 2},
        {0x8424, INSN_lhu, 9, 8, 0, 2},    {0x8464, INSN_lh, 9, 8, 0, 2},
        {0x8844, INSN_sb, 0, 8, 9, 1},     {0x8c24, INSN_sh, 0, 8, 9, 2},
        {0x9ce1, INSN_andi, 9, 9, 0, 255}, {0x9ce5, INSN_sext_b, 9, 9, 0, 0},
        {0x9ce9, INSN_zext_h, 9, 9, 0, 0}, {0x9ced, INSN_sext_h, 9, 9, 0, 0},
        {0x9cf1, INSN_add_uw, 9, 9, 0, 0}, {0x9cf5, INSN_xori, 9, 9, 0, -1},
        {0x9cc9, INSN_mul, 9, 9, 10, 0},
    };
    struct hart_config config = all();
    struct insn_table *t = insn_table_create(&config);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct insn_operands o;
        insn_decode(t, rows[i].bits, &o);
        if (o.code != rows[i].code || o.rd != rows[i].rd || o.rs1 != rows[i].rs1 ||
            o.rs2 != rows[i].rs2 || o.imm != rows[i].imm)
            fail_msg("%04x: code %u, %u %u %u, %d", rows[i].bits, o.code, o.rd, o.rs1, o.rs2,
                     o.imm);
    }
    for (unsigned bits = 0; bits < 0x10000; bits++) {
        struct insn_operands o;
        if ((bits & 3) == 3 || !is_zcb_or_zcmop(bits))
            continue;
        insn_decode(t, bits, &o);
        assert_true(o.code < INSN_COUNT);
    }
    insn_table_destroy(t);
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
        if (unknown(theirs) && is_zcb_or_zcmop(words[i]))
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
        cmocka_unit_test(later_rows_are_as_listed),
        cmocka_unit_test(ZCB_operands),
        cmocka_unit_test(names_agree_with_binutils),
        cmocka_unit_test(every_compressed_encoding_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
