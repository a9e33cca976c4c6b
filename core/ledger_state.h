/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of the ledger. */
#ifndef CORE_LEDGER_STATE_H
#define CORE_LEDGER_STATE_H

#include "core/ledger.h"

enum {
    LEDGER_GUESTS = 64, /* files of a hart: M, S and 63 guest files */
    LEDGER_FILES = LEDGER_GUESTS + 1,
    LEDGER_HARTS = 4096,
    LEDGER_IDENTITIES = 2048,
    LEDGER_TRAPS = 4096,           /* remembered per hart and mode; a longer wait counts these */
    LEDGER_CHUNK = 256,            /* MSIs whose memory is reclaimed together */
    LEDGER_MAX_PLACES = 8192,      /* that hints may ask for: 64 harts have 4032 guest files */
    LEDGER_MAX_SOFTWARE = 1 << 24, /* MSIs of software */
    LEDGER_MAX_FINDINGS = 4096,    /* kept as text; all are counted */
    LEDGER_MAX_DROPS = LEDGER_MAX_FINDINGS / 2, /* of them: a flood of drops must not hide a loss */
};

/* VM of a device or file; 0 is the host. */
enum { VM_UNKNOWN = -1 };

enum { PHASE_MEASURED = 2, PHASE_QUIET = 3 };

enum msi_state {
    MSI_UNBORN,
    MSI_ISSUED,
    MSI_ACCEPTED,
    MSI_TRANSLATED,
    MSI_PENDING, /* in a file, a software file or an MRIF */
    MSI_HELD,    /* software has cleared its pending bit and not set it elsewhere yet */
    MSI_CLAIMED,
    MSI_DROPPED,
    MSI_LOST,
};

struct msi {
    uint64_t serial;
    vd_time stamp[STAMP_COUNT];
    vd_time seen;    /* when it was last seen */
    uint64_t target; /* address it goes to: the device's, then the IOMMU's */
    uint64_t coalesced_into;
    struct msi *next; /* in a slot: the first one's bit stands for these too */
    struct place *place;
    uint32_t identity; /* as its data says, then as recorded */
    uint32_t requester, path, phase, traps;
    int32_t vm; /* of the device */
    uint8_t state;
    uint32_t stale; /* the command that should have removed its translation; 0: none */
    bool inexact, stray, moved;
    bool host; /* the hypervisor's own: a notice of an MRIF, an IPI between its harts */
};

/* MSIs that software makes without a store that anyone sees have serials of the ledger's own. */
#define LEDGER_SOFTWARE_SERIAL (UINT64_C(1) << 62)

/* One identity of a place.  Its pending bit may stand for MSIs, for a write of software, or both.
 */
struct slot {
    struct msi *first, *last;
    bool software;
    bool injected; /* the hypervisor has injected MSIs claimed here, under inject_path */
    uint32_t inject_path;
};

enum place_kind { PLACE_FILE, PLACE_SOFTWARE, PLACE_MRIF, PLACE_HELD };

/* Somewhere an MSI can be pending. */
struct place {
    enum place_kind kind;
    uint64_t id; /* VD_FILE, VM << 16 | vCPU, address, VM */
    int32_t vm, vcpu;
    bool owner_known, free;
    bool blocked; /* software file: its vCPU sleeps */
    uint64_t eidelivery, eithreshold;
    uint64_t eie[LEDGER_IDENTITIES / 64];
    struct slot *slots;
    uint32_t num_slots;
};

struct trap_ring {
    vd_time times[LEDGER_TRAPS];
    uint64_t count;
};

struct trap_stamp {
    vd_time trap, entry;
};

enum trap_target { TRAP_M, TRAP_S, TRAP_VS, TRAP_TARGETS };

/* The claim that an inject hint may follow. */
struct last_claim {
    bool valid, used;
    uint32_t identity, path;
    struct msi *first; /* NULL: the bit was software's */
    struct place *place;
};

