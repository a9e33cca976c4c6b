/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of the specification that are no registers, as rows for documentation. */
#include "iommu/model.h"

static const struct iommu_row rows[] = {
    {IOMMU_TITLE, 0, 0, "Capabilities", "iommu CAP"},
#define CAPABILITY(name, key, lsb, width, fallback, text) {IOMMU_FIELD, width, lsb, #name, text},
#include "iommu/capabilities.def"
#undef CAPABILITY
#define STRUCTURE(title, anchor)            {IOMMU_TITLE, 0, 0, title, anchor},
#define FIELD(structure, field, lsb, width) {IOMMU_FIELD, width, lsb, #field, ""},
#include "iommu/formats.def"
#undef FIELD
    {IOMMU_TITLE, 0, 0, "Commands", "iommu CQB"},
#define COMMAND(name, opcode, func3, dw0, dw1, anchor)                                             \
    {IOMMU_COMMAND, 0, (opcode) | (func3) << 7, name, anchor},
#include "iommu/commands.def"
#undef COMMAND
    {IOMMU_TITLE, 0, 0, "Causes", "iommu FAULT_CAUSE"},
#define CAUSE(number, name, dtf, ats, text) {IOMMU_CAUSE, dtf, number, text, #ats},
#include "iommu/causes.def"
#undef CAUSE
};

const struct iommu_row *iommu_rows(uint32_t *count)
{
    *count = sizeof(rows) / sizeof(rows[0]);
    return rows;
}
