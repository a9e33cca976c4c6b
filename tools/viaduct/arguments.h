/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verbs that build a machine take from the command line. */
#ifndef VIADUCT_ARGUMENTS_H
#define VIADUCT_ARGUMENTS_H

#include "drives.h"
#include "options.h"
#include "platforms/virt_config.h"
#include "status.h"

enum { MAX_SETTINGS = 256, MAX_SWEEPS = 4, MAX_POINTS = 256 };

/* One swept key with its values. */
struct sweep {
    const char *key;
    const char *values[MAX_POINTS];
    uint32_t count;
};

struct arguments {
    struct virt_setting settings[MAX_SETTINGS];
    uint32_t num_settings;
    struct sweep sweeps[MAX_SWEEPS];
    uint32_t num_sweeps;
    struct drives drives; /* that are no settings yet */
    uint32_t num_fw_files;
    const char *limit, *quantum; /* times as given */
    const char *trace, *stats, *dump_dtb, *out, *record, *replay, *signature, *granularity;
    const char *gdb; /* port */
    bool print_config, console, no_reboot, halted;
    const char *names[64]; /* arguments that are not options */
    uint32_t num_names;
    const char *command; /* the whole command line */
    enum status status;  /* of the mistake, when taking or configuring fails */
    char limit_cycles[32], quantum_cycles[32];
    void *owned[2 * MAX_SETTINGS]; /* copies that the settings point to */
    uint32_t num_owned;
};

extern const struct option machine_options[]; /* -M, -smp, -m ... */
extern const struct option run_options[];     /* --signature, ... */
extern const struct option exp_options[];     /* --sweep, --out ... */

void arguments_free(struct arguments *arguments);
bool arguments_add(struct arguments *arguments, const char *key, const char *value,
                   struct vd_error *err);
/* The same, with copies of both. */
bool arguments_add_copy(struct arguments *arguments, const char *key, const char *value,
                        struct vd_error *err);
/* A YAML text; it must outlive the arguments. */
bool arguments_add_text(struct arguments *arguments, const char *name, const char *text,
                        size_t length, struct vd_error *err);
bool arguments_add_name(void *ctx, const char *argument, struct vd_error *err);
/* The machine that they describe. */
bool arguments_configure(struct arguments *arguments, struct virt_config *config,
                         struct vd_error *err);
/* Time as users write it: cycles, or with ps, ns, us, ms, s. */
bool arguments_parse_time(const char *text, uint64_t cycle_ps, uint64_t *cycles);

#endif
