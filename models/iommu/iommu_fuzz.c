/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers, tables, requests, messages and time from bytes.  Whatever they say, the model neither
 * crashes nor hangs, and comes to rest. */
#include "iommu/iommu_testbed.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
    const uint8_t *data;
    size_t left;
};

static uint64_t take(struct source *s, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && s->left; i++, s->left--)
        value = value << 8 | *s->data++;
    return value;
}

/* Addresses mostly point to the few pages where tables are. */
static uint64_t address(struct source *s)
{
    uint64_t kind = take(s, 1);
    if (kind < 200)
        return 0x80000000 + (kind & 7) * 0x1000 + take(s, 2) % 0x1000;
    return kind < 230 ? IMSIC_WINDOW + take(s, 2) : take(s, 8);
}

static void request(struct testbed *t, struct source *s)
{
    static const uint8_t sizes[] = {4, 4, 4, 8, 1, 2, 16, 64};
    struct vd_txn txn = {.addr = address(s)};
    txn.requester = (uint32_t)take(s, 1) & 0x43;
    txn.cmd = take(s, 1) & 1;
    txn.size = sizes[take(s, 1) & 7];
    txn.at = (uint8_t)(take(s, 1) % 3);
    txn.attrs = (uint32_t)take(s, 1) & 0xde;
    txn.attrs |= txn.cmd == VD_WRITE ? take(s, 1) & VD_POSTED : 0;
    txn.process_id = (uint32_t)take(s, 1);
    txn.data[0] = take(s, 2);
    txn.serial = txn.cmd == VD_WRITE && txn.size == 4 ? take(s, 1) : 0;
    iommu_submit(t->m, &txn);
}

static void message(struct testbed *t, struct source *s)
{
    struct vd_txn txn = {.tag = take(s, 1) & 1 ? 2 : 4};
    txn.requester = (uint32_t)take(s, 1) & 0x43;
    txn.attrs = (uint32_t)take(s, 1);
    txn.data[0] = take(s, 8);
    iommu_message(t->m, &txn);
}

static void act(struct testbed *t, struct source *s)
{
    switch (take(s, 1) % 8) {
    case 0:
        bed_set(t, (uint32_t)take(s, 1) * 4, 4, take(s, 4));
        break;
    case 1:
        bed_set(t, (uint32_t)take(s, 1) % 16 * 8, 8, take(s, 8));
        break;
    case 2:
    case 3:
        bench_poke(&t->b, 0x80000000 + take(s, 2) % 0x8000 / 8 * 8, 8, take(s, 8));
        break;
    case 4:
        bench_run(&t->b, take(s, 2) * 100);
        break;
    case 5:
        message(t, s);
        break;
    default:
        request(t, s);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct testbed t;
    struct source s = {data, size};
    uint64_t flags = take(&s, 1);
    const struct iommu_config config = {
        .outstanding = flags & 1 ? 1 : 8,
        .pte_fetch = flags >> 1 & 1,
        .commands_out_of_order = flags >> 2 & 1,
        .vector_bits = 2,
        .timing = flags & 8 ? inorder : (struct iommu_timing){.hit = 0},
        .cycle_ps = 1000,
        .mrif_big_endian = true,
        .first_nonleaf = flags & 2 ? 4 : 0,
        .second_nonleaf = flags & 4 ? 4 : 0,
        .stale_check = flags & 1,
    };
    bed_open_ram(&t, &config, 1 << 16);
    t.b.latency = flags & 16 ? 5000 : 0;
    bed_start(&t, 2 + (flags >> 5) % 3);
    t.b.fail_in = (uint32_t)take(&s, 1);
    t.b.fail_with = VD_UNMAPPED;
    while (s.left)
        act(&t, &s);
    if (!bench_settle(&t.b, 1000000))
        abort();
    bed_close(&t);
    return 0;
}
