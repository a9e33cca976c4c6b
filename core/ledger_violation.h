/* SPDX-License-Identifier: BSD-2-Clause */
/* For each invariant a story that a right machine tells, and the same with a planted violation. */
#ifndef CORE_LEDGER_VIOLATION_H
#define CORE_LEDGER_VIOLATION_H

#include "core/ledger_story.h"

struct violation {
    void (*tell)(struct story *s, bool planted);
    bool note; /* the books balance all the same */
};

extern const struct violation violations[LEDGER_INVARIANTS];

#endif
