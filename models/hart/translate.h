/* SPDX-License-Identifier: BSD-2-Clause */
/* From a virtual address to a supervisor physical address: page-table walks and permissions. */
#ifndef HART_TRANSLATE_H
#define HART_TRANSLATE_H

#include "hart/tlb.h"

/* Under which rules one access is translated. */
struct regime {
    uint64_t root, groot; /* satp or vsatp, hgatp; 0: that stage is bare */
    enum mmu_access access;
    uint8_t priv;
    bool virt;
    bool sum, mxr; /* of the level whose page tables are the first stage; mxr: HS-level MXR */
    bool vmxr;     /* vsstatus.MXR */
    bool hlvx;
    bool guest;               /* HLV, HLVX or HSV: never in the fast TLB */
    uint8_t masked;           /* pointer masking: PMLEN */
    bool update, gupdate;     /* A and D are set by hardware: first and second stage (Svadu) */
    bool memtypes, gmemtypes; /* Svpbmt is there */
    bool shadow;              /* by a shadow-stack instruction */
    bool shadow_pages;        /* there are shadow-stack pages in the first stage */
    bool block;               /* by a cache-block operation */
};

/* The regime of an explicit data access now, or of a fetch. */
struct regime translate_regime(const struct hart *h, enum mmu_access access, unsigned flags);
/* A value of satp, vsatp or hgatp, 0 if its MODE is Bare. */
uint64_t translate_root(uint64_t atp);
/* The address that the access has under pointer masking. */
uint64_t translate_mask(const struct regime *r, uint64_t va);
/* false: exc is set. */
bool translate(struct hart *h, const struct regime *r, uint64_t va, uint64_t *spa);
/* Sets exc to the access fault of the regime; returns false. */
bool translate_access_fault(struct hart *h, const struct regime *r, uint64_t va);

/* --- permission.c: whether a leaf whose low byte is `bits` lets the access through --- */
enum verdict { GRANTED, PAGE_FAULT, ACCESS_FAULT };
enum verdict permission_stage1(const struct regime *r, uint8_t bits);
bool permission_stage2(const struct regime *r, uint8_t bits); /* false: a guest-page fault */
/* What it gives to whom U does not keep away. */
uint8_t permission_page(uint8_t bits, bool mxr);

/* --- context.c --- */
/* The architectural TLB lost a page: so do all contexts. */
void context_drop(struct hart *h, uint64_t va, bool fetch);
/* Enters the page of va, whose byte is at *host, for this kind of access. */
void context_fill(struct hart *h, const struct regime *r, uint64_t va, uint64_t spa,
                  const uint8_t *host);

#endif
