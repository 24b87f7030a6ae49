// answer SOCKET THREADS [METHOD URI FILE]...
//
// The leanest SCGI program that can stand in for Glance: it looks at the method
// and the URI and writes the bytes of FILE, which Glance answered before.

#include "scgi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANSWERS_MAX 16

struct answer {
    const char *method;
    const char *uri;
    char *bytes;
    size_t length;
};

static struct answer answers[ANSWERS_MAX];
static size_t answer_count;

static void load(const char *method, const char *uri, const char *path)
{
    struct answer *answer = &answers[answer_count++];
    struct stat status;
    int file = open(path, O_RDONLY);

    if (file < 0 || fstat(file, &status) != 0)
        fail(path);
    answer->method = method;
    answer->uri = uri;
    answer->length = (size_t)status.st_size;
    answer->bytes = malloc(answer->length + 1);
    if (answer->bytes == NULL
        || read(file, answer->bytes, answer->length) != (ssize_t)answer->length)
        fail(path);
    close(file);
}

static void serve(int connection, struct request *request)
{
    static const char unknown[] = "Status: 404 Not Found\r\n\r\n";
    const char *method = parameter(request, "REQUEST_METHOD");
    const char *uri = parameter(request, "REQUEST_URI");

    for (size_t i = 0; method != NULL && uri != NULL && i < answer_count; i++) {
        if (strcmp(answers[i].method, method) == 0 && strcmp(answers[i].uri, uri) == 0) {
            write_all(connection, answers[i].bytes, answers[i].length);
            return;
        }
    }
    write_all(connection, unknown, sizeof unknown - 1);
}

int main(int count, char **arguments)
{
    if (count < 3 || count % 3 != 0 || count / 3 - 1 > ANSWERS_MAX) {
        errno = EINVAL;
        fail("answer SOCKET THREADS [METHOD URI FILE]...");
    }
    for (int i = 3; i < count; i += 3)
        load(arguments[i], arguments[i + 1], arguments[i + 2]);
    serve_with_threads(listen_on(arguments[1]), atoi(arguments[2]), serve);
    return 0;
}
