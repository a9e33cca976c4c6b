/* SPDX-License-Identifier: BSD-2-Clause */
/* What the controller keeps, and how its parts reach each other. */
#ifndef NVME_STATE_H
#define NVME_STATE_H

#include "dma/dma.h"
#include "nvme/nvme.h"
#include "nvme/status.h"
#include "viaduct/bits.h"

enum {
    NVME_PAGE = 4096, /* the only memory page size */
    NVME_SQE = 64,
    NVME_CQE = 16,
    NVME_QUEUES = NVME_QUEUES_MAX + 1, /* with the admin queue, which is 0 */
    NVME_MDTS = 7,                     /* 2^7 pages: 512 KiB */
    NVME_EVENT_REQUESTS = 4,
    NVME_ERRORS = 4, /* entries of the error log */
    NVME_FLIGHTS = NVME_COMMANDS_MAX,
    NVME_SEGMENTS = (1 << NVME_MDTS) + 1, /* pages of the longest transfer */
    NVME_BROADCAST = -1,                  /* namespace ID 0xffffffff */
    NVME_KELVIN = 300,                    /* always */
};

enum nvme_opcode {
    ADMIN_DELETE_SQ = 0x00,
    ADMIN_CREATE_SQ = 0x01,
    ADMIN_GET_LOG_PAGE = 0x02,
    ADMIN_DELETE_CQ = 0x04,
    ADMIN_CREATE_CQ = 0x05,
    ADMIN_IDENTIFY = 0x06,
    ADMIN_ABORT = 0x08,
    ADMIN_SET_FEATURES = 0x09,
    ADMIN_GET_FEATURES = 0x0a,
    ADMIN_EVENT_REQUEST = 0x0c,
    IO_FLUSH = 0x00,
    IO_WRITE = 0x01,
    IO_READ = 0x02,
    IO_COMPARE = 0x05,
    IO_WRITE_ZEROES = 0x08,
    IO_DATASET_MANAGEMENT = 0x09,
};

struct nvme_sq {
    uint64_t base;
    uint32_t size, head, tail; /* size 0: the queue does not exist */
    uint32_t cq;
};

struct nvme_cq {
    uint64_t base;
    uint32_t size, head, tail;
    uint32_t phase; /* of the entries being written */
    uint32_t vector;
    uint32_t interrupts; /* 1: enabled */
    uint32_t pad;
};

/* What the controller does when the DMA engine is idle next. */
enum nvme_phase {
    NVME_IDLE,
    NVME_FETCHED,  /* a command is in the buffer */
    NVME_START,    /* decide what the command needs */
    NVME_PRP,      /* a page of a PRP list is in the buffer */
    NVME_EXECUTE,  /* all pages are known: the command's own steps */
    NVME_COMPLETE, /* write the completion */
    NVME_NOTIFY,   /* it is written */
};

/* A command that was fetched. */
struct nvme_command {
    uint32_t dw[16];
    uint32_t sq;
    uint32_t status;
    uint64_t result;      /* DW0, DW1 of the completion */
    uint32_t answered;    /* 0: no completion (now) */
    uint32_t step;        /* of the command's own */
    uint32_t data;        /* bytes behind the PRPs */
    uint32_t done, chunk; /* of data */
    uint32_t pad;
    uint64_t offset; /* on the disk */
};

/* A command that waits: when and where it goes on, and the places of its data. */
struct nvme_flight {
    vd_time due;
    uint64_t order;
    uint32_t phase; /* NVME_IDLE: there is none */
    uint32_t segments;
    struct nvme_command command;
    struct dma_segment list[NVME_SEGMENTS];
};

enum nvme_feature {
    FEATURE_ARBITRATION = 0x01,
    FEATURE_POWER = 0x02,
    FEATURE_TEMPERATURE = 0x04,
    FEATURE_ERROR_RECOVERY = 0x05,
    FEATURE_WRITE_CACHE = 0x06,
    FEATURE_QUEUES = 0x07,
    FEATURE_COALESCING = 0x08,
    FEATURE_VECTOR = 0x09,
    FEATURE_ATOMICITY = 0x0a,
    FEATURE_EVENTS = 0x0b,
    NVME_FEATURES = 0x0c
};

struct nvme_error {
    uint64_t count;
    uint32_t sq, cid, status, nsid;
    uint64_t lba;
};

