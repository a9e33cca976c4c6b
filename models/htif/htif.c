/* SPDX-License-Identifier: BSD-2-Clause */
#include "htif/htif.h"

#include <stdlib.h>
#include <string.h>

#include "viaduct/bits.h"

enum { DEVICE_SYSCALL = 0, DEVICE_CONSOLE = 1, CONSOLE_READ = 0, CONSOLE_WRITE = 1 };
enum { COMMAND_IDENTIFY = 0xff, IDENTITY_SIZE = 64 };
enum { SYS_WRITE = 64, SYS_EXIT = 93, ERR_FAULT = -14, ERR_NO_SYSCALL = -38 };
enum { SYSCALL_WORDS = 8, PAGE = 4096 };

/* A guest's length must not make a call endless: what is over is left to its next call. */
enum { WRITE_LIMIT = 1 << 20 };

static const uint64_t console_answer = (uint64_t)DEVICE_CONSOLE << 56 | 0x100;

struct htif_state {
    uint32_t reads; /* console reads that wait for a byte */
    uint32_t first, count;
    uint8_t byte[HTIF_ROOM];
    uint32_t pad;
    uint64_t owed; /* what fromhost still has to become, 0: nothing */
};

struct htif {
    struct htif_config config;
    struct vd_host host;
    struct htif_port port;
    bool busy; /* our own writes are not requests */
    struct htif_state state;
};

static bool access_ram(struct htif *h, enum vd_cmd cmd, uint64_t addr, void *data, size_t size)
{
    struct vd_txn txn = {.cmd = (uint8_t)cmd, .addr = addr, .size = (uint8_t)size};
    if (cmd == VD_WRITE)
        memcpy(txn.data, data, size);
    h->busy = true;
    enum vd_status status = h->host.ops->access(h->host.ctx, &txn);
    h->busy = false;
    if (cmd == VD_READ)
        memcpy(data, txn.data, size);
    return status == VD_OK;
}

static uint64_t read_word(struct htif *h, uint64_t addr)
{
    uint64_t value = 0;
    return access_ram(h, VD_READ, addr, &value, sizeof(value)) ? value : 0;
}

static void write_word(struct htif *h, uint64_t addr, uint64_t value)
{
    access_ram(h, VD_WRITE, addr, &value, sizeof(value));
}

static void end_run(struct htif *h, uint64_t status)
{
    struct vd_record rec = {.kind = VD_REC_exit, .a = (uint32_t)status};
    h->host.ops->trace(h->host.ctx, &rec);
    if (h->port.exit)
        h->port.exit(h->port.ctx, (uint32_t)status);
}

static void print(struct htif *h, uint8_t byte)
{
    struct vd_record rec = {.kind = VD_REC_console, .a = byte};
    h->host.ops->trace(h->host.ctx, &rec);
    if (h->port.output)
        h->port.output(h->port.ctx, byte);
}

/* fromhost holds one answer at a time: the next follows when software has cleared it. */
static void answer(struct htif *h)
{
    struct htif_state *s = &h->state;
    if ((!s->owed && !(s->reads && s->count)) || read_word(h, h->config.fromhost))
        return;
    if (s->owed) {
        write_word(h, h->config.fromhost, s->owed);
        s->owed = 0;
        return;
    }
    uint8_t byte = s->byte[s->first];
    s->first = (s->first + 1) % HTIF_ROOM;
    s->count--;
    s->reads--;
    write_word(h, h->config.fromhost, console_answer | byte);
}

static int64_t write_out(struct htif *h, uint64_t addr, uint64_t length)
{
    uint64_t limit = length < WRITE_LIMIT ? length : WRITE_LIMIT;
    for (uint64_t i = 0; i < limit; i++) {
        uint8_t byte;
        if (!access_ram(h, VD_READ, addr + i, &byte, 1))
            return i ? (int64_t)i : ERR_FAULT;
        print(h, byte);
    }
    return (int64_t)limit;
}

static void system_call(struct htif *h, uint64_t addr)
{
    uint64_t words[SYSCALL_WORDS];
    if (addr % sizeof(words) || !access_ram(h, VD_READ, addr, words, sizeof(words))) {
        for (uint32_t i = 0; i < SYSCALL_WORDS; i++)
            words[i] = read_word(h, addr + UINT64_C(8) * i);
    }
    if (words[0] == SYS_EXIT) {
        end_run(h, words[1]);
        return;
    }
    int64_t result = words[0] == SYS_WRITE ? write_out(h, words[2], words[3]) : ERR_NO_SYSCALL;
    write_word(h, addr, (uint64_t)result);
    h->state.owed = 1;
}

