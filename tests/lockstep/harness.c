/* SPDX-License-Identifier: BSD-2-Clause */
/* The fixed M-mode program around the cases: sets each up, logs at every trap what has changed,
 * ends the run. */
#include <stdbool.h>

#include "frame.h"
#include "program.h"

enum { CSR_MSTATUS = 0x300, CSR_MEPC = 0x341, CSR_MCAUSE = 0x342, CSR_MTVAL = 0x343 };
enum { CSR_HSTATUS = 0x600, CSR_SEPC = 0x141, CSR_FCSR = 0x003, CSR_VSSTATUS = 0x200 };
#define STATUS_FS       UINT64_C(0x6000)
#define STATUS_MPP      UINT64_C(0x1800)
#define STATUS_SPP      UINT64_C(0x100)
#define STATUS_MPV      (UINT64_C(1) << 39)
#define STATUS_MPRV     (UINT64_C(1) << 17)
#define STATUS_MIE      UINT64_C(8)
#define HSTATUS_SPV     UINT64_C(0x80)
#define CAUSE_INTERRUPT (UINT64_C(1) << 63)
#define CAUSE_EBREAK    3

void harness(void);
uint64_t harness_trap(struct frame *at);
void enter(struct frame *at, uint64_t mstatus, uint64_t by_sret);
void fence_all(void);
extern char csr_writers[], csr_readers[];
extern struct frame frame;

static struct {
    uint32_t number, flags, checkpoints, num_csrs;
    uint64_t end, mstatus;
    uint32_t csr[PROGRAM_MAX_CSRS];
    uint64_t mask[PROGRAM_MAX_CSRS];
    uint64_t seen[PROGRAM_MAX_CSRS], x[32], f[32], memory;
    bool running;
} now;

static void csr_write(uint32_t csr, uint64_t value)
{
    ((void (*)(uint64_t))(csr_writers + 8 * csr))(value);
}

static uint64_t csr_read(uint32_t csr)
{
    return ((uint64_t(*)(uint64_t))(csr_readers + 8 * csr))(0);
}

/* --- the log --- */

static void put(char c)
{
    volatile uint8_t *uart = (volatile uint8_t *)0x10000000;
    while (!(uart[5] & 0x20))
        ;
    uart[0] = (uint8_t)c;
}

static void put_hex(uint64_t value)
{
    int digit = 60;
    while (digit > 0 && !(value >> digit))
        digit -= 4;
    for (; digit >= 0; digit -= 4)
        put("0123456789abcdef"[value >> digit & 15]);
}

static void put_register(char kind, uint32_t number, uint64_t value)
{
    put(' ');
    put(kind);
    put_hex(number);
    put('=');
    put_hex(value);
}

static void note(char kind, uint32_t number, uint64_t *seen, uint64_t value)
{
    if (*seen != value)
        put_register(kind, number, value);
    *seen = value;
}

