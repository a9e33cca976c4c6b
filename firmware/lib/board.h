/* SPDX-License-Identifier: BSD-2-Clause */
/* What the devicetree says of the machine.  An address of 0 means that the device is not there. */
#ifndef LIB_BOARD_H
#define LIB_BOARD_H

#include <stdbool.h>
#include <stdint.h>

enum { BOARD_HARTS = 64, BOARD_INTX = 4, BOARD_IOMMUS = 4, BOARD_IOMMU_ROWS = 16 };

/* The interrupt files of one privilege level: hart i's page is at base + i << (12 + guest_bits),
 * its guest file g at + g pages [aia IMSIC-systemMemRegions]. */
struct board_imsic {
    uint64_t base, size;
    uint32_t ids, guest_bits;
};

struct board_aplic {
    uint64_t base;
    uint32_t sources;
    uint32_t child; /* phandle of the domain that sources are delegated to, 0: none */
};

struct board_pcie {
    uint64_t ecam, ecam_size;
    uint64_t mmio32, mmio32_size;
    uint64_t mmio64, mmio64_size;
    /* APLIC source of [device & 3][pin - 1]. */
    uint32_t intx[4][BOARD_INTX];
    /* Which IOMMU runs of requester IDs are behind: of board.iommus, or, from num_iommus on, of
     * board.pci_iommus. */
    struct {
        uint32_t from, count, iommu;
    } iommu_map[BOARD_IOMMU_ROWS];
    uint32_t iommu_rows;
};

struct board {
    uint64_t ram, ram_size;
    uint64_t uart, finisher, clint;
    uint64_t iommus[BOARD_IOMMUS];
    uint32_t num_iommus;
    uint32_t pci_iommus[BOARD_IOMMUS]; /* those that are PCIe functions, by device_id */
    uint32_t num_pci_iommus;
    uint32_t num_harts;
    uint64_t hartids[BOARD_HARTS]; /* in the order of the IMSIC's pages, or of wires */
    struct board_imsic imsic_m, imsic_s;
    struct board_aplic aplic_m, aplic_s;
    struct board_pcie pcie;
    uint32_t timebase; /* Hz */
    const char *bootargs;
};

/* False if this is no devicetree. */
bool board_read(struct board *board, const void *dtb);
/* Page of the hart's own file (guest 0) or a guest file; 0 if there is no such hart. */
uint64_t board_imsic_page(const struct board *board, uint64_t hartid, uint32_t guest);
/* The IOMMU that the function with this requester ID is behind, UINT32_MAX: none. */
uint32_t board_iommu_of(const struct board *board, uint32_t requester);
/* Position of the hart among the IMSIC's pages, which the APLIC calls its hart index. */
uint32_t board_hart_index(const struct board *board, uint64_t hartid);

#endif
