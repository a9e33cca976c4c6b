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
    LEDGER_MAX_BROKEN = 16,        /* of each invariant */
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

enum { NO_SOURCE = UINT16_MAX };

struct msi {
    uint64_t serial;
    vd_time stamp[STAMP_COUNT];
    vd_time seen;    /* when it was last seen */
    uint64_t target; /* address it goes to: the device's, then the IOMMU's */
    uint64_t coalesced_into;
    struct msi *next; /* in a slot: the first one's bit stands for these too */
    struct place *place;
    const struct place *held_from; /* what software has taken it out of */
    uint32_t identity;             /* as its data says, then as recorded */
    uint32_t requester, path, phase, traps;
    int32_t vm;      /* of the device */
    int32_t vcpu;    /* whose page it was sent to; -1: unknown */
    uint16_t offset; /* in that page */
    uint16_t iommu;  /* source of the records of the IOMMU that it has passed, or NO_SOURCE */
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
    bool claiming; /* of an MRIF: software is about to clear the bit for a claim of its own */
    uint32_t inject_path;
};

enum place_kind { PLACE_FILE, PLACE_SOFTWARE, PLACE_MRIF, PLACE_HELD };

/* The last MSI of a source that arrived somewhere. */
struct order {
    uint32_t requester;
    vd_time issue;
    uint64_t serial;
};

struct orders {
    struct order *rows;
    uint32_t num_rows;
};

enum touch { TOUCH_NONE, TOUCH_CLAIM, TOUCH_WRITE };

/* Of interrupt files only: what the records say about the hardware. */
struct file_check {
    uint64_t eip[LEDGER_IDENTITIES / 64];
    uint32_t words;       /* of eip that may be other than 0 */
    enum touch touch;     /* the last thing that software did to eip */
    bool level, wire;     /* hgeip as it should be, and as it is */
    vd_time changed;      /* of the two, the last */
    bool reused, cleaned; /* has a new owner, was empty since the last one had it */
    uint32_t moves;       /* that are going on from or to it */
    struct orders orders;
};

/* Somewhere an MSI can be pending. */
struct place {
    enum place_kind kind;
    uint64_t id; /* VD_FILE, VM << 16 | vCPU, address, VM */
    int32_t vm, vcpu;
    bool owner_known, free;
    bool blocked;       /* software file: its vCPU sleeps */
    bool masked;        /* and takes no external interrupts */
    vd_time since;      /* it sleeps */
    struct place *file; /* software file: the guest file that its vCPU got last */
    struct file_check check;
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
    struct orders aplic; /* of its MSIs to all files of this hart */
    struct place *held;  /* the last that it has taken out of its own S file, or NULL */
    uint32_t held_identity;
    uint64_t hgeip, hgeie;
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
    uint32_t migration; /* index, or NO_MIGRATION */
};

enum { NO_MIGRATION = UINT32_MAX, LEDGER_MAX_MIGRATIONS = 4096, LEDGER_MAX_LANDINGS = 1 << 16 };

/* An MRIF that is the software file of a vCPU, as long as the IOMMU stores into it. */
struct ledger_mrif {
    uint64_t addr;
    struct place *place;
    bool in_use;
    uint64_t bits[LEDGER_IDENTITIES / 64]; /* pending, as far as the books know */
};

/* The page that a VM's devices find a vCPU's file at. */
struct ledger_page {
    uint64_t page;
    int32_t vm, vcpu;
};

enum { PTE_VALUES = 16 };

/* What an MSI PTE said, until when. */
struct pte_value {
    uint64_t dw0, dw1;
    vd_time until;
};

/* As one IOMMU may have it. */
struct ledger_pte {
    uint16_t iommu;   /* source of its records */
    int32_t vm, vcpu; /* whose MSIs it leads */
    uint64_t addr, dw0, dw1;
    vd_time since;
    struct pte_value old[PTE_VALUES]; /* a ring */
    uint64_t num_old;
    vd_time invalidated;     /* by a command that no fence has followed yet */
    vd_time settled, fenced; /* by one that a fence has followed, and when that was over */
};

/* Where MSIs of a device to a page are led. */
struct ledger_route {
    uint32_t requester, pte;
    uint64_t page;
};

/* A store into an MRIF whose notice is still to come. */
struct ledger_notice {
    uint64_t serial;
    uint32_t pte; /* or NO_PTE */
    vd_time stored;
};

enum { NO_PTE = UINT32_MAX, LEDGER_NOTICES = 64, LEDGER_ROUTE_HINTS = 256 };

