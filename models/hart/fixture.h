/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart without its execution half, for tests of CSRs, traps, interrupts and translation. */
#ifndef HART_FIXTURE_H
#define HART_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hart/cause.h"
#include "hart/csr.h"
#include "hart/interrupt.h"
#include "hart/tlb.h"
#include "support/bench.h"

enum { FIXTURE_FILES = 65, RAM = 0x80000000 };

struct fixture {
    struct bench bench;
    struct hart hart;
    /* A fake IMSIC: topei of each file is what the test puts there. */
    uint32_t topei[FIXTURE_FILES];
    uint32_t claims[FIXTURE_FILES];
    uint64_t file[FIXTURE_FILES][256];
    uint32_t last_file;
    uint64_t mtime_offset;
};

struct fixture *fixture_new(uint32_t geilen, bool imsic);
/* The same with some extensions missing. */
struct fixture *fixture_without(uint64_t extensions);
/* As fixture_new() made it, at less cost. */
void fixture_renew(struct fixture *f);
void fixture_free(struct fixture *f);
void fixture_mode(struct fixture *f, enum vd_mode mode);

/* As M-mode does, whatever the mode is. */
uint64_t fixture_csr(struct fixture *f, uint32_t number);
void fixture_set(struct fixture *f, uint32_t number, uint64_t value);
/* A CSR instruction in a mode. */
enum csr_result fixture_try(struct fixture *f, enum vd_mode mode, uint32_t number, bool write);

static inline uint64_t fixture_rmw(struct fixture *f, uint32_t number, enum csr_op op,
                                   uint64_t operand)
{
    uint64_t old = 0;
    assert_int_equal(csr_execute(&f->hart, number, op, operand, true, true, &old), CSR_OK);
    return old;
}

/* Nothing that Smstateen, counter enables or STCE could refuse is refused. */
struct fixture *open_fixture(uint32_t geilen, bool imsic);
/* A hart whose S-level interrupts are delegated and enabled, VS-level ones delegated on. */
struct fixture *delegating(void);

static inline void wire(struct fixture *f, uint32_t line, bool level)
{
    interrupt_wire(&f->hart, line, level);
}

#endif
