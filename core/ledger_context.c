/* SPDX-License-Identifier: BSD-2-Clause */
/* Device contexts of one GSCID: an IOMMU tags what it caches with that, and takes for granted that
 * they lead through the same tables. */
#include "core/ledger_state.h"
#include "viaduct/bits.h"

enum { MOST = 256 };
enum { INVAL_DDT = 3, OPCODE_AND_FUNCTION = 0x3ff, DV_BIT = 33, DID_LSB = 40, DID_WIDTH = 24 };

static bool mixed(const struct ledger_context *x, const struct ledger_context *y)
{
    return x->iommu == y->iommu && x->device_id != y->device_id &&
           vd_get(x->iohgatp ^ y->iohgatp, GSCID_LSB, GSCID_WIDTH) == 0 &&
           (x->iohgatp != y->iohgatp || x->msi != y->msi);
}

static struct ledger_context *context_of(struct ledger *l, uint16_t iommu, uint32_t device_id)
{
    uint32_t i = 0;
    while (i < l->num_contexts &&
           (l->contexts[i].iommu != iommu || l->contexts[i].device_id != device_id))
        i++;
    if (i == MOST)
        return NULL;
    if (i == l->num_contexts) {
        l->contexts = ledger_grow(l->contexts, i + 1, sizeof(*l->contexts));
        l->contexts[l->num_contexts++] =
            (struct ledger_context){.iommu = iommu, .device_id = device_id};
    }
    return &l->contexts[i];
}

/* A context that is read again unchanged has been compared. */
void context_take(struct ledger *l, const struct vd_record *rec)
{
    struct ledger_context *c = context_of(l, rec->source, (uint32_t)rec->a);
    if (!c || (c->iohgatp == rec->b && c->msi == rec->c))
        return;
    c->iohgatp = rec->b;
    c->msi = rec->c;
    for (uint32_t i = 0; i < l->num_contexts; i++)
        if (mixed(c, &l->contexts[i])) {
            finding_mixed(l, c, &l->contexts[i]);
            return;
        }
}

/* What an IODIR.INVAL_DDT removes is not known any more: software may have changed it. */
void context_command(struct ledger *l, const struct vd_record *rec)
{
    if ((rec->a & OPCODE_AND_FUNCTION) != INVAL_DDT)
        return;
    bool one = rec->a >> DV_BIT & 1;
    for (uint32_t i = 0; i < l->num_contexts;) {
        const struct ledger_context *c = &l->contexts[i];
        bool other = one && vd_get(rec->a, DID_LSB, DID_WIDTH) != c->device_id;
        if (c->iommu != rec->source || other)
            i++;
        else
            l->contexts[i] = l->contexts[--l->num_contexts];
    }
}
