/* Loaded before the C library, makes each flush to disk take longer, as a disk does that is slower than this one's.
   The flush itself is made as well. Milliseconds in SLOWER_FLUSH_MS, or in the file that SLOWER_FLUSH_FILE names, which
   is read at each flush. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long wanted_ms(void) {
    const char *path = getenv("SLOWER_FLUSH_FILE");
    const char *text = getenv("SLOWER_FLUSH_MS");
    char read_text[16] = {0};
    if (path) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) return 0;
        if (read(file, read_text, sizeof read_text - 1) > 0) text = read_text;
        close(file);
    }
    return text ? atol(text) : 0;
}

static void wait_first(void) {
    long ms = wanted_ms();
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    if (ms > 0) nanosleep(&time, NULL);
}

int fdatasync(int file) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_first();
    return next(file);
}

int fsync(int file) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_first();
    return next(file);
}
