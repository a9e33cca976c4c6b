/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "platforms/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct disk {
    int fd;
    bool read_only;
    uint64_t size;
};

static bool disk_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    const struct disk *d = ctx;
    uint8_t *at = data;
    while (size) {
        ssize_t n = pread(d->fd, at, size, (off_t)offset);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        if (n < 0)
            continue;
        at += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

static bool disk_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    const struct disk *d = ctx;
    const uint8_t *at = data;
    while (size) {
        ssize_t n = pwrite(d->fd, at, size, (off_t)offset);
        if (n < 0 && errno != EINTR)
            return false;
        if (n < 0)
            continue;
        at += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

/* Not every file system can punch holes: then zeros are written. */
static bool disk_zero(void *ctx, uint64_t offset, uint64_t size, bool discard)
{
    static const uint8_t zeros[65536];
    const struct disk *d = ctx;
    int mode = FALLOC_FL_KEEP_SIZE | (discard ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
    if (!size || fallocate(d->fd, mode, (off_t)offset, (off_t)size) == 0)
        return true;
    while (size) {
        size_t piece = size < sizeof(zeros) ? (size_t)size : sizeof(zeros);
        if (!disk_write(ctx, offset, zeros, piece))
            return false;
        offset += piece;
        size -= piece;
    }
    return true;
}

static bool disk_flush(void *ctx)
{
    const struct disk *d = ctx;
    return d->read_only || fdatasync(d->fd) == 0;
}

static const struct vd_disk_ops ops = {disk_read, disk_write, disk_zero, disk_flush};

static bool measure(struct disk *d, const char *path, struct vd_error *err)
{
    struct stat st;
    if (fstat(d->fd, &st) != 0)
        return vd_fail(err, "%s cannot be used as a disk: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return vd_fail(err, "%s is no disk: accepted are regular files and block devices", path);
    off_t end = lseek(d->fd, 0, SEEK_END);
    if (end <= 0 || end % VD_SECTOR)
        return vd_fail(err,
                       "%s has %" PRId64 " bytes: accepted are disks of one or more whole sectors "
                       "of %d bytes (truncate -s 64M makes one)",
                       path, (int64_t)end, VD_SECTOR);
    d->size = (uint64_t)end;
    return true;
}

static bool take(struct disk *d, const char *path, struct vd_error *err)
{
    d->fd = open(path, (d->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (d->fd < 0)
        return vd_fail(err, "%s cannot be opened for reading%s: %s", path,
                       d->read_only ? "" : " and writing", strerror(errno));
    if (!measure(d, path, err))
        return false;
    if (flock(d->fd, (d->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return vd_fail(err, "%s is in use as a disk already: give readonly=on to all, or a copy",
                       path);
    return true;
}

struct disk *disk_open(const char *path, bool read_only, struct vd_error *err)
{
    struct disk *d = calloc(1, sizeof(*d));
    if (!d) {
        vd_fail(err, "no memory for a disk");
        return NULL;
    }
    *d = (struct disk){.fd = -1, .read_only = read_only};
    if (take(d, path, err))
        return d;
    disk_close(d);
    return NULL;
}

void disk_close(struct disk *disk)
{
    if (!disk)
        return;
    if (disk->fd >= 0)
        close(disk->fd);
    free(disk);
}

struct vd_disk disk_contract(struct disk *disk)
{
    return (struct vd_disk){
        .ops = &ops, .ctx = disk, .size = disk->size, .read_only = disk->read_only};
}
