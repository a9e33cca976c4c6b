/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the IOMMU offer one another. */
#ifndef IOMMU_MODEL_H
#define IOMMU_MODEL_H

#include <string.h>

#include "iommu/state.h"

/* iommu.c */
static inline vd_time iommu_cycles(const struct iommu *m, uint32_t cycles)
{
    return cycles * m->config.cycle_ps;
}
vd_time iommu_now(const struct iommu *m);
/* Arms a timer; a duration of 0 fires it in this very call. */
void iommu_after(struct iommu *m, uint32_t timer, vd_time duration);
void iommu_stop(struct iommu *m, uint32_t timer);
void iommu_emit(struct iommu *m, enum vd_record_kind kind, uint64_t serial, uint64_t a, uint64_t b,
                uint64_t c);
/* The identifiers of the request's context [iommu DC_TA], or of iommu_qosid where it has none. */
void iommu_context_qos(const struct iommu *m, const struct request *r, struct vd_txn *txn);
void iommu_record_qos(struct iommu *m, const struct vd_txn *txn);
static inline void iommu_emit_qos(struct iommu *m, const struct vd_txn *txn)
{
    if (txn->rcid | txn->mcid)
        iommu_record_qos(m, txn);
}
/* Submits as the IOMMU itself; tag comes back through iommu_complete(). */
enum vd_status iommu_bus(struct iommu *m, struct vd_txn *txn, uint32_t tag);
/* The same on behalf of a request, as the requester that txn names. */
enum vd_status iommu_bus_for(struct iommu *m, const struct request *r, struct vd_txn *txn);
/* Field by field: an initializer for the whole is several times slower, and there is one per table
 * entry read. */
static inline void iommu_txn(struct vd_txn *txn, enum vd_cmd cmd, uint64_t addr, unsigned size)
{
    txn->addr = addr;
    txn->serial = 0;
    txn->delay = 0;
    txn->requester = txn->process_id = txn->attrs = txn->tag = 0;
    txn->rcid = txn->mcid = 0;
    txn->cmd = (uint8_t)cmd;
    txn->status = VD_OK;
    txn->at = VD_AT_UNTRANSLATED;
    txn->size = (uint8_t)size;
    memset(txn->data, 0, sizeof(txn->data));
}
enum { TAG_REQUEST = 0x100, TAG_MSI = 0x200, TAG_CQ = 0x300, TAG_FQ = 0x301, TAG_PQ = 0x302 };

/* regs.c */
void iommu_regs_reset(struct iommu *m);
void iommu_regs_configure(struct iommu *m);
bool iommu_check(const struct iommu_config *config, struct vd_error *err);
uint64_t iommu_default_capabilities(void);

/* queue.c: what the three queues share */
uint64_t iommu_queue_entry(const struct iommu *m, uint32_t base_reg, uint64_t index,
                           unsigned bytes);
uint64_t iommu_queue_next(const struct iommu *m, uint32_t base_reg, uint64_t index);
bool iommu_queue_full(const struct iommu *m, uint32_t base_reg, uint32_t head_reg,
                      uint32_t tail_reg);
uint64_t iommu_queue_mask(const struct iommu *m, uint32_t base_reg);
uint64_t iommu_swap(uint64_t value, bool big);

/* request.c */
struct request *iommu_slot_take(struct iommu *m);
void iommu_pump(struct iommu *m);
void iommu_request_run(struct iommu *m, struct request *r);
void iommu_request_timer(struct iommu *m, struct request *r);
void iommu_request_complete(struct iommu *m, struct request *r, const struct vd_txn *txn);
/* What is not waited for: answers to reads, MSIs and MRIF stores that are translated, notices. */
enum { SKIP_READS = 1, SKIP_MSIS = 2, SKIP_MRIF_STORES = 4, SKIP_NOTICES = 8 };
/* True if a request that arrived before seq may still use old tables or has not left. */
bool iommu_requests_before(const struct iommu *m, uint64_t seq, unsigned skip);

/* step.c: false means that the request waits or has a cause. */
bool iommu_read(struct iommu *m, struct request *r, enum table table, enum table reads,
                uint64_t spa, bool big, unsigned size, uint64_t *value);
bool iommu_read_wide(struct iommu *m, struct request *r, enum table table, uint64_t spa, bool big,
                     unsigned size, uint64_t *words);
