/* SPDX-License-Identifier: BSD-2-Clause */
/* Identify: the controller, its namespaces, and lists of them. */
#include <stdio.h>
#include <string.h>

#include "nvme/state.h"

enum { CNS_NAMESPACE, CNS_CONTROLLER, CNS_ACTIVE_LIST, CNS_DESCRIPTORS };

/* A field of an identify page: value, or text padded with blanks. */
struct row {
    uint16_t offset, size;
    uint64_t value;
    const char *text;
};

static void put_rows(struct nvme *n, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = n->st->dma.buffer + rows[i].offset;
        size_t length = rows[i].text ? strlen(rows[i].text) : 0;
        for (uint32_t b = 0; b < rows[i].size; b++) {
            uint8_t byte = (uint8_t)(b < 8 ? rows[i].value >> (8 * b) : 0);
            at[b] = !rows[i].text ? byte : b < length ? (uint8_t)rows[i].text[b] : ' ';
        }
    }
}

#define PUT(n, rows) put_rows(n, rows, sizeof(rows) / sizeof((rows)[0]))

static void put_controller(struct nvme *n)
{
    char name[256];
    snprintf(name, sizeof(name), "nqn.2014.08.org.nvmexpress:viaduct:%s", n->config.serial);
    const struct row rows[] = {
        {0, 2, n->function.id.vendor, NULL},
        {2, 2, n->function.id.subsystem_vendor, NULL},
        {4, NVME_SERIAL_SIZE, 0, n->config.serial},
        {24, 40, 0, "Viaduct NVMe controller"},
        {64, 8, 0, "1"},
        {77, 1, NVME_MDTS, NULL},
        {80, 4, 0x00010400, NULL},               /* VER */
        {111, 1, 1, NULL},                       /* CNTRLTYPE: an I/O controller */
        {258, 1, 3, NULL},                       /* ACL: four aborts */
        {259, 1, NVME_EVENT_REQUESTS - 1, NULL}, /* AERL */
        {260, 1, 0x03, NULL},                    /* FRMW: one slot, read-only */
        {262, 1, NVME_ERRORS - 1, NULL},         /* ELPE */
        {266, 2, 343, NULL},                     /* WCTEMP, CCTEMP: Kelvin */
        {268, 2, 373, NULL},
        {512, 1, 0x66, NULL}, /* SQES, CQES: 64 and 16 bytes */
        {513, 1, 0x44, NULL},
        {516, 4, nvme_num_namespaces(n), NULL}, /* NN */
        {520, 2, 0x001d,
         NULL}, /* ONCS: compare, dataset management, write zeroes, select of features */
        {525, 1, 0x07, NULL}, /* VWC: a volatile write cache, and a flush of all namespaces */
        {2048, 2, 500, NULL}, /* power state 0: 5 W */
    };
    PUT(n, rows);
    memcpy(n->st->dma.buffer + 768, name, strlen(name)); /* SUBNQN ends with a zero */
}

/* 64 bits that differ between serial numbers and namespaces (FNV-1a). */
static uint64_t eui64(const struct nvme *n, uint32_t nsid)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = n->config.serial; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    return ((hash ^ nsid) * UINT64_C(0x100000001b3)) | 1;
}

static void put_namespace(struct nvme *n, uint32_t nsid)
{
    const struct vd_disk *disk = &n->disks[nsid - 1];
    uint64_t sectors = disk->size / VD_SECTOR;
    const struct row rows[] = {
        {0, 8, sectors, NULL}, /* NSZE, NCAP, NUSE */
        {8, 8, sectors, NULL},
        {16, 8, sectors, NULL},
        {33, 1, 0x09, NULL},            /* DLFEAT: deallocated reads zero, write zeroes may */
        {99, 1, disk->read_only, NULL}, /* NSATTR: write protected */
        {120, 8, eui64(n, nsid), NULL},
        {130, 1, 9, NULL}, /* LBAF0: 512 bytes */
    };
    PUT(n, rows);
}

/* In ascending order, those above the given one. */
static void active_list(struct nvme *n, uint32_t above)
{
    uint32_t count = 0;
    for (uint32_t nsid = 1; nsid <= n->num_disks; nsid++)
        if (nsid > above)
            memcpy(n->st->dma.buffer + 4 * count++, &nsid, 4);
}

static void descriptors(struct nvme *n, uint32_t nsid)
{
    enum { TYPE_EUI64 = 1 };
    uint64_t id = eui64(n, nsid);
    n->st->dma.buffer[0] = TYPE_EUI64;
    n->st->dma.buffer[1] = sizeof(id);
    memcpy(n->st->dma.buffer + 4, &id, sizeof(id));
}

static bool exists(const struct nvme *n, uint32_t nsid)
{
    return nsid && nsid <= n->num_disks;
}

/* Of a namespace that could exist and does not, everything is zero.  CHOICE: the broadcast
 * namespace has no common capabilities, because there is no namespace management. */
void nvme_identify(struct nvme *n)
{
    uint32_t cns = n->st->command.dw[10] & 0xff, nsid = nvme_command_nsid(n);
    memset(n->st->dma.buffer, 0, NVME_PAGE);
    switch (cns) {
    case CNS_NAMESPACE:
        if (!nsid || nsid > nvme_num_namespaces(n))
            nvme_command_end(n, NVME_INVALID_NAMESPACE);
        else if (exists(n, nsid))
            put_namespace(n, nsid);
        break;
    case CNS_DESCRIPTORS:
        if (exists(n, nsid))
            descriptors(n, nsid);
        else
            nvme_command_end(n, NVME_INVALID_NAMESPACE);
        break;
    case CNS_CONTROLLER:
        put_controller(n);
        break;
    case CNS_ACTIVE_LIST:
        if (nsid >= 0xfffffffe)
            nvme_command_end(n, NVME_INVALID_NAMESPACE);
        else
            active_list(n, nsid);
        break;
    default:
        nvme_command_end(n, NVME_INVALID_FIELD);
    }
}
