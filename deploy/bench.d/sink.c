// sink SOCKET THREADS DIRECTORY
//
// The leanest durable upload: reads the body, hashes it (SHA-256), writes it
// to a new file in DIRECTORY, brings file and directory to the disk, answers
// 200. Like Glance it makes room first, starts writing back early, and finds
// libcrypto at run time.

#define _GNU_SOURCE
#include "scgi.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES (256 * 1024)
#define WRITE_BACK_BYTES (8 * 1024 * 1024)
#define DIGEST_BYTES 32

// Of libcrypto, as its manual pages give them.
static void *(*context_new)(void);
static void (*context_free)(void *);
static const void *(*sha256)(void);
static int (*digest_init)(void *, const void *, void *);
static int (*digest_update)(void *, const void *, size_t);
static int (*digest_final)(void *, unsigned char *, unsigned int *);

static int directory;
static atomic_int uploads;

static void *symbol(void *library, const char *name)
{
    void *address = dlsym(library, name);

    if (address == NULL) {
        fprintf(stderr, "bench: libcrypto has no %s\n", name);
        exit(1);
    }
    return address;
}

static void load_libcrypto(void)
{
    void *library = dlopen("libcrypto.so.3", RTLD_NOW);

    if (library == NULL)
        library = dlopen("libcrypto.so.1.1", RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "bench: %s (Debian: libssl3)\n", dlerror());
        exit(1);
    }
    *(void **)&context_new = symbol(library, "EVP_MD_CTX_new");
    *(void **)&context_free = symbol(library, "EVP_MD_CTX_free");
    *(void **)&sha256 = symbol(library, "EVP_sha256");
    *(void **)&digest_init = symbol(library, "EVP_DigestInit_ex");
    *(void **)&digest_update = symbol(library, "EVP_DigestUpdate");
    *(void **)&digest_final = symbol(library, "EVP_DigestFinal_ex");
}

// Hashes and writes one piece; every few megabytes what was written starts on
// its way to the disk. 0 or -1.
static int take(int file, void *context, const char *bytes, size_t length, off_t *moved)
{
    off_t before = *moved / WRITE_BACK_BYTES;

    if (digest_update(context, bytes, length) != 1 || write_all(file, bytes, length) != 0)
        return -1;
    *moved += (off_t)length;
    if (*moved / WRITE_BACK_BYTES != before)
        sync_file_range(file, before * WRITE_BACK_BYTES, WRITE_BACK_BYTES,
                        SYNC_FILE_RANGE_WRITE);
    return 0;
}

static int take_body(int connection, struct request *request, int file, void *context,
                     off_t expected)
{
    char *chunk = malloc(CHUNK_BYTES);
    off_t moved = 0;
    int result = -1;

    if (chunk == NULL)
        fail("malloc");
    if (take(file, context, request->rest, request->rest_length, &moved) != 0)
        goto done;
    while (moved < expected) {
        ssize_t count = read(connection, chunk, CHUNK_BYTES);

        if (count <= 0 || take(file, context, chunk, (size_t)count, &moved) != 0)
            goto done;
    }
    result = moved == expected ? 0 : -1;
done:
    free(chunk);
    return result;
}

static void answer(int connection, const char *status, const unsigned char *digest)
{
    char bytes[256];
    int length = snprintf(bytes, sizeof bytes,
                          "Status: %s\r\nContent-Type: text/plain\r\n\r\n", status);

    for (int i = 0; digest != NULL && i < DIGEST_BYTES; i++)
        length += snprintf(bytes + length, sizeof bytes - (size_t)length, "%02x", digest[i]);
    write_all(connection, bytes, (size_t)length);
}

// Hashes, writes, makes durable. 0 or -1.
static int receive(int connection, struct request *request, int file, off_t expected,
                   unsigned char *digest)
{
    void *context = context_new();
    int result = -1;

    if (context == NULL)
        fail("EVP_MD_CTX_new");
    // Some file systems cannot make room first.
    if (expected > 0 && fallocate(file, 0, 0, expected) != 0 && errno != EOPNOTSUPP)
        goto done;
    if (digest_init(context, sha256(), NULL) == 1
        && take_body(connection, request, file, context, expected) == 0
        && digest_final(context, digest, NULL) == 1
        && fsync(file) == 0 && fsync(directory) == 0)
        result = 0;
done:
    context_free(context);
    return result;
}

static void serve(int connection, struct request *request)
{
    const char *length = parameter(request, "BODY_LENGTH");
    unsigned char digest[DIGEST_BYTES];
    char name[32];
    int file;

    snprintf(name, sizeof name, "upload-%d", atomic_fetch_add(&uploads, 1));
    file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (file < 0)
        fail(name);
    if (length != NULL
        && receive(connection, request, file, strtoll(length, NULL, 10), digest) == 0)
        answer(connection, "200 OK", digest);
    else
        answer(connection, "500 Internal Server Error", NULL);
    close(file);
}

int main(int count, char **arguments)
{
    if (count != 4) {
        errno = EINVAL;
        fail("sink SOCKET THREADS DIRECTORY");
    }
    load_libcrypto();
    directory = open(arguments[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        fail(arguments[3]);
    serve_with_threads(listen_on(arguments[1]), atoi(arguments[2]), serve);
    return 0;
}
