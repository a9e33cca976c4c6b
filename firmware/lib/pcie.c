/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcie.h"

#include "mmio.h"

enum { BAR_IO = 1, BAR_64 = 4, MSIX_ENABLE = 1 << 15, MSIX_ENTRY = 16, DEVFNS = 256 };

struct pcie_windows pcie_windows(const struct board_pcie *pcie)
{
    return (struct pcie_windows){pcie->mmio32, pcie->mmio32 + pcie->mmio32_size, pcie->mmio64,
                                 pcie->mmio64 + pcie->mmio64_size};
}

static bool bar_is_64(uint32_t bar)
{
    return (bar & (BAR_64 | BAR_IO)) == BAR_64;
}

/* A BAR's size: the writable bits of its address part. */
static void bars_size(struct pcie_function *f)
{
    for (uint32_t i = 0; i < PCIE_BARS; i++) {
        uint64_t reg = f->config + PCIE_BAR0 + 4 * i;
        uint32_t old = mmio_read32(reg);
        mmio_write32(reg, UINT32_MAX);
        uint64_t mask = mmio_read32(reg) & ~15u;
        mmio_write32(reg, old);
        if ((old & BAR_IO) || !mask)
            continue;
        mask |= 0xffffffff00000000u;
        uint32_t slot = i;
        if (bar_is_64(old)) {
            i++;
            uint32_t high = mmio_read32(reg + 4);
            mmio_write32(reg + 4, UINT32_MAX);
            mask = (mask & UINT32_MAX) | (uint64_t)mmio_read32(reg + 4) << 32;
            mmio_write32(reg + 4, high);
        }
        f->bar_size[slot] = ~mask + 1;
    }
}

uint32_t pcie_capability(const struct pcie_function *f, uint8_t id)
{
    if (!(mmio_read16(f->config + PCIE_STATUS) & PCIE_STATUS_CAPABILITIES))
        return 0;
    uint32_t at = mmio_read8(f->config + PCIE_CAPABILITIES) & ~3u;
    for (uint32_t steps = 0; at && steps < 48; steps++) {
        if (mmio_read8(f->config + at) == id)
            return at;
        at = mmio_read8(f->config + at + 1) & ~3u;
    }
    return 0;
}

static void msix_find(struct pcie_function *f)
{
    f->msix = pcie_capability(f, PCIE_CAP_MSIX);
    if (f->msix)
        f->msix_vectors = (mmio_read16(f->config + f->msix + 2) & 0x7ffu) + 1;
}

static uint64_t config_of(const struct board_pcie *pcie, uint32_t device_id)
{
    return pcie->ecam + ((uint64_t)device_id << 12);
}

bool pcie_at(const struct board_pcie *pcie, uint32_t device_id, struct pcie_function *function)
{
    if (!pcie->ecam || device_id >= DEVFNS)
        return false;
    uint64_t config = config_of(pcie, device_id);
    uint32_t id = mmio_read32(config + PCIE_ID);
    if (id == UINT32_MAX)
        return false;
    *function = (struct pcie_function){.config = config,
                                       .device_id = device_id,
                                       .vendor = (uint16_t)id,
                                       .device = (uint16_t)(id >> 16)};
    function->pin = mmio_read8(config + PCIE_INTERRUPT_PIN);
    bars_size(function);
    msix_find(function);
    return true;
}

bool pcie_find(const struct board_pcie *pcie, uint16_t vendor, uint16_t device, uint32_t n,
               struct pcie_function *function)
{
    uint32_t wanted = (uint32_t)device << 16 | vendor;
    for (uint32_t devfn = 0; pcie->ecam && devfn < DEVFNS; devfn++)
        if (mmio_read32(config_of(pcie, devfn) + PCIE_ID) == wanted && n-- == 0)
            return pcie_at(pcie, devfn, function);
    return false;
}

static bool window_take(uint64_t *next, uint64_t end, uint64_t size, uint64_t *addr)
{
    *addr = (*next + size - 1) & ~(size - 1);
    if (*addr + size > end)
        return false;
    *next = *addr + size;
    return true;
}

bool pcie_assign(struct pcie_function *f, struct pcie_windows *w)
{
    for (uint32_t i = 0; i < PCIE_BARS; i++) {
        uint64_t reg = f->config + PCIE_BAR0 + 4 * i, size = f->bar_size[i];
        if (!size)
            continue;
        /* Whole pages: a BAR can be given to a guest without its neighbour. */
        size = size < 4096 ? 4096 : size;
        bool is64 = bar_is_64(mmio_read32(reg)) && w->end64 > w->next64;
        if (!window_take(is64 ? &w->next64 : &w->next32, is64 ? w->end64 : w->end32, size,
                         &f->bar[i]))
            return false;
        mmio_write32(reg, (uint32_t)f->bar[i]);
        if (bar_is_64(mmio_read32(reg)))
            mmio_write32(reg + 4, (uint32_t)(f->bar[i] >> 32));
    }
    if (f->msix) {
        uint32_t table = mmio_read32(f->config + f->msix + 4);
        f->msix_table = f->bar[table & 7] + (table & ~7u);
    }
    mmio_write16(f->config + PCIE_COMMAND, PCIE_COMMAND_MEMORY | PCIE_COMMAND_MASTER);
    return true;
}

void pcie_msix_enable(struct pcie_function *f, bool on)
{
    mmio_write16(f->config + f->msix + 2, on ? MSIX_ENABLE : 0);
    uint16_t command = PCIE_COMMAND_MEMORY | PCIE_COMMAND_MASTER;
    if (on)
        command |= PCIE_COMMAND_NO_INTX;
    mmio_write16(f->config + PCIE_COMMAND, command);
}

void pcie_msix_mask(const struct pcie_function *f, uint32_t vector)
{
    mmio_write32(f->msix_table + vector * MSIX_ENTRY + 12, 1);
}

void pcie_msix_write(const struct pcie_function *f, uint32_t vector, uint64_t addr, uint32_t data)
{
    uint64_t entry = f->msix_table + vector * MSIX_ENTRY;
    pcie_msix_mask(f, vector);
    mmio_write32(entry, (uint32_t)addr);
    mmio_write32(entry + 4, (uint32_t)(addr >> 32));
    mmio_write32(entry + 8, data);
    mmio_write32(entry + 12, 0);
}

uint32_t pcie_intx_source(const struct board_pcie *pcie, const struct pcie_function *f)
{
    return f->pin ? pcie->intx[f->device_id >> 3 & 3][f->pin - 1] : 0;
}
