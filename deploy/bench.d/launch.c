// launch SOCKET PROGRAM [ARGUMENT]...
//
// Starts PROGRAM, waits for SOCKET, stops PROGRAM with TERM. Prints two times
// in milliseconds, both from exec: until the socket accepts a connection, and
// until a request on it (GET /healthz) is answered.

#define _GNU_SOURCE
#include "scgi.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MICROSECONDS 100
#define PATIENCE_MILLISECONDS 10000

static double milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static pid_t start(char **command)
{
    pid_t child = fork();

    if (child < 0)
        fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execv(command[0], command);
        fail(command[0]);
    }
    return child;
}

static int connect_soon(const char *path, pid_t child, double begin)
{
    struct timeval patience = {.tv_sec = PATIENCE_MILLISECONDS / 1000};

    for (;;) {
        int connection = connect_to(path);

        if (connection >= 0) {
            setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            return connection;
        }
        if (waitpid(child, NULL, WNOHANG) != 0 || milliseconds() - begin > PATIENCE_MILLISECONDS) {
            errno = ETIMEDOUT;
            fail(path);
        }
        usleep(PAUSE_MICROSECONDS);
    }
}

static void stop(pid_t child)
{
    double begin = milliseconds();

    kill(child, SIGTERM);
    while (waitpid(child, NULL, WNOHANG) == 0) {
        if (milliseconds() - begin > PATIENCE_MILLISECONDS) {
            kill(child, SIGKILL);
            errno = ETIMEDOUT;
            fail("TERM did not end it");
        }
        usleep(1000);
    }
}

// The first byte of the answer is enough.
static void ask(int connection)
{
    static const char block[] =
        "CONTENT_LENGTH\0" "0\0" "SCGI\0" "1\0" "REQUEST_METHOD\0" "GET\0"
        "REQUEST_URI\0" "/healthz\0" "CONTENT_TYPE\0" "\0" "BODY_LENGTH\0" "\0"
        "REQUEST_SCHEME\0" "http\0" "SERVER_ADDR\0" "127.0.0.1\0" "SERVER_PORT\0" "80\0"
        "REMOTE_ADDR\0" "127.0.0.1\0" "REQUEST_ID\0" "00000000000000000000000000000000\0"
        "LISTENER\0" "health\0" "HTTP_HOST\0" "127.0.0.1";
    char head[16], byte;
    int length = snprintf(head, sizeof head, "%zu:", sizeof block);

    if (write_all(connection, head, (size_t)length) != 0
        || write_all(connection, block, sizeof block) != 0
        || write_all(connection, ",", 1) != 0
        || read(connection, &byte, 1) != 1)
        fail("no answer");
}

int main(int count, char **arguments)
{
    double begin, listening, answering;
    int connection;
    pid_t child;

    if (count < 3) {
        errno = EINVAL;
        fail("launch SOCKET PROGRAM [ARGUMENT]...");
    }
    begin = milliseconds();
    child = start(arguments + 2);
    connection = connect_soon(arguments[1], child, begin);
    listening = milliseconds() - begin;
    ask(connection);
    answering = milliseconds() - begin;
    close(connection);
    stop(child);
    printf("%.1f %.1f\n", listening, answering);
    return 0;
}