struct ledger_hart {
    struct place *files[LEDGER_FILES];
    struct trap_ring traps[TRAP_VS];      /* into M, into S */
    struct trap_stamp last[TRAP_TARGETS]; /* external interrupt */
    struct last_claim claim;
};

enum { NO_HART = UINT32_MAX };

struct ledger_source {
    uint32_t hart;
    uint64_t code, x10, x11; /* of a hint whose other arguments are still to come */
};

struct ledger_owner {
    uint32_t device_id;
    int32_t vm;
};

struct ledger_move {
    uint64_t who;
    vd_time begun;
    struct place *from, *to;
};

/* An MRIF that is the software file of a vCPU, as long as the IOMMU stores into it. */
struct ledger_mrif {
    uint64_t addr;
    struct place *place;
    bool in_use;
};

/* A cached translation that memory contradicts. */
struct ledger_stale {
    uint64_t page;
    uint32_t device_id, command;
    uint64_t fence; /* fences that had ended when it was first seen */
    bool noted;
};

/* A level-sensitive source of an APLIC that delivers by MSIs. */
struct ledger_level {
    uint16_t aplic; /* the port that told */
    uint32_t source;
    bool asserted, pending;
    vd_time since, left; /* when it was asserted, and when its MSI left */
};

struct chunk {
    struct msi msis[LEDGER_CHUNK];
};

struct path_counts {
    uint32_t path;
    struct ledger_counts counts;
    uint64_t counted[LEDGER_COUNTERS]; /* by the firmware itself */
};

struct ledger {
    struct ledger_config config;
    vd_time now;           /* of the record at hand */
    struct chunk **chunks; /* by serial; NULL: all of its MSIs have ended long ago */
    uint32_t num_chunks;
    struct chunk **software; /* the same of software's, which are all kept */
    uint32_t num_software;   /* MSIs */
    uint64_t open;
    struct ledger_hart **harts;
    uint32_t num_harts;
    struct ledger_source *sources;
    uint32_t num_sources;
    struct ledger_owner *owners;
    uint32_t num_owners;
    struct place **places; /* all but the files of harts */
    uint32_t num_places;
    struct ledger_move *moves;
    uint32_t num_moves;
    struct ledger_mrif *mrifs;
    uint32_t num_mrifs;
    struct ledger_stale *stales;
    uint32_t num_stales;
    struct ledger_level *levels;
    uint32_t num_levels;
    uint64_t fences;
    uint32_t phase, path;
    struct ledger_counts all;
    struct path_counts *paths;
    uint32_t num_paths;
    struct ledger_finding *findings;
    uint32_t num_findings;
    uint64_t violations;
    struct sample *samples;
    uint32_t num_samples, max_samples;
};

/* ledger.c */
void *ledger_grow(void *array, uint64_t count, size_t size);
struct ledger_hart *ledger_hart(struct ledger *l, uint32_t hart);
uint32_t ledger_source_hart(const struct ledger *l, uint16_t source);

/* ledger_msi.c */
struct msi *msi_find(struct ledger *l, uint64_t serial);
void msi_issue(struct ledger *l, const struct vd_record *rec);
void msi_drop(struct ledger *l, const struct vd_record *rec);
/* An emulated device or a trapped store makes one, in the trap that this hart handles. */
struct msi *msi_of_software(struct ledger *l, uint32_t hart, uint32_t identity);
/* No more will happen to it. */
void msi_end(struct ledger *l, struct msi *msi, enum msi_state state);
/* It turns out to be the hypervisor's own, which no path counts. */
void msi_is_hosts(struct ledger *l, struct msi *msi);
void msi_reopen(struct ledger *l, struct msi *msi);
/* Adds to one counter (given by its offset in struct ledger_counts) of the run and of the path. */
void msi_count(struct ledger *l, const struct msi *msi, size_t counter, int64_t n);
struct path_counts *msi_path(struct ledger *l, uint32_t path);
void msi_claim(struct ledger *l, struct msi *msi, const struct place *place, uint32_t hart);
#define LEDGER_COUNTER(name) offsetof(struct ledger_counts, name)

