/* SPDX-License-Identifier: BSD-2-Clause */
/* A vector file, plain or .xz, record by record. */
#ifndef VECTORS_READER_H
#define VECTORS_READER_H

#include "line.h"

enum { MAX_ANSWERS = 128 };

/* A line and the answers below it. */
struct record {
    struct line head;
    struct line answers[MAX_ANSWERS];
    uint32_t num_answers;
    uint32_t number; /* of the line in the file, from 1 */
};

struct reader;

struct reader *reader_open(const char *path, struct vd_error *err);
void reader_close(struct reader *reader);
/* False at the end of the file, or with err->text set at a mistake in it. */
bool reader_next(struct reader *reader, struct record *record, struct vd_error *err);

#endif
