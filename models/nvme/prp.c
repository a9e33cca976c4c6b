/* SPDX-License-Identifier: BSD-2-Clause */
/* Physical region pages: where in memory a command's data is. */
#include <string.h>

#include "nvme/state.h"

static uint64_t prp(const struct nvme *n, unsigned index)
{
    const uint32_t *dw = n->st->command.dw;
    return (uint64_t)dw[7 + 2 * index] << 32 | dw[6 + 2 * index];
}

static uint64_t listed(const struct nvme *n)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n->st->dma.count; i++)
        bytes += n->st->dma.list[i].size;
    return bytes;
}

static uint32_t missing(const struct nvme *n)
{
    return n->st->command.data - (uint32_t)listed(n);
}

/* Adds the next page of the data. */
static bool add(struct nvme *n, uint64_t addr)
{
    uint32_t left = missing(n), room = NVME_PAGE - (uint32_t)(addr % NVME_PAGE);
    return dma_add(&n->dma, addr, left < room ? left : room);
}

static void read_list(struct nvme *n, uint64_t addr)
{
    uint32_t pages = (missing(n) + NVME_PAGE - 1) / NVME_PAGE;
    uint32_t room = (NVME_PAGE - (uint32_t)(addr % NVME_PAGE)) / 8;
    n->st->phase = NVME_PRP;
    dma_move(&n->dma, VD_READ, addr, 8 * (pages < room ? pages : room));
}

static void finish(struct nvme *n, bool ok)
{
    if (ok)
        n->st->phase = NVME_EXECUTE;
    else
        nvme_command_end(n, NVME_INVALID_PRP_OFFSET);
}

/* The first entry may begin inside a page; the second is the second page, or the list of the
 * rest. */
void nvme_prp_start(struct nvme *n, uint32_t bytes)
{
    uint64_t first = prp(n, 0), second = prp(n, 1);
    n->st->command.data = bytes;
    n->st->dma.count = 0;
    if (!bytes || (first & 3) || !add(n, first)) {
        finish(n, !bytes);
    } else if (!missing(n)) {
        finish(n, true);
    } else if (missing(n) <= NVME_PAGE) {
        finish(n, !(second % NVME_PAGE) && add(n, second));
    } else if (second & 7) {
        finish(n, false);
    } else {
        read_list(n, second);
    }
}

/* The last entry of a list page leads to the next one, if more pages follow than it could name. */
void nvme_prp_step(struct nvme *n)
{
    uint32_t count = n->st->dma.size / 8;
    bool ends_page = (n->st->dma.addr % NVME_PAGE) == 0;
    if (dma_status(&n->dma) != VD_OK) {
        nvme_command_end(n, NVME_DATA_TRANSFER_ERROR);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t entry;
        memcpy(&entry, n->st->dma.buffer + 8 * i, 8);
        if (i + 1 == count && ends_page && missing(n) > NVME_PAGE) {
            if (entry % NVME_PAGE)
                finish(n, false);
            else
                read_list(n, entry);
            return;
        }
        if (entry % NVME_PAGE || !add(n, entry)) {
            finish(n, false);
            return;
        }
    }
    finish(n, true);
}