/* ledger_place.c */
struct place *place_file(struct ledger *l, uint64_t file);
struct place *place_find(struct ledger *l, enum place_kind kind, uint64_t id);
/* It exists, or there are not too many yet: see LEDGER_MAX_PLACES. */
bool place_fits(const struct ledger *l, enum place_kind kind, uint64_t id);
struct slot *place_slot(struct place *place, uint64_t identity);
/* NULL if nothing was ever pending there. */
struct slot *place_peek(const struct place *place, uint64_t identity);
void slot_append(struct slot *slot, struct place *place, struct msi *list);
struct msi *slot_take(struct slot *slot);
void place_owner(struct place *place, int64_t vm, uint64_t vcpu);
bool place_enables(const struct place *place, uint32_t identity);
/* Takes what waits for `identity` to be set again at `to`: held, under a move, or in an MRIF. */
struct msi *place_take_waiting(struct ledger *l, struct place *to, uint32_t identity);
void place_name(const struct place *place, char *text, size_t size);

/* ledger_file.c: what happens at an interrupt file or a place like one */
void file_record(struct ledger *l, const struct vd_record *rec);
void file_mrif_store(struct ledger *l, const struct vd_record *rec);
/* Nobody will look there any more: what is pending and deliverable is lost. */
void file_give_up(struct ledger *l, struct place *place, const char *why);
void file_claim(struct ledger *l, struct place *place, uint32_t identity, uint32_t hart);
void file_eip_set(struct ledger *l, const struct vd_record *rec);
void file_eip_clear(struct ledger *l, const struct vd_record *rec);
void file_state(struct ledger *l, const struct vd_record *rec);
void file_move_ends(struct ledger *l, const struct ledger_move *move);
/* The hypervisor was told of the last claim on this hart and did nothing with it. */
void file_check_injected(struct ledger *l, struct ledger_hart *hart);

/* ledger_hint.c */
void hint_take(struct ledger *l, const struct vd_record *rec);
void hint_take_more(struct ledger *l, const struct vd_record *rec);

/* ledger_trap.c */
void trap_take(struct ledger *l, const struct vd_record *rec);
/* Of the hart's last trap into a hypervisor; now if there was none. */
vd_time trap_of_hypervisor(struct ledger *l, uint32_t hart);
void trap_stamp(struct ledger *l, struct msi *msi, const struct place *place, uint32_t hart);

/* ledger_stale.c */
void stale_take(struct ledger *l, const struct vd_record *rec);
void stale_command_done(struct ledger *l, const struct vd_record *rec);
const char *stale_command(uint32_t command);

/* ledger_level.c */
void level_take(struct ledger *l, const struct vd_record *rec);
void level_take_pending(struct ledger *l, const struct vd_record *rec);
/* The devices are stopped and everything is handled. */
void level_check(struct ledger *l);

/* ledger_finding.c */
void finding_stale(struct ledger *l, const struct ledger_stale *stale);
__attribute__((format(printf, 4, 5))) void finding_add(struct ledger *l,
                                                       enum ledger_finding_kind kind,
                                                       struct msi *msi, const char *format, ...);
/* A claim or injection that belongs to no MSI. */
__attribute__((format(printf, 4, 5))) void
finding_of_nothing(struct ledger *l, uint32_t hart, uint32_t identity, const char *format, ...);
/* A cause that never became an MSI. */
__attribute__((format(printf, 2, 3))) void finding_unseen(struct ledger *l, const char *format,
                                                          ...);
void finding_dropped(struct ledger *l, struct msi *msi, uint32_t drop, uint64_t detail);
void finding_lost(struct ledger *l, struct msi *msi, const char *why);
/* It is left where it was, for a reason that is no error by itself. */
void finding_pending(struct ledger *l, struct msi *msi);

#endif
