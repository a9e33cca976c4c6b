/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes become page writes, CSR accesses, steps of time and snapshots.  The oracle is a slow
 * restatement of the rules: topei and the lines follow from the arrays that the CSRs show. */
#include "imsic/imsic.h"

#include <stdlib.h>

#include "support/bench.h"
#include "viaduct/bits.h"

enum { GUESTS = 3, FILES = 2 + GUESTS, IDS = 127, OP_BYTES = 6 };
enum { EIDELIVERY = 0x70, EITHRESHOLD = 0x72, EIP = 0x80, EIE = 0xc0 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bench b;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Two bits each of the seed: MSI to line, CSR to line, MSI to MSI. */
static struct imsic *build(uint32_t cycles)
{
    struct imsic_config c = {.ids = IDS,
                             .guests = GUESTS,
                             .machine_file = true,
                             .big_endian = true,
                             .direct = true,
                             .write_to_line_cycles = cycles & 3,
                             .csr_to_line_cycles = cycles >> 2 & 3,
                             .msi_interval_cycles = cycles >> 4 & 3,
                             .cycle_ps = 100};
    struct imsic *m = imsic_create(&c, &b.host, NULL);
    require(m != NULL);
    return m;
}

static uint32_t slow_top(struct vd_imsic_port port, uint32_t file)
{
    uint64_t threshold = port.ops->read(port.ctx, file, EITHRESHOLD);
    for (uint32_t word = 0; word <= IDS / 64; word++) {
        uint64_t asks = port.ops->read(port.ctx, file, EIP + word * 2) &
                        port.ops->read(port.ctx, file, EIE + word * 2);
        for (uint32_t i = word * 64; asks; i++, asks >>= 1)
            if (asks & 1)
                return threshold == 0 || i < threshold ? i : 0;
    }
    return 0;
}

static uint32_t line_of(uint32_t file)
{
    static const uint32_t lines[] = {VD_LINE_MEIP, VD_LINE_SEIP};
    return file < 2 ? lines[file] : VD_LINE_HGEIP + file - 1;
}

static void check(struct imsic *m, bool settled)
{
    struct vd_imsic_port port = imsic_port(m);
    for (uint32_t file = 0; file < FILES; file++) {
        uint32_t top = slow_top(port, file);
        require(port.ops->topei(port.ctx, file) == (top << 16 | top));
        uint64_t eidelivery = port.ops->read(port.ctx, file, EIDELIVERY);
        if (settled && eidelivery <= 1)
            require(b.lines[line_of(file)] == (eidelivery == 1 && top != 0));
    }
}

static struct imsic *through_snapshot(struct imsic *m, uint32_t cycles)
{
    size_t size = imsic_save(m, NULL, 0);
    void *buffer = malloc(size);
    require(buffer != NULL);
    imsic_save(m, buffer, size);
    imsic_destroy(m);
    m = build(cycles);
    for (uint32_t file = 0; file < 2; file++)
        imsic_wire(m, file, false);
    require(imsic_restore(m, buffer, size));
    free(buffer);
    return m;
}

static struct vd_txn txn_from(const uint8_t *op)
{
    struct vd_txn txn = bench_write(op[2] % 3 ? op[2] % 12 : 0, 4, op[3] | (uint64_t)op[4] << 24);
    txn.size = op[5] % 8 ? 4 : (uint8_t)(op[5] % 64 + 1);
    txn.cmd = op[5] % 16 == 15 ? VD_OR : VD_WRITE;
    return txn;
}

static void write_csr(struct imsic *m, const uint8_t *op)
{
    struct vd_imsic_port port = imsic_port(m);
    static const uint32_t selects[] = {EIDELIVERY, EITHRESHOLD, EIP,  EIP + 2,
                                       EIE,        EIE + 2,     0x71, 0xfe};
    uint64_t value = op[3] | (uint64_t)op[4] << (op[5] % 56);
    port.ops->write(port.ctx, op[1] % (FILES + 1), selects[op[2] % 8], value);
}

static struct imsic *perform(struct imsic *m, const uint8_t *op, uint32_t cycles)
{
    struct vd_imsic_port port = imsic_port(m);
    struct vd_txn txn = txn_from(op);
    switch (op[0] % 8) {
    case 0:
    case 1:
        imsic_access(m, op[1] % (FILES + 1), &txn);
        break;
    case 2:
    case 3:
        write_csr(m, op);
        break;
    case 4:
        port.ops->claim(port.ctx, op[1] % FILES);
        break;
    case 5:
        bench_run(&b, op[1] * 10);
        break;
    case 6:
        imsic_wire(m, op[1] % FILES, op[2] & 1);
        break;
    default:
        return through_snapshot(m, cycles);
    }
    return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    uint32_t cycles = data[0] % 64;
    bench_init_ram(&b, 0x80000000, 4096);
    struct imsic *m = build(cycles);
    for (size_t i = 1; i + OP_BYTES <= size; i += OP_BYTES) {
        m = perform(m, data + i, cycles);
        check(m, cycles == 0);
        bench_forget(&b);
    }
    bench_run(&b, 100 * 1000);
    check(m, true);
    imsic_destroy(m);
    require(b.num_events == 0);
    bench_done(&b);
    return 0;
}
