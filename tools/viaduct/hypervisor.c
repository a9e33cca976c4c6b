/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "experiment.h"

#ifdef VIADUCT_HYPERVISOR
extern const struct embedded_file firmware_files[];

/* Loaders take file names: an image becomes a file in memory, once. */
static int image_file(const char *name, int *kept)
{
    const struct embedded_file *image = embedded_find(firmware_files, name);
    if (*kept >= 0 || !image)
        return *kept;
    int fd = memfd_create(name, MFD_CLOEXEC);
    for (const char *at = image->data; fd >= 0 && at < image->end;) {
        ssize_t n = write(fd, at, (size_t)(image->end - at));
        if (n <= 0) {
            close(fd);
            fd = -1;
        }
        at += n;
    }
    *kept = fd;
    return fd;
}
#endif

bool start_firmware_path(char *path, size_t size)
{
#ifdef VIADUCT_HYPERVISOR
    static int kept = -1;
    int fd = image_file("start.elf", &kept);
    if (fd >= 0)
        return snprintf(path, size, "/proc/self/fd/%d", fd) > 0;
#else
    (void)path;
    (void)size;
#endif
    return false;
}

bool hypervisor_path(char *path, size_t size, struct vd_error *err)
{
#ifdef VIADUCT_HYPERVISOR
    static int kept = -1;
    int fd = image_file("hyp.elf", &kept);
    if (fd >= 0) {
        snprintf(path, size, "/proc/self/fd/%d", fd);
        return true;
    }
#endif
    char self[512];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    snprintf(path, size, "%.*s/hyp.elf", (int)(slash ? slash - self : 0), self);
    return access(path, R_OK) == 0 ||
           vd_fail(err,
                   "this viaduct was built without the hypervisor and there is no %.400s: give "
                   "--set experiment.kernel=FILE",
                   path);
}
