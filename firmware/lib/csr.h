/* SPDX-License-Identifier: BSD-2-Clause */
/* CSR numbers that the assembler does not know by name, their fields, and access to them. */
#ifndef LIB_CSR_H
#define LIB_CSR_H

#include <stdint.h>

enum csr_number {
    CSR_SSTATUS = 0x100,
    CSR_SIE = 0x104,
    CSR_STVEC = 0x105,
    CSR_SCOUNTEREN = 0x106,
    CSR_SSTATEEN0 = 0x10c,
    CSR_SSCRATCH = 0x140,
    CSR_SEPC = 0x141,
    CSR_SCAUSE = 0x142,
    CSR_STVAL = 0x143,
    CSR_SIP = 0x144,
    CSR_STIMECMP = 0x14d,
    CSR_SISELECT = 0x150,
    CSR_SIREG = 0x151,
    CSR_STOPEI = 0x15c,
    CSR_SATP = 0x180,
    CSR_STOPI = 0xdb0,

    CSR_VSSTATUS = 0x200,
    CSR_VSIE = 0x204,
    CSR_VSTVEC = 0x205,
    CSR_VSSCRATCH = 0x240,
    CSR_VSEPC = 0x241,
    CSR_VSCAUSE = 0x242,
    CSR_VSTVAL = 0x243,
    CSR_VSIP = 0x244,
    CSR_VSTIMECMP = 0x24d,
    CSR_VSISELECT = 0x250,
    CSR_VSIREG = 0x251,
    CSR_VSTOPEI = 0x25c,
    CSR_VSATP = 0x280,
    CSR_VSTOPI = 0xeb0,

    CSR_HSTATUS = 0x600,
    CSR_HEDELEG = 0x602,
    CSR_HIDELEG = 0x603,
    CSR_HIE = 0x604,
    CSR_HTIMEDELTA = 0x605,
    CSR_HCOUNTEREN = 0x606,
    CSR_HGEIE = 0x607,
    CSR_HVIEN = 0x608,
    CSR_HVICTL = 0x609,
    CSR_HENVCFG = 0x60a,
    CSR_HSTATEEN0 = 0x60c,
    CSR_HTVAL = 0x643,
    CSR_HIP = 0x644,
    CSR_HVIP = 0x645,
    CSR_HVIPRIO1 = 0x646,
    CSR_HVIPRIO2 = 0x647,
    CSR_HTINST = 0x64a,
    CSR_HGATP = 0x680,
    CSR_HGEIP = 0xe12,

    CSR_CYCLE = 0xc00,
    CSR_TIME = 0xc01,
    CSR_INSTRET = 0xc02,

    CSR_MSTATUS = 0x300,
    CSR_MISA = 0x301,
    CSR_MEDELEG = 0x302,
    CSR_MIDELEG = 0x303,
    CSR_MIE = 0x304,
    CSR_MTVEC = 0x305,
    CSR_MCOUNTEREN = 0x306,
    CSR_MENVCFG = 0x30a,
    CSR_MSTATEEN0 = 0x30c,
    CSR_MSCRATCH = 0x340,
    CSR_MEPC = 0x341,
    CSR_MCAUSE = 0x342,
    CSR_MTVAL = 0x343,
    CSR_MIP = 0x344,
    CSR_MISELECT = 0x350,
    CSR_MIREG = 0x351,
    CSR_PMPCFG0 = 0x3a0,
    CSR_PMPADDR0 = 0x3b0,
    CSR_MHARTID = 0xf14,
};

/* sstatus and vsstatus */
#define SSTATUS_SIE  (1ul << 1)
#define SSTATUS_SPIE (1ul << 5)
#define SSTATUS_SPP  (1ul << 8)
#define SSTATUS_SUM  (1ul << 18)
#define SSTATUS_FS   (3ul << 13)

#define HSTATUS_GVA         (1ul << 6)
#define HSTATUS_SPV         (1ul << 7)
#define HSTATUS_SPVP        (1ul << 8)
#define HSTATUS_HU          (1ul << 9)
#define HSTATUS_VGEIN_SHIFT 12
#define HSTATUS_VGEIN       (0x3ful << HSTATUS_VGEIN_SHIFT)
#define HSTATUS_VTVM        (1ul << 20)
#define HSTATUS_VTW         (1ul << 21)
#define HSTATUS_VTSR        (1ul << 22)
#define HSTATUS_VSXL_64     (2ul << 32)

/* Interrupt numbers, bit positions in xip, xie, hideleg. */
enum interrupt {
    IRQ_SSI = 1,
    IRQ_VSSI = 2,
    IRQ_MSI = 3,
    IRQ_STI = 5,
    IRQ_VSTI = 6,
    IRQ_MTI = 7,
    IRQ_SEI = 9,
    IRQ_VSEI = 10,
    IRQ_MEI = 11,
    IRQ_SGEI = 12,
};
#define CAUSE_INTERRUPT (1ul << 63)