struct ledger_iommu {
    uint16_t source;
    vd_time last_command;
    vd_time fence_before,
        fence_done; /* IOFENCE.C with PW: the command in front of it, and its end */
    bool fence_known;
    uint64_t fence_cqh, commands; /* since it */
    struct ledger_notice notices[LEDGER_NOTICES];
    uint32_t num_notices;
    uint64_t mrif; /* whose bit it has just set in memory, 0: none */
    uint32_t bit;
};

/* A cached translation that memory contradicts. */
struct ledger_stale {
    uint64_t page;
    uint32_t device_id, command;
    uint64_t fence; /* fences that had ended when it was first seen */
    bool noted;
};

/* A device context as an IOMMU has read it. */
enum { GSCID_LSB = 44, GSCID_WIDTH = 16 };
struct ledger_context {
    uint16_t iommu; /* the port that told */
    uint32_t device_id;
    uint64_t iohgatp, msi;
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
    struct ledger_context *contexts;
    uint32_t num_contexts;
    struct ledger_level *levels;
    uint32_t num_levels;
    uint64_t fences;
    struct ledger_page *pages;
    uint32_t num_pages, last_page;
    struct ledger_pte *ptes;
    uint32_t num_ptes;
    struct ledger_route *routes;
    uint32_t num_routes, route_hints[LEDGER_ROUTE_HINTS];
    struct ledger_iommu *iommus;
    uint32_t num_iommus;
    uint64_t fault_due; /* serial of an MSI whose drop an IOMMU's fault record must follow */
    uint32_t broken[LEDGER_INVARIANTS];
    uint32_t phase, path;
    struct ledger_counts all;
    struct path_counts *paths;
    uint32_t num_paths;
    struct ledger_finding *findings;
    uint32_t num_findings;
    uint64_t violations;
    struct sample *samples;
    uint32_t num_samples, max_samples;
    struct migration *migrations;
    uint32_t num_migrations;
    struct landing *landings;
    uint32_t num_landings;
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
void msi_sample(struct ledger *l, const struct msi *msi, enum sample_fate fate);
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
/* A hart stores an MSI: it may stand for what the hart has just taken out of its own S file. */
void move_resent(struct ledger *l, uint32_t hart, uint64_t serial);
/* Takes what waits for `identity` to be set again at `to`: held, under a move, or in an MRIF. */
struct msi *place_take_waiting(struct ledger *l, struct place *to, uint32_t identity);
void place_name(const struct place *place, char *text, size_t size);

/* ledger_file.c: what happens at an interrupt file or a place like one */
void file_record(struct ledger *l, const struct vd_record *rec);
/* It becomes pending at a place, whose bit was set before or not. */
void file_enter(struct ledger *l, struct msi *msi, struct place *place, bool was_pending);
void file_check_owner(struct ledger *l, struct msi *msi, const struct place *place,
                      const char *verb);
void file_check_identity(struct ledger *l, struct msi *msi, uint32_t identity,
                         enum ledger_invariant invariant);
/* Nobody will look there any more: what is pending and deliverable is lost. */
void file_give_up(struct ledger *l, struct place *place, enum ledger_invariant invariant,
                  const char *why);
void file_claim(struct ledger *l, struct place *place, uint32_t identity, uint32_t hart);
void file_claimed(struct ledger *l, const struct vd_record *rec);
void file_eip_set(struct ledger *l, const struct vd_record *rec);
void file_eip_clear(struct ledger *l, const struct vd_record *rec);
void file_state(struct ledger *l, const struct vd_record *rec);
/* The hypervisor was told of the last claim on this hart and did nothing with it. */
void file_check_injected(struct ledger *l, struct ledger_hart *hart);

/* ledger_move.c: what software takes out of one place and sets in another */
void move_set(struct ledger *l, struct place *place, uint32_t identity);
void move_hold(struct ledger *l, struct place *place, uint32_t identity);
void move_begins(struct ledger *l, struct ledger_move *move);
void move_stops(const struct ledger_move *move);
void move_ends(struct ledger *l, const struct ledger_move *move);

/* ledger_migration.c: what the report shows of moves */
void migration_begins(struct ledger *l, struct ledger_move *move);
void migration_ends(struct ledger *l, const struct ledger_move *move);
void migration_stored(struct ledger *l, const struct ledger_pte *pte);
void migration_restored(struct ledger *l, const struct place *place);
void migration_landed(struct ledger *l, const struct msi *msi, const struct place *place);
/* merges: the bit was set there already. */
void migration_moved(struct ledger *l, const struct msi *msi, const struct place *place,
                     bool merges);

/* ledger_mrif.c */
void mrif_store(struct ledger *l, const struct vd_record *rec);
void mrif_word(struct ledger *l, const struct vd_record *rec);
void mrif_use(struct ledger *l, uint64_t who, uint64_t addr, bool use);
void mrif_notice(struct ledger *l, const struct vd_record *rec);
void mrif_finish(struct ledger *l);

/* ledger_check.c: invariants of interrupt files */
void check_bit(struct ledger *l, struct place *place, uint32_t identity, bool set);
void check_record(struct ledger *l, struct place *place, const struct msi *msi,
                  const struct vd_record *rec);
void check_claim(struct ledger *l, struct place *place, uint32_t identity);
void check_state(struct ledger *l, struct place *place);
void check_owner(struct ledger *l, struct place *place, int64_t vm, uint64_t vcpu);
/* eidelivery has been written. */
void check_delivery(struct ledger *l, struct place *place);
void check_hgeip(struct ledger *l, const struct vd_record *rec);
void check_finish(struct ledger *l);

/* ledger_route.c: invariants of the way through the IOMMU */
void route_learn(struct ledger *l, const struct vd_record *rec);
void route_word(struct ledger *l, const struct vd_record *rec);
void route_translated(struct ledger *l, const struct msi *msi, const struct vd_record *rec);
void route_dropped(struct ledger *l, const struct msi *msi, const struct vd_record *rec);
void route_recorded(struct ledger *l, const struct msi *msi);
void route_command(struct ledger *l, const struct vd_record *rec);
/* The PTE that leads MSIs like this one, or NULL. */
struct ledger_pte *route_pte(struct ledger *l, const struct msi *msi);
/* The PTE has said `dw0 & mask` when hardware may still act upon it. */
bool route_said(const struct ledger_pte *pte, const struct msi *msi, uint64_t mask, uint64_t dw0);
struct ledger_iommu *route_iommu(struct ledger *l, uint16_t source);

/* ledger_vcpu.c */
void vcpu_page(struct ledger *l, uint64_t who, uint64_t gpa);
void vcpu_addressed(struct ledger *l, struct msi *msi, uint64_t iova);
void vcpu_state(struct ledger *l, uint64_t who, uint64_t state);
void vcpu_file(struct ledger *l, struct place *file);
void vcpu_hgeie(struct ledger *l, const struct vd_record *rec);
void vcpu_sgei(struct ledger *l, uint32_t hart);

/* ledger_hint.c */
void hint_take(struct ledger *l, const struct vd_record *rec);
void hint_take_more(struct ledger *l, const struct vd_record *rec);

/* ledger_trap.c */
void trap_take(struct ledger *l, const struct vd_record *rec);
/* Of the hart's last trap into a hypervisor; now if there was none. */
vd_time trap_of_hypervisor(struct ledger *l, uint32_t hart);
void trap_stamp(struct ledger *l, struct msi *msi, const struct place *place, uint32_t hart);

/* ledger_context.c */
void context_take(struct ledger *l, const struct vd_record *rec);
void context_command(struct ledger *l, const struct vd_record *rec);

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
void finding_mixed(struct ledger *l, const struct ledger_context *x,
                   const struct ledger_context *y);
void finding_stale(struct ledger *l, const struct ledger_stale *stale);
__attribute__((format(printf, 5, 6))) void finding_add(struct ledger *l,
                                                       enum ledger_finding_kind kind,
                                                       enum ledger_invariant invariant,
                                                       struct msi *msi, const char *format, ...);
/* A claim or injection that belongs to no MSI. */
__attribute__((format(printf, 4, 5))) void
finding_of_nothing(struct ledger *l, uint32_t hart, uint32_t identity, const char *format, ...);
/* An invariant of hardware or hypervisor, serial 0: of no MSI in particular. */
__attribute__((format(printf, 4, 5))) void finding_broken(struct ledger *l,
                                                          enum ledger_invariant invariant,
                                                          uint64_t serial, const char *format, ...);
void finding_dropped(struct ledger *l, struct msi *msi, uint32_t drop, uint64_t detail);
void finding_lost(struct ledger *l, struct msi *msi, enum ledger_invariant invariant,
                  const char *why);
/* A cause that never became an MSI. */
__attribute__((format(printf, 2, 3))) void finding_unseen(struct ledger *l, const char *format,
                                                          ...);
/* It is left where it was, for a reason that is no error by itself. */
void finding_pending(struct ledger *l, struct msi *msi);

#endif
