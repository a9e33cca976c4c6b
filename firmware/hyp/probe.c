/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe.h"

#include "csr.h"
#include "endpoint.h"
#include "guest/plan.h"
#include "hart.h"
#include "hint.h"
#include "hyp.h"
#include "imsic.h"
#include "irqbypass.h"
#include "mmio.h"
#include "pages.h"
#include "pagetable.h"
#include "print.h"
#include "text.h"

enum { VM = 1, NID = HOST_ID_NOTICE0, PAIRS = 32, DRAIN_CYCLES = 5000 };
/* What no devicetree tells of this machine: the ROM that it starts from, and its bad memory. */
#define BOOT_ROM    0x1e00ul
#define BAD_MEMORY  0x18000000ul
#define NOTHING     (1ul << 50)
#define ENABLE_BITS 0x5555555555555555ul

static struct {
    struct plan *plan;
    struct ir_domain domain;
    struct pagetable gstage;
    struct iommu_mrif *mrif;
    uint64_t elsewhere; /* a page of memory */
    uint64_t notices;
} probe;

static void notice_handle(uint32_t identity, void *arg)
{
    (void)identity;
    (void)arg;
    probe.notices++;
}

static void pte_point(uint64_t mrif, uint64_t npa)
{
    struct iommu_msi_pte *pte = ir_pte(&probe.domain, 0, GUEST_IMSIC);
    pte->dw0 = 0;
    pte->dw1 = iommu_msi_pte_notice(npa, NID);
    fence_memory_to_io();
    pte->dw0 = iommu_msi_pte_mrif(mrif);
    iommu_post(&iommus[0], iommu_cmd_iotinval_gvma(probe.domain.gscid, true, GUEST_IMSIC));
    iommu_sync(&iommus[0]);
}

static void begin(struct plan *plan)
{
    memset(&probe, 0, sizeof probe);
    probe.plan = plan;
    ir_domain_create(&probe.domain, VM);
    pagetable_create(&probe.gstage, true);
    probe.mrif = page_alloc();
    probe.elsewhere = (uint64_t)page_alloc();
    struct iommu_dc dc = {
        .tc = IOMMU_DC_V,
        .iohgatp = pagetable_atp(&probe.gstage) | IOMMU_IOHGATP_GSCID(VM),
        .msiptp = ir_msiptp(&probe.domain, &iommus[0]),
        .msi_addr_mask = probe.domain.mask,
        .msi_addr_pattern = probe.domain.pattern,
    };
    iommu_attach(&iommus[0], endpoints[0].device_id, &dc);
    pte_point((uint64_t)probe.mrif, hart_self()->page);
    host_irq_set(NID, notice_handle, 0);
    hint_device_owner(endpoints[0].device_id, VM);
    hint_mrif_owner(HINT_VCPU(VM, 0), (uint64_t)probe.mrif, 1);
    hint_path(plan->path);
    hint_phase(PHASE_MEASURED);
}

static void end(void)
{
    hint_phase(PHASE_QUIET);
    hint_mrif_owner(HINT_VCPU(VM, 0), (uint64_t)probe.mrif, 0);
    hint_device_owner(endpoints[0].device_id, HINT_NOBODY);
    host_irq_set(NID, 0, 0);
    iommu_detach(&iommus[0], endpoints[0].device_id);
    iommu_flush_all(&iommus[0]);
    pagetable_destroy(&probe.gstage);
    ir_domain_destroy(&probe.domain);
    pages_free(probe.mrif, 1);
    pages_free((void *)probe.elsewhere, 1);
}

/* All that the device has sent has come to its end, and the notices have been taken. */
static void settle(void)
{
    uint64_t start = cycles_now();
    while (endpoint_busy(endpoints[0].bar[0]) || cycles_now() - start < DRAIN_CYCLES)
        ;
    iommu_sync(&iommus[0]);
    hart_poll();
}

/* What one access has changed. */
struct trace {
    uint32_t bits;     /* pending bits that are set ... */
    uint32_t identity; /* ... the last of them */
    bool damaged;      /* an enable bit has changed */
    uint64_t notices;
    uint32_t records;
    struct iommu_fault fault; /* the last of them */
};

static void mrif_clean(void)
{
    for (uint32_t i = 0; i < PAIRS; i++) {
        probe.mrif->words[i].pending = 0;
        probe.mrif->words[i].enable = ENABLE_BITS;
    }
    fence_all();
}

