/* SPDX-License-Identifier: BSD-2-Clause */
/* Which extensions an instruction needs, by the chapters of the manual: without any of them it is
 * reserved, with these alone it is there.  And what kind of instruction it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hart/insn.h"
#include "viaduct/bits.h"

#define E(name)      VD_BIT(HART_EXT_##name)
#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static const struct group {
    uint64_t value;
    const char *names;
} needed[] = {
    {0, "lui auipc jal jalr beq bne blt bge bltu bgeu lb lh lw ld lbu lhu lwu sb sh sw sd addi "
        "slti sltiu xori ori andi slli srli srai add sub sll slt sltu xor srl sra or and addiw "
        "slliw srliw sraiw addw subw sllw srlw sraw fence ecall ebreak mret wfi"},
    {E(S), "sret sfence_vma"},
    {E(Zifencei), "fence_i"},
    {E(Zicsr), "csrrw csrrs csrrc csrrwi csrrsi csrrci"},
    {E(M), "mul mulh mulhsu mulhu div divu rem remu mulw divw divuw remw remuw"},
    {E(A), "lr_w sc_w amoswap_w amoadd_w amoxor_w amoand_w amoor_w amomin_w amomax_w amominu_w "
           "amomaxu_w lr_d sc_d amoswap_d amoadd_d amoxor_d amoand_d amoor_d amomin_d amomax_d "
           "amominu_d amomaxu_d"},
    {E(F), "flw fsw fmadd_s fmsub_s fnmsub_s fnmadd_s fadd_s fsub_s fmul_s fdiv_s fsqrt_s fsgnj_s "
           "fsgnjn_s fsgnjx_s fmin_s fmax_s fcvt_w_s fcvt_wu_s fcvt_l_s fcvt_lu_s fmv_x_w feq_s "
           "flt_s fle_s fclass_s fcvt_s_w fcvt_s_wu fcvt_s_l fcvt_s_lu fmv_w_x"},
    {E(D), "fld fsd fmadd_d fmsub_d fnmsub_d fnmadd_d fadd_d fsub_d fmul_d fdiv_d fsqrt_d fsgnj_d "
           "fsgnjn_d fsgnjx_d fmin_d fmax_d fcvt_s_d fcvt_d_s fcvt_w_d fcvt_wu_d fcvt_l_d "
           "fcvt_lu_d fmv_x_d feq_d flt_d fle_d fclass_d fcvt_d_w fcvt_d_wu fcvt_d_l fcvt_d_lu "
           "fmv_d_x"},
    {E(Zba), "add_uw sh1add sh2add sh3add sh1add_uw sh2add_uw sh3add_uw slli_uw"},
    {E(Zbb), "andn orn xnor clz ctz cpop clzw ctzw cpopw max maxu min minu sext_b sext_h zext_h "
             "rol ror rori rolw rorw roriw orc_b rev8"},
    {E(Zbs), "bclr bclri bext bexti binv binvi bset bseti"},
    {E(Zbc), "clmul clmulr clmulh"},
    {E(Zicond), "czero_eqz czero_nez"},
    {E(Zimop), "mop_r mop_rr"},
    {E(Zicfiss), "ssamoswap_w ssamoswap_d"},
    {E(Zawrs), "wrs_nto wrs_sto"},
    {E(Zicbom), "cbo_inval cbo_clean cbo_flush"},
    {E(Zicboz), "cbo_zero"},
    {E(Zabha), "amoswap_b amoadd_b amoxor_b amoand_b amoor_b amomin_b amomax_b amominu_b amomaxu_b "
               "amoswap_h amoadd_h amoxor_h amoand_h amoor_h amomin_h amomax_h amominu_h "
               "amomaxu_h"},
    {E(Zabha) | E(Zacas), "amocas_b amocas_h"},
    {E(Zacas), "amocas_w amocas_d amocas_q"},
    {E(Zalasr), "lb_aq lb_aqrl lh_aq lh_aqrl lw_aq lw_aqrl ld_aq ld_aqrl sb_rl sb_aqrl sh_rl "
                "sh_aqrl sw_rl sw_aqrl sd_rl sd_aqrl"},
    {E(Zfhmin), "flh fsh fmv_x_h fmv_h_x fcvt_s_h fcvt_h_s"},
    {E(Zfhmin) | E(D), "fcvt_d_h fcvt_h_d"},
    {E(Zfh),
     "fmadd_h fmsub_h fnmsub_h fnmadd_h fadd_h fsub_h fmul_h fdiv_h fsqrt_h fsgnj_h fsgnjn_h "
     "fsgnjx_h fmin_h fmax_h fcvt_w_h fcvt_wu_h fcvt_l_h fcvt_lu_h feq_h flt_h fle_h fclass_h "
     "fcvt_h_w fcvt_h_wu fcvt_h_l fcvt_h_lu"},
    {E(Zfa), "fli_s fminm_s fmaxm_s fround_s froundnx_s fltq_s fleq_s"},
    {E(Zfa) | E(D), "fli_d fminm_d fmaxm_d fround_d froundnx_d fltq_d fleq_d fcvtmod_w_d"},
    {E(Zfa) | E(Zfh), "fli_h fminm_h fmaxm_h fround_h froundnx_h fltq_h fleq_h"},
    {E(H), "hlv_b hlv_bu hlv_h hlv_hu hlvx_hu hlv_w hlv_wu hlvx_wu hlv_d hsv_b hsv_h hsv_w hsv_d "
           "hfence_vvma hfence_gvma"},
    {E(Svinval), "sinval_vma sfence_w_inval sfence_inval_ir"},
    {E(Svinval) | E(H), "hinval_vvma hinval_gvma"},
};

/* 16-bit instructions that are not C's; the others need C. */
static const struct group compressed_groups[] = {
    {E(Zcb), "lbu lhu lh sb sh zext_b sext_b zext_h sext_h zext_w not mul"},
    {E(Zcmop), "mop"},
};

