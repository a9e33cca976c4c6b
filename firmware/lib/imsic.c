/* SPDX-License-Identifier: BSD-2-Clause */
#include "imsic.h"

void imsic_init(uint32_t ids)
{
    imsic_write(IMSIC_EIDELIVERY, 0);
    for (uint32_t id = 0; id <= ids; id += 64) {
        imsic_write(imsic_word_register(IMSIC_EIE0, id), 0);
        imsic_write(imsic_word_register(IMSIC_EIP0, id), 0);
    }
    imsic_write(IMSIC_EITHRESHOLD, 0);
    imsic_write(IMSIC_EIDELIVERY, 1);
}

void imsic_enable(uint32_t id, bool on)
{
    uint32_t reg = imsic_word_register(IMSIC_EIE0, id);
    uint64_t bit = 1ul << id % 64;
    if (on)
        imsic_set(reg, bit);
    else
        imsic_clear(reg, bit);
}

bool imsic_pending(uint32_t id)
{
    return imsic_read(imsic_word_register(IMSIC_EIP0, id)) >> id % 64 & 1;
}

struct guest_window guest_file_open(uint32_t guest)
{
    struct guest_window window = {csr_read(CSR_HSTATUS), csr_read(CSR_VSISELECT)};
    csr_write(CSR_HSTATUS,
              (window.hstatus & ~HSTATUS_VGEIN) | (uint64_t)guest << HSTATUS_VGEIN_SHIFT);
    return window;
}

void guest_file_close(struct guest_window window)
{
    csr_write(CSR_HSTATUS, window.hstatus);
    csr_write(CSR_VSISELECT, window.vsiselect);
}

uint64_t guest_file_read(uint32_t reg)
{
    csr_write(CSR_VSISELECT, reg);
    return csr_read(CSR_VSIREG);
}

void guest_file_write(uint32_t reg, uint64_t value)
{
    csr_write(CSR_VSISELECT, reg);
    csr_write(CSR_VSIREG, value);
}

uint64_t guest_file_swap(uint32_t reg, uint64_t value)
{
    csr_write(CSR_VSISELECT, reg);
    return csr_swap(CSR_VSIREG, value);
}

void guest_file_set(uint32_t reg, uint64_t bits)
{
    csr_write(CSR_VSISELECT, reg);
    csr_set(CSR_VSIREG, bits);
}

uint32_t guest_files(void)
{
    uint64_t old = csr_swap(CSR_HGEIE, UINT64_MAX);
    uint64_t bits = csr_swap(CSR_HGEIE, old);
    uint32_t count = 0;
    while (bits >> (count + 1) & 1)
        count++;
    return count;
}
