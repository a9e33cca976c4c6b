/* SPDX-License-Identifier: BSD-2-Clause */
#include "hart/fixture.h"

static uint64_t file_read(void *ctx, uint32_t file, uint32_t select)
{
    struct fixture *f = ctx;
    f->last_file = file;
    return f->file[file][select];
}

static void file_write(void *ctx, uint32_t file, uint32_t select, uint64_t value)
{
    struct fixture *f = ctx;
    f->last_file = file;
    f->file[file][select] = value;
}

static uint32_t file_topei(void *ctx, uint32_t file)
{
    return ((struct fixture *)ctx)->topei[file];
}

static void file_claim(void *ctx, uint32_t file)
{
    struct fixture *f = ctx;
    f->claims[file]++;
    f->topei[file] = 0;
}

static const struct vd_imsic_ops imsic_ops = {file_read, file_write, file_topei, file_claim};

static void begin(struct fixture *f, uint32_t geilen, bool imsic, uint64_t without)
{
    struct hart *h = &f->hart;
    h->host = f->bench.host;
    h->cfg.extensions = vd_mask(0, HART_EXT_COUNT) & ~without;
    h->cfg.satp_mode = 10;
    h->cfg.pmp_entries = 16;
    h->cfg.geilen = geilen;
    h->cfg.hartid = 5;
    h->cfg.index = 2;
    h->cfg.cycle_ps = 1000;
    if (imsic)
        h->imsic = (struct vd_imsic_port){&imsic_ops, f};
    h->st.priv = PRV_M;
    interrupt_create(h);
    csr_reset(h);
}

static struct fixture *build(uint32_t geilen, bool imsic, uint64_t without)
{
    struct fixture *f = calloc(1, sizeof(*f));
    bench_init(&f->bench);
    begin(f, geilen, imsic, without);
    assert_true(mmu_create(&f->hart));
    return f;
}

void fixture_renew(struct fixture *f)
{
    struct hart_vtlb *vtlb = f->hart.vtlb;
    uint32_t geilen = f->hart.cfg.geilen;
    bool imsic = f->hart.imsic.ops;
    bench_renew(&f->bench);
    memset(&f->hart, 0, sizeof(*f) - offsetof(struct fixture, hart));
    begin(f, geilen, imsic, 0);
    f->hart.vtlb = vtlb;
    mmu_rebuild(&f->hart);
}

struct fixture *fixture_new(uint32_t geilen, bool imsic)
{
    return build(geilen, imsic, 0);
}

struct fixture *fixture_without(uint64_t extensions)
{
    return build(3, true, extensions);
}

void fixture_free(struct fixture *f)
{
    mmu_destroy(&f->hart);
    bench_done(&f->bench);
    free(f);
}

void fixture_mode(struct fixture *f, enum vd_mode mode)
{
    f->hart.st.priv = (uint8_t)(mode & 3);
    f->hart.st.virt = mode >= VD_MODE_VU;
    mmu_context(&f->hart);
}

uint64_t fixture_csr(struct fixture *f, uint32_t number)
{
    uint64_t value = 0;
    assert_true(csr_peek(&f->hart, number, &value));
    return value;
}

void fixture_set(struct fixture *f, uint32_t number, uint64_t value)
{
    assert_true(csr_poke(&f->hart, number, value));
}

enum csr_result fixture_try(struct fixture *f, enum vd_mode mode, uint32_t number, bool write)
{
    uint8_t priv = f->hart.st.priv;
    bool virt = f->hart.st.virt;
    fixture_mode(f, mode);
    uint64_t old = 0;
    enum csr_result result = csr_execute(&f->hart, number, CSR_RS, 0, true, write, &old);
    f->hart.st.priv = priv;
    f->hart.st.virt = virt;
    return result;
}

struct fixture *delegating(void)
{
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mideleg, ~UINT64_C(0));
    fixture_set(f, CSR_hideleg, ~UINT64_C(0));
    fixture_set(f, CSR_mie, ~UINT64_C(0));
    return f;
}

struct fixture *open_fixture(uint32_t geilen, bool imsic)
{
    struct fixture *f = fixture_new(geilen, imsic);
    fixture_set(f, CSR_mstateen0, ~UINT64_C(0));
    fixture_set(f, CSR_hstateen0, ~UINT64_C(0));
    fixture_set(f, CSR_mcounteren, ~UINT64_C(0));
    fixture_set(f, CSR_hcounteren, ~UINT64_C(0));
    fixture_set(f, CSR_menvcfg, ENVCFG_STCE);
    fixture_set(f, CSR_henvcfg, ENVCFG_STCE);
    return f;
}
