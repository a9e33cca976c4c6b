/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that can be configured of the platform `virt`, as one plain value, and its schema. */
#ifndef PLATFORMS_VIRT_CONFIG_H
#define PLATFORMS_VIRT_CONFIG_H

#include "aplic/aplic.h"
#include "edu/edu.h"
#include "fw_cfg/fw_cfg.h"
#include "hart/hart.h"
#include "imsic/imsic.h"
#include "iommu/iommu.h"
#include "nvme/nvme.h"
#include "pcie/endpoint.h"
#include "pcie/root.h"
#include "pflash/pflash.h"
#include "platforms/config.h"
#include "rtc/rtc.h"
#include "uart/uart.h"
#include "virtio/mmio.h"
#include "virtio/pci.h"

enum {
    VIRT_MAX_HARTS = 64,
    VIRT_MAX_ENDPOINTS = 8,
    VIRT_MAX_SYS_IOMMUS = 4,
    VIRT_MAX_PCI_IOMMUS = 4,
    VIRT_MAX_IOMMUS = VIRT_MAX_SYS_IOMMUS + VIRT_MAX_PCI_IOMMUS,
    VIRT_MAX_DEVICES = 8,
    VIRT_FLASHES = 2,
    VIRT_FW_FILES = 8,
    VIRT_PATH_SIZE = 1024, /* a file's name */
    VIRT_APPEND_SIZE = 2048,
    VIRT_LOADS_SIZE = 4096,
};

/* Who delivers interrupts to the harts. */
enum virt_aia {
    VIRT_AIA_AUTO,        /* aplic-imsic if the harts have Smaia and Ssaia, else aplic */
    VIRT_AIA_APLIC,       /* the APLIC, by wires into each hart; nothing takes MSIs */
    VIRT_AIA_APLIC_IMSIC, /* an IMSIC at each hart, to which the APLIC sends MSIs */
};

struct virt_machine_config {
    uint32_t harts;
    uint32_t aia; /* enum virt_aia */
    uint64_t memory;
    uint64_t cycle_ps;
    uint64_t timebase; /* Hz */
    uint64_t quantum;  /* cycles */
    uint64_t limit;    /* cycles, 0: none */
    uint64_t seed;
    bool poison;
    bool ledger;
    bool iommu;
    uint32_t iommus, pci_iommus;
    uint32_t endpoints;
    char endpoint_iommus[64];
    char timing[VIRT_PATH_SIZE];
    char bios[VIRT_PATH_SIZE];
    char kernel[VIRT_PATH_SIZE];
    char initrd[VIRT_PATH_SIZE];
    char dtb[VIRT_PATH_SIZE];
    char symbols[VIRT_PATH_SIZE];
    char loads[VIRT_LOADS_SIZE];
    char append[VIRT_APPEND_SIZE];
};

enum virt_device_model {
    VIRT_DEVICE_NONE,
    VIRT_DEVICE_NVME,
    VIRT_DEVICE_NVME_NS, /* a further namespace of the nvme in front of it */
    VIRT_DEVICE_BLK_PCI,
    VIRT_DEVICE_BLK_MMIO,
    VIRT_DEVICE_RNG_PCI,
    VIRT_DEVICE_RNG_MMIO,
    VIRT_DEVICE_EDU,
    VIRT_DEVICE_MODELS,
};

/* A device that is plugged in on request. */
struct virt_device_config {
    uint32_t model; /* enum virt_device_model */
    uint32_t addr;  /* device number on PCIe, 0: the next that is free */
    bool readonly;
    char serial[NVME_SERIAL_SIZE + 1];
    char file[VIRT_PATH_SIZE];
};

/* A file in fw_cfg on request: the bytes of a file of the host, or of a text. */
struct virt_fw_file_config {
    char name[FW_CFG_NAME_SIZE]; /* empty: there is none */
    char file[VIRT_PATH_SIZE];
    char text[VIRT_APPEND_SIZE];
};

/* The bytes of a flash bank. */
struct virt_flash_config {
    bool readonly;
    char file[VIRT_PATH_SIZE]; /* empty: zeros that nobody keeps */
};

/* Latencies of the fabric, in cycles. */
struct virt_bus_config {
    uint32_t ram_read, ram_write;
    uint32_t msi_write;
    uint32_t device_read, device_write;
    uint32_t hart_read, hart_write;
};

/* What `viaduct exp` runs. */
struct virt_experiment_config {
    char name[64];
    char title[160];
    char expectation[1024]; /* what the reader should see in the results */
    char members[1024];     /* names of other experiments to run instead */
    uint32_t expects;       /* enum virt_expects */
    char holds[512];        /* conditions on what the ledger and the hypervisor counted */
    bool quick_start;       /* not OpenSBI, whose start takes long on many harts */
    bool per_vcpu;          /* report the latencies of each vCPU */
    char model[64];         /* what an abstract model says of the protocol: ok, or what it loses */
    char kernel[VIRT_PATH_SIZE];
    /* Words of the boot arguments, see firmware/hyp/README.md. */
    char exp[64];
    uint32_t count, warmup;
    uint64_t period;
    uint32_t burst, vectors, ddt, moves, vcpus, slice, wire, mode, policy;
    char protocol[16];
    uint64_t seed;
};

enum virt_expects { VIRT_EXPECTS_BALANCED, VIRT_EXPECTS_VIOLATION, VIRT_EXPECTS_DROPS };

struct virt_config {
    struct virt_machine_config machine;
    struct hart_config hart;
    struct imsic_config imsic;
    struct aplic_config aplic;
    struct iommu_config iommu;
    struct pcie_config pcie;
    struct endpoint_config endpoint;
    struct uart_config uart;
    struct rtc_config rtc;
    struct virt_bus_config bus;
    struct nvme_config nvme;     /* every NVMe controller */
    struct virtio_config virtio; /* every virtio device */
    struct edu_config edu;       /* every edu */
    struct virt_device_config devices[VIRT_MAX_DEVICES];
    struct fw_cfg_config fw_cfg;
    struct virt_fw_file_config fw_files[VIRT_FW_FILES];
    struct pflash_config pflash; /* both banks */
    struct virt_flash_config flashes[VIRT_FLASHES];
    struct virt_experiment_config experiment;
};

/* The schema over `values`. */
struct config virt_schema(struct virt_config *values);
/* The platform's defaults, in which nothing of a timing preset or of a file is. */
bool virt_defaults(struct virt_config *values, struct vd_error *err);
/* Rules between several values: IMSIC geometry, harts and APLIC, memory. */
bool virt_check(const struct virt_config *values, struct vd_error *err);

/* Where a list of assignments comes from: a YAML text, or one key with its value. */
struct virt_setting {
    const char *name; /* a file's name for errors; the key if text is a value */
    const char *text;
    size_t length; /* of a YAML text; 0: text is a value */
};
/* Defaults, then the timing preset that the settings choose, then the settings in order. */
bool virt_configure(struct virt_config *values, const struct virt_setting *settings, size_t count,
                    struct vd_error *err);

/* The boot arguments that the section `experiment` stands for. */
void virt_bootargs(const struct virt_config *values, char *text, size_t size);

/* Whether the machine has IMSICs. */
bool virt_has_imsics(const struct virt_config *values);
/* Bits of a guest index in IMSIC addresses, of a hart index, and the pages between two harts. */
uint32_t virt_guest_index_bits(const struct virt_config *values);

#endif
