/* SPDX-License-Identifier: BSD-2-Clause */
#include "aplic/aplic_bench.h"

struct bench b;
struct aplic *dut;
uint32_t edges;

/* The bench has too few lines for all domains. */
static bool lines[APLIC_MAX_DOMAINS * 16384];
static struct vd_host_ops ops;

static void log_wire(void *ctx, uint32_t number, bool level)
{
    (void)ctx;
    edges += lines[number] != level;
    lines[number] = level;
}

bool line(uint32_t domain, uint32_t hart)
{
    return lines[APLIC_LINE(domain, hart)];
}

struct aplic_config usual_config(void)
{
    return (struct aplic_config){
        .index = 2,
        .sources = SOURCES,
        .harts = HARTS,
        .guests = GUESTS,
        .msi = true,
        .direct = true,
        .iprio_bits = 8,
        .num_domains = DOMAINS,
        .domains = {{true, ROOT}, {false, ROOT}, {true, ROOT}, {false, M2}},
        .cycle_ps = CYCLE};
}

/* MSIs go anywhere on the bench and are logged as writes. */
static bool accept_write(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    txn->status = VD_OK;
    return true;
}

void build(const struct aplic_config *config)
{
    struct vd_error err;
    bench_init(&b);
    b.hook = accept_write;
    ops = *b.host.ops;
    ops.wire = log_wire;
    b.host.ops = &ops;
    memset(lines, 0, sizeof(lines));
    edges = 0;
    dut = aplic_create(config, &b.host, &err);
    assert_non_null(dut);
}

void rebuild(const struct aplic_config *config)
{
    teardown(NULL);
    build(config);
}

int setup(void **state)
{
    (void)state;
    struct aplic_config config = usual_config();
    build(&config);
    return 0;
}

int teardown(void **state)
{
    (void)state;
    aplic_destroy(dut);
    bench_done(&b);
    return 0;
}

void put(uint32_t domain, uint32_t offset, uint32_t value)
{
    struct vd_txn txn = bench_write(offset, 4, value);
    assert_int_equal(aplic_access(dut, domain, &txn), VD_OK);
}

uint32_t get(uint32_t domain, uint32_t offset)
{
    struct vd_txn txn = bench_read(offset, 4);
    txn.data[0] = UINT64_MAX;
    assert_int_equal(aplic_access(dut, domain, &txn), VD_OK);
    return (uint32_t)txn.data[0];
}

static bool bit_of(uint32_t domain, uint32_t array, uint32_t source)
{
    return get(domain, array + source / 32 * 4) >> (source % 32) & 1;
}

bool pending(uint32_t domain, uint32_t source)
{
    return bit_of(domain, SETIP, source);
}

bool enabled(uint32_t domain, uint32_t source)
{
    return bit_of(domain, SETIE, source);
}

bool input(uint32_t domain, uint32_t source)
{
    return bit_of(domain, IN_CLRIP, source);
}

void route(uint32_t domain, uint32_t source, uint32_t mode, uint32_t target)
{
    put(domain, SOURCECFG(source), mode);
    put(domain, TARGET(source), target);
    put(domain, SETIENUM, source);
}

void delegate(uint32_t source, uint32_t child)
{
    put(ROOT, SOURCECFG(source), D | child);
}

uint32_t direct_target(uint32_t hart, uint32_t iprio)
{
    return hart << 18 | iprio;
}

uint32_t msi_target(uint32_t hart, uint32_t guest, uint32_t eiid)
{
    return hart << 18 | guest << 12 | eiid;
}

void set_msi_addresses(void)
{
    put(ROOT, MMSIADDRCFG, 0x24000);
    put(ROOT, MMSIADDRCFGH, 2u << 12);
    put(ROOT, SMSIADDRCFG, 0x28000);
    put(ROOT, SMSIADDRCFGH, 2u << 20);
}

uint64_t m_page(uint32_t hart)
{
    return 0x24000000 + hart * 0x1000u;
}

uint64_t s_page(uint32_t hart, uint32_t guest)
{
    return 0x28000000 + hart * 0x4000u + guest * 0x1000u;
}
