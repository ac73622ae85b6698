/* A distant disk: every operation on files below SLOW_ROOT takes SLOW_MICROSECONDS more.
 *
 * For LD_PRELOAD. It stands in the way of the C library's functions, so that it is the same for a program in C and
 * for one in Python. An open, a look at a file, a read and a close each wait once, as for a round trip to a server
 * that keeps nothing in the client; reading a directory waits once for every ENTRIES of its names.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MOST 65536
#define ENTRIES 128
#define INHERITED 1024

static unsigned char slow[MOST], listed[MOST];
static const char *root;
static long delay;

/* A process may have been given open files of the disk. */
static void inherit(void)
{
    for (int file = 0; root != NULL && file < INHERITED; file++) {
        char link[64], path[4096];
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length > 0) {
            path[length] = 0;
            slow[file] = strncmp(path, root, strlen(root)) == 0;
        }
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("SLOW_MICROSECONDS");
    root = getenv("SLOW_ROOT");
    delay = text ? atol(text) * 1000 : 0;
    inherit();
}

static void waits(void)
{
    struct timespec time = {delay / 1000000000, delay % 1000000000};
    nanosleep(&time, NULL);
}

static int below(int directory, const char *path)
{
    if (root == NULL)
        return 0;
    if (path[0] == '/')
        return strncmp(path, root, strlen(root)) == 0;
    return directory >= 0 && directory < MOST && slow[directory];
}

static int is_slow(int file) { return file >= 0 && file < MOST && slow[file]; }

static int noted(int file, int is)
{
    if (file >= 0 && file < MOST)
        slow[file] = is, listed[file] = 0;
    return file;
}

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (real == NULL) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define OPEN(function, name) \
    int function(const char *path, int flags, ...) \
    { \
        REAL(int, name, const char *, int, ...); \
        va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
        int is = below(-1, path); \
        if (is) waits(); \
        return noted(real(path, flags, mode), is); \
    }
OPEN(open, "open")
OPEN(open64, "open64")

#define OPENAT(function, name) \
    int function(int directory, const char *path, int flags, ...) \
    { \
        REAL(int, name, int, const char *, int, ...); \
        va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
        int is = below(directory, path); \
        if (is) waits(); \
        return noted(real(directory, path, flags, mode), is); \
    }
OPENAT(openat, "openat")
OPENAT(openat64, "openat64")

int __openat64_2(int directory, const char *path, int flags) { return openat64(directory, path, flags); }
int __openat_2(int directory, const char *path, int flags) { return openat(directory, path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }
int __open_2(const char *path, int flags) { return open(path, flags); }

#define LOOK(function, name, type) \
    int function(int directory, const char *restrict path, type *restrict status, int flags) \
    { \
        REAL(int, name, int, const char *, type *, int); \
        if (below(directory, path) || (!*path && is_slow(directory))) waits(); \
        return real(directory, path, status, flags); \
    }
LOOK(fstatat, "fstatat", struct stat)
LOOK(fstatat64, "fstatat64", struct stat64)

#define PATH_LOOK(function, name, type) \
    int function(const char *restrict path, type *restrict status) \
    { \
        REAL(int, name, const char *, type *); \
        if (below(-1, path)) waits(); \
        return real(path, status); \
    }
PATH_LOOK(stat, "stat", struct stat)
PATH_LOOK(lstat, "lstat", struct stat)
PATH_LOOK(stat64, "stat64", struct stat64)
PATH_LOOK(lstat64, "lstat64", struct stat64)

#define FILE_LOOK(function, name, type) \
    int function(int file, type *status) \
    { \
        REAL(int, name, int, type *); \
        if (is_slow(file)) waits(); \
        return real(file, status); \
    }
FILE_LOOK(fstat, "fstat", struct stat)
FILE_LOOK(fstat64, "fstat64", struct stat64)

ssize_t read(int file, void *into, size_t size)
{
    REAL(ssize_t, "read", int, void *, size_t);
    if (is_slow(file)) waits();
    return real(file, into, size);
}

ssize_t readv(int file, const struct iovec *into, int count)
{
    REAL(ssize_t, "readv", int, const struct iovec *, int);
    if (is_slow(file)) waits();
    return real(file, into, count);
}

ssize_t pread64(int file, void *into, size_t size, off64_t at)
{
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
    if (is_slow(file)) waits();
    return real(file, into, size, at);
}

ssize_t preadv64(int file, const struct iovec *into, int count, off64_t at)
{
    REAL(ssize_t, "preadv64", int, const struct iovec *, int, off64_t);
    if (is_slow(file)) waits();
    return real(file, into, count, at);
}

ssize_t preadv64v2(int file, const struct iovec *into, int count, off64_t at, int flags)
{
    REAL(ssize_t, "preadv64v2", int, const struct iovec *, int, off64_t, int);
    if (is_slow(file)) waits();
    return real(file, into, count, at, flags);
}

#define READDIR(function, name, type) \
    type *function(DIR *directory) \
    { \
        REAL(type *, name, DIR *); \
        int file = dirfd(directory); \
        if (is_slow(file) && listed[file]++ % ENTRIES == 0) waits(); \
        return real(directory); \
    }
READDIR(readdir, "readdir", struct dirent)
READDIR(readdir64, "readdir64", struct dirent64)

DIR *opendir(const char *path)
{
    REAL(DIR *, "opendir", const char *);
    int is = below(-1, path);
    if (is) waits();
    DIR *directory = real(path);
    if (directory != NULL) noted(dirfd(directory), is);
    return directory;
}

int close(int file)
{
    REAL(int, "close", int);
    if (is_slow(file)) {
        noted(file, 0);
        waits();
    }
    return real(file);
}

#define FCNTL(function, name) \
    int function(int file, int what, ...) \
    { \
        REAL(int, name, int, int, ...); \
        va_list rest; va_start(rest, what); long value = va_arg(rest, long); va_end(rest); \
        int made = real(file, what, value); \
        if (what == F_DUPFD || what == F_DUPFD_CLOEXEC) noted(made, is_slow(file)); \
        return made; \
    }
FCNTL(fcntl, "fcntl")
FCNTL(fcntl64, "fcntl64")
