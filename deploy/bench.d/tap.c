// tap SOCKET TARGET FILE
//
// Stands between nginx and Glance for one request without a body: passes the
// request on to the socket TARGET, its answer back, and keeps the answer's
// bytes in FILE. Then ends.

#define _GNU_SOURCE
#include "scgi.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_SECONDS 30

int main(int count, char **arguments)
{
    static struct request request;
    static char chunk[64 * 1024];
    ssize_t moved;
    int listener, client, server, file;

    if (count != 4) {
        errno = EINVAL;
        fail("tap SOCKET TARGET FILE");
    }
    file = open(arguments[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        fail(arguments[3]);
    alarm(PATIENCE_SECONDS);
    listener = listen_on(arguments[1]);
    client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0 || read_head(client, &request) != 0)
        fail("request");
    server = connect_to(arguments[2]);
    if (server < 0
        || write_all(server, request.bytes, (size_t)(request.rest - request.bytes)) != 0)
        fail(arguments[2]);
    while ((moved = read(server, chunk, sizeof chunk)) > 0)
        if (write_all(file, chunk, (size_t)moved) != 0
            || write_all(client, chunk, (size_t)moved) != 0)
            fail("answer");
    if (moved < 0)
        fail(arguments[2]);
    return 0;
}