enum exception {
    EXC_FETCH_MISALIGNED = 0,
    EXC_FETCH_ACCESS = 1,
    EXC_ILLEGAL = 2,
    EXC_BREAKPOINT = 3,
    EXC_LOAD_MISALIGNED = 4,
    EXC_LOAD_ACCESS = 5,
    EXC_STORE_MISALIGNED = 6,
    EXC_STORE_ACCESS = 7,
    EXC_ECALL_U = 8,
    EXC_ECALL_S = 9,
    EXC_ECALL_VS = 10,
    EXC_ECALL_M = 11,
    EXC_FETCH_PAGE = 12,
    EXC_LOAD_PAGE = 13,
    EXC_STORE_PAGE = 15,
    EXC_FETCH_GUEST_PAGE = 20,
    EXC_LOAD_GUEST_PAGE = 21,
    EXC_VIRTUAL_INSTRUCTION = 22,
    EXC_STORE_GUEST_PAGE = 23,
};

/* Bits of mstateen0 and hstateen0 [priv norm:mstateen0_aia_op]. */
#define STATEEN_IMSIC  (1ul << 58)
#define STATEEN_AIA    (1ul << 59)
#define STATEEN_CSRIND (1ul << 60)
#define STATEEN_ENVCFG (1ul << 62)
#define STATEEN_SE0    (1ul << 63)

#define ENVCFG_STCE (1ul << 63)

#define SATP_MODE_SV39    (8ul << 60)
#define HGATP_MODE_SV39X4 (8ul << 60)
#define HGATP_VMID_SHIFT  44

#define csr_read(csr)                                                                              \
    ({                                                                                             \
        uint64_t v_;                                                                               \
        asm volatile("csrr %0, %1" : "=r"(v_) : "i"(csr) : "memory");                              \
        v_;                                                                                        \
    })
#define csr_write(csr, value)                                                                      \
    asm volatile("csrw %0, %1" ::"i"(csr), "rK"((uint64_t)(value)) : "memory")
#define csr_set(csr, value)                                                                        \
    asm volatile("csrs %0, %1" ::"i"(csr), "rK"((uint64_t)(value)) : "memory")
#define csr_clear(csr, value)                                                                      \
    asm volatile("csrc %0, %1" ::"i"(csr), "rK"((uint64_t)(value)) : "memory")
#define csr_swap(csr, value)                                                                       \
    ({                                                                                             \
        uint64_t v_;                                                                               \
        asm volatile("csrrw %0, %1, %2"                                                            \
                     : "=r"(v_)                                                                    \
                     : "i"(csr), "rK"((uint64_t)(value))                                           \
                     : "memory");                                                                  \
        v_;                                                                                        \
    })

/* The H extension's instructions by their encoding: GCC 12 does not take `h` in -march. */
static inline void hfence_gvma_all(void)
{
    asm volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" ::: "memory");
}

/* gpa is shifted right by 2 [priv norm:hfence]. */
static inline void hfence_gvma(uint64_t gpa_by_4, uint64_t vmid)
{
    asm volatile(".insn r 0x73, 0, 0x31, x0, %0, %1" ::"r"(gpa_by_4), "r"(vmid) : "memory");
}

static inline void hfence_vvma_all(void)
{
    asm volatile(".insn r 0x73, 0, 0x11, x0, x0, x0" ::: "memory");
}

/* Reads guest code as the guest's fetch would. */
static inline uint16_t hlvx_hu(uint64_t gva)
{
    uint64_t value;
    asm volatile(".insn i 0x73, 4, %0, %1, 0x643" : "=r"(value) : "r"(gva) : "memory");
    return (uint16_t)value;
}

static inline uint64_t hlv_d(uint64_t gva)
{
    uint64_t value;
    asm volatile(".insn i 0x73, 4, %0, %1, 0x6c0" : "=r"(value) : "r"(gva) : "memory");
    return value;
}

static inline void hsv_d(uint64_t gva, uint64_t value)
{
    asm volatile(".insn r 0x73, 4, 0x37, x0, %0, %1" ::"r"(gva), "r"(value) : "memory");
}

static inline void sfence_vma_all(void)
{
    asm volatile("sfence.vma" ::: "memory");
}

static inline void wait_for_interrupt(void)
{
    asm volatile("wfi" ::: "memory");
}

static inline uint64_t cycles_now(void)
{
    return csr_read(CSR_CYCLE);
}

static inline uint64_t time_now(void)
{
    return csr_read(CSR_TIME);
}

#endif
