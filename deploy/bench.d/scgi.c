// See scgi.h.

#define _GNU_SOURCE
#include "scgi.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

_Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail(path);
    }
    strcpy(address.sun_path, path);
    return address;
}

int listen_on(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    unlink(path);
    if (listener < 0
        || bind(listener, (struct sockaddr *)&address, sizeof address) != 0
        || chmod(path, 0666) != 0
        || listen(listener, 4096) != 0)
        fail(path);
    return listener;
}

int connect_to(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connection < 0)
        fail("socket");
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
        close(connection);
        return -1;
    }
    return connection;
}

struct service {
    int listener;
    void (*serve)(int connection, struct request *request);
};

static void *accept_for_ever(void *argument)
{
    const struct service *service = argument;
    struct request *request = malloc(sizeof *request);

    if (request == NULL)
        fail("malloc");
    for (;;) {
        int connection = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC);

        if (connection < 0)
            continue;
        if (read_head(connection, request) == 0)
            service->serve(connection, request);
        close(connection);
    }
    return NULL;
}

void serve_with_threads(int listener, int threads,
                        void (*serve)(int connection, struct request *request))
{
    struct service service = {listener, serve};
    pthread_t thread;

    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < threads; i++)
        if (pthread_create(&thread, NULL, accept_for_ever, &service) != 0)
            fail("pthread_create");
    accept_for_ever(&service);
}

// Finds the block in the netstring "LENGTH:BLOCK,". 1: whole, 0: needs more,
// -1: it never will be.
static int split(struct request *request, size_t filled)
{
    char *colon = memchr(request->bytes, ':', filled);
    size_t length;

    if (colon == NULL)
        return filled < 8 ? 0 : -1;
    length = strtoul(request->bytes, NULL, 10);
    if (length == 0 || length >= sizeof request->bytes - 16)
        return -1;
    request->block = colon + 1;
    request->block_length = length;
    request->rest = request->block + length + 1;
    if (request->rest > request->bytes + filled)
        return 0;
    request->rest_length = (size_t)(request->bytes + filled - request->rest);
    return request->rest[-1] == ',' && request->rest[-2] == '\0' ? 1 : -1;
}

int read_head(int connection, struct request *request)
{
    size_t filled = 0;
    int state = 0;

    while (state == 0 && filled < sizeof request->bytes) {
        ssize_t count = read(connection, request->bytes + filled,
                             sizeof request->bytes - filled);

        if (count <= 0)
            return -1;
        filled += (size_t)count;
        state = split(request, filled);
    }
    return state == 1 ? 0 : -1;
}

const char *parameter(const struct request *request, const char *name)
{
    const char *at = request->block;
    const char *end = request->block + request->block_length;

    while (at < end) {
        const char *value = at + strlen(at) + 1;

        if (value >= end)
            return NULL;
        if (strcmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

int write_all(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = write(descriptor, bytes, length);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return -1;
        bytes += count;
        length -= (size_t)count;
    }
    return 0;
}
