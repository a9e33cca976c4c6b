/* SPDX-License-Identifier: BSD-2-Clause */
/* Neighbours with one dispatch (pair.def) do what they do one after the other. */
#include "hart/exec_rig.h"

static const struct pair {
    uint16_t first, second;
} pairs[] = {
#define PAIR(first, second, class) {INSN_##first, INSN_##second},
#include "hart/pair.def"
#undef PAIR
};

/* Registers 5 to 9 hold addresses of DATA_AT's page and small numbers, so that every order works.
 * What the decoder makes of ordinary instructions is spelled as these. */
static void emit_one(struct rig *r, enum insn_code code, unsigned rd, unsigned rs1, unsigned rs2)
{
    if (code == INSN_pseudo_move)
        EMIT(r, addi, rd, rs1, 0, 0);
    else if (code == INSN_pseudo_ret)
        EMIT(r, jalr, 0, rs1, 0, 0x400);
    else
        rig_emit(r, rig_encode(code, rd, rs1, rs2, code == INSN_lui ? 0x12345000 : 0x18), 4);
}

static struct rig *with_pair(const struct pair *pair, const struct hart_config *config,
                             unsigned variant)
{
    struct rig *r = rig_new(config);
    struct hart_state *st = &r->hart->st;
    EMIT(r, sd, 0, 6, 7, 0); /* loads and stores hit, unless */
    EMIT(r, ld, 9, 6, 0, 0);
    emit_one(r, (enum insn_code)pair->first, variant & 1 ? 6 : 5, 6, 7);
    emit_one(r, (enum insn_code)pair->second, 8, 6, variant & 1 ? 6 : 5);
    EMIT(r, addi, 9, 9, 0, 1);
    EMIT(r, jal, 0, 0, 0, 0);
    st->x[5] = st->x[7] = st->x[8] = DATA_AT + 64;
    st->x[6] = variant & 2 ? DATA_AT + 0xfe9 : DATA_AT; /* over the end of the page */
    bench_poke(&r->bench, DATA_AT + 24, 8, UINT64_C(0x8081828384858687));
    return r;
}

static void assert_same(const struct pair *pair, struct rig *a, struct rig *b)
{
    const struct hart_state *x = &a->hart->st, *y = &b->hart->st;
    if (memcmp(x->x, y->x, sizeof(x->x)) || x->pc != y->pc || x->instret != y->instret ||
        x->cycles != y->cycles || x->traps != y->traps)
        fail_msg("%s then %s: pc %#lx %#lx, %lu and %lu cycles",
                 insn_format((enum insn_code)pair->first).name,
                 pair->second < INSN_COUNT ? insn_format((enum insn_code)pair->second).name : "",
                 x->pc, y->pc, x->cycles, y->cycles);
    assert_memory_equal(a->bench.ram, b->bench.ram, a->bench.ram_size);
}

/* Against single steps, in both run loops, with dependent registers and with slow accesses. */
static void pairs_do_what_their_halves_do(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 8; variant++) {
        struct hart_config config = {.timing =
                                         variant & 4 ? rig_inorder() : (struct hart_timing){0}};
        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
            struct rig *whole = with_pair(&pairs[i], &config, variant);
            struct rig *stepped = with_pair(&pairs[i], &config, variant);
            for (unsigned k = 0; k < 6; k++)
                rig_run(stepped, 1);
            rig_run(whole, stepped->hart->st.cycles);
            assert_same(&pairs[i], whole, stepped);
            rig_free(whole);
            rig_free(stepped);
        }
    }
}

/* No row shadows another, and no neighbours but these are made one. */
static void pairs_are_found_by_their_halves(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    const struct hart_blocks *bs = r->hart->blocks;
    unsigned found = 0;
    for (unsigned first = 0; first < CODE_COUNT; first++)
        for (unsigned second = 0; second < CODE_COUNT; second++)
            found += bs->pairs[first][second] != 0;
    assert_int_equal(found, PAIR_COUNT);
    for (unsigned i = 0; i < PAIR_COUNT; i++)
        assert_int_equal(bs->pairs[pairs[i].first][pairs[i].second], i + 1);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_do_what_their_halves_do),
        cmocka_unit_test(pairs_are_found_by_their_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
