/* SPDX-License-Identifier: BSD-2-Clause */
/* One world of a vector file: an IOMMU without latencies, RAM, an IMSIC window, a device that
 * listens.  What the IOMMU does is written down as answer lines. */
#ifndef VECTORS_WORLD_H
#define VECTORS_WORLD_H

#include "iommu/iommu.h"
#include "reader.h"

/* Of the trace record iommu_access. */
enum { TABLE_DDT, TABLE_PDT, TABLE_FIRST, TABLE_SECOND, TABLE_MSI, TABLE_MRIF, TABLES };

enum { MAX_POISON = 64, MAX_MESSAGES = 8, MAX_UNDO = 32 };

#define RAM_BASE   UINT64_C(0x80000000)
#define RAM_SIZE   (UINT64_C(512) << 20)
#define IMSIC_BASE UINT64_C(0x28000000)
#define IMSIC_SIZE (UINT64_C(64) << 20)
#define RAM_PAGES  (RAM_SIZE >> 12)

/* What has happened since world_listen(). */
struct transcript {
    struct line answers[MAX_ANSWERS];
    bool unchanged[MAX_ANSWERS]; /* a store of what was there already */
    uint32_t num_answers;
    struct vd_txn response;
    bool responded;
    struct vd_txn forwarded; /* the device's request as it left */
    bool was_forwarded;
    uint32_t reads[TABLES]; /* of entries of a table */
};

struct world {
    struct vd_host host;
    struct iommu *iommu;
    bool big_endian; /* fctl.BE */
    uint64_t capabilities;

    /* After a difference: so many more fault records has the model written than were recorded. */
    uint32_t ahead;

    uint8_t **pages; /* RAM, 4 KiB each; NULL is a page of zeroes */
    uint64_t poison[MAX_POISON];
    uint32_t num_poison;

    struct transcript seen, kept;
    struct vd_txn completions[MAX_MESSAGES]; /* ATS invalidations to be completed */
    uint32_t num_completions;

    /* A rehearsal is taken back. */
    bool rehearsing;
    uint8_t *saved;
    size_t saved_size;
    struct undo {
        uint64_t addr;
        uint8_t bytes[VD_TXN_BYTES];
    } undo[MAX_UNDO];
    uint32_t num_undo;
};

bool world_open(struct world *world, const struct line *line, struct vd_error *err);
void world_close(struct world *world);
bool world_poison(struct world *world, uint64_t addr, struct vd_error *err);
void world_write(struct world *world, uint64_t addr, uint64_t value);
uint64_t world_read(const struct world *world, uint64_t addr);
/* A structure in memory that fctl.BE governs. */
uint64_t world_read_entry(const struct world *world, uint64_t addr);
void world_write_entry(struct world *world, uint64_t addr, uint64_t value);
uint64_t world_register(struct world *world, uint32_t offset, unsigned size);
void world_set_register(struct world *world, uint32_t offset, unsigned size, uint64_t value);
void world_listen(struct world *world);
struct line *world_answer(struct world *world, enum line_kind kind);
/* Completes the ATS invalidations that have been asked for. */
void world_complete(struct world *world);
/* Between the two everything may be tried: it has not happened afterwards. */
void world_rehearse(struct world *world);
void world_forget(struct world *world);

#endif
