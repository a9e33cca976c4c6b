/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of a platform `virt`. */
#ifndef PLATFORMS_VIRT_MACHINE_H
#define PLATFORMS_VIRT_MACHINE_H

#include "clint/clint.h"
#include "edu/edu.h"
#include "finisher/finisher.h"
#include "fw_cfg/fw_cfg.h"
#include "htif/htif.h"
#include "pflash/pflash.h"
#include "platforms/disk.h"
#include "platforms/virt.h"
#include "platforms/virt_map.h"
#include "rtc/rtc.h"
#include "uart/uart.h"

struct virt_hart {
    struct hart *hart;
    struct imsic *imsic;
    struct port *port, *imsic_port;
};

struct virt_iommu {
    struct iommu *iommu;
    struct port *port;
    struct pcie_root *pcie;            /* its devices' */
    struct pcie_function function;     /* if it is one itself */
    struct pcie_function_state *state; /* ... */
};

/* What config.devices[i] asks for. */
struct virt_device {
    struct port *port;
    struct disk *disk;
    struct nvme *nvme;
    struct virtio_pci *pci;
    struct virtio_mmio *mmio;
    struct edu *edu;
};

struct virt_flash {
    struct virt *virt;
    struct port *port;
    struct pflash *pflash;
    struct disk *disk; /* NULL: nobody keeps the bytes */
    struct ram *ram;
};

struct virt {
    struct virt_config config;
    struct core *core;
    struct virt_hart harts[VIRT_MAX_HARTS];
    struct clint *clint;
    struct aplic *aplic;
    struct virt_iommu iommus[VIRT_MAX_IOMMUS]; /* none: PCIe reaches memory directly */
    struct pcie_root *pcie;
    struct endpoint *endpoints[VIRT_MAX_ENDPOINTS];
    struct virt_device devices[VIRT_MAX_DEVICES];
    struct virt_flash flashes[VIRT_FLASHES];
    struct fw_cfg *fw_cfg;
    struct uart *uart;
    struct rtc *rtc;
    struct finisher *finisher;
    struct htif *htif; /* NULL: no loaded ELF has tohost */
    struct port *clint_port, *aplic_port, *pcie_port, *uart_port, *rtc_port, *finisher_port,
        *fw_cfg_port, *htif_port, *endpoint_ports[VIRT_MAX_ENDPOINTS];
    uint64_t signature, signature_end; /* of the loaded ELF; equal: none */
    bool reset_wanted;
    bool (*may_reset)(void *ctx);
    void *guard_ctx;
    void (*send)(void *ctx, uint8_t byte);
    void *send_ctx;
};

/* virt_iommu.c */
bool virt_create_iommus(struct virt *v, struct vd_error *err);
bool virt_connect_iommus(struct virt *v, struct vd_error *err); /* PCIe exists */
enum vd_status virt_upstream(void *ctx, struct vd_txn *txn);
void virt_reset_iommus(struct virt *v);
bool virt_iommus_idle(const struct virt *v);
void virt_destroy_iommus(struct virt *v);

/* The firmware's file: of `default`, the one that is there.  NULL: there is none. */
const char *virt_bios_path(const struct virt *v);

/* Wires and bus targets; the models exist. */
void virt_wire(struct virt *v);
bool virt_map(struct virt *v, struct vd_error *err);
/* virt_device.c */
bool virt_create_devices(struct virt *v, struct vd_error *err);
void virt_destroy_devices(struct virt *v);
void virt_reset_devices(struct virt *v);
bool virt_devices_idle(const struct virt *v);
/* virt_flash.c */
bool virt_create_flashes(struct virt *v, struct vd_error *err);
void virt_destroy_flashes(struct virt *v);
void virt_reset_flashes(struct virt *v);
/* virt_firmware.c: what fw_cfg says; `boot`: kernel, initial RAM disk and boot arguments too. */
bool virt_describe(struct virt *v, bool boot, struct vd_error *err);
bool virt_add_htif(struct virt *v, uint64_t tohost, uint64_t fromhost, struct vd_error *err);

#endif
