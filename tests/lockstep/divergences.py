# SPDX-License-Identifier: BSD-2-Clause
"""Where QEMU 7.2 is known to differ, and is wrong or chose otherwise: README.md has the reasons and the anchors.

A rule gets what differs and says which of it that divergence explains.
"""
INTERRUPT = 1 << 63
TRAPS = (("c342", "c343", "p0"), ("c142", "c143", "c141"), ("c242", "c243", "c241"))  # cause, tval, epc
GUEST_ADDRESS_CAUSES = (0, 1, 3, 4, 5, 6, 7, 12, 13, 15, 20, 21, 23)
ORDER = (11, 3, 7, 9, 1, 5, 12, 10, 2, 6)  # MEI MSI MTI SEI SSI STI SGEI VSEI VSSI VSTI


FS_BITS = 0x6000 | 1 << 63


class Difference:
    """Both sides' registers by the log's names, the names that differ, QEMU's registers before the case
    ran, the code run since the last checkpoint."""
    def __init__(self, ours, theirs, before, code, word_at):
        self.ours, self.theirs, self.before, self.code, self.word_at = ours, theirs, before, code, word_at
        self.keys = {key for key in ours.keys() | theirs.keys() if ours.get(key, 0) != theirs.get(key, 0)}

    def both(self, key):
        return self.ours.get(key, 0), self.theirs.get(key, 0)


def is_guest_access(word):
    """HLV, HLVX, HSV."""
    return word & 0x707f == 0x4073


def with_mprv(d):
    """M was interrupted in a load or store with MPRV set."""
    word = d.word_at(d.ours.get("p0", 0))
    return d.ours.get("c300", 0) & 0x21800 == 0x21800 and word & 0x7f in (0x03, 0x23, 0x2f)


def mprv_guest_cause(d):
    pair = d.both("c342")
    implicit = pair == (23, 13) and d.ours.get("c34a") == 0x3000
    return {"c342"} if with_mprv(d) and (implicit or pair in ((21, 13), (23, 15))) else set()


def transformed(word):
    """What htinst has of a 32-bit load, store, atomic or HLV that faults at its first byte."""
    opcode = word & 0x7f
    if opcode in (0x03, 0x07):
        return word & 0x00007fff
    if opcode in (0x23, 0x27):
        return word & 0x01f0707f
    if opcode == 0x2f or is_guest_access(word):
        return word & ~0x000f8000
    return 0


def stale_tinst(d):
    explained = set()
    for tinst, pc in (("c34a", "p0"), ("c64a", "c141")):
        word = d.word_at(d.ours.get(pc, 0))
        right = d.ours.get(tinst, 0) & ~0xf8000 == transformed(word)  # but for the offset in rs1
        zero = d.theirs.get(tinst, 0) == 0 and d.ours.get(tinst) not in (0x3000, 0x3020)
        if tinst in d.keys and (zero or (right and is_guest_access(word))):
            explained.add(tinst)
    return explained


def implicit_cause(d):
    explained = set()
    for cause, tinst in (("c342", "c34a"), ("c142", "c64a")):
        if cause in d.keys and d.both(cause) in ((20, 21), (23, 21)) and d.ours.get(tinst) == 0x3000:
            explained.add(cause)
    return explained


def htinst_kept(d):
    kept = d.theirs.get("c64a", 0) == d.before.get("c64a", 0) and d.ours.get("c64a", 0) == 0
    return {"c64a"} & d.keys if kept else set()


def amo_cause(d):
    explained = set()
    for cause, pc, address in (("c342", "p0", "c34b"), ("c142", "c141", "c643"), ("c242", "c241", "")):
        ours, theirs = d.both(cause)
        word = d.word_at(d.ours.get(pc, 0))
        if word & 0x7f != 0x2f or word >> 27 == 2 or cause not in d.keys:
            continue
        if theirs in (4, 5, 13, 21) and ours == theirs + 2:
            explained.add(cause)
        if (ours, theirs) in ((15, 21), (15, 5)):
            explained |= {cause, address}
    return explained & d.keys


def ctzw_zero(d):
    if not any(word & 0xfff0707f == 0x6010101b for word in d.code):
        return set()
    return {key for key in d.keys if key[0] == "x" and d.ours.get(key) == 32}


def stale_tval(d):
    def explains(cause, tval, pc):
        ours, theirs = d.both(cause)
        word = d.word_at(d.ours.get(pc, 0))
        return ours in (2, 22) and theirs in (1, 2, 22) and d.ours.get(tval) == (word if word & 3 == 3 else word & 0xffff)
    return {tval for cause, tval, pc in TRAPS if tval in d.keys and explains(cause, tval, pc)}


