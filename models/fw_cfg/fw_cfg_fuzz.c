/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes become accesses and memory; whatever a guest writes as a control structure, nothing but
 * its own buffer and the structure change. */
#include <stdlib.h>
#include <string.h>

#include "fw_cfg/fw_cfg.h"
#include "support/bench.h"

enum { OP_BYTES = 8, RAM_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bench b;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct fw_cfg *build(void)
{
    struct fw_cfg *fw = fw_cfg_create(&(struct fw_cfg_config){.dma = true}, &b.host, NULL);
    require(fw && fw_cfg_put_file(fw, "opt/fuzz", "0123456789", 10, NULL));
    return fw;
}

static void access(struct fw_cfg *fw, const uint8_t *op)
{
    struct vd_txn txn = bench_read(op[1] % FW_CFG_PAGE, 1u << op[0] % 4);
    memcpy(txn.data, op + 2, 6);
    if (op[0] & 0x20) /* an address in the RAM, most likely */
        txn.data[0] = (uint64_t)(op[2] & 0xf) << 48 | (uint64_t)op[3] << 56 | UINT64_C(0x80) << 32;
    txn.cmd = op[0] & 0x10 ? VD_READ : VD_WRITE;
    fw_cfg_access(fw, &txn);
}

static void through_snapshot(struct fw_cfg **fw)
{
    char saved[64], again[64];
    size_t size = fw_cfg_save(*fw, saved, sizeof(saved));
    fw_cfg_destroy(*fw);
    *fw = build();
    require(fw_cfg_restore(*fw, saved, size));
    fw_cfg_save(*fw, again, sizeof(again));
    require(memcmp(saved, again, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bench_init_ram(&b, 0x80000000, RAM_BYTES);
    struct fw_cfg *fw = build();
    for (size_t at = 0; at + OP_BYTES <= size; at += OP_BYTES) {
        const uint8_t *op = data + at;
        if (op[0] < 0x80)
            access(fw, op);
        else if (op[0] < 0xf0)
            memcpy(b.ram + (op[0] * 256u + op[1]) % (RAM_BYTES - 6), op + 2, 6);
        else
            through_snapshot(&fw);
        bench_forget(&b);
    }
    fw_cfg_destroy(fw);
    bench_done(&b);
    return 0;
}
