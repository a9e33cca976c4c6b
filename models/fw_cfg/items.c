/* SPDX-License-Identifier: BSD-2-Clause */
/* The items, and the directory of those that are files. */
#include <stdlib.h>
#include <string.h>

#include "fw_cfg/state.h"
#include "viaduct/bits.h"

/* A directory entry: size, key, two reserved bytes, name; numbers are big-endian. */
enum { ENTRY = 64, ENTRY_KEY = 4, ENTRY_NAME = 8, COUNT = 4 };

_Static_assert(ENTRY_NAME + FW_CFG_NAME_SIZE == ENTRY, "the name fills the entry");

const struct fw_cfg_item *fw_cfg_find(const struct fw_cfg *fw, uint16_t key)
{
    for (uint32_t i = 0; i < fw->num_items; i++)
        if (fw->items[i].key == key)
            return &fw->items[i];
    return NULL;
}

void fw_cfg_read(struct fw_cfg *fw, uint8_t *bytes, uint32_t size)
{
    const struct fw_cfg_item *item = fw_cfg_find(fw, fw->state.key);
    uint32_t left = item && fw->state.offset < item->size ? item->size - fw->state.offset : 0;
    uint32_t there = size < left ? size : left;
    memset(bytes, 0, size);
    if (there)
        memcpy(bytes, item->data + fw->state.offset, there);
    fw->state.offset += there;
}

/* The item of that key, or of that name if there is one, or a new one. */
static struct fw_cfg_item *place(struct fw_cfg *fw, uint16_t key, const char *name)
{
    for (uint32_t i = 0; i < fw->num_items; i++)
        if (name ? strcmp(fw->items[i].name, name) == 0 : fw->items[i].key == key)
            return &fw->items[i];
    if (fw->num_items == FW_CFG_ITEMS)
        return NULL;
    struct fw_cfg_item *item = &fw->items[fw->num_items++];
    item->key = key;
    if (name)
        memcpy(item->name, name, strlen(name) + 1);
    return item;
}

static bool put(struct fw_cfg *fw, uint16_t key, const char *name, const void *data, size_t size,
                struct vd_error *err)
{
    uint8_t *copy = size <= UINT32_MAX ? malloc(size ? size : 1) : NULL;
    struct fw_cfg_item *item = copy ? place(fw, key, name) : NULL;
    if (!item) {
        free(copy);
        return vd_fail(err, "fw_cfg: no room for %s%.60s: accepted are %u items of up to 4 GiB",
                       name ? "the file " : "another item", name ? name : "", FW_CFG_ITEMS);
    }
    if (size)
        memcpy(copy, data, size);
    free(item->data);
    item->data = copy;
    item->size = (uint32_t)size;
    return true;
}

bool fw_cfg_put(struct fw_cfg *fw, uint16_t key, const void *data, size_t size,
                struct vd_error *err)
{
    return put(fw, key, NULL, data, size, err);
}

bool fw_cfg_put_number(struct fw_cfg *fw, uint16_t key, uint64_t value, unsigned size,
                       struct vd_error *err)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    return put(fw, key, NULL, bytes, size, err);
}

static void store(uint8_t *at, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static uint32_t count_files(const struct fw_cfg *fw)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fw->num_items; i++)
        count += fw->items[i].name[0] != '\0';
    return count;
}

static bool put_directory(struct fw_cfg *fw, struct vd_error *err)
{
    uint8_t bytes[COUNT + ENTRY * FW_CFG_ITEMS] = {0};
    uint32_t at = COUNT;
    store(bytes, count_files(fw), COUNT);
    for (uint32_t i = 0; i < fw->num_items; i++) {
        const struct fw_cfg_item *item = &fw->items[i];
        if (!item->name[0])
            continue;
        store(bytes + at, item->size, 4);
        store(bytes + at + ENTRY_KEY, item->key, 2);
        memcpy(bytes + at + ENTRY_NAME, item->name, FW_CFG_NAME_SIZE);
        at += ENTRY;
    }
    return put(fw, FW_CFG_FILE_DIR, NULL, bytes, at, err);
}

bool fw_cfg_put_file(struct fw_cfg *fw, const char *name, const void *data, size_t size,
                     struct vd_error *err)
{
    uint16_t key = (uint16_t)(FW_CFG_FILE_FIRST + count_files(fw));
    if (!*name || strlen(name) >= FW_CFG_NAME_SIZE)
        return vd_fail(err, "fw_cfg: the name '%.80s': accepted are 1 to %d characters", name,
                       FW_CFG_NAME_SIZE - 1);
    return put(fw, key, name, data, size, err) && put_directory(fw, err);
}