struct pte_swap {
    uint64_t spa, expected, desired;
    uint8_t size, table;
    bool big;
};
bool iommu_swap_pte(struct iommu *m, struct request *r, const struct pte_swap *swap, bool *matched);
bool iommu_access_step(struct iommu *m, struct request *r, const struct step *step, uint64_t *old);
/* True once for every step: when its answer is seen for the first time. */
static inline bool iommu_step_is_new(const struct request *r)
{
    return r->cursor == r->logged;
}
/* What a cache has said: asked once, then it is in the log.  False: the log has no room. */
bool iommu_remember(struct request *r, uint64_t *said);
void iommu_step_timer(struct iommu *m, struct request *r);
void iommu_step_complete(struct iommu *m, struct request *r, const struct vd_txn *txn);
bool iommu_fault(struct request *r, enum cause cause);

/* A cache is asked before the first step of a phase, and never by a debugger's walk. */
static inline bool iommu_may_hit(const struct request *r)
{
    return !r->logged && !r->busy && !r->oracle;
}

/* Between two phases the log is emptied. */
static inline void iommu_checkpoint(struct request *r, enum phase phase)
{
    r->phase = (uint8_t)phase;
    r->logged = 0;
    r->cursor = 0;
}

/* translate.c */
bool iommu_translate(struct iommu *m, struct request *r);

/* stale.c */
void iommu_compare_with_memory(struct iommu *m, const struct request *r);
static inline void iommu_stale_check(struct iommu *m, const struct request *r)
{
    if (m->config.stale_check)
        iommu_compare_with_memory(m, r);
}

/* context.c, process.c */
bool iommu_locate_dc(struct iommu *m, struct request *r);
bool iommu_dc_misconfigured(const struct iommu *m, const struct device_context *dc);
bool iommu_device_id_too_wide(const struct iommu *m, uint64_t mode, uint32_t device_id);
bool iommu_locate_pc(struct iommu *m, struct request *r, uint64_t *ta, uint64_t *fsc);

/* stage.c */
struct scheme {
    uint8_t mode, levels, pte_bytes, vpn_bits, bits;
    uint8_t capability; /* bit number */
};
const struct scheme *iommu_scheme(bool second, bool xl32, uint64_t mode);
bool iommu_first_stage(struct iommu *m, struct request *r);
/* The GPA's translation for an explicit access (NULL) or an implicit one of `table`. */
enum implicit { EXPLICIT, IMPLICIT_READ, IMPLICIT_WRITE };
bool iommu_second_stage(struct iommu *m, struct request *r, uint64_t gpa, enum implicit implicit,
                        enum table table, struct leaf *leaf);

/* msi.c, mrif.c */
bool iommu_msi_match(const struct iommu *m, const struct device_context *dc, uint64_t gpa);
uint64_t iommu_extract(uint64_t value, uint64_t mask);
bool iommu_msi_translate(struct iommu *m, struct request *r);
bool iommu_mrif_store(struct iommu *m, struct request *r);
enum vd_status iommu_mrif_notice(struct iommu *m, struct request *r, vd_time *retry);
enum mrif_access { MRIF_STORE, MRIF_READ, MRIF_DISCARD, MRIF_UNSUPPORTED };
enum mrif_access iommu_mrif_classify(const struct iommu *m, const struct request *r,
                                     uint32_t *identity);

/* cache.c */
void iommu_caches_reset(struct iommu *m);
struct ddt_entry *iommu_ddt_lookup(struct iommu *m, uint32_t device_id);
void iommu_ddt_fill(struct iommu *m, uint32_t device_id, const struct device_context *dc);
struct pdt_entry *iommu_pdt_lookup(struct iommu *m, uint32_t device_id, uint32_t process_id);
void iommu_pdt_fill(struct iommu *m, uint32_t device_id, uint32_t process_id, uint64_t ta,
                    uint64_t fsc);
static inline uint64_t iommu_space(const struct request *r, bool first)
{
    uint64_t gscid = GET(r->dc.iohgatp, iohgatp_GSCID);
    bool second = GET(r->dc.iohgatp, iohgatp_MODE) != 0;
    return (first ? MASK(space_PSCV) | r->pscid : 0) |
           (second ? MASK(space_GV) | gscid << space_GSCID_lsb : 0);
}
struct tlb_entry *iommu_tlb_lookup(struct iommu *m, uint64_t space, uint64_t iova);
void iommu_tlb_fill(struct iommu *m, const struct tlb_entry *entry);
struct msi_entry *iommu_msi_lookup(struct iommu *m, uint32_t device_id, uint16_t gscid,
                                   uint64_t gpa);
void iommu_msi_fill(struct iommu *m, uint32_t device_id, uint16_t gscid, uint64_t gpa,
                    const uint64_t pte[2]);
