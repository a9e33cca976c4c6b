/* SPDX-License-Identifier: BSD-2-Clause */
#include "aplic.h"

#include "mmio.h"

bool aplic_enable(uint64_t base)
{
    mmio_write32(base + APLIC_DOMAINCFG, APLIC_DOMAINCFG_IE | APLIC_DOMAINCFG_DM);
    return mmio_read32(base + APLIC_DOMAINCFG) & APLIC_DOMAINCFG_DM;
}

void aplic_off(uint64_t base, uint32_t source)
{
    mmio_write32(base + APLIC_CLRIENUM, source);
    mmio_write32(base + APLIC_SOURCECFG + 4 * source, APLIC_INACTIVE);
}

/* The target is set while the source is disabled: no MSI leaves for a half-made target. */
void aplic_route(uint64_t base, uint32_t source, enum aplic_mode mode, uint32_t hart_index,
                 uint32_t guest, uint32_t eiid)
{
    aplic_off(base, source);
    mmio_write32(base + APLIC_SOURCECFG + 4 * source, (uint32_t)mode);
    mmio_write32(base + APLIC_TARGET + 4 * source, hart_index << 18 | guest << 12 | eiid);
    mmio_write32(base + APLIC_SETIENUM, source);
}

void aplic_retarget(uint64_t base, uint32_t source, uint32_t hart_index, uint32_t guest,
                    uint32_t eiid)
{
    mmio_write32(base + APLIC_TARGET + 4 * source, hart_index << 18 | guest << 12 | eiid);
}

void aplic_retrigger(uint64_t base, uint32_t source)
{
    mmio_write32(base + APLIC_SETIPNUM, source);
}

void aplic_sync(uint64_t base, uint32_t hart_index, uint32_t eiid)
{
    mmio_write32(base + APLIC_GENMSI, hart_index << 18 | eiid);
    while (mmio_read32(base + APLIC_GENMSI) & APLIC_GENMSI_BUSY)
        ;
}