struct nvme_state {
    uint32_t size;
    uint32_t cc, csts, aqa, intms;
    uint32_t queue_next; /* round robin: the submission queue asked first */
    uint64_t asq, acq;
    struct nvme_sq sqs[NVME_QUEUES];
    struct nvme_cq cqs[NVME_QUEUES];
    uint32_t phase;              /* enum nvme_phase */
    uint32_t queues_set;         /* 1: I/O queues exist or existed, so their number is settled */
    struct nvme_command command; /* being worked on */
    struct nvme_flight flights[NVME_FLIGHTS];
    uint32_t num_flights;
    uint32_t pad;
    uint64_t flights_begun;
    uint32_t features[NVME_FEATURES];
    uint32_t cold_threshold; /* Kelvin; the other is FEATURE_TEMPERATURE */
    uint32_t vector_config[NVME_QUEUES];
    uint16_t event_requests[NVME_EVENT_REQUESTS]; /* command IDs */
    uint32_t num_event_requests;
    uint32_t events;        /* bit n: error event n waits for a request */
    uint32_t events_masked; /* 1: until the error log is read */
    uint64_t error_count;
    struct nvme_error errors[NVME_ERRORS]; /* the latest first */
    uint64_t sectors_read, sectors_written, reads, writes;
    struct dma_state dma;
    struct pcie_function_state function;
};

struct nvme {
    struct nvme_config config;
    struct vd_host host;
    struct vd_disk disks[NVME_NAMESPACES_MAX];
    uint32_t num_disks;
    struct pcie_function function;
    struct dma dma;
    struct nvme_state *st;
    struct vd_event due; /* the next of the flights */
    bool running;
};

/* registers.c */
enum {
    CC_EN = 1u << 0,
    CSTS_RDY = 1u << 0,
    CSTS_CFS = 1u << 1,
};
enum vd_status nvme_registers_access(struct nvme *n, struct vd_txn *txn);
void nvme_registers_reset(struct nvme *n);

/* nvme.c */
/* Everything but registers: what CC.EN = 0 does. */
void nvme_controller_reset(struct nvme *n);
void nvme_controller_fatal(struct nvme *n);

/* queue.c */
void nvme_queue_run(void *nvme);
void nvme_queue_sq_doorbell(struct nvme *n, uint32_t queue, uint32_t value);
void nvme_queue_cq_doorbell(struct nvme *n, uint32_t queue, uint32_t value);
void nvme_queue_update_pin(struct nvme *n);
/* Ends the command with this status. */
void nvme_command_end(struct nvme *n, uint32_t status);
uint32_t nvme_command_opcode(const struct nvme *n);
uint32_t nvme_command_nsid(const struct nvme *n);

/* flight.c */
void nvme_flight_init(struct nvme *n);
void nvme_flight_reset(struct nvme *n);
/* Posts events from a state that was taken over. */
void nvme_flight_resume(struct nvme *n);
bool nvme_flight_valid(const struct nvme *n, const struct nvme_state *st);
/* Commands that wait, and whose completions are for this queue. */
uint32_t nvme_flight_count(const struct nvme *n, uint32_t cq);
/* The command goes on in its phase after so many cycles; none: at once. */
void nvme_flight_wait(struct nvme *n, uint64_t cycles);
/* It goes on behind all that are due. */
void nvme_flight_stand_back(struct nvme *n);
/* The first one that is due is worked on.  False: there is none. */
bool nvme_flight_next(struct nvme *n);
/* Ends those of a queue that wait (cid < 0), or one of them.  False: there is none, of a whole
 * queue not even one that has ended and waits for its completion. */
bool nvme_flight_abort(struct nvme *n, uint32_t sq, int cid, uint32_t status);

/* prp.c */
/* Collects the pages of `bytes` bytes; then the phase is EXECUTE, or the command has ended. */
void nvme_prp_start(struct nvme *n, uint32_t bytes);
void nvme_prp_step(struct nvme *n);

/* admin.c, io.c: begin() decides what a command needs, execute() does one step of it while the DMA
 * engine is idle. */
void nvme_admin_begin(struct nvme *n);
void nvme_admin_execute(struct nvme *n);
void nvme_io_begin(struct nvme *n);
void nvme_io_execute(struct nvme *n);
/* A command that was begun, from outside: it stays on its disk. */
bool nvme_io_command_valid(const struct nvme *n, const struct nvme_command *command);
/* An error event for the host, if it asked to be told. */
void nvme_admin_event(struct nvme *n, uint32_t event);
/* Answers a waiting event request, if there is one.  True: a completion is to be written. */
bool nvme_admin_event_ready(const struct nvme *n);
void nvme_admin_take_event(struct nvme *n);

/* features.c */
void nvme_features_reset(struct nvme *n);
void nvme_features_set(struct nvme *n);
void nvme_features_get(struct nvme *n);
/* The temperature is at one of the thresholds, or beyond. */
bool nvme_features_temperature_critical(const struct nvme *n);

/* NN: the highest namespace ID that could exist. */
static inline uint32_t nvme_num_namespaces(const struct nvme *n)
{
    return n->num_disks ? n->num_disks : 1;
}

/* identify.c: fills the page at the start of the buffer, or ends the command with an error. */
void nvme_identify(struct nvme *n);

#endif
