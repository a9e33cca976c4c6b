/* SPDX-License-Identifier: BSD-2-Clause */
/* Experiments: YAML files in the binary or of the user, run one after the other into one report. */
#ifndef VIADUCT_EXPERIMENT_H
#define VIADUCT_EXPERIMENT_H

#include "arguments.h"
#include "fairness.h"
#include "platforms/embedded.h"
#include "protocols.h"
#include "results.h"

#define EXPERIMENT_FOLDER "experiments/"

struct experiment_file {
    const char *name; /* for errors */
    const char *text;
    size_t length;
    char *owned;
};

/* By its name in the binary, or a file's name. */
enum status experiment_open(const char *name, struct experiment_file *file, struct vd_error *err);
void experiment_close(struct experiment_file *file);
bool experiment_about(const struct embedded_file *file, struct virt_experiment_config *about,
                      struct vd_error *err);

/* One command's runs. */
struct experiment_run {
    struct arguments *arguments;
    struct results results;
    struct protocol_table protocols;
    struct fairness_table fairness;
    struct virt_config config; /* of the first run */
    char title[160], expectation[1024];
    uint32_t runs;
    const char *member; /* of what runs, NULL: it was asked for itself */
};

/* Runs an experiment, or its members, at every point of the sweep.  Returns an exit status; what
 * was wrong has been printed. */
int experiment_run_name(struct experiment_run *run, const char *name);
/* Prints the table and writes the directory. */
int experiment_report(struct experiment_run *run);
void experiment_run_free(struct experiment_run *run);

/* The hypervisor's image: a file name that stays valid.  False: there is none. */
bool hypervisor_path(char *path, size_t size, struct vd_error *err);
/* The same of the M-mode firmware below it that does nothing but start the harts. */
bool start_firmware_path(char *path, size_t size);

#endif
