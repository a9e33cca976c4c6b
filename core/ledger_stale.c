/* SPDX-License-Identifier: BSD-2-Clause */
/* Translations that an IOMMU's cache gave though memory said otherwise (record iommu_stale).
 * Between the change of a table and the end of the invalidation that is how hardware works; an MSI
 * that went astray that way is told so, and what is still stale after a fence is noted. */
#include "core/ledger_state.h"

enum { COMMAND_IOFENCE = 2, COMMAND_IODIR = 3, NONLEAF = 1 << 10 };

const char *stale_command(uint32_t command)
{
    static const char *const names[3][2] = {
        {"IOTINVAL.VMA", "IOTINVAL.GVMA"},
        {"IODIR.INVAL_DDT", "IODIR.INVAL_PDT"},
        {"IOTINVAL.VMA with NL=1 or AV=0", "IOTINVAL.GVMA with NL=1 or AV=0"}};
    unsigned row = command & NONLEAF ? 2 : (command & 0x7f) == COMMAND_IODIR;
    return names[row][command >> 7 & 1];
}

static struct ledger_stale *entry_of(struct ledger *l, const struct vd_record *rec)
{
    uint64_t page = rec->b >> 12;
    for (uint32_t i = 0; i < l->num_stales; i++) {
        struct ledger_stale *s = &l->stales[i];
        if (s->page == page && s->device_id == rec->c && s->command == rec->a)
            return s;
    }
    l->stales = ledger_grow(l->stales, l->num_stales + 1, sizeof(*l->stales));
    l->stales[l->num_stales] = (struct ledger_stale){.page = page,
                                                     .device_id = (uint32_t)rec->c,
                                                     .command = (uint32_t)rec->a,
                                                     .fence = l->fences};
    return &l->stales[l->num_stales++];
}

void stale_take(struct ledger *l, const struct vd_record *rec)
{
    struct msi *msi = msi_find(l, rec->serial);
    struct ledger_stale *s = entry_of(l, rec);
    if (msi)
        msi->stale = (uint32_t)rec->a;
    if (s->fence != l->fences && !s->noted) {
        s->noted = true;
        finding_stale(l, s);
    }
}

/* What an invalidation removes is not known here: a later stale use is a new one. */
void stale_command_done(struct ledger *l, const struct vd_record *rec)
{
    uint32_t command = rec->a & 0x3ff;
    if ((command & 0x7f) == COMMAND_IOFENCE) {
        l->fences++;
        return;
    }
    for (uint32_t i = 0; i < l->num_stales; i++)
        if ((l->stales[i].command & 0x3ff) == command)
            l->stales[i].fence = l->fences;
}
