/* SPDX-License-Identifier: BSD-2-Clause */
/* The harts in words, for whoever has to find out why a run came to nothing. */
#include <inttypes.h>

#include "core/symbols.h"
#include "platforms/virt_machine.h"

/* Exceptions in a row without progress: from here on it is no accident. */
enum { FOR_EVER = 1000 };

enum { RA = 1, SP = 2 };

static const char *mode_name(enum vd_mode mode)
{
    switch (mode) {
    case VD_MODE_U:
        return "U";
    case VD_MODE_S:
        return "HS";
    case VD_MODE_M:
        return "M";
    case VD_MODE_VU:
        return "VU";
    case VD_MODE_VS:
        return "VS";
    }
    return "?";
}

/* The CSRs that say how a level came to its last trap. */
static const struct {
    const char *prefix;
    bool guest; /* of interest only while a guest runs */
    uint16_t status, tvec, epc, cause, tval;
} levels[] = {
    {"m", false, 0x300, 0x305, 0x341, 0x342, 0x343},
    {"s", false, 0x100, 0x105, 0x141, 0x142, 0x143},
    {"vs", true, 0x200, 0x205, 0x241, 0x242, 0x243},
};

static const char *const exceptions[] = {
    "instruction address misaligned",
    "instruction access fault",
    "illegal instruction",
    "breakpoint",
    "load address misaligned",
    "load access fault",
    "store address misaligned",
    "store access fault",
    "ecall from U-mode",
    "ecall from S-mode",
    "ecall from VS-mode",
    "ecall from M-mode",
    "instruction page fault",
    "load page fault",
    NULL,
    "store page fault",
    NULL,
    NULL,
    NULL,
    NULL,
    "instruction guest-page fault",
    "load guest-page fault",
    "virtual instruction",
    "store guest-page fault",
};

static bool is_interrupt(uint64_t cause)
{
    return cause >> 63;
}

static const char *cause_name(uint64_t cause)
{
    if (is_interrupt(cause))
        return "interrupt";
    bool known = cause < sizeof(exceptions) / sizeof(exceptions[0]) && exceptions[cause];
    return known ? exceptions[cause] : "reserved";
}

struct scribe {
    struct hart *hart;
    struct symbols *symbols;
    FILE *out;
};

static uint64_t get(const struct scribe *s, uint32_t reg)
{
    uint64_t value = 0;
    hart_get(s->hart, reg, &value);
    return value;
}

static void print_address(const struct scribe *s, const char *name, uint64_t addr)
{
    char symbol[96];
    symbols_name(s->symbols, addr, symbol, sizeof(symbol));
    fprintf(s->out, "%s 0x%" PRIx64, name, addr);
    if (*symbol)
        fprintf(s->out, " (%s)", symbol);
}

static void print_level(const struct scribe *s, size_t level)
{
    char name[16];
    const char *prefix = levels[level].prefix;
    uint64_t cause = get(s, HART_REG_CSR0 + levels[level].cause);
    uint64_t epc = get(s, HART_REG_CSR0 + levels[level].epc);
    uint64_t tvec = get(s, HART_REG_CSR0 + levels[level].tvec);
    if (!(cause | epc | tvec)) /* never trapped */
        return;
    fprintf(s->out, "  %scause 0x%" PRIx64 " (%s), %stval 0x%" PRIx64 ", ", prefix, cause,
            cause_name(cause), prefix, get(s, HART_REG_CSR0 + levels[level].tval));
    snprintf(name, sizeof(name), "%sepc", prefix);
    print_address(s, name, epc);
    snprintf(name, sizeof(name), ", %stvec", prefix);
    print_address(s, name, tvec);
    fprintf(s->out, ", %sstatus 0x%" PRIx64 "\n", prefix,
            get(s, HART_REG_CSR0 + levels[level].status));
}

static void print_round(const struct scribe *s, const struct virt_round *round)
{
    if (!round->instructions && !round->traps)
        return;
    fprintf(s->out,
            "\n  repeats itself exactly, until something stops it: %" PRIu64 " instruction%s",
            round->instructions, round->instructions == 1 ? "" : "s");
    if (round->traps)
        fprintf(s->out, ", %" PRIu64 " trap%s (cause 0x%" PRIx64 ", %s)", round->traps,
                round->traps == 1 ? "" : "s", round->cause, cause_name(round->cause));
    if (round->loads)
        print_address(s, ", a load from", round->address);
}

static void print_hart(const struct scribe *s, const struct virt_round *round, uint32_t index)
{
    enum { MIE = 0x304, SATP = 0x180 };
    enum vd_mode mode = hart_mode(s->hart);
    struct hart_counts counts = hart_counts(s->hart);
    fprintf(s->out, "hart %u: ", index);
    print_address(s, "pc", get(s, HART_REG_PC));
    fprintf(s->out, ", %s mode, %s", mode_name(mode),
            hart_runner(s->hart)->asleep ? "asleep in wfi" : "running");
    if (counts.repeated >= FOR_EVER)
        fputs("; it traps for ever", s->out);
    if (round)
        print_round(s, round);
    fprintf(s->out, "\n  %" PRIu64 " instructions, %" PRIu64 " traps, ", counts.instructions,
            counts.traps);
    print_address(s, "ra", get(s, RA));
    fprintf(s->out, ", sp 0x%" PRIx64 ", satp 0x%" PRIx64 ", mie 0x%" PRIx64 "\n", get(s, SP),
            get(s, HART_REG_CSR0 + SATP), get(s, HART_REG_CSR0 + MIE));
    bool guest = mode == VD_MODE_VS || mode == VD_MODE_VU;
    for (size_t level = 0; level < sizeof(levels) / sizeof(levels[0]); level++)
        if (guest || !levels[level].guest)
            print_level(s, level);
}

static struct symbols *load_symbols(const struct virt *v)
{
    const struct virt_machine_config *m = &v->config.machine;
    const char *bios = virt_bios_path(v);
    struct symbols *symbols = symbols_create();
    if (!symbols)
        return NULL;
    if (bios)
        symbols_add(symbols, bios);
    symbols_add(symbols, m->kernel);
    symbols_add(symbols, m->symbols);
    return symbols;
}

void virt_print_harts(struct virt *v, const struct virt_round *rounds, FILE *out)
{
    struct symbols *symbols = load_symbols(v);
    if (!symbols)
        return;
    for (uint32_t i = 0; i < v->config.machine.harts; i++)
        print_hart(&(struct scribe){v->harts[i].hart, symbols, out}, rounds ? &rounds[i] : NULL, i);
    symbols_destroy(symbols);
}
