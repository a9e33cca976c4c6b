/* SPDX-License-Identifier: BSD-2-Clause */
#include "watch.h"

#include <inttypes.h>
#include <string.h>

#include "platforms/virt_map.h"

enum {
    TRAPS_FOR_EVER = 10000, /* exceptions in a row without progress */
    BUSY_INSTRUCTIONS = 1000,
    PANIC_SPINS = 25,  /* behind the message of a panic */
    SILENT_SPINS = 50, /* the log is searched for one */
    LOOP_STEPS = 8,
    SP = 2,
};

/* How much of the memory is searched: firmware, and the kernel's image and bss, where the log is.
 */
#define LOG_BYTES (UINT64_C(68) << 20)

void watch_start(struct watch *w, struct virt *virt, struct console *console)
{
    memset(w, 0, sizeof(*w));
    w->virt = virt;
    w->console = console;
}

/* --- loops without an exit --- */

static bool does_nothing(uint32_t insn)
{
    enum { NOP = 0x13, C_NOP = 0x0001, WFI = 0x10500073, FENCE = 0x0f };
    return insn == NOP || insn == C_NOP || insn == WFI || (insn & 0x707f) == FENCE;
}

static uint64_t sign_extend(uint64_t value, unsigned bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);
    return (value ^ sign) - sign;
}

/* JAL with rd = x0. */
static uint64_t jal_offset(uint32_t i)
{
    uint32_t offset =
        (i >> 31 & 1) << 20 | (i >> 12 & 0xff) << 12 | (i >> 20 & 1) << 11 | (i >> 21 & 0x3ff) << 1;
    return sign_extend(offset, 21);
}

static uint64_t c_j_offset(uint32_t i)
{
    uint32_t offset = (i >> 12 & 1) << 11 | (i >> 11 & 1) << 4 | (i >> 9 & 3) << 8 |
                      (i >> 8 & 1) << 10 | (i >> 7 & 1) << 6 | (i >> 6 & 1) << 7 |
                      (i >> 3 & 7) << 1 | (i >> 2 & 1) << 5;
    return sign_extend(offset, 12);
}

/* From pc on, only jumps and instructions without effect, back to where it has been. */
static bool loops(struct hart *hart, uint64_t pc)
{
    enum { JAL_X0 = 0x6f, C_J = 0xa001 };
    uint64_t seen[LOOP_STEPS];
    for (unsigned step = 0; step < LOOP_STEPS; step++) {
        uint32_t insn;
        for (unsigned i = 0; i < step; i++)
            if (seen[i] == pc)
                return true;
        seen[step] = pc;
        if (!hart_peek_insn(hart, pc, &insn))
            return false;
        if ((insn & 0xfff) == JAL_X0)
            pc += jal_offset(insn);
        else if ((insn & 3) != 3 && (insn & 0xe003) == C_J)
            pc += c_j_offset(insn);
        else if (does_nothing(insn))
            pc += (insn & 3) == 3 ? 4 : 2;
        else
            return false;
    }
    return false;
}

static uint64_t register_of(struct hart *hart, uint32_t reg)
{
    uint64_t value = 0;
    hart_get(hart, reg, &value);
    return value;
}

/* Interrupts of its own level are off; those of a higher one come back to where they were. */
static bool is_deaf(struct hart *hart)
{
    enum { MSTATUS = 0x300, SIE = 1 << 1, MIE = 1 << 3 };
    enum vd_mode mode = hart_mode(hart);
    uint64_t status = register_of(hart, HART_REG_CSR0 + MSTATUS);
    return (mode == VD_MODE_M && !(status & MIE)) || (mode == VD_MODE_S && !(status & SIE));
}

static bool is_stopped(struct hart *hart)
{
    return is_deaf(hart) && loops(hart, register_of(hart, HART_REG_PC));
}

/* --- one look --- */

static bool is_user(enum vd_mode mode)
{
    return mode == VD_MODE_U || mode == VD_MODE_VU || mode == VD_MODE_VS;
}

struct look {
    uint32_t harts, stopped, asleep; /* stopped: in this look and the last one */
    uint32_t looping;                /* the first hart that traps for ever; harts: none */
    bool user, busy, moved;
};

