/* SPDX-License-Identifier: BSD-2-Clause */
/* A CSR write that lets an interrupt be taken is followed by the trap, not by the next instruction.
 */
#include "hart/exec_rig.h"

#define SSI VD_BIT(INT_SSI)
#define SEI VD_BIT(INT_SEI)
#define VSS VD_BIT(INT_VSSI)
#define VSE VD_BIT(INT_VSEI)
#define GEI VD_BIT(INT_SGEI)
#define MIE MSTATUS_MIE
#define SIE MSTATUS_SIE

struct row {
    enum vd_mode mode;
    uint16_t csr; /* is written, after the others */
    uint64_t value;
    uint64_t cause, mstatus, mideleg, mie, mip, mvien, mvip, hideleg, hvip, hgeie, vsstatus;
};

static const struct row rows[] = {
    {VD_MODE_M, CSR_mstatus, MIE, INT_SSI, .mie = SSI, .mip = SSI},
    {VD_MODE_M, CSR_mie, SSI, INT_SSI, MIE, .mip = SSI},
    {VD_MODE_M, CSR_mip, SSI, INT_SSI, MIE, .mie = SSI},
    {VD_MODE_M, CSR_mip, SEI, INT_SEI, MIE, .mie = SEI},
    {VD_MODE_M, CSR_mideleg, 0, INT_SSI, MIE, .mideleg = SSI, .mie = SSI, .mip = SSI},
    {VD_MODE_M, CSR_mvip, SEI, INT_SEI, MIE, .mie = SEI},
    {VD_MODE_M, CSR_mvip, SSI, INT_SSI, MIE, .mie = SSI},
    {VD_MODE_M, CSR_mvien, 0, INT_SEI, MIE, .mie = SEI, .mvien = SEI, .mvip = SEI},
    {VD_MODE_S, CSR_sstatus, SIE, INT_SSI, .mideleg = SSI, .mie = SSI, .mip = SSI},
    {VD_MODE_S, CSR_sie, SSI, INT_SSI, SIE, .mideleg = SSI, .mip = SSI},
    {VD_MODE_S, CSR_sip, SSI, INT_SSI, SIE, .mideleg = SSI, .mie = SSI},
    {VD_MODE_S, CSR_sie, SEI, INT_SEI, SIE, .mvien = SEI, .mvip = SEI},
    {VD_MODE_S, CSR_hie, VSS, INT_VSSI, SIE, .hvip = VSS},
    {VD_MODE_S, CSR_hip, VSS, INT_VSSI, SIE, .mie = VSS},
    {VD_MODE_S, CSR_hvip, VSE, INT_VSEI, SIE, .mie = VSE},
    {VD_MODE_S, CSR_hideleg, 0, INT_VSSI, SIE, .mie = VSS, .hideleg = VSS, .hvip = VSS},
    {VD_MODE_S, CSR_hgeie, 2, INT_SGEI, SIE, .mie = GEI},
    {VD_MODE_S, CSR_hstatus, 1 << HSTATUS_VGEIN_LSB, INT_VSEI, SIE, .mie = VSE},
    {VD_MODE_VS, CSR_sstatus, SIE, INT_SSI, .mie = VSS, .hideleg = VSS, .hvip = VSS},
    {VD_MODE_VS, CSR_sie, SSI, INT_SSI, .hideleg = VSS, .hvip = VSS, .vsstatus = SIE},
    {VD_MODE_VS, CSR_sip, SSI, INT_SSI, .mie = VSS, .hideleg = VSS, .vsstatus = SIE},
};

static uint64_t nothing_read(void *ctx, uint32_t file, uint32_t select)
{
    (void)ctx, (void)file, (void)select;
    return 0;
}

static uint32_t nothing_on_top(void *ctx, uint32_t file)
{
    (void)ctx, (void)file;
    return 0;
}

static void set(struct rig *r, const struct row *row)
{
    const struct {
        uint32_t csr;
        uint64_t value;
    } pokes[] = {
        {CSR_pmpaddr0, ~UINT64_C(0)}, {CSR_pmpcfg0, 0x1f},          {CSR_mstateen0, ~UINT64_C(0)},
        {CSR_stvec, TRAP_AT},         {CSR_vstvec, TRAP_AT},        {CSR_mideleg, row->mideleg},
        {CSR_mvien, row->mvien},      {CSR_mvip, row->mvip},        {CSR_mie, row->mie},
        {CSR_mip, row->mip},          {CSR_hideleg, row->hideleg},  {CSR_hvip, row->hvip},
        {CSR_hgeie, row->hgeie},      {CSR_vsstatus, row->vsstatus}};
    for (size_t i = 0; i < sizeof(pokes) / sizeof(pokes[0]); i++)
        assert_true(csr_poke(r->hart, pokes[i].csr, pokes[i].value));
    r->hart->st.csr.mstatus |= row->mstatus;
    r->hart->st.priv = (uint8_t)(row->mode & 3);
    r->hart->st.virt = row->mode >= VD_MODE_VU;
    mmu_context(r->hart);
    hart_wire(r->hart, VD_LINE_HGEIP + 1, true);
}

