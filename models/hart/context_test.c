/* SPDX-License-Identifier: BSD-2-Clause */
/* Fast contexts: which regimes may not share one, and that a second access asks nobody. */
#include "hart/exec_rig.h"
#include "hart/pmp.h"
#include "hart/tlb.h"

/* No two of these may share entries. */
static const struct {
    enum vd_mode mode;
    uint64_t root, groot; /* satp or vsatp, hgatp */
    uint64_t mstatus, vsstatus, menvcfg;
} regimes[] = {
#define A          (UINT64_C(8) << 60 | RAM_AT >> 12)
#define B          (UINT64_C(8) << 60 | UINT64_C(1) << 44 | RAM_AT >> 12)
#define PMM(value) ((uint64_t)(value) << ENVCFG_PMM_LSB)
    {VD_MODE_M, 0, 0, 0, 0, 0},
    {VD_MODE_U, 0, 0, 0, 0, 0},
    {VD_MODE_S, 0, 0, 0, 0, 0},
    {VD_MODE_VS, 0, 0, 0, 0, 0},
    {VD_MODE_VU, 0, 0, 0, 0, 0},
    {VD_MODE_S, A, 0, 0, 0, 0},
    {VD_MODE_S, B, 0, 0, 0, 0},
    {VD_MODE_U, A, 0, 0, 0, 0},
    {VD_MODE_S, A, 0, MSTATUS_SUM, 0, 0},
    {VD_MODE_S, A, 0, MSTATUS_MXR, 0, 0},
    {VD_MODE_S, A, 0, MSTATUS_SUM | MSTATUS_MXR, 0, 0},
    {VD_MODE_S, A, 0, 0, 0, PMM(2)},
    {VD_MODE_S, A, 0, 0, 0, PMM(3)},
    {VD_MODE_VS, A, 0, 0, 0, 0},
    {VD_MODE_VU, A, 0, 0, 0, 0},
    {VD_MODE_VS, A, A, 0, 0, 0},
    {VD_MODE_VS, A, B, 0, 0, 0},
    {VD_MODE_VS, 0, A, 0, 0, 0},
    {VD_MODE_VS, A, 0, MSTATUS_MXR, 0, 0},
    {VD_MODE_VS, A, 0, 0, MSTATUS_MXR, 0},
    {VD_MODE_VS, A, 0, 0, MSTATUS_SUM, 0},
    {VD_MODE_VS, A, 0, MSTATUS_MXR, MSTATUS_MXR, 0},
#undef A
#undef B
#undef PMM
};

enum { REGIMES = sizeof(regimes) / sizeof(regimes[0]) };

static void enter(struct hart *h, unsigned i)
{
    struct hart_csrs *csr = &h->st.csr;
    csr->satp = csr->vsatp = regimes[i].root;
    csr->hgatp = regimes[i].groot;
    csr->mstatus = regimes[i].mstatus;
    csr->vsstatus = regimes[i].vsstatus;
    csr->menvcfg = regimes[i].menvcfg;
    h->st.priv = (uint8_t)(regimes[i].mode & 3);
    h->st.virt = regimes[i].mode >= VD_MODE_VU;
    mmu_context(h);
}

static void regimes_are_told_apart(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    struct hart *h = r->hart;
    for (unsigned a = 0; a < REGIMES; a++) {
        for (unsigned b = 0; b < REGIMES; b++) {
            mmu_rebuild(h); /* so that none has to go */
            enter(h, a);
            const struct hart_tlb_entry *data = h->data, *fetch = h->fetch;
            uint64_t code = h->fetch_context;
            assert_true(data != fetch);
            enter(h, b);
            if (a != b && (h->data == data || h->data == fetch || h->fetch == data))
                fail_msg("regimes %u and %u share a context", a, b);
            enter(h, a);
            assert_true(h->data == data && h->fetch == fetch && h->fetch_context == code);
            for (unsigned i = 0; i < HART_CONTEXTS; i++)
                for (unsigned k = 0; k < i; k++)
                    assert_true(h->vtlb->ids[i] != h->vtlb->ids[k]);
        }
    }
    rig_free(r);
}

static unsigned grants;
static void *(*granted)(void *ctx, uint64_t spa, bool write);

static void *counted_grant(void *ctx, uint64_t spa, bool write)
{
    grants++;
    return granted(ctx, spa, write);
}

/* Every page of the RAM, whatever its place in the table: the first load, store and fetch look for
 * it, the next do not. */
static void the_second_access_asks_nobody(void **state)
{
    (void)state;
    for (unsigned timed = 0; timed < 2; timed++) {
        struct hart_config config = {.cycle_ps = NS};
        if (timed)
            config.timing = rig_inorder();
        struct rig *r = rig_new(&config);
        granted = r->ops.grant;
        r->ops.grant = counted_grant;
        EMIT(r, ld, 5, 6, 0, 8);
        EMIT(r, sd, 0, 6, 5, 16);
        EMIT(r, flw, 5, 6, 0, 12);
        EMIT(r, fsd, 0, 6, 5, 24);
        EMIT(r, jal, 0, 0, 0, -16);
        for (uint64_t page = 1; page < 256; page++) {
            r->hart->st.x[6] = RAM_AT + page * 4096;
            rig_step(r, 5);
            assert_true(grants > 0);
            grants = 0;
            rig_step(r, 5);
            if (grants)
                fail_msg("page %lu: %u questions", page, grants);
        }
        assert_int_equal(r->hart->st.traps, 0);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regimes_are_told_apart),
        cmocka_unit_test(the_second_access_asks_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