const struct nonleaf_entry *iommu_nonleaf_lookup(struct iommu *m, const struct request *r,
                                                 enum stage stage, const struct nonleaf_entry *key);
void iommu_nonleaf_fill(struct iommu *m, enum stage stage, const struct nonleaf_entry *entry);

/* invalidate.c: IOTINVAL and IODIR */
void iommu_invalidate_vma(struct iommu *m, uint64_t dw0, uint64_t dw1);
void iommu_invalidate_gvma(struct iommu *m, uint64_t dw0, uint64_t dw1);
void iommu_invalidate_ddt(struct iommu *m, uint64_t dw0);
void iommu_invalidate_pdt(struct iommu *m, uint64_t dw0);

/* cmdq.c, fence.c */
void iommu_cq_doorbell(struct iommu *m);
void iommu_cq_timer(struct iommu *m);
void iommu_cq_complete(struct iommu *m, const struct vd_txn *txn);
void iommu_cq_written(struct iommu *m, uint64_t old);
bool iommu_command_illegal(const struct iommu *m, uint64_t dw0, uint64_t dw1);
/* Requests, writes or invalidations have ended: fences and ddtp.busy may go on. */
void iommu_fence_progress(struct iommu *m);
bool iommu_fence_waits(const struct iommu *m);
/* A switch lets fences ignore some writes. */
bool iommu_fence_is_partial(const struct iommu *m);
/* How long the writes that the fence is about still take. */
vd_time iommu_fence_drains(const struct iommu *m);
void iommu_ddtp_progress(struct iommu *m);

/* faultq.c */
bool iommu_fault_reported(const struct request *r);
void iommu_fault_report(struct iommu *m, const struct request *r);
void iommu_fault_push(struct iommu *m, const uint64_t dw[4]);
void iommu_fq_run(struct iommu *m);
void iommu_fq_timer(struct iommu *m);
void iommu_fq_complete(struct iommu *m, const struct vd_txn *txn);
void iommu_fq_written(struct iommu *m, uint64_t old);
/* How an ATS translation request is answered. */
enum ats_answer { ATS_OK, ATS_CA, ATS_UR };
enum ats_answer iommu_cause_ats(unsigned cause);
bool iommu_cause_despite_dtf(unsigned cause);

/* pageq.c */
void iommu_page_request(struct iommu *m, const struct request *r);
void iommu_page_refused(struct iommu *m, const struct request *r);
void iommu_pq_timer(struct iommu *m);
void iommu_pq_complete(struct iommu *m, const struct vd_txn *txn);
void iommu_pq_written(struct iommu *m, uint64_t old);

/* ats.c */
uint64_t iommu_ats_response(const struct iommu *m, const struct request *r);
/* False: no ITag is free. */
bool iommu_ats_invalidate(struct iommu *m, uint64_t dw0, uint64_t dw1);
void iommu_ats_group_response(struct iommu *m, uint64_t dw0, uint64_t dw1);
void iommu_ats_completion(struct iommu *m, const struct vd_txn *txn);
bool iommu_ats_outstanding(const struct iommu *m);
void iommu_ats_timer(struct iommu *m);
uint64_t iommu_napot(uint64_t pa, uint64_t mask);

/* interrupt.c */
enum source { SOURCE_CQ, SOURCE_FQ, SOURCE_PM, SOURCE_PQ };
/* Sets the ipsr bit if the source's enable allows. */
void iommu_interrupt(struct iommu *m, enum source source);
/* Sets ipsr bits whose condition still holds. */
void iommu_interrupt_levels(struct iommu *m);
void iommu_interrupt_timer(struct iommu *m, enum source source);
void iommu_wires(struct iommu *m);
void iommu_msi_send(struct iommu *m); /* what is pended and not masked */
void iommu_msi_refused(struct iommu *m, uint64_t addr);
void iommu_msi_complete(struct iommu *m, uint32_t vector, const struct vd_txn *txn);

/* hpm.c */
void iommu_hpm_count(struct iommu *m, const struct request *r);
static inline void iommu_hpm_commit(struct iommu *m, const struct request *r)
{
    if (m->st.counting)
        iommu_hpm_count(m, r);
}
void iommu_hpm_cycles_sync(struct iommu *m);
void iommu_hpm_cycles_plan(struct iommu *m);
void iommu_hpm_cycles_timer(struct iommu *m);
uint64_t iommu_hpm_overflows(const struct iommu *m);

/* debug.c */
void iommu_debug_start(struct iommu *m);
void iommu_debug_finish(struct iommu *m, const struct request *r);

#endif