/* [aia MSLevel], [priv norm:csr_side_effects_synchronous] */
static void interrupts_follow_the_write_that_lets_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i / 2];
        struct hart_config config = {.geilen = 3,
                                     .timing = i & 1 ? rig_inorder() : (struct hart_timing){0}};
        struct rig *r = rig_new(&config);
        static const struct vd_imsic_ops files = {.read = nothing_read, .topei = nothing_on_top};
        r->hart->imsic = (struct vd_imsic_port){.ops = &files};
        bench_poke(&r->bench, TRAP_AT, 4, rig_encode(INSN_jal, 0, 0, 0, 0));
        EMIT(r, addi, 0, 0, 0, 0);
        rig_emit(r, rig_encode(INSN_csrrw, 0, 6, 0, 0) | (uint32_t)row->csr << 20, 4);
        EMIT(r, addi, 5, 5, 0, 1);
        r->hart->st.x[6] = row->value;
        set(r, row);
        rig_step(r, 1);
        if (r->hart->st.traps)
            fail_msg("row %zu: before the write", i / 2);
        rig_step(r, 1);
        rig_run(r, 40);
        uint64_t cause = row->mode == VD_MODE_M   ? r->hart->st.csr.mcause
                         : row->mode == VD_MODE_S ? r->hart->st.csr.scause
                                                  : r->hart->st.csr.vscause;
        if (r->hart->st.x[5] || cause != (VD_BIT(63) | row->cause))
            fail_msg("row %zu: x5 %lu, cause %lx", i / 2, r->hart->st.x[5], cause);
        rig_free(r);
    }
}

/* A debugger's write between slices that end inside of a block, of what code and its execution
 * depend on. */
static void a_debuggers_write_is_heeded_inside_a_block(void **state)
{
    (void)state;
    static const struct {
        uint16_t csr;
        enum vd_mode mode;
        uint64_t value, cause;
    } written[] = {
        {CSR_tdata1, VD_MODE_M, UINT64_C(6) << 60 | 1 << 6 | 1 << 2, CAUSE_BREAKPOINT},
        {CSR_satp, VD_MODE_S, UINT64_C(8) << 60 | DATA_AT >> 12, CAUSE_FETCH_PAGE_FAULT},
        {CSR_vsatp, VD_MODE_VS, UINT64_C(8) << 60 | DATA_AT >> 12, CAUSE_FETCH_PAGE_FAULT},
        {CSR_hgatp, VD_MODE_VS, UINT64_C(8) << 60 | DATA_AT >> 12, CAUSE_FETCH_GUEST_PAGE_FAULT},
        {CSR_pmpcfg0, VD_MODE_S, 0, CAUSE_FETCH_ACCESS_FAULT},
    };
    for (size_t i = 0; i < 2 * sizeof(written) / sizeof(written[0]); i++) {
        struct rig *r = rig_complete(i & 1);
        csr_poke(r->hart, CSR_mstatus, MIE);
        csr_poke(r->hart, CSR_tdata2, RAM_AT + 8);
        for (unsigned n = 0; n < 8; n++)
            EMIT(r, addi, 5, 5, 0, 1);
        EMIT(r, jal, 0, 0, 0, -32);
        r->end = TRAP_AT;
        EMIT(r, jal, 0, 0, 0, 0);
        rig_enter(r, written[i / 2].mode);
        rig_run(r, 100);
        rig_run(r, 3);
        assert_int_equal(r->hart->st.traps, 0);
        assert_non_null(r->hart->paused);
        assert_true(hart_set(r->hart, HART_REG_CSR0 + written[i / 2].csr, written[i / 2].value));
        rig_run(r, 200);
        assert_int_equal(r->hart->st.traps, 1);
        assert_int_equal(r->hart->st.csr.mcause, written[i / 2].cause);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupts_follow_the_write_that_lets_them),
        cmocka_unit_test(a_debuggers_write_is_heeded_inside_a_block)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
