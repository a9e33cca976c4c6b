/* SPDX-License-Identifier: BSD-2-Clause */
/* The top interrupt of each level: mtopi, stopi, vstopi. */
#include "hart/interrupt.h"

/* By interrupt number: its place in the default order [aia TablemajorIntrs], the planned order for
 * 16..23 and 32..47.  CHOICE: 14 and 15 follow 13; custom interrupts come after all of these, the
 * higher number first; 8, 4 and 0 are last. */
static const uint8_t ranks[64] = {
    63, 16, 20, 13, 62, 17, 21, 14, 61, 15, 19, 12, 18, 22, 23, 24, 35, 32, 29, 26, 10, 7,
    4,  1,  60, 59, 58, 57, 56, 55, 54, 53, 36, 34, 33, 31, 30, 28, 27, 25, 11, 9,  8,  6,
    5,  3,  2,  0,  52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37,
};

enum {
    KEY_FIRST = 0,  /* priority number 0, default above the external interrupt */
    KEY_LAST = 256, /* the external interrupt, its own number unknown or above 255, and number 0,
                       default below it */
    KEY_NOTHING = 0xfff, /* no candidate */
};

/* A candidate: key orders candidates of one level, lower first. */
struct candidate {
    unsigned interrupt, key;
};

unsigned priority_rank(unsigned interrupt)
{
    return ranks[interrupt & 63];
}

/* [aia TableintrPrios-M], [aia TableintrPrios-S] */
static unsigned key_of(unsigned interrupt, unsigned number, unsigned external)
{
    if (number)
        return number;
    return priority_rank(interrupt) < priority_rank(external) ? KEY_FIRST : KEY_LAST;
}

/* Of the external interrupt itself, by the identity that an interrupt file shows on top. */
static unsigned external_key(uint32_t topei)
{
    unsigned number = topei & 0x7ff;
    return number == 0 || number > 255 ? KEY_LAST : number;
}

static bool precedes(const struct candidate *a, const struct candidate *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    return priority_rank(a->interrupt) < priority_rank(b->interrupt);
}

/* The field IPRIO [aia mtopi]. */
static unsigned iprio_of(unsigned key)
{
    return key > 255 ? 255 : key;
}

static uint32_t top_value(const struct candidate *top)
{
    return top->interrupt << 16 | iprio_of(top->key);
}

static struct candidate best(uint64_t pending, const uint8_t *numbers, unsigned external,
                             unsigned own_key)
{
    struct candidate top = {0, KEY_NOTHING};
    for (; pending; pending &= pending - 1) {
        unsigned i = (unsigned)__builtin_ctzll(pending);
        struct candidate c = {i, i == external ? own_key : key_of(i, numbers[i], external)};
        if (precedes(&c, &top))
            top = c;
    }
    return top;
}

/* The key of the external interrupt of a file; it has no number if it is not the controller's
 * [aia TableintrPrios-S], or the controller is not an IMSIC. */
static unsigned file_key(const struct hart *h, unsigned line, uint32_t file)
{
    bool numbered = h->imsic.ops && (h->st.lines >> line & 1);
    return numbered ? external_key(h->imsic.ops->topei(h->imsic.ctx, file)) : KEY_LAST;
}

uint32_t interrupt_mtopi(const struct hart *h)
{
    uint64_t pending = interrupt_mip(h) & h->st.csr.mie & ~interrupt_mideleg(h);
    if (!pending)
        return 0;
    unsigned external = file_key(h, INT_MEI, VD_IMSIC_FILE_M);
    struct candidate top = best(pending, h->st.csr.mprio, INT_MEI, external);
    return top_value(&top);
}

uint32_t interrupt_stopi(const struct hart *h)
{
    if (!hart_has(h, HART_EXT_S))
        return 0;
    uint64_t pending =
        (interrupt_sip(h) & interrupt_sie(h)) | (interrupt_hip(h) & interrupt_hie(h));
    pending &= ~interrupt_hideleg(h);
    if (!pending)
        return 0;
    unsigned external = file_key(h, INT_SEI, VD_IMSIC_FILE_S);
    struct candidate top = best(pending, h->st.csr.sprio, INT_SEI, external);
    return top_value(&top);
}

/* The byte of hviprio1 or hviprio2 for an interrupt [aia VSLevel]; 0 is none. */
static void hviprio_numbers(const struct hart *h, uint8_t numbers[64])
{
    static const uint8_t interrupts[16] = {
        0, 1, 0, 5, 0, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    };
    for (unsigned i = 0; i < 16; i++)
        numbers[interrupts[i]] = (uint8_t)vd_get(h->st.csr.hviprio[i / 8], i % 8 * 8, 8);
}

/* The first three items of the list in [aia vstopi]. */
static unsigned vs_external_key(const struct hart *h)
{
    uint64_t hvictl = h->st.csr.hvictl;
    if (csr_vgein_valid(h))
        return external_key(h->imsic.ops->topei(h->imsic.ctx, csr_guest_file(h)));
    bool none = vd_get(h->st.csr.hstatus, HSTATUS_VGEIN_LSB, 6) == 0;
    bool given = vd_get(hvictl, HVICTL_IID_LSB, HVICTL_IID_BITS) == INT_SEI;
    return none && given ? external_key(hvictl & 0xff) : KEY_LAST;
}

/* The interrupt that hvictl injects, with its own default rank in bit DPR. */
static struct candidate injected(uint64_t hvictl)
{
    unsigned iid = (unsigned)vd_get(hvictl, HVICTL_IID_LSB, HVICTL_IID_BITS);
    unsigned number = hvictl & 0xff;
    if (iid == INT_SEI)
        return (struct candidate){0, KEY_NOTHING};
    unsigned unset = hvictl & HVICTL_DPR ? KEY_LAST : KEY_FIRST;
    return (struct candidate){iid, number ? number : unset};
}

/* [aia vstopi] */
uint32_t interrupt_vstopi(const struct hart *h)
{
    if (!hart_has(h, HART_EXT_H))
        return 0;
    uint64_t hvictl = h->st.csr.hvictl;
    bool injects = hvictl & HVICTL_VTI;
    uint64_t pending = interrupt_vsip(h) & interrupt_vsie(h);
    if (!pending && !injects)
        return 0;
    struct candidate external = {INT_SEI, KEY_NOTHING};
    if (pending & VD_BIT(INT_SEI))
        external.key = vs_external_key(h);
    struct candidate other;
    bool external_first;
    if (injects) {
        other = injected(hvictl);
        external_first = external.key == other.key ? hvictl & HVICTL_DPR : external.key < other.key;
    } else {
        uint8_t numbers[64] = {0};
        hviprio_numbers(h, numbers);
        other = best(pending & ~VD_BIT(INT_SEI), numbers, INT_SEI, 0);
        external_first = precedes(&external, &other);
    }
    const struct candidate *top = external_first ? &external : &other;
    if (top->key == KEY_NOTHING)
        return 0;
    unsigned iprio = hvictl & HVICTL_IPRIOM ? iprio_of(top->key) : 1;
    return top->interrupt << 16 | iprio;
}
