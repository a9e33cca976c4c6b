/* SPDX-License-Identifier: BSD-2-Clause */
#include "iommu/model.h"

#define U32(field, fallback, min, max, unit, text)                                                 \
    {                                                                                              \
#field, VD_PARAM_U32, offsetof(struct iommu_config, field), fallback, min, max, NULL,      \
            unit, text                                                                             \
    }
#define TIME(field, text)                                                                          \
    {                                                                                              \
#field, VD_PARAM_U32, offsetof(struct iommu_config, timing.field), 0, 0, 1000000, NULL,    \
            "cycles", text                                                                         \
    }
#define SWITCH(field, text)                                                                        \
    {                                                                                              \
#field, VD_PARAM_BOOL, offsetof(struct iommu_config, field), 0, 0, 1, NULL, "", text       \
    }

/* Everything that this model has. */
#define CAPABILITY(name, key, lsb, width, fallback, text) | (uint64_t)(fallback) << (lsb)
static const uint64_t default_capabilities = 0
#include "iommu/capabilities.def"
    ;
#undef CAPABILITY

static const char *const replacements[] = {"plru", "fifo", "random", NULL};
static const char *const fetches[] = {"one", "low_first", "high_first", NULL};

/* The figures of the inorder preset, in the texts, are those of an open RTL implementation. */
static const struct vd_param params[] = {
    U32(index, 0, 0, 255, "", "which IOMMU"),
    {"capabilities", VD_PARAM_U64, offsetof(struct iommu_config, capabilities),
#define CAPABILITY(name, key, lsb, width, fallback, text) +((uint64_t)(fallback) << (lsb))
#include "iommu/capabilities.def"
#undef CAPABILITY
     , 0, UINT64_MAX, NULL, "", "the capabilities register; 0: everything; its bits by name below"},
#define CAPABILITY_FIELD(name, key, lsb, width, fallback, text)                                    \
    {key,                                                                                          \
     VD_PARAM_BITS,                                                                                \
     offsetof(struct iommu_config, capabilities),                                                  \
     fallback,                                                                                     \
     lsb,                                                                                          \
     lsb + width - 1,                                                                              \
     NULL,                                                                                         \
     "",                                                                                           \
     text},
#define CAPABILITY(name, key, lsb, width, fallback, text)                                          \
    {key, VD_PARAM_FLAG, offsetof(struct iommu_config, capabilities), fallback, lsb, lsb, NULL,    \
     "",  text},
#include "iommu/capabilities.def"
#undef CAPABILITY
    U32(max_mode, MODE_3LVL, MODE_1LVL, MODE_3LVL, "",
        "highest ddtp.iommu_mode: 2 1LVL, 3 2LVL, 4 3LVL"),
    U32(vector_bits, 2, 0, 4, "", "2^n interrupt vectors"),
    U32(reset_mode, MODE_OFF, MODE_OFF, MODE_BARE, "", "ddtp.iommu_mode after reset"),
    U32(outstanding, 1, 1, SLOTS, "", "translations at a time"),
    U32(ddt_entries, 8, 1, MAX_CONTEXTS, "", "device contexts cached, a power of two"),
    U32(pdt_entries, 8, 1, MAX_CONTEXTS, "", "process contexts cached, a power of two"),
    U32(tlb_entries, 16, 1, MAX_TLB, "", "translations cached, a power of two"),
    U32(msi_entries, 4, 1, MAX_CONTEXTS, "", "MSI PTEs cached, a power of two"),
    U32(first_nonleaf, 0, 0, MAX_CONTEXTS, "",
        "non-leaf PTEs of the first stage cached, a power of two; 0: none; inorder 0"),
    U32(second_nonleaf, 0, 0, MAX_CONTEXTS, "",
        "non-leaf PTEs of the second stage cached, a power of two; 0: none; inorder 0"),
    {"replacement", VD_PARAM_CHOICE, offsetof(struct iommu_config, replacement), 0, 0, 2,
     replacements, "", "which entry of a full cache goes; inorder plru"},
    SWITCH(rules_1_0, "iohgatp Bare with msiptp Flat translates instead of cause 259"),
    SWITCH(notice_if_enabled, "notice MSI only if the identity is enabled (wrong)"),
    SWITCH(mrif_uncached, "MSI PTEs in MRIF mode are not cached"),
    {"pte_fetch", VD_PARAM_CHOICE, offsetof(struct iommu_config, pte_fetch), 0, 0, 2, fetches, "",
     "how the 16 bytes of an MSI PTE are read"},
    SWITCH(commands_out_of_order, "between two fences, commands are executed last first"),
    SWITCH(report_notice_fault, "a refused notice MSI is recorded, as cause 273"),
    SWITCH(mrif_posted, "an IOFENCE.C without PW does not await stores into MRIFs"),
    SWITCH(fence_ignores_io, "IOFENCE.C PW covers main memory only (wrong for MSIs)"),
    SWITCH(fence_ignores_notices, "IOFENCE.C does not await notice MSIs"),
    SWITCH(tag_device, "MSI cache entries are tagged with the device_id too"),
    SWITCH(mrif_big_endian, "MRIFs take big-endian MSIs, as the machine's IMSICs do"),
    SWITCH(stale_check, "cached translations are compared with memory; record iommu_stale"),
    TIME(hit, "request in to translated request out; inorder 2"),
    TIME(context_beats, "device context, beyond the memory latency; inorder 9"),
    TIME(process_beats, "process context, beyond the memory latency; inorder 4"),
    TIME(walk_start, "once per page walk; inorder 1"),
    TIME(step, "each table read, beyond the memory latency; inorder 1"),
    TIME(msi_start, "MSI PTE read that no page walk precedes; inorder 1"),
    TIME(request_interval, "between two requests; inorder 3"),
    TIME(mmio, "register access; inorder 4"),
    TIME(command_start, "doorbell to the first command fetch; inorder 3"),
    TIME(command, "each further command; inorder 4"),
    TIME(fault_record, "fault to the record's write; inorder 3"),
    TIME(interrupt, "record visible to wire; inorder 4"),
    TIME(message, "record visible to message; inorder 6"),
    TIME(response, "record's write to the error response; inorder 1"),
    TIME(mrif, "MRIF: beyond the memory latency until the pending bit's write; inorder 4"),
    TIME(notice, "MRIF store visible to notice MSI; inorder 2"),
    {"cycle_ps", VD_PARAM_U64, offsetof(struct iommu_config, cycle_ps), 1000, 1, 1000000000, NULL,
     "ps", "one cycle"},
};