static uint64_t hash_memory(void)
{
    const uint64_t *word = (const uint64_t *)PROGRAM_SCRATCH;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < PROGRAM_SCRATCH_SIZE / 8; i++)
        hash = (hash ^ word[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return hash;
}

static uint64_t csr_value(uint32_t csr)
{
    if (csr == CSR_FCSR && !(csr_read(CSR_MSTATUS) & STATUS_FS))
        return 0;
    /* What a breakpoint writes to mtval is the implementation's choice. */
    if (csr == CSR_MTVAL && csr_read(CSR_MCAUSE) == CAUSE_EBREAK)
        return 0;
    return csr_read(csr);
}

/* What has changed since the last; before the case runs, the CSRs alone. */
static void checkpoint(struct frame *at, bool running)
{
    uint64_t values[PROGRAM_MAX_CSRS];
    for (uint32_t i = 0; i < now.num_csrs; i++)
        values[i] = csr_value(now.csr[i]) & now.mask[i];
    put_hex(now.number);
    put('.');
    if (!running) {
        put('i');
        for (uint32_t i = 0; i < now.num_csrs; i++) {
            now.seen[i] = 0;
            note('c', now.csr[i], &now.seen[i], values[i]);
        }
        put('\n');
        return;
    }
    put_hex(now.checkpoints);
    put_register('p', 0, csr_read(CSR_MEPC));
    for (uint32_t i = 0; i < now.num_csrs; i++)
        note('c', now.csr[i], &now.seen[i], values[i]);
    for (uint32_t i = 1; i < 32; i++)
        note('x', i, &now.x[i], at->x[i]);
    for (uint32_t i = 0; i < 32; i++)
        note('f', i, &now.f[i], at->f[i]);
    if (now.flags & PROGRAM_MEMORY)
        note('m', 0, &now.memory, hash_memory());
    put('\n');
}

/* --- traps --- */

static uint64_t length_at(uint64_t pc)
{
    if (now.flags & PROGRAM_MAPPED)
        return 4;
    return (*(const uint16_t *)pc & 3) == 3 ? 4 : 2;
}

static void finish(uint32_t verdict)
{
    *(volatile uint32_t *)0x100000 = verdict;
    for (;;)
        ;
}

/* The harness itself trapped: a case left it no ground to stand on, or a CSR that it needs is
 * missing. */
static void give_up(uint64_t pc, uint64_t cause)
{
    put('!');
    put_register('p', now.number, pc);
    put_register('c', CSR_MCAUSE, cause);
    put_register('c', CSR_MTVAL, csr_read(CSR_MTVAL));
    put('\n');
    finish(0x13333);
}

/* Returns whether the case is over. */
uint64_t harness_trap(struct frame *at)
{
    uint64_t pc = csr_read(CSR_MEPC), cause = csr_read(CSR_MCAUSE);
    bool from_m = (csr_read(CSR_MSTATUS) & STATUS_MPP) == STATUS_MPP;
    if (!now.running || (from_m && pc >= PROGRAM_HARNESS && pc < PROGRAM_STEPS))
        give_up(pc, cause);
    checkpoint(at, true);
    bool inside = (now.flags & PROGRAM_MAPPED) || (pc >= PROGRAM_CODE && pc < PROGRAM_END);
    bool stub = (pc & 0x3ffff000) == (PROGRAM_STUB & 0x3ffff000);
    bool go_on = cause == CAUSE_EBREAK || (now.flags & PROGRAM_SKIP);
    if ((cause & CAUSE_INTERRUPT) || !inside || stub || !go_on || pc == now.end ||
        ++now.checkpoints == PROGRAM_MAX_CHECKPOINTS)
        return true;
    csr_write(CSR_MEPC, pc + length_at(pc));
    if (cause == CAUSE_EBREAK)
        csr_write(CSR_MTVAL, 0);
    return false;
}

/* --- cases --- */

static const struct {
    uint32_t csr;
    uint64_t value;
} fresh[] = {{0x302, 0},
             {0x303, 0},
             {0x304, 0},
             {0x344, 0},
             {0x306, 0},
             {0x30a, 0},
             {0x60a, 0},
             {0x10a, 0},
             {0x3b0, UINT64_MAX >> 10},
             {0x3a0, 0x1f},
             {0x3a2, 0},
             {0x106, 0},
             {0x606, 0},
             {0x180, 0},
             {0x680, 0},
             {0x280, 0},
             {0x602, 0},
             {0x603, 0},
             {0x645, 0},
             {0x607, 0},
             {0x605, 0},
             {0x105, PROGRAM_STUB},
             {0x205, PROGRAM_STUB},
             {0x140, 0},
             {0x240, 0},
             {0x141, 0},
             {0x241, 0},
             {0x142, 0},
             {0x242, 0},
             {0x143, 0},
             {0x243, 0},
             {0x643, 0},
             {0x64a, 0},
             {0x342, 0},
             {0x343, 0},
             {0x34a, 0},
             {0x34b, 0},
             {CSR_HSTATUS, 0},
             {CSR_VSSTATUS, STATUS_FS},
             {0x341, 0}};

static void start_case(uint32_t flags)
{
    csr_write(CSR_MSTATUS, STATUS_FS);
    for (uint32_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++)
        csr_write(fresh[i].csr, fresh[i].value);
    csr_write(CSR_FCSR, 0);
    now.mstatus = STATUS_FS;
    now.number++;
    now.flags = flags;
    now.checkpoints = 0;
    now.memory = 0;
    for (uint32_t i = 0; i < 32; i++)
        frame.x[i] = frame.f[i] = now.x[i] = now.f[i] = 0;
    uint64_t *word = (uint64_t *)PROGRAM_SCRATCH;
    for (uint32_t i = 0; i < PROGRAM_SCRATCH_SIZE / 8; i++)
        word[i] = (i + 1) * UINT64_C(0xd1342543de82ef95);
}

static void run_case(uint32_t mode, uint64_t pc, uint64_t end)
{
    bool by_sret = mode & PROGRAM_BY_SRET, v = mode & 4;
    uint64_t mstatus = now.mstatus & ~(STATUS_MPP | STATUS_MPV | STATUS_MPRV | STATUS_MIE);
    now.end = end;
    fence_all();
    if (by_sret) {
        csr_write(CSR_SEPC, pc);
        csr_write(CSR_HSTATUS, (csr_read(CSR_HSTATUS) & ~HSTATUS_SPV) | (v ? HSTATUS_SPV : 0));
        mstatus = (mstatus & ~STATUS_SPP) | (mode & 1 ? STATUS_SPP : 0);
    } else {
        csr_write(CSR_MEPC, pc);
        mstatus |= (uint64_t)(mode & 3) << 11 | (v ? STATUS_MPV : 0);
    }
    checkpoint(&frame, false);
    now.running = true;
    enter(&frame, mstatus, by_sret);
    now.running = false;
}

static void end_case(const struct program_step *first, const struct program_step *last)
{
    csr_write(CSR_MSTATUS, STATUS_FS);
    for (; first != last; first++)
        if (first->op == PROGRAM_OP_POKE)
            *(uint64_t *)first->value = 0;
}

static const struct program_step *do_case(const struct program_step *step)
{
    const struct program_step *first = step;
    start_case(step->argument);
    for (step++; step->op != PROGRAM_OP_END && step->op != PROGRAM_OP_CASE; step++) {
        switch (step->op) {
        case PROGRAM_OP_CSR:
            if (step->argument == CSR_MSTATUS)
                now.mstatus = step->value;
            else
                csr_write(step->argument, step->value);
            break;
        case PROGRAM_OP_POKE:
            *(uint64_t *)step->value = step->more;
            break;
        case PROGRAM_OP_X:
            frame.x[step->argument] = now.x[step->argument] = step->value;
            break;
        case PROGRAM_OP_F:
            frame.f[step->argument] = now.f[step->argument] = step->value;
            break;
        default:
            run_case(step->argument, step->value, step->more);
        }
    }
    end_case(first, step);
    return step;
}

void harness(void)
{
    const struct program_step *step = (const struct program_step *)PROGRAM_STEPS;
    *(volatile uint64_t *)0x2004000 = UINT64_MAX; /* mtimecmp: no timer interrupt */
    for (; step->op == PROGRAM_OP_LOG_CSR; step++) {
        now.csr[now.num_csrs] = step->argument;
        now.mask[now.num_csrs++] = step->value;
    }
    while (step->op == PROGRAM_OP_CASE)
        step = do_case(step);
    put('.');
    put('\n');
    finish(0x5555);
}