def gva(d):
    explained = set()
    for status, bit, virtual, cause, pc in (("c300", 38, 39, "c342", "p0"), ("c600", 6, 7, "c142", "c141")):
        ours, theirs = d.both(status)
        fetch = d.ours.get(cause) in (0, 1, 12, 20)
        guest = ours >> virtual & 1 or not fetch and is_guest_access(d.word_at(d.ours.get(pc, 0))) or (pc == "p0" and with_mprv(d))
        wanted = guest and d.ours.get(cause) in GUEST_ADDRESS_CAUSES
        differ = (ours ^ theirs) & ~FS_BITS
        if differ == 1 << bit and (ours >> bit & 1) == bool(wanted):
            explained.add(status)
    return explained


def interrupt_order(d):
    for cause, _, _ in TRAPS:
        ours, theirs = d.both(cause)
        if cause in d.keys and ours & theirs & INTERRUPT:
            ours, theirs = ours & ~INTERRUPT, theirs & ~INTERRUPT
            if theirs < ours and ours in ORDER and theirs in ORDER and ORDER.index(ours) < ORDER.index(theirs):
                return {cause, "p0"} & d.keys
    return set()


def vu_illegal(d):
    explained = set()
    for cause, virtual in (("c342", d.ours.get("c300", 0) >> 39 & 1 and not d.ours["c300"] >> 11 & 3),
                           ("c142", d.ours.get("c600", 0) >> 7 & 1 and not d.ours.get("c300", 0) >> 8 & 1)):
        if cause in d.keys and d.both(cause) == (22, 2) and virtual:
            explained.add(cause)
    return explained


def vu_wfi(d):
    return {cause for cause, pc in (("c342", "p0"), ("c142", "c141"))
            if cause in d.keys and d.both(cause) == (2, 22) and d.word_at(d.ours.get(pc, 0)) == 0x10500073}


def vs_cause(d):
    ours, theirs = d.both("c242")
    return {"c242"} & d.keys if ours in (2, 6, 10) and theirs == ours - 1 else set()


def fs_dirty(d):
    """FS is Dirty in mstatus or vsstatus, for QEMU it is not yet."""
    def explains(status):
        ours, theirs = d.both(status)
        return (ours ^ theirs) & ~(FS_BITS | 1 << 38) == 0 and ours >> 13 & 3 == 3 and theirs >> 13 & 3 in (1, 2)
    return {status for status in ("c300", "c200") if status in d.keys and explains(status)}


def svinval_in_u(d):
    trapped = [pc for cause, _, pc in TRAPS if d.ours.get(cause) in (2, 22) and d.ours.get(pc) != d.theirs.get(pc)
               and d.word_at(d.ours.get(pc, 0)) in (0x18000073, 0x18100073)]
    return set(d.keys) if trapped else set()


def status_read(d):
    """What fs_dirty() explains, and vsstatus.SD, after it was read."""
    if not any(word & 0x7f == 0x73 and word >> 20 in (0x100, 0x200, 0x300) for word in d.code):
        return set()
    return {key for key in d.keys if key[0] == "x" and (d.ours.get(key, 0) ^ d.theirs.get(key, 0)) & ~FS_BITS == 0
            and d.ours.get(key, 0) >> 13 & 3 in (3, d.theirs.get(key, 0) >> 13 & 3)}


def vsip_read(d):
    if not any(word & 0x7f == 0x73 and word >> 20 in (0x144, 0x244) for word in d.code):
        return set()
    return {key for key in d.keys if key[0] == "x" and d.theirs.get(key, 0) == d.ours.get(key, 0) & ~0x220}


def sgei_delegated(d):
    """mideleg has bit 12 although there are no guest external interrupts."""
    if not any(word & 0x7f == 0x73 and word >> 20 == 0x303 for word in d.code):
        return set()
    return {key for key in d.keys if key[0] == "x" and d.theirs.get(key, 0) == d.ours.get(key, 0) | 0x1000}


def topi_tie(d):
    """Of SSI and STI, or VSSI and VSTI, with the same priority number QEMU reports, and takes, the second."""
    for cause, _, _ in TRAPS:
        if cause in d.keys and d.both(cause) in ((INTERRUPT | 1, INTERRUPT | 5), (INTERRUPT | 2, INTERRUPT | 6)):
            return {cause, "p0"} & d.keys
    return {key for key in d.keys if key in ("x7", "x8", "x9", "xa") and d.ours.get(key, 0) >> 16 in (1, 2)
            and d.theirs.get(key, 0) == d.ours.get(key, 0) + 0x40000}


def topi_external(d):
    """mtopi and stopi without the number of the external interrupt."""
    return {key for key in d.keys if key in ("x8", "x9") and d.ours.get(key, 0) >> 16 in (9, 11)
            and d.theirs.get(key, 0) == d.ours.get(key, 0) & ~0xff}