static void word_trace(struct trace *trace, uint32_t word)
{
    uint64_t pending = __atomic_load_n(&probe.mrif->words[word].pending, __ATOMIC_ACQUIRE);
    trace->damaged |= probe.mrif->words[word].enable != ENABLE_BITS;
    for (uint32_t bit = 0; bit < 64; bit++) {
        if (!(pending >> bit & 1))
            continue;
        trace->bits++;
        trace->identity = 64 * word + bit;
        hint_software_claim(HINT_VCPU(VM, 0), trace->identity);
    }
}

static struct trace sent(uint32_t offset, uint32_t data, uint32_t size)
{
    struct trace trace = {0};
    uint64_t notices = probe.notices;
    mrif_clean();
    endpoint_forge(endpoints[0].bar[0], GUEST_IMSIC + offset, data, size);
    settle();
    probe.plan->sent++;
    for (uint32_t word = 0; word < PAIRS; word++)
        word_trace(&trace, word);
    trace.notices = probe.notices - notices;
    while (iommu_next_fault(&iommus[0], &trace.fault))
        trace.records++;
    probe.plan->handled += trace.bits;
    return trace;
}

_Noreturn static void refuted(const char *what, const struct trace *trace)
{
    hyp_exit(HYP_EXPERIMENT,
             "%s: %u bits (the last of identity %u), %lu notices, %u fault records (cause %u)%s",
             what, trace->bits, trace->identity, trace->notices, trace->records,
             trace->records ? iommu_fault_cause(&trace->fault) : 0,
             trace->damaged ? ", enable bits changed" : "");
}

enum outcome { STORED, NOT_STORED, STORED_IF_BIG_ENDIAN };

static const struct malformed {
    const char *what;
    uint32_t size, offset, data, identity;
    enum outcome outcome;
} writes[] = {
    {"an MSI", 4, 0, 5, 5, STORED},
    {"identity 63", 4, 0, 63, 63, STORED},
    {"identity 64", 4, 0, 64, 64, STORED},
    {"identity 2047", 4, 0, 2047, 2047, STORED},
    {"data 0", 4, 0, 0, 0, STORED},
    {"data 2048", 4, 0, 2048, 0, NOT_STORED},
    {"data 0x10005", 4, 0, 0x10005, 0, NOT_STORED},
    {"data 0x80000005", 4, 0, 0x80000005, 0, NOT_STORED},
    {"data 0xffffffff", 4, 0, 0xffffffff, 0, NOT_STORED},
    {"1 byte", 1, 0, 5, 0, NOT_STORED},
    {"2 bytes", 2, 0, 5, 0, NOT_STORED},
    {"8 bytes", 8, 0, 5, 0, NOT_STORED},
    {"64 bytes", 64, 0, 5, 0, NOT_STORED},
    {"1 byte off", 4, 1, 5, 0, NOT_STORED},
    {"2 bytes off", 4, 2, 5, 0, NOT_STORED},
    {"3 bytes off", 4, 3, 5, 0, NOT_STORED},
    {"offset 8", 4, 8, 5, 0, NOT_STORED},
    {"offset 0x800", 4, 0x800, 5, 0, NOT_STORED},
    {"offset 0xff8", 4, 0xff8, 5, 0, NOT_STORED},
    {"offset 12, big-endian", 4, 12, 0x05000000, 0, NOT_STORED},
    {"big-endian", 4, 4, 0x05000000, 5, STORED_IF_BIG_ENDIAN},
    {"little-endian to the big-endian port", 4, 4, 5, 0, NOT_STORED},
};

/* Do this machine's IMSICs have seteipnum_be?  What an IOMMU stores is what they take
 * [aia IOMMU-MSIPTE-MRIF].  The read comes back behind the store. */
static bool files_are_big_endian(void)
{
    uint64_t page = hart_self()->page;
    mmio_write32(page + IMSIC_SETEIPNUM_BE, __builtin_bswap32(HOST_ID_SYNC));
    (void)mmio_read32(page);
    bool is = imsic_pending(HOST_ID_SYNC);
    imsic_clear(imsic_word_register(IMSIC_EIP0, HOST_ID_SYNC), 1ul << HOST_ID_SYNC);
    return is;
}

static void write_check(const struct malformed *m, bool big_endian)
{
    bool stored = m->outcome == STORED || (m->outcome == STORED_IF_BIG_ENDIAN && big_endian);
    struct trace t = sent(m->offset, m->data, m->size);
    if (t.bits != stored || t.notices != stored || t.records || t.damaged ||
        (stored && t.identity != m->identity))
        refuted(m->what, &t);
    print("probe: %s: %s\n", m->what, stored ? "stored, notice sent" : "nothing");
}

