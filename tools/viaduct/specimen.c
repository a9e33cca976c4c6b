/* SPDX-License-Identifier: BSD-2-Clause */
#include "specimen.h"

#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "platforms/virt_config.h"

struct kind {
    const char *name;
    void *(*create)(const struct virt_config *config, const struct vd_host *host);
    void (*destroy)(void *model);
    enum vd_status (*access)(void *model, struct vd_txn *txn);
};

struct specimen {
    const struct kind *kind;
    struct core *core;
    void *model;
};

static enum vd_status access_bar0(struct pcie_function *function, struct vd_txn *txn)
{
    return function->bar_access(function->ctx, 0, txn);
}

static void *create_iommu(const struct virt_config *config, const struct vd_host *host)
{
    return iommu_create(&config->iommu, host, NULL);
}

static void destroy_iommu(void *model)
{
    iommu_destroy(model);
}

static enum vd_status access_iommu(void *model, struct vd_txn *txn)
{
    return iommu_access(model, txn);
}

static void *create_endpoint(const struct virt_config *config, const struct vd_host *host)
{
    return endpoint_create(&config->endpoint, host, NULL);
}

static void destroy_endpoint(void *model)
{
    endpoint_destroy(model);
}

static enum vd_status access_endpoint(void *model, struct vd_txn *txn)
{
    return access_bar0(endpoint_function(model), txn);
}

static void *create_nvme(const struct virt_config *config, const struct vd_host *host)
{
    return nvme_create(&config->nvme, NULL, 0, host, NULL);
}

static void destroy_nvme(void *model)
{
    nvme_destroy(model);
}

static enum vd_status access_nvme(void *model, struct vd_txn *txn)
{
    return access_bar0(nvme_function(model), txn);
}

static void *create_rtc(const struct virt_config *config, const struct vd_host *host)
{
    return rtc_create(&config->rtc, host, NULL);
}

static void destroy_rtc(void *model)
{
    rtc_destroy(model);
}

static enum vd_status access_rtc(void *model, struct vd_txn *txn)
{
    return rtc_access(model, txn);
}

static const struct kind kinds[] = {
    {"iommu", create_iommu, destroy_iommu, access_iommu},
    {"endpoint", create_endpoint, destroy_endpoint, access_endpoint},
    {"nvme", create_nvme, destroy_nvme, access_nvme},
    {"rtc", create_rtc, destroy_rtc, access_rtc},
};

static const struct kind *kind_of(const char *model)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, model) == 0)
            return &kinds[i];
    return NULL;
}

struct specimen *specimen_create(const char *model)
{
    const struct kind *kind = kind_of(model);
    struct virt_config *config = kind ? calloc(1, sizeof(*config)) : NULL;
    struct specimen *s = config ? calloc(1, sizeof(*s)) : NULL;
    if (s && virt_defaults(config, NULL)) {
        s->kind = kind;
        s->core = core_create(&(struct core_config){.ledger.off = true});
        s->model = kind->create(config, port_host(port_create(s->core, model)));
    }
    free(config);
    return s;
}

void specimen_destroy(struct specimen *s)
{
    if (!s)
        return;
    if (s->model)
        s->kind->destroy(s->model);
    if (s->core)
        core_destroy(s->core);
    free(s);
}

uint64_t specimen_reset(struct specimen *s, const struct vd_reg *reg)
{
    struct vd_txn txn = {.cmd = VD_READ, .addr = reg->offset, .size = reg->size};
    if (!s || !s->model || s->kind->access(s->model, &txn) != VD_OK)
        return reg->reset;
    return txn.data[0];
}
