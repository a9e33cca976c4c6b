/* SPDX-License-Identifier: BSD-2-Clause */
/* Transformed instructions [priv tinst-vals] of every encoding, with the decoder as witness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hart/insn.h"
#include "hart/transform.h"
#include "viaduct/bits.h"

enum { AMO = 0x2f };
enum { RD = 31 << 7, FUNCT3 = 7 << 12, RS1 = 31 << 15, RS2 = 31 << 20, OPCODE = 0x7f };

/* Which bits of an instruction survive; none of those that access no memory. */
static uint32_t kept(enum insn_code code)
{
    if ((insn_format(code).match & OPCODE) == AMO)
        return ~(uint32_t)RS1;
    switch (insn_class(code)) {
    case CLASS_LOAD:
    case CLASS_FP_LOAD:
        return RD | FUNCT3 | OPCODE;
    case CLASS_STORE:
    case CLASS_FP_STORE:
        if (code >= INSN_cbo_inval && code <= INSN_cbo_zero)
            return ~(uint32_t)(RS1 | RD);
        return RS2 | FUNCT3 | OPCODE;
    case CLASS_HLV:
    case CLASS_HSV:
        return ~(uint32_t)RS1;
    default:
        return 0;
    }
}

static void instructions_of_32_bits(void **state)
{
    (void)state;
    for (unsigned code = 0; code < INSN_COUNT; code++) {
        struct insn_format f = insn_format((enum insn_code)code);
        for (uint32_t i = 0; i < 40; i++) {
            uint32_t filled = i < 32 ? UINT32_C(1) << i : i * 0x12345679;
            uint32_t bits = f.match | (filled & ~f.mask);
            uint32_t mask = kept((enum insn_code)code);
            uint32_t expected = mask ? (bits & mask) | (i & 7) << 15 : 0;
            if (code >= INSN_cbo_inval && code <= INSN_cbo_zero)
                expected = bits & mask;
            if (transform_instruction(bits, i & 7) != expected)
                fail_msg("%s %08x: %08x", f.name, bits, transform_instruction(bits, i & 7));
        }
    }
}

/* As its 32-bit equivalent, but for bit 1. */
static void instructions_of_16_bits(void **state)
{
    (void)state;
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    struct insn_table *t = insn_table_create(&config);
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        struct insn_operands o;
        if ((bits & 3) == 3)
            continue;
        insn_decode(t, bits, &o);
        uint32_t mask = o.code < INSN_COUNT ? kept((enum insn_code)o.code) : 0, expected = 0;
        if (mask) {
            struct insn_format f = insn_format((enum insn_code)o.code);
            uint32_t reg = mask & RD ? (uint32_t)o.rd << 7 : (uint32_t)o.rs2 << 20;
            expected = ((f.match | reg) & mask & ~UINT32_C(2)) | (bits & 7) << 15;
        }
        if (o.code < INSN_COUNT && transform_instruction(bits, bits & 7) != expected)
            fail_msg("%04x: %08x", bits, transform_instruction(bits, bits & 7));
    }
    insn_table_destroy(t);
}

/* Beside those of the table. */
static void instructions_that_nothing_is_known_of(void **state)
{
    (void)state;
    for (uint32_t funct3 = 0; funct3 < 8; funct3++) {
        assert_int_equal(transform_instruction(0x0000000f | funct3 << 12, 0) != 0, funct3 == 2);
        assert_int_equal(transform_instruction(0x60000073 | funct3 << 12, 0) != 0, funct3 == 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_of_32_bits),
        cmocka_unit_test(instructions_of_16_bits),
        cmocka_unit_test(instructions_that_nothing_is_known_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
