/* SPDX-License-Identifier: BSD-2-Clause */
#include "signature.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "platforms/config.h"
#include "viaduct/bits.h"

enum { MOST_BYTES = 16, USUAL_BYTES = 4 };

uint32_t signature_granularity(const char *text, struct vd_error *err)
{
    uint64_t bytes = USUAL_BYTES;
    if (text &&
        (!config_parse_number(text, &bytes) || !vd_is_power_of_two(bytes) || bytes > MOST_BYTES)) {
        vd_fail(err, "--signature-granularity %.40s: accepted are 1, 2, 4, 8 and 16 bytes", text);
        return 0;
    }
    return (uint32_t)bytes;
}

/* Words are little-endian in memory and read from the left in the file. */
static bool write_words(const struct bus *bus, FILE *out, uint64_t start, uint64_t end,
                        uint32_t bytes)
{
    for (uint64_t at = start; at < end; at += bytes) {
        uint8_t word[MOST_BYTES];
        if (!bus_peek(bus, at, word, bytes))
            return false;
        for (uint32_t i = bytes; i-- > 0;)
            fprintf(out, "%02x", word[i]);
        fputc('\n', out);
    }
    return true;
}

enum status signature_write(struct virt *virt, const char *path, uint32_t bytes,
                            struct vd_error *err)
{
    uint64_t start, end;
    if (!virt_signature(virt, &start, &end)) {
        vd_fail(err, "--signature: no ELF that was loaded has the symbols begin_signature and "
                     "end_signature");
        return STATUS_FILE;
    }
    FILE *out = fopen(path, "w");
    bool inside = out && write_words(virt_core(virt)->bus, out, start, end, bytes);
    if (out && !inside)
        vd_fail(err, "the signature at 0x%" PRIx64 "..0x%" PRIx64 " is not in memory", start, end);
    if (!out || ((ferror(out) | fclose(out)) && inside)) {
        vd_fail(err, "cannot write the signature '%s': %s", path, strerror(errno));
        return STATUS_HOST;
    }
    return inside ? STATUS_OK : STATUS_FILE;
}
