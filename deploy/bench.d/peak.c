// peak FILE PROGRAM [ARGUMENT]...
//
// Runs PROGRAM, and writes to FILE the most KiB that it had resident. Ends as
// PROGRAM does.

#define _GNU_SOURCE
#include "scgi.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words)
{
    struct rusage used;
    int status;
    pid_t child;
    FILE *file;

    if (count < 3)
        fail("peak FILE PROGRAM [ARGUMENT]...");
    child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        execvp(words[2], words + 2);
        fail(words[2]);
    }
    if (wait4(child, &status, 0, &used) != child)
        fail("wait4");
    file = fopen(words[1], "w");
    if (file == NULL || fprintf(file, "%ld\n", used.ru_maxrss) < 0 || fclose(file) != 0)
        fail(words[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
