/* SPDX-License-Identifier: BSD-2-Clause */
/* The contract between a model and its world.  A model sees nothing else of the simulator: it
 * includes these headers and libc, and reaches the world through one struct vd_host. */
#ifndef VIADUCT_HOST_H
#define VIADUCT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "viaduct/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Picoseconds since reset.  VD_NEVER is later than every event. */
typedef uint64_t vd_time;
#define VD_NEVER UINT64_MAX

enum vd_cmd {
    VD_READ,
    VD_WRITE,
    VD_CAS, /* data[0] is stored if memory equals data[1]; data[0] returns what memory held */
    VD_OR,  /* memory |= data[0] in one step; data[0] returns what memory held */
};

/* VD_OK .. VD_POISON are results of an access; the last two are answers of submit() and access().
 */
enum vd_status {
    VD_OK,
    VD_UNMAPPED,    /* nothing is at that address */
    VD_DENIED,      /* there, but this command, size or alignment is not allowed */
    VD_UNSUPPORTED, /* PCIe Unsupported Request: the translation was refused */
    VD_ABORTED,     /* PCIe Completer Abort: the translation could not be done */
    VD_POISON,      /* the data is corrupt */
    VD_PENDING,     /* taken over; the model's complete function is called with the result */
    VD_RETRY,       /* nothing happened; txn->delay says how long to wait before asking again */
};

enum vd_at {
    VD_AT_UNTRANSLATED,
    VD_AT_TRANSLATION_REQUEST,
    VD_AT_TRANSLATED,
};

/* Attributes of a transaction. */
enum {
    VD_POSTED = 1u << 0,     /* a write whose issuer wants no completion */
    VD_EXEC = 1u << 1,       /* read for execute */
    VD_PRIVILEGED = 1u << 2, /* device: supervisor request (only with VD_PROCESS_ID) */
    VD_PROCESS_ID = 1u << 3, /* process_id is valid (PCIe PASID) */
    VD_RELAXED = 1u << 4,    /* may pass earlier posted writes of the same requester */
    VD_ATOMIC = 1u << 5,     /* one half of a hart's read-modify-write or LR/SC */
    VD_NO_WRITE = 1u << 6,   /* ATS translation request that needs no write permission */
    VD_CXL = 1u << 7,        /* ATS request of a CXL Type 1 or 2 device */
    VD_DEBUG = 1u << 8,      /* debugger: no side effect, no latency, no ledger entry */
};

/* A requester is a PCIe device_id (24 bits) or one of these. */
#define VD_REQUESTER_HART(n)  (0x80000000u | (uint32_t)(n))
#define VD_REQUESTER_IOMMU(n) (0x81000000u | (uint32_t)(n))
#define VD_REQUESTER_APLIC(n) (0x82000000u | (uint32_t)(n))
#define VD_REQUESTER_BOARD(n) (0x83000000u | (uint32_t)(n)) /* a device that is not PCIe */

/* Bytes that one transaction can carry: a cache line, an IOMMU device context. */
#define VD_TXN_BYTES 64

/* One bus transaction, a value: whoever needs it longer than the call copies it.  data holds the
 * bytes in address order (byte 0 of data[0] as stored by a little-endian host is the byte at addr).
 */
struct vd_txn {
    uint64_t addr;
    uint64_t serial;     /* the MSI's serial, 0 for anything else */
    vd_time delay;       /* access(): the latency is added to it; VD_RETRY: how long to wait */
    uint32_t requester;  /* VD_REQUESTER_HART(n), ..., or the PCIe device_id */
    uint32_t process_id; /* with VD_PROCESS_ID */
    uint32_t attrs;
    uint32_t tag;   /* the issuer's; comes back with the completion */
    uint8_t cmd;    /* enum vd_cmd */
    uint8_t status; /* enum vd_status */
    uint8_t at;     /* enum vd_at */
    uint8_t size;   /* 1, 2, 4, 8, 16, 32 or 64 bytes; devices may use any 1..64 within 64 aligned
                       bytes */
    uint16_t rcid, mcid; /* QoS: whose share of a resource it takes, who counts it; 0: nobody's */
    uint64_t data[VD_TXN_BYTES / 8];
};

/* An armed timer.  The node is the model's; the scheduler owns the last three fields while it is
 * armed. Order is total: by time, then by order of posting. */
struct vd_event {
    void (*fire)(void *ctx, uint32_t arg);
    void *ctx;
    uint32_t arg;
    uint32_t slot; /* 0: not armed */
    vd_time when;
    uint64_t order;
};

/* Something that executes instructions.  The scheduler calls run() with limit set; run() goes on
 * until time reaches limit or asleep is set.  If `loose` is set it may stop at any instruction
 * boundary before limit, once it has executed something: that limit only bounds how far it gets
 * ahead of others.  Time must be current whenever the runner calls into its host, and limit and
 * loose must be read again after such a call: posting an earlier event changes them.  A sleeping
 * runner is woken by the wake() of its host, which moves time forward to now. */
struct vd_runner {
    void (*run)(struct vd_runner *runner); /* part of what runs, which knows where */
    vd_time time;
    vd_time limit;
    bool loose;
    bool asleep;
    bool queued;            /* the scheduler's, as the rest */
    uint32_t id;            /* order among equals */
    struct vd_runner *next; /* in order of time */
};

#define VD_HOST_VERSION 1u

/* What the world does for a model.  Every function gets the ctx of struct vd_host. */
struct vd_host_ops {
    uint32_t version;
    vd_time (*now)(void *ctx);
    /* Arms ev at `when`, which is not before now; an armed event is moved. */
    void (*post)(void *ctx, struct vd_event *ev, vd_time when);
    void (*cancel)(void *ctx, struct vd_event *ev);
    /* Performs the access now and adds its latency to txn->delay.  Never VD_PENDING. */
    enum vd_status (*access)(void *ctx, struct vd_txn *txn);
    /* Performs the access after its latency, in order with the issuer's earlier posted writes. With
     * no latency it is done at once and the status returned; else VD_PENDING, and the model's
     * complete function gets the result (unless VD_POSTED).  Decode errors are returned at once. */
    enum vd_status (*submit)(void *ctx, struct vd_txn *txn);
    /* How long until every write that this issuer has submitted has taken effect. */
    vd_time (*drain)(void *ctx);
    void (*wire)(void *ctx, uint32_t line, bool level);
    /* Host pointer to the 4-KiB page of RAM at spa, or NULL (no RAM, or for `write`: someone
     * watches it). It is valid until the model's revoke function is called for that page, or for
     * VD_NEVER: all pages. */
    void *(*grant)(void *ctx, uint64_t spa, bool write);
    /* From now on (or no more) the model's snoop function is told of every write to the page at
     * spa. */
    void (*watch)(void *ctx, uint64_t spa, bool on);
    void (*wake)(void *ctx, struct vd_runner *runner);
    /* mtime, the platform's real-time counter, at now. */
    uint64_t (*mtime)(void *ctx);
    /* A fresh MSI serial. */
    uint64_t (*serial)(void *ctx);
    /* Time and source are filled in by the host.  Never NULL: the ledger lives on these records. */
    void (*trace)(void *ctx, const struct vd_record *rec);
};

struct vd_host {
    const struct vd_host_ops *ops;
    void *ctx;
};

#ifdef __cplusplus
}
#endif
#endif