/* A read gives zero, or nothing at all, whatever the MRIF holds. */
static void read_check(uint32_t offset, uint32_t size, bool answered)
{
    uint64_t value, notices = probe.notices;
    struct iommu_fault fault;
    mrif_clean();
    probe.mrif->words[0].pending = UINT64_MAX;
    fence_all();
    bool ok = endpoint_read(endpoints[0].bar[0], GUEST_IMSIC + offset, size, &value);
    settle();
    if (ok != answered || (ok && value) || probe.notices != notices ||
        probe.mrif->words[0].pending != UINT64_MAX || iommu_next_fault(&iommus[0], &fault))
        hyp_exit(HYP_EXPERIMENT, "a read of %u bytes at 0x%x: %s, 0x%lx", size, offset,
                 ok ? "answered" : "refused", value);
    print("probe: a read of %u bytes at 0x%x: %s\n", size, offset, ok ? "zero" : "refused");
}

void probe_malformed(struct plan *plan)
{
    bool big_endian = files_are_big_endian();
    begin(plan);
    for (uint32_t i = 0; i < sizeof writes / sizeof *writes; i++)
        write_check(&writes[i], big_endian);
    read_check(0, 4, true);
    read_check(0x10, 4, true);
    read_check(0, 1, false);
    read_check(2, 2, false);
    read_check(0, 8, false);
    read_check(2, 4, false);
    mrif_clean();
    end();
}

/* The two queues work on: fences have ended ever since, and this MSI is stored. */
static void check_alive(const char *what)
{
    enum { BAD = IOMMU_QUEUE_MF | IOMMU_FQCSR_FQOF };
    pte_point((uint64_t)probe.mrif, hart_self()->page);
    struct trace t = sent(0, 5, 4);
    if (t.bits != 1 || t.notices != 1 || t.records)
        refuted("an MSI afterwards", &t);
    if (mmio_read32(iommus[0].base + IOMMU_FQCSR) & BAD)
        hyp_exit(HYP_EXPERIMENT, "%s: fqcsr 0x%x", what, mmio_read32(iommus[0].base + IOMMU_FQCSR));
}

/* A fault of the device's own access names the device; one of the notice, which the IOMMU sends by
 * itself, its address alone [iommu FAULT_QUEUE]. */
static bool record_fits(const struct iommu_fault *fault, uint32_t cause, uint64_t npa)
{
    if (iommu_fault_cause(fault) != cause)
        return false;
    if (cause == IOMMU_CAUSE_MSI_WRITE)
        return fault->iotval == npa && fault->info >> 12 == 0;
    return fault->iotval == GUEST_IMSIC && iommu_fault_device(fault) == endpoints[0].device_id;
}

static void fault_check(const char *what, uint64_t mrif, uint64_t npa, uint32_t cause)
{
    bool mine = mrif == (uint64_t)probe.mrif, heard = mine && npa == hart_self()->page;
    pte_point(mrif, npa);
    struct trace t = sent(0, 5, 4);
    if (t.bits != mine || t.notices != heard || t.records != (cause != 0) || t.damaged ||
        (cause && !record_fits(&t.fault, cause, npa)))
        refuted(what, &t);
    print("probe: %s: cause %u\n", what, cause);
    check_alive(what);
}

void probe_faults(struct plan *plan)
{
    begin(plan);
    uint64_t mrif = (uint64_t)probe.mrif, page = hart_self()->page;
    fault_check("an MRIF where nothing is", NOTHING, page, IOMMU_CAUSE_MRIF_ACCESS);
    fault_check("an MRIF in ROM", BOOT_ROM, page, IOMMU_CAUSE_MRIF_ACCESS);
    fault_check("an MRIF in a device", board.pcie.ecam, page, IOMMU_CAUSE_MRIF_ACCESS);
    fault_check("an MRIF in bad memory", BAD_MEMORY, page, IOMMU_CAUSE_MRIF_CORRUPT);
    fault_check("a notice to where nothing is", mrif, NOTHING, IOMMU_CAUSE_MSI_WRITE);
    fault_check("a notice to memory", mrif, probe.elsewhere, 0);
    if (*(volatile uint64_t *)probe.elsewhere != NID)
        hyp_exit(HYP_EXPERIMENT, "the notice to memory is 0x%lx",
                 *(volatile uint64_t *)probe.elsewhere);
    mrif_clean();
    end();
}