# name, the rule, whether the difference lives on in registers: then the rest of the case is not compared.
KNOWN = (
    ("amo-cause", amo_cause, False),
    ("ctzw-zero", ctzw_zero, True),
    ("stale-tval", stale_tval, False),
    ("gva", gva, False),
    ("fs-dirty", fs_dirty, False),
    ("vu-illegal", vu_illegal, False),
    ("vu-wfi", vu_wfi, False),
    ("sgei-delegated", sgei_delegated, True),
    ("topi-tie", topi_tie, False),
    ("topi-external", topi_external, False),
    ("vs-cause", vs_cause, False),
    ("stale-tinst", stale_tinst, False),
    ("mprv-guest-cause", mprv_guest_cause, False),
    ("implicit-cause", implicit_cause, False),
    ("htinst-kept", htinst_kept, False),
    ("status-read", status_read, True),
    ("svinval-in-u", svinval_in_u, True),
    ("vsip-read", vsip_read, True),
    ("interrupt-order", interrupt_order, True),
)



# --- newer versions ---

def tinst_choice(d):
    """Where we say nothing, QEMU has the transformed instruction."""
    explained = set()
    for cause, tinst in (("c342", "c34a"), ("c142", "c64a")):
        if tinst in d.keys and d.ours.get(cause) in (4, 5, 6, 7, 13, 15) and d.ours.get(tinst, 0) == 0:
            explained.add(tinst)
    return explained


def amo_check(d):
    """An AMO to what may be read but not written: QEMU checks the load with PMP before it looks for write permission."""
    return {cause for cause, pc in (("c342", "p0"), ("c142", "c141")) if cause in d.keys and d.both(cause) == (15, 7)
            and d.word_at(d.ours.get(pc, 0)) & 0x7f == 0x2f}


def amo_shadow(d):
    """An AMO to a shadow-stack page without A: QEMU looks at A first."""
    return {cause for cause, pc in (("c342", "p0"), ("c142", "c141")) if cause in d.keys and d.both(cause) == (7, 15)
            and d.word_at(d.ours.get(pc, 0)) & 0x7f == 0x2f}


def mpv_kept(d):
    """Before the case's first trap into M, MPV and GVA are those of the last one, as writes do not reach them."""
    ours, theirs = d.both("c300")
    return {"c300"} & d.keys if not d.ours.get("c342") and (ours ^ theirs) & ~(3 << 38) == 0 else set()


def hvip_read(d):
    """hvip shows what mip has of M and S, and of 13 to 63 not what hvien has not."""
    ours, theirs = d.both("c645")
    others = d.theirs.get("c344", 0) & 0xaaa
    same = (ours ^ theirs) & 0x444 == 0 and theirs & 0x1bbb & ~others == 0 and theirs >> 13 & ~(ours >> 13) == 0
    return {"c645"} & d.keys if same else set()


def mvip_read(d):
    """mvip without its bits 1 and 9 where it has no other."""
    return {"xb"} & d.keys if d.theirs.get("xb", 0) == 0 and d.ours.get("xb", 0) & ~0x202 == 0 else set()


def mvip_unseen(d):
    """From V-mode QEMU does not take what mvip injects unless something else made it look."""
    ours, theirs = d.both("c142")
    unseen = ours & INTERRUPT and ours & 0xfff in range(16, 48) and not theirs & INTERRUPT
    return set(d.keys) if unseen and d.ours.get("c600", 0) >> 7 & 1 else set()


def vs_tinst(d):
    """A trap into VS writes htinst."""
    return {"c64a"} & d.keys if d.ours.get("c242") and not d.ours.get("c142") and not d.ours.get("c64a") else set()


def hlvx_fetch(d):
    """HLVX is a fetch: its causes, and SUM does not let it reach pages of U."""
    for cause, pc in (("c342", "p0"), ("c142", "c141"), ("c242", "c241")):
        word = d.word_at(d.theirs.get(pc, 0))
        if d.theirs.get(cause) in (1, 12, 20) and is_guest_access(word) and word >> 20 & 0x1f == 3:
            return set(d.keys)
    return set()


def pseudo_write(d):
    """The walk for a store is said to be a write."""
    return {tinst for tinst in ("c34a", "c64a") if tinst in d.keys and d.both(tinst) == (0x3000, 0x3020)}


KNOWN_NEWEST = (
    ("hlvx-fetch", hlvx_fetch, True),
    ("pseudo-write", pseudo_write, False),
    ("mpv-kept", mpv_kept, False),
    ("vs-tinst", vs_tinst, False),
    ("hvip-read", hvip_read, False),
    ("mvip-read", mvip_read, True),
    ("mvip-unseen", mvip_unseen, True),
    ("amo-check", amo_check, False),
    ("amo-shadow", amo_shadow, False),
    ("tinst-choice", tinst_choice, False),
) + KNOWN
