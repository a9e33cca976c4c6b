/* SPDX-License-Identifier: BSD-2-Clause */
/* ATS: answers to translation requests, invalidations of device caches [iommu ATS_FAULTS]. */
#include "iommu/model.h"

enum { ATS_TIMEOUT_SECONDS = 60 };
#define PICOSECONDS UINT64_C(1000000000000)

/* A naturally aligned power-of-two range as PCIe and tr_response encode it: S=1 and ones below the
 * size. */
uint64_t iommu_napot(uint64_t pa, uint64_t mask)
{
    return (pa & ~mask) | (mask >> 1 & ~UINT64_C(0xfff));
}

/* Rights of the answer.  D may be missing only where nobody asked to write.  No page is writable
 * that is not readable, and what is neither is answered with no right at all. */
static unsigned granted(const struct request *r)
{
    unsigned both = RIGHT_R | RIGHT_W | RIGHT_X | RIGHT_D;
    bool first = GET(r->fsc, fsc_MODE) != 0 && r->has_dc;
    unsigned rights = both;
    if (first)
        rights &= r->first.rights;
    if (r->msi || GET(r->dc.iohgatp, iohgatp_MODE) != 0)
        rights &= r->second.rights;
    if (!(rights & RIGHT_D))
        rights &= ~(unsigned)RIGHT_W;
    bool user_code = r->privileged && first && (r->first.rights & RIGHT_U);
    if (r->access != ACCESS_EXEC || !(rights & RIGHT_R) || user_code)
        rights &= ~(unsigned)RIGHT_X;
    return rights;
}

static bool cxl_io(const struct request *r)
{
    unsigned pbmt = r->first.pbmt ? r->first.pbmt : r->second.pbmt;
    bool io = !r->cause && pbmt != 0;
    return (r->txn.attrs & VD_CXL) && (r->msi || GET(r->dc.tc, tc_T2GPA) || io);
}

/* The page of the answer and its size: the smaller one of both stages.  CHOICE: 4 KiB where both
 * stages are Bare. */
static uint64_t address(const struct request *r)
{
    uint64_t mask = r->first.mask & r->second.mask;
    uint64_t pa = GET(r->dc.tc, tc_T2GPA) ? r->gpa : r->spa;
    if (r->msi || mask == UINT64_MAX)
        mask = 0xfff;
    return mask == 0xfff ? pa & ~mask : iommu_napot(pa, mask) | VD_BIT(11);
}

/* Bits 63:12 address, 11 S, 6 CXL.io, 5 Global, 4 Priv, 3 Exe, 2 U, 1 W, 0 R.  A success without
 * rights, whether the page tables deny them or a fault does, has the other fields all the same. */
uint64_t iommu_ats_response(const struct iommu *m, const struct request *r)
{
    (void)m;
    unsigned rights = r->cause ? 0 : granted(r);
    bool process = r->txn.attrs & VD_PROCESS_ID;
    bool first = GET(r->fsc, fsc_MODE) != 0;
    bool global = !r->cause && process && first && !r->msi && (r->first.rights & RIGHT_G);
    bool readable = rights & RIGHT_R, writable = rights & RIGHT_W;
    return (readable ? address(r) : 0) | (uint64_t)cxl_io(r) << 6 | (uint64_t)global << 5 |
           (uint64_t)(process && r->privileged) << 4 | (uint64_t)((rights & RIGHT_X) != 0) << 3 |
           (uint64_t)(r->mrif && !r->cause) << 2 | (uint64_t)writable << 1 | readable;
}

bool iommu_ats_outstanding(const struct iommu *m)
{
    for (uint32_t i = 0; i < ITAGS; i++)
        if (m->st.itag[i].busy)
            return true;
    return false;
}

static void plan_timeout(struct iommu *m)
{
    vd_time first = VD_NEVER, now = iommu_now(m);
    for (uint32_t i = 0; i < ITAGS; i++)
        if (m->st.itag[i].busy && m->st.itag[i].deadline < first)
            first = m->st.itag[i].deadline;
    if (first == VD_NEVER)
        iommu_stop(m, TIMER_ATS);
    else
        iommu_after(m, TIMER_ATS, first > now ? first - now : 1);
}

static uint32_t destination(uint64_t dw0)
{
    uint64_t segment = GET(dw0, ATS_DSV) ? GET(dw0, ATS_DSEG) : 0;
    return (uint32_t)(segment << 16 | GET(dw0, ATS_RID));
}

static uint64_t process_word(uint64_t dw0)
{
    return GET(dw0, ATS_PV) ? VD_BIT(20) | GET(dw0, ATS_PID) : 0;
}

/* payload[0] is the command's; payload[1]: 19:0 PASID, 20 PASID valid, 28:24 ITag. */
static void send(struct iommu *m, uint64_t dw0, uint64_t dw1, uint32_t code, uint64_t itag)
{
    const uint64_t payload[2] = {dw1, process_word(dw0) | itag << 24};
    if (m->port.message)
        m->port.message(m->port.ctx, destination(dw0), code, payload);
}

bool iommu_ats_invalidate(struct iommu *m, uint64_t dw0, uint64_t dw1)
{
    uint32_t i = 0;
    while (i < ITAGS && m->st.itag[i].busy)
        i++;
    if (i == ITAGS)
        return false;
    m->st.itag[i] = (struct itag){
        .busy = true,
        .device_id = destination(dw0),
        .deadline = iommu_now(m) + ATS_TIMEOUT_SECONDS * PICOSECONDS,
    };
    plan_timeout(m);
    send(m, dw0, dw1, MESSAGE_INVALIDATE, i);
    return true;
}

void iommu_ats_group_response(struct iommu *m, uint64_t dw0, uint64_t dw1)
{
    send(m, dw0, dw1, MESSAGE_PAGE_RESPONSE, 0);
}

/* data[0]: 31:0 the ITag vector, 34:32 the completion count, where 0 means 8. */
void iommu_ats_completion(struct iommu *m, const struct vd_txn *txn)
{
    uint32_t count = (uint32_t)vd_get(txn->data[0], 32, 3);
    for (uint32_t i = 0; i < ITAGS; i++) {
        struct itag *t = &m->st.itag[i];
        bool meant = txn->data[0] >> i & 1;
        if (!meant || !t->busy || t->device_id != txn->requester)
            continue;
        if (++t->received >= (count ? count : 8))
            t->busy = false;
    }
    plan_timeout(m);
    iommu_fence_progress(m);
}

void iommu_ats_timer(struct iommu *m)
{
    vd_time now = iommu_now(m);
    for (uint32_t i = 0; i < ITAGS; i++) {
        struct itag *t = &m->st.itag[i];
        if (t->busy && t->deadline <= now) {
            t->busy = false;
            m->st.ats_timed_out = true;
        }
    }
    plan_timeout(m);
    iommu_fence_progress(m);
}
