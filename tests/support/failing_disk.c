/* A disk that begins to fail under a running program. No right on a machine lets a test make a file system
 * read-only while a file on it is open for writing, and none of its own has bad sectors; so the calls fail here.
 *
 * Preloaded (LD_PRELOAD). While the file named by FAILING_DISK holds a line `CALLS ERRNO` (`write 30`: EROFS,
 * `sync 5`: EIO), these calls fail with that number for every file below the folder FAILING_DISK_FOLDER:
 *
 *   write   whatever changes a file: writing, shortening, opening for writing
 *   sync    fsync and fdatasync alone: what was written is taken, and does not arrive
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* The errno with which a call of this kind is to fail now, or 0. */
static int fault(const char *kind) {
    const char *name = getenv("FAILING_DISK");
    int (*open_)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    int file = name ? open_(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    char line[64] = {0}, calls[16] = {0};
    int number = 0;
    if (read(file, line, sizeof line - 1) > 0) sscanf(line, "%15s %d", calls, &number);
    close(file);
    return strcmp(calls, kind) == 0 ? number : 0;
}

static int is_on_disk(const char *path) {
    const char *folder = getenv("FAILING_DISK_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

/* 0, or the errno for a call of this kind on an open file. */
static int refuses(int file, const char *kind) {
    int saved = errno;
    char link[64], path[PATH_MAX] = {0};
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int number = readlink(link, path, sizeof path - 1) > 0 && is_on_disk(path) ? fault(kind) : 0;
    errno = saved;
    return number;
}

#define FAILS(kind, type, name, parameters, ...)                            \
    type name parameters {                                                  \
        static type(*next) parameters;                                      \
        if (!next) next = (type(*) parameters)dlsym(RTLD_NEXT, #name);      \
        int number = refuses(file, kind);                                   \
        if (number) {                                                       \
            errno = number;                                                 \
            return -1;                                                      \
        }                                                                   \
        return next(__VA_ARGS__);                                           \
    }

FAILS("write", ssize_t, write, (int file, const void *bytes, size_t count), file, bytes, count)
FAILS("write", ssize_t, writev, (int file, const struct iovec *slices, int count), file, slices, count)
FAILS("write", ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t at), file, bytes, count, at)
FAILS("write", ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t at), file, bytes, count, at)
FAILS("write", int, ftruncate, (int file, off_t length), file, length)
FAILS("write", int, ftruncate64, (int file, off64_t length), file, length)
FAILS("sync", int, fsync, (int file), file)
FAILS("sync", int, fdatasync, (int file), file)

#define OPENS(name)                                                                       \
    int name(const char *path, int flags, ...) {                                          \
        static int (*next)(const char *, int, ...);                                       \
        if (!next) next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name);       \
        va_list rest;                                                                     \
        va_start(rest, flags);                                                            \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;           \
        va_end(rest);                                                                     \
        int number = (flags & O_ACCMODE) != O_RDONLY && is_on_disk(path) ? fault("write") : 0; \
        if (number) {                                                                     \
            errno = number;                                                               \
            return -1;                                                                    \
        }                                                                                 \
        return next(path, flags, mode);                                                   \
    }

OPENS(open)
OPENS(open64)
