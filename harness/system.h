/* What the operating system says of the machine and of its own state, in /proc and /sys. */
#ifndef DEPTHMARK_SYSTEM_H
#define DEPTHMARK_SYSTEM_H

#include <hwloc.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/machine.h"

/* The first line of a file, without its end; false leaves text empty. */
bool system_read_line(const char *path, char *text, size_t size);

/* The value of the first "name : value" line of a file such as /proc/cpuinfo; false leaves text empty. */
bool system_read_field(const char *path, const char *name, char *text, size_t size);

/* Fills in what a system says: how many cores and hardware threads are online, what memory there is, limits of the
 * control groups that this process is in, and the state that moves figures: governor, turbo, SMT, NUMA balancing, huge
 * pages, mitigations. root stands before /proc and /sys: "" for this machine. What isn't said stays as it is. */
void system_describe(struct machine *machine, hwloc_topology_t topology, const char *root);

#endif