/* A conversion between the register files is of the class of its result; fcvt between formats is an
 * operation. */
static const struct group classes[] = {
    {CLASS_ALU, "lui auipc addi slti sltiu xori ori andi slli srli srai add sub sll slt sltu xor "
                "srl sra or and addiw slliw srliw sraiw addw subw sllw srlw sraw add_uw sh1add "
                "sh2add sh3add sh1add_uw sh2add_uw sh3add_uw slli_uw andn orn xnor clz ctz cpop "
                "clzw ctzw cpopw max maxu min minu sext_b sext_h zext_h rol ror rori rolw rorw "
                "roriw orc_b rev8 bclr bclri bext bexti binv binvi bset bseti czero_eqz czero_nez "
                "mop_r mop_rr"},
    {CLASS_JUMP, "jal"},
    {CLASS_JUMP_REG, "jalr"},
    {CLASS_BRANCH, "beq bne blt bge bltu bgeu"},
    {CLASS_LOAD, "lb lh lw ld lbu lhu lwu lb_aq lb_aqrl lh_aq lh_aqrl lw_aq lw_aqrl ld_aq ld_aqrl"},
    {CLASS_STORE, "sb sh sw sd cbo_inval cbo_clean cbo_flush cbo_zero sb_rl sb_aqrl sh_rl sh_aqrl "
                  "sw_rl sw_aqrl sd_rl sd_aqrl"},
    {CLASS_FENCE, "fence wrs_nto wrs_sto"},
    {CLASS_SYSTEM, "ecall ebreak mret sret wfi"},
    {CLASS_SFENCE, "sfence_vma hfence_vvma hfence_gvma sinval_vma sfence_w_inval sfence_inval_ir "
                   "hinval_vvma hinval_gvma"},
    {CLASS_FENCE_I, "fence_i"},
    {CLASS_CSR, "csrrw csrrs csrrc csrrwi csrrsi csrrci"},
    {CLASS_MUL, "mul mulh mulhsu mulhu mulw clmul clmulr clmulh"},
    {CLASS_DIV, "div divu rem remu divw divuw remw remuw"},
    {CLASS_AMO, "lr_w sc_w amoswap_w amoadd_w amoxor_w amoand_w amoor_w amomin_w amomax_w "
                "amominu_w amomaxu_w lr_d sc_d amoswap_d amoadd_d amoxor_d amoand_d amoor_d "
                "amomin_d amomax_d amominu_d amomaxu_d amoswap_b amoadd_b amoxor_b amoand_b "
                "amoor_b amomin_b amomax_b amominu_b amomaxu_b amoswap_h amoadd_h amoxor_h "
                "amoand_h amoor_h amomin_h amomax_h amominu_h amomaxu_h amocas_b amocas_h "
                "amocas_w amocas_d amocas_q ssamoswap_w ssamoswap_d"},
    {CLASS_FP_LOAD, "flw fld flh"},
    {CLASS_FP_STORE, "fsw fsd fsh"},
    {CLASS_FP, "fmadd_s fmsub_s fnmsub_s fnmadd_s fadd_s fsub_s fmul_s fsgnj_s fsgnjn_s fsgnjx_s "
               "fmin_s fmax_s fmadd_d fmsub_d fnmsub_d fnmadd_d fadd_d fsub_d fmul_d fsgnj_d "
               "fsgnjn_d fsgnjx_d fmin_d fmax_d fcvt_s_d fcvt_d_s fcvt_s_h fcvt_h_s fcvt_d_h "
               "fcvt_h_d fminm_s fmaxm_s fround_s froundnx_s fminm_d fmaxm_d fround_d froundnx_d "
               "fmadd_h fmsub_h fnmsub_h fnmadd_h fadd_h fsub_h fmul_h fsgnj_h fsgnjn_h fsgnjx_h "
               "fmin_h fmax_h fminm_h fmaxm_h fround_h froundnx_h"},
    {CLASS_FP_DIV, "fdiv_s fsqrt_s fdiv_d fsqrt_d fdiv_h fsqrt_h"},
    {CLASS_FP_TO_X,
     "fcvt_w_s fcvt_wu_s fcvt_l_s fcvt_lu_s fmv_x_w feq_s flt_s fle_s fclass_s "
     "fcvt_w_d fcvt_wu_d fcvt_l_d fcvt_lu_d fmv_x_d feq_d flt_d fle_d fclass_d fmv_x_h "
     "fltq_s fleq_s fltq_d fleq_d fcvtmod_w_d fcvt_w_h fcvt_wu_h fcvt_l_h fcvt_lu_h feq_h flt_h "
     "fle_h fclass_h fltq_h fleq_h"},
    {CLASS_FP_FROM_X, "fcvt_s_w fcvt_s_wu fcvt_s_l fcvt_s_lu fmv_w_x fcvt_d_w fcvt_d_wu fcvt_d_l "
                      "fcvt_d_lu fmv_d_x fmv_h_x fli_s fli_d fli_h fcvt_h_w fcvt_h_wu fcvt_h_l "
                      "fcvt_h_lu"},
    {CLASS_HLV, "hlv_b hlv_bu hlv_h hlv_hu hlvx_hu hlv_w hlv_wu hlvx_wu hlv_d"},
    {CLASS_HSV, "hsv_b hsv_h hsv_w hsv_d"},
};