const struct vd_param *iommu_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}

uint64_t iommu_default_capabilities(void)
{
    return default_capabilities;
}

static bool check_caches(const struct iommu_config *c, struct vd_error *err)
{
    const struct {
        const char *name;
        uint32_t entries;
    } caches[] = {{"ddt_entries", c->ddt_entries},     {"pdt_entries", c->pdt_entries},
                  {"tlb_entries", c->tlb_entries},     {"msi_entries", c->msi_entries},
                  {"first_nonleaf", c->first_nonleaf}, {"second_nonleaf", c->second_nonleaf}};
    for (unsigned i = 0; i < sizeof(caches) / sizeof(caches[0]); i++)
        if (caches[i].entries && !vd_is_power_of_two(caches[i].entries))
            return vd_fail(err, "iommu.%s: %u is not a power of two", caches[i].name,
                           caches[i].entries);
    return true;
}

/* [iommu CAP] Of the first stage each mode needs the next smaller one; of the second none does. */
static bool check_capabilities(const struct iommu_config *c, struct vd_error *err)
{
    uint64_t caps = c->capabilities, known = 0;
#define CAPABILITY(name, key, lsb, width, fallback, text) known |= vd_mask(lsb, width);
#include "iommu/capabilities.def"
#undef CAPABILITY
    if (caps & ~known)
        return vd_fail(err, "iommu.capabilities: bits %#llx are reserved",
                       (unsigned long long)(caps & ~known));
    if (GET(caps, capabilities_IGS) == 3)
        return vd_fail(err, "iommu.capabilities: IGS 3 is reserved; accepted are 0 to 2");
    if (GET(caps, capabilities_PAS) < 32 || GET(caps, capabilities_PAS) > 56)
        return vd_fail(err, "iommu.capabilities: PAS %u is not in 32..56",
                       (unsigned)GET(caps, capabilities_PAS));
    if (GET(caps, capabilities_Sv48) > GET(caps, capabilities_Sv39) ||
        GET(caps, capabilities_Sv57) > GET(caps, capabilities_Sv48))
        return vd_fail(err, "iommu.capabilities: Sv48 needs Sv39, and Sv57 needs both; accepted "
                            "are sv39, sv48 and sv57 from the first on");
    return true;
}

static bool check_range(const struct vd_param *p, const struct iommu_config *c,
                        struct vd_error *err)
{
    uint32_t value = *(const uint32_t *)(const void *)((const char *)c + p->offset);
    if (value >= p->min && value <= p->max)
        return true;
    return vd_fail(err, "iommu.%s: %u is not in %llu..%llu", p->name, value,
                   (unsigned long long)p->min, (unsigned long long)p->max);
}

bool iommu_check(const struct iommu_config *config, struct vd_error *err)
{
    for (unsigned i = 0; i < sizeof(params) / sizeof(params[0]); i++)
        if ((params[i].type == VD_PARAM_U32 || params[i].type == VD_PARAM_CHOICE) &&
            !check_range(&params[i], config, err))
            return false;
    return check_caches(config, err) && check_capabilities(config, err);
}