static void look_at(struct watch *w, uint32_t index, struct look *look)
{
    struct hart *hart = virt_hart(w->virt, index);
    struct watch_hart *last = &w->harts[index];
    struct hart_counts counts = hart_counts(hart);
    bool asleep = hart_runner(hart)->asleep;
    bool stopped = !asleep && is_stopped(hart);
    look->asleep += asleep;
    look->stopped += stopped && last->stopped && counts.traps == last->traps;
    look->user |= !asleep && is_user(hart_mode(hart));
    look->busy |= !asleep && counts.instructions - last->instructions > BUSY_INSTRUCTIONS;
    uint64_t sp = register_of(hart, SP);
    look->moved |= sp != last->sp;
    if (counts.repeated >= TRAPS_FOR_EVER && look->looping == look->harts)
        look->looping = index;
    *last = (struct watch_hart){counts.instructions, counts.traps, sp, stopped};
}

/* The text between the marks of a panic's end in the kernel's log; false: there is none.  The
 * kernel has the format of the line too, in which a conversion is the text. */
static bool find_in_log(struct watch *w, char *text, size_t size)
{
    static const char mark[] = "---[ end Kernel panic - not syncing: ", end_mark[] = " ]---";
    struct virt_range range = virt_range(virt_config(w->virt), VIRT_RAM);
    struct ram *ram = bus_ram(virt_core(w->virt)->bus, range.base, range.size);
    if (!ram)
        return false;
    const uint8_t *at = ram->bytes, *end = at + (range.size < LOG_BYTES ? range.size : LOG_BYTES);
    while ((at = memmem(at, (size_t)(end - at), mark, sizeof(mark) - 1))) {
        at += sizeof(mark) - 1;
        size_t most = (size_t)(end - at) < size ? (size_t)(end - at) : size;
        const uint8_t *close = memmem(at, most, end_mark, sizeof(end_mark) - 1);
        if (close && *at != '%') {
            snprintf(text, size, "%.*s", (int)(close - at), (const char *)at);
            return true;
        }
    }
    return false;
}

enum status watch_panicked(const struct watch *w, struct vd_error *err)
{
    vd_fail(err, "the guest's kernel has panicked: %s", console_panic(w->console));
    return STATUS_PANIC;
}

bool watch_reset(const struct watch *w)
{
    return console_panic(w->console) != NULL;
}

/* One look in three may have met an interrupt handler. */
static void count_spins(struct watch *w, const struct look *look)
{
    if (look->user || !look->busy)
        w->spins = 0;
    else if (!look->moved)
        w->spins++;
    else
        w->spins = w->spins > 2 ? w->spins - 2 : 0;
}

/* A panicked kernel spins on one hart, in the same stack frame, for ever, and no program runs. */
static enum status look_for_panic(struct watch *w, const struct look *look, struct vd_error *err)
{
    char text[128];
    count_spins(w, look);
    if (look->user)
        console_forget_panic(w->console);
    if (console_panic(w->console))
        return w->spins >= PANIC_SPINS ? watch_panicked(w, err) : STATUS_OK;
    if (look->moved || w->spins == 0 || w->spins % SILENT_SPINS != 0 ||
        !find_in_log(w, text, sizeof(text)))
        return STATUS_OK;
    vd_fail(err, "the guest's kernel has panicked, and its console did not say so: %s", text);
    return STATUS_PANIC;
}

/* What is awake will never do anything else, and nothing is on its way that could wake the rest. */
static bool is_dead(const struct watch *w, const struct look *look)
{
    bool deaf = console_polls(w->console) && !virt_console_listens(w->virt);
    uint32_t events = sim_num_events(virt_core(w->virt)->sim) - (deaf ? 1 : 0);
    uint32_t dead = look->stopped + (events == 0 ? look->asleep : 0);
    return virt_idle(w->virt) && dead == look->harts;
}

enum status watch_look(struct watch *w, struct vd_error *err)
{
    struct look look = {.harts = virt_config(w->virt)->machine.harts};
    look.looping = look.harts;
    for (uint32_t i = 0; i < look.harts; i++)
        look_at(w, i, &look);
    if (look.looping < look.harts) {
        vd_fail(err,
                "hart %" PRIu32 " traps for ever: its trap handler traps itself, or cannot run",
                look.looping);
        return STATUS_TRAPS;
    }
    if (is_dead(w, &look)) {
        vd_fail(err, "nothing can happen any more: every hart %s%s%s",
                look.stopped ? "jumps to itself with interrupts off" : "",
                look.stopped && look.asleep ? ", or " : "", look.asleep ? "sleeps" : "");
        return STATUS_DEADLOCK;
    }
    return look_for_panic(w, &look, err);
}
