/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel_log.h"

#include <string.h>

#include "platforms/virt_map.h"

/* Firmware, and the kernel's image and bss, where the log usually is.  Behind them are files too,
 * with other kernels' panics perhaps: there the text must be one that the log holds. */
#define IMAGE_BYTES (UINT64_C(68) << 20)

static const char mark[] = "---[ end Kernel panic - not syncing: ", end_mark[] = " ]---";

/* In front of a text the log has its record's number, of 62 bits, which begins shortly before it
 * wraps around to zero. */
static bool is_record(const struct ram *ram, const uint8_t *at)
{
    uint64_t number;
    if ((uint64_t)(at - ram->bytes) < IMAGE_BYTES)
        return true;
    memcpy(&number, at - sizeof(number), sizeof(number));
    return number >> 32 == 0 || number >> 32 == 0x3fffffff;
}

/* The kernel has the format of the line too, in which a conversion is the text. */
static bool find(const struct ram *ram, const uint8_t *at, const uint8_t *end, char *text,
                 size_t size)
{
    while ((at = memmem(at, (size_t)(end - at), mark, sizeof(mark) - 1))) {
        bool record = is_record(ram, at);
        at += sizeof(mark) - 1;
        size_t most = (size_t)(end - at) < size ? (size_t)(end - at) : size;
        const uint8_t *close = memmem(at, most, end_mark, sizeof(end_mark) - 1);
        if (close && *at != '%' && record) {
            snprintf(text, size, "%.*s", (int)(close - at), (const char *)at);
            return true;
        }
    }
    return false;
}

bool kernel_log_panic(struct virt *virt, char *text, size_t size)
{
    struct virt_range range = virt_range(virt_config(virt), VIRT_RAM);
    struct ram *ram = bus_ram(virt_core(virt)->bus, range.base, range.size);
    uint64_t start = 0, end = 0;
    while (ram && ram_touched(ram, &start, &end))
        if (find(ram, ram->bytes + start, ram->bytes + end, text, size))
            return true;
    return false;
}