static bool lists(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; (at = strstr(at, name)) != NULL; at += length)
        if ((at == names || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

static const struct group *group_of(const struct group *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (lists(table[i].names, name))
            return &table[i];
    return NULL;
}

static uint64_t needs(enum insn_code code)
{
    const char *name = insn_format(code).name;
    const struct group *group = group_of(needed, COUNT(needed), name);
    if (!group)
        fail_msg("no extension is listed for %s", name);
    return group ? group->value : 0;
}

static uint16_t decoded(uint64_t extensions, uint32_t bits)
{
    struct hart_config config = {.extensions = extensions};
    struct insn_table *t = insn_table_create(&config);
    struct insn_operands o;
    insn_decode(t, bits, &o);
    insn_table_destroy(t);
    return o.code;
}

static void check(const char *name, uint32_t bits, uint16_t code, uint64_t extensions)
{
    const uint64_t all = vd_mask(0, HART_EXT_COUNT);
    if (decoded(extensions, bits) != code || decoded(all, bits) != code)
        fail_msg("%s is not there with its extensions alone", name);
    for (unsigned bit = 0; bit < HART_EXT_COUNT; bit++)
        if ((extensions >> bit & 1) && decoded(all & ~VD_BIT(bit), bits) == code)
            fail_msg("%s is there without extension %u", name, bit);
}

static void every_instruction_needs_its_extensions(void **state)
{
    (void)state;
    for (unsigned code = 0; code < INSN_COUNT; code++)
        check(insn_format((enum insn_code)code).name, insn_format((enum insn_code)code).match,
              (uint16_t)code, needs((enum insn_code)code));
}

/* Its fields full of ones, which no rule forbids but that of an immediate that is the base's. */
static void every_compressed_instruction_needs_its_extensions(void **state)
{
    (void)state;
    for (unsigned row = 0; row < insn_compressed_rows(); row++) {
        enum insn_code base;
        struct insn_format f = insn_compressed_format(row, &base);
        const struct group *group = group_of(compressed_groups, COUNT(compressed_groups), f.name);
        uint64_t more = group ? group->value : 0;
        check(f.name, f.match | (~f.mask & 0xffff), (uint16_t)base, E(C) | more | needs(base));
    }
}

static void every_instruction_has_its_class(void **state)
{
    (void)state;
    for (unsigned code = 0; code < INSN_COUNT; code++) {
        const char *name = insn_format((enum insn_code)code).name;
        const struct group *group = group_of(classes, COUNT(classes), name);
        if (!group || insn_class((enum insn_code)code) != group->value)
            fail_msg("%s is of class %u", name, insn_class((enum insn_code)code));
        assert_int_equal(insn_format((enum insn_code)code).class, insn_class((enum insn_code)code));
    }
    static const uint8_t made[] = {
        [PSEUDO_nop - INSN_COUNT] = CLASS_ALU,
        [PSEUDO_move - INSN_COUNT] = CLASS_ALU,
        [PSEUDO_jump - INSN_COUNT] = CLASS_JUMP,
        [PSEUDO_ret - INSN_COUNT] = CLASS_JUMP_REG,
        [PSEUDO_hint - INSN_COUNT] = CLASS_HINT,
        [PSEUDO_illegal - INSN_COUNT] = CLASS_SYSTEM,
        [PSEUDO_misaligned - INSN_COUNT] = CLASS_JUMP,
        [PSEUDO_call_expecting - INSN_COUNT] = CLASS_JUMP_REG,
        [PSEUDO_jump_expecting - INSN_COUNT] = CLASS_JUMP_REG,
        [PSEUDO_lpad - INSN_COUNT] = CLASS_ALU,
        [PSEUDO_no_lpad - INSN_COUNT] = CLASS_SYSTEM,
        [PSEUDO_sspush - INSN_COUNT] = CLASS_STORE,
        [PSEUDO_sspopchk - INSN_COUNT] = CLASS_LOAD,
        [PSEUDO_ssrdp - INSN_COUNT] = CLASS_ALU,
    };
    for (unsigned code = INSN_COUNT; code < CODE_COUNT; code++)
        assert_int_equal(insn_class((enum insn_code)code),
                         code - INSN_COUNT < COUNT(made) ? made[code - INSN_COUNT] : CLASS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_needs_its_extensions),
        cmocka_unit_test(every_compressed_instruction_needs_its_extensions),
        cmocka_unit_test(every_instruction_has_its_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