/* The name of a device, or of one of its commands; what is not there has none. */
static const char *identity(uint64_t device, uint64_t what)
{
    static const struct {
        uint8_t device, what;
        const char *name;
    } rows[] = {
        {DEVICE_SYSCALL, COMMAND_IDENTIFY, "syscall_proxy"},
        {DEVICE_SYSCALL, 0, "syscall"},
        {DEVICE_CONSOLE, COMMAND_IDENTIFY, "bcd"},
        {DEVICE_CONSOLE, CONSOLE_READ, "read"},
        {DEVICE_CONSOLE, CONSOLE_WRITE, "write"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].device == device && rows[i].what == what)
            return rows[i].name;
    return "";
}

/* The payload is an address << 8 | what to identify. */
static void identify(struct htif *h, uint64_t device, uint64_t payload)
{
    char text[IDENTITY_SIZE] = "";
    const char *name = identity(device, payload & 0xff);
    memcpy(text, name, strlen(name));
    for (uint32_t i = 0; i < IDENTITY_SIZE; i++)
        access_ram(h, VD_WRITE, (payload >> 8) + i, text + i, 1);
    h->state.owed = device << 56 | (uint64_t)COMMAND_IDENTIFY << 48 | 1;
}

static void request(struct htif *h, uint64_t value)
{
    uint64_t device = vd_get(value, 56, 8), command = vd_get(value, 48, 8);
    uint64_t payload = vd_get(value, 0, 48);
    if (command == COMMAND_IDENTIFY)
        identify(h, device, payload);
    else if (device == DEVICE_SYSCALL && command == 0 && payload & 1)
        end_run(h, payload >> 1);
    else if (device == DEVICE_SYSCALL && command == 0)
        system_call(h, payload);
    else if (device == DEVICE_CONSOLE && command == CONSOLE_WRITE)
        print(h, (uint8_t)payload);
    else if (device == DEVICE_CONSOLE && command == CONSOLE_READ && h->state.reads < UINT32_MAX)
        h->state.reads++;
}

static bool touches(uint64_t spa, uint64_t size, uint64_t word)
{
    return spa < word + 8 && word < spa + size;
}

void htif_snoop(struct htif *htif, uint64_t spa, uint64_t size)
{
    if (htif->busy)
        return;
    if (touches(spa, size, htif->config.tohost)) {
        uint64_t value = read_word(htif, htif->config.tohost);
        if (value) {
            write_word(htif, htif->config.tohost, 0);
            request(htif, value);
            answer(htif);
        }
    }
    if (touches(spa, size, htif->config.fromhost))
        answer(htif);
}

uint32_t htif_room(const struct htif *htif)
{
    return HTIF_ROOM - htif->state.count;
}

bool htif_receive(struct htif *htif, uint8_t byte)
{
    struct htif_state *s = &htif->state;
    if (s->count == HTIF_ROOM)
        return false;
    s->byte[(s->first + s->count++) % HTIF_ROOM] = byte;
    answer(htif);
    return true;
}

void htif_connect(struct htif *htif, const struct htif_port *port)
{
    htif->port = *port;
}

void htif_reset(struct htif *htif)
{
    memset(&htif->state, 0, sizeof(htif->state));
}

static void watch(struct htif *h, bool on)
{
    uint64_t tohost = h->config.tohost / PAGE, fromhost = h->config.fromhost / PAGE;
    h->host.ops->watch(h->host.ctx, tohost * PAGE, on);
    if (fromhost != tohost)
        h->host.ops->watch(h->host.ctx, fromhost * PAGE, on);
}

struct htif *htif_create(const struct htif_config *config, const struct vd_host *host,
                         struct vd_error *err)
{
    if (config->tohost % 8 || config->fromhost % 8) {
        vd_fail(err, "htif: tohost 0x%llx and fromhost 0x%llx must be multiples of 8",
                (unsigned long long)config->tohost, (unsigned long long)config->fromhost);
        return NULL;
    }
    struct htif *htif = calloc(1, sizeof(*htif));
    if (!htif) {
        vd_fail(err, "htif: out of memory");
        return NULL;
    }
    htif->config = *config;
    htif->host = *host;
    watch(htif, true);
    return htif;
}

void htif_destroy(struct htif *htif)
{
    if (!htif)
        return;
    watch(htif, false);
    free(htif);
}

size_t htif_save(const struct htif *htif, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(htif->state))
        memcpy(buffer, &htif->state, sizeof(htif->state));
    return sizeof(htif->state);
}

bool htif_restore(struct htif *htif, const void *buffer, size_t size)
{
    struct htif_state s;
    if (size != sizeof(s))
        return false;
    memcpy(&s, buffer, size);
    if (s.first >= HTIF_ROOM || s.count > HTIF_ROOM)
        return false;
    htif->state = s;
    return true;
}

const struct vd_reg *htif_regs(uint32_t *count)
{
    *count = 0;
    return NULL;
}

const struct vd_param *htif_params(uint32_t *count)
{
    *count = 0;
    return NULL;
}
