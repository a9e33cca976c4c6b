/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aplic/aplic.h"
#include "clint/clint.h"
#include "edu/edu.h"
#include "finisher/finisher.h"
#include "fw_cfg/fw_cfg.h"
#include "imsic/imsic.h"
#include "iommu/iommu.h"
#include "nvme/nvme.h"
#include "pcie/endpoint.h"
#include "pflash/pflash.h"
#include "platforms/config.h"
#include "rtc/rtc.h"
#include "specimen.h"
#include "uart/uart.h"
#include "verbs.h"
#include "virtio/mmio.h"

static const struct {
    const char *name;
    const struct vd_reg *(*regs)(uint32_t *count);
} models[] = {
    {"imsic", imsic_regs},       {"aplic", aplic_regs},
    {"iommu", iommu_regs},       {"clint", clint_regs},
    {"endpoint", endpoint_regs}, {"uart", uart_regs},
    {"rtc", rtc_regs},           {"finisher", finisher_regs},
    {"nvme", nvme_regs},         {"virtio-mmio", virtio_mmio_regs},
    {"edu", edu_regs},           {"fw_cfg", fw_cfg_regs},
    {"pflash", pflash_regs},
};

enum { MODELS = sizeof(models) / sizeof(models[0]) };

static const char *access_name(uint8_t access)
{
    static const char *const names[] = {
        [VD_RO] = "RO",     [VD_RW] = "RW",     [VD_WARL] = "WARL", [VD_WLRL] = "WLRL",
        [VD_RW1C] = "RW1C", [VD_RW1S] = "RW1S", [VD_WO] = "WO",     [VD_WPRI] = "WPRI"};
    return access < sizeof(names) / sizeof(names[0]) ? names[access] : "?";
}

/* As "7:4", or "3" for one bit. */
static const char *bits_text(char text[16], unsigned lsb, unsigned width)
{
    if (width == 1)
        snprintf(text, 16, "%u", lsb);
    else
        snprintf(text, 16, "%u:%u", lsb + width - 1, lsb);
    return text;
}

static void print_fields(const struct vd_reg *reg)
{
    for (uint32_t i = 0; i < reg->num_fields; i++) {
        const struct vd_field *f = &reg->fields[i];
        char bits[16];
        printf("| | | %s %s | %s | |\n", bits_text(bits, f->lsb, f->width), f->name,
               access_name(f->access));
    }
}

static void print_title(const struct iommu_row *title, const struct iommu_row *first)
{
    static const char *const heads[] = {
        [IOMMU_FIELD] = "| bits | field | |\n|---|---|---|\n",
        [IOMMU_COMMAND] = "| opcode | func3 | command | anchor |\n|---|---|---|---|\n",
        [IOMMU_CAUSE] = "| cause | | if DTF=1 | answer to an ATS translation request |\n"
                        "|---|---|---|---|\n"};
    printf("\n### %s [%s]\n\n%s", title->name, title->text, heads[first->kind]);
}

static void print_row(const struct iommu_row *row)
{
    char bits[16];
    if (row->kind == IOMMU_FIELD)
        printf("| %s | %s | %s |\n", bits_text(bits, row->number, row->width), row->name,
               row->text);
    else if (row->kind == IOMMU_COMMAND)
        printf("| %u | %u | %s | %s |\n", row->number & 0x7f, row->number >> 7, row->name,
               row->text);
    else
        printf("| %u | %s | %s | %s |\n", row->number, row->name,
               row->width ? "reported" : "hidden", row->text);
}

/* Structures in memory, commands and causes: of the IOMMU only. */
static void print_iommu(void)
{
    uint32_t count;
    const struct iommu_row *rows = iommu_rows(&count);
    for (uint32_t i = 0; i < count; i++)
        if (rows[i].kind == IOMMU_TITLE)
            print_title(&rows[i], &rows[i + 1]);
        else
            print_row(&rows[i]);
}

static void print_register(const struct vd_reg *reg, uint64_t reset, const char *capability)
{
    char offset[48];
    if (reg->count > 1)
        snprintf(offset, sizeof(offset), "0x%03x + %u n, n < %u", reg->offset, reg->stride,
                 reg->count);
    else
        snprintf(offset, sizeof(offset), "0x%03x", reg->offset);
    printf("| %s | %s | %u bytes, reset 0x%" PRIx64 " |%s%s | %s |\n", offset, reg->name, reg->size,
           reset, capability ? " if " : "", capability ? capability : "",
           reg->anchor ? reg->anchor : "");
    print_fields(reg);
}

static void print_model(size_t index)
{
    uint32_t count;
    bool iommu = models[index].regs == iommu_regs;
    const struct vd_reg *regs = models[index].regs(&count);
    printf("## %s\n\n| offset | register | | access | anchor |\n|---|---|---|---|---|\n",
           models[index].name);
    struct specimen *specimen = specimen_create(models[index].name);
    for (uint32_t i = 0; i < count; i++)
        print_register(&regs[i], specimen_reset(specimen, &regs[i]),
                       iommu ? iommu_reg_capability(i) : NULL);
    specimen_destroy(specimen);
    if (iommu)
        print_iommu();
    putchar('\n');
}

int verb_regs(int argc, char **argv)
{
    const char *names[MODELS];
    for (size_t i = 0; i < MODELS; i++)
        names[i] = models[i].name;
    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        puts("viaduct regs [MODEL]: prints the register tables of all models, or of one, as "
             "Markdown, with their resets in the default machine; of the IOMMU also capabilities, "
             "structures in memory, commands, causes.");
        return STATUS_OK;
    }
    if (argc > 1)
        return fail(STATUS_USAGE, "viaduct regs takes at most one argument, a model's name");
    bool found = false;
    for (size_t i = 0; i < MODELS; i++) {
        if (argc == 0 || strcmp(argv[0], names[i]) == 0) {
            print_model(i);
            found = true;
        }
    }
    if (found)
        return STATUS_OK;
    char hint[256], sentence[384];
    config_suggest(argv[0], names, MODELS, hint, sizeof(hint));
    snprintf(sentence, sizeof(sentence), "there is no model '%.60s'%s", argv[0], hint);
    return fail(STATUS_USAGE, sentence);
}
