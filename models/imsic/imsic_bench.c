/* SPDX-License-Identifier: BSD-2-Clause */
#include "imsic/imsic_bench.h"

struct bench b;
struct imsic *m;
struct vd_imsic_port port;

const struct imsic_config plain = {
    .hart = HART, .ids = N, .guests = 3, .machine_file = true, .big_endian = true};

static void build(struct imsic_config config)
{
    struct vd_error err;
    bench_init(&b);
    m = imsic_create(&config, &b.host, &err);
    assert_non_null(m);
    port = imsic_port(m);
}

int setup(void **state)
{
    (void)state;
    build(plain);
    return 0;
}

int teardown(void **state)
{
    (void)state;
    imsic_destroy(m);
    bench_done(&b);
    return 0;
}

void rebuild(struct imsic_config config)
{
    teardown(NULL);
    build(config);
}

enum vd_status msi_at(uint32_t file, uint64_t offset, uint32_t value, uint64_t serial)
{
    struct vd_txn txn = bench_write(offset, 4, value);
    txn.serial = serial;
    return imsic_access(m, file, &txn);
}

void msi(uint32_t file, uint32_t identity)
{
    assert_int_equal(msi_at(file, 0, identity, 0), VD_OK);
}

uint64_t csr(uint32_t file, uint32_t select)
{
    return port.ops->read(port.ctx, file, select);
}

void set_csr(uint32_t file, uint32_t select, uint64_t value)
{
    port.ops->write(port.ctx, file, select, value);
}

uint32_t topei(uint32_t file)
{
    return port.ops->topei(port.ctx, file);
}

uint32_t top(uint32_t identity)
{
    return identity << 16 | identity;
}

bool pending(uint32_t file, uint32_t identity)
{
    return csr(file, EIP + identity / 64 * 2) >> (identity % 64) & 1;
}

void enable(uint32_t file, uint32_t identity)
{
    uint32_t select = EIE + identity / 64 * 2;
    set_csr(file, select, csr(file, select) | VD_BIT(identity % 64));
}

void deliver(uint32_t file)
{
    set_csr(file, EIDELIVERY, 1);
}

bool nothing_pending(uint32_t file)
{
    uint64_t any = 0;
    for (uint32_t select = EIP; select < EIE; select += 2)
        any |= csr(file, select);
    return any == 0;
}
