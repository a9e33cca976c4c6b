/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "experiment.h"

#ifdef VIADUCT_HYPERVISOR
extern const struct embedded_file firmware_files[];

/* Loaders take file names: the image becomes a file in memory, once. */
static int image_file(void)
{
    static int fd = -1;
    const struct embedded_file *image = embedded_find(firmware_files, "hyp.elf");
    if (fd >= 0 || !image)
        return fd;
    fd = memfd_create("hyp.elf", MFD_CLOEXEC);
    for (const char *at = image->data; fd >= 0 && at < image->end;) {
        ssize_t n = write(fd, at, (size_t)(image->end - at));
        if (n <= 0) {
            close(fd);
            fd = -1;
        }
        at += n;
    }
    return fd;
}
#endif

bool hypervisor_path(char *path, size_t size, struct vd_error *err)
{
#ifdef VIADUCT_HYPERVISOR
    int fd = image_file();
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
