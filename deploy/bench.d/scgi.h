// What the baseline programs of deploy/bench share: a Unix socket, threads
// that block in accept on it, and the head of an SCGI request.

#ifndef BENCH_SCGI_H
#define BENCH_SCGI_H

#include <stddef.h>

// The head of one request and what was read of the body along with it.
struct request {
    char bytes[64 * 1024];
    char *block;        // name NUL value NUL ...
    size_t block_length;
    char *rest;         // first bytes of the body
    size_t rest_length;
};

// Ends the program with one line.
_Noreturn void fail(const char *what);

// Listens on a Unix socket that everybody may use; an old one is replaced.
int listen_on(const char *path);

// A connection to a Unix socket, or -1.
int connect_to(const char *path);

// Calls serve for each connection, from `threads` threads, for ever.
// The connection is closed afterwards. serve owns nothing.
void serve_with_threads(int listener, int threads,
                        void (*serve)(int connection, struct request *request));

// Reads up to the end of the head. 0, or -1 if the head never came whole.
int read_head(int connection, struct request *request);

// The value of a parameter, or NULL.
const char *parameter(const struct request *request, const char *name);

// Writes all of it. 0 or -1.
int write_all(int descriptor, const char *bytes, size_t length);

#endif
