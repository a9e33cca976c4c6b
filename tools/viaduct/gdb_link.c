/* SPDX-License-Identifier: BSD-2-Clause */
#include "gdb_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INTERRUPT_BYTE = 3 };

struct gdb_link {
    int listener, peer; /* -1: none */
    char bytes[2 * GDB_PACKET];
    size_t used;
};

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

struct gdb_link *gdb_link_open(uint16_t port, struct vd_error *err)
{
    struct gdb_link *link = calloc(1, sizeof(*link));
    if (!link) {
        vd_fail(err, "no memory for the debugger's connection");
        return NULL;
    }
    link->peer = -1;
    link->listener = listen_on(port);
    if (link->listener >= 0)
        return link;
    vd_fail(err, "cannot wait for a debugger on port %u: %s", port, strerror(errno));
    free(link);
    return NULL;
}

void gdb_link_drop(struct gdb_link *link)
{
    if (link->peer >= 0)
        close(link->peer);
    link->peer = -1;
    link->used = 0;
}

void gdb_link_close(struct gdb_link *link)
{
    if (!link)
        return;
    gdb_link_drop(link);
    close(link->listener);
    free(link);
}

bool gdb_link_connected(const struct gdb_link *link)
{
    return link->peer >= 0;
}

static bool readable(int fd, bool wait)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, wait ? -1 : 0) < 0)
        if (errno != EINTR)
            return false;
    return p.revents != 0;
}

void gdb_link_accept(struct gdb_link *link, bool wait)
{
    int on = 1;
    if (link->peer >= 0 || !readable(link->listener, wait))
        return;
    link->peer = accept(link->listener, NULL, NULL);
    if (link->peer >= 0)
        setsockopt(link->peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void consume(struct gdb_link *link, size_t count)
{
    link->used -= count;
    memmove(link->bytes, link->bytes + count, link->used);
}

static void put(struct gdb_link *link, const char *bytes, size_t size)
{
    while (size && link->peer >= 0) {
        ssize_t done = send(link->peer, bytes, size, MSG_NOSIGNAL);
        if (done < 0 && errno != EINTR)
            gdb_link_drop(link);
        if (done > 0) {
            bytes += done;
            size -= (size_t)done;
        }
    }
}

static uint8_t sum_of(const char *text, size_t length)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + (uint8_t)text[i]);
    return sum;
}

/* A whole packet at the start of what has come: $text#sum.  A damaged one is asked for again. */
static enum gdb_news unpack(struct gdb_link *link, char *packet)
{
    char *hash = memchr(link->bytes, '#', link->used);
    if (!hash || (size_t)(hash - link->bytes) + 3 > link->used)
        return GDB_NOTHING;
    size_t length = (size_t)(hash - link->bytes) - 1;
    char digits[3] = {hash[1], hash[2], '\0'};
    bool good =
        length <= GDB_PACKET && strtoul(digits, NULL, 16) == sum_of(link->bytes + 1, length);
    if (good) {
        memcpy(packet, link->bytes + 1, length);
        packet[length] = '\0';
    }
    consume(link, length + 4);
    put(link, good ? "+" : "-", 1);
    return good ? GDB_COMMAND : GDB_NOTHING;
}

static enum gdb_news next_news(struct gdb_link *link, char *packet)
{
    while (link->used && link->bytes[0] != '$') {
        bool interrupt = link->bytes[0] == INTERRUPT_BYTE;
        consume(link, 1); /* acknowledgements */
        if (interrupt)
            return GDB_INTERRUPT;
    }
    return link->used ? unpack(link, packet) : GDB_NOTHING;
}

enum gdb_news gdb_link_look(struct gdb_link *link, bool wait, char *packet)
{
    for (;;) {
        enum gdb_news news = next_news(link, packet);
        if (news != GDB_NOTHING)
            return news;
        if (link->peer < 0 || link->used == sizeof(link->bytes)) {
            gdb_link_drop(link);
            return GDB_GONE;
        }
        if (!readable(link->peer, wait))
            return GDB_NOTHING;
        ssize_t got =
            recv(link->peer, link->bytes + link->used, sizeof(link->bytes) - link->used, 0);
        if (got <= 0) {
            gdb_link_drop(link);
            return GDB_GONE;
        }
        link->used += (size_t)got;
    }
}

void gdb_link_send(struct gdb_link *link, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = strlen(text);
    uint8_t sum = sum_of(text, length);
    char end[3] = {'#', digits[sum >> 4], digits[sum & 15]};
    put(link, "$", 1);
    put(link, text, length);
    put(link, end, sizeof(end));
}
