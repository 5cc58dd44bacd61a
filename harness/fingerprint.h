/* Whether two results may be compared: what differs between the machines that they come from, the conditions under
 * which they were measured, and the programs that measured. */
#ifndef DEPTHMARK_FINGERPRINT_H
#define DEPTHMARK_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/result.h"

/* What a difference makes of a comparison. */
enum difference_class {
  DIFFERENT_MACHINE,    /* other hardware, or another virtual machine: never a regression */
  DIFFERENT_CONDITIONS, /* the same hardware in another state: kernel, microcode, governor, load, quota, pinning, ... */
  DIFFERENT_BUILD,      /* another program: what a comparison before and after a change is about */
  DIFFERENCE_CLASSES
};
extern const char *const difference_class_names[DIFFERENCE_CLASSES]; /* "machine", "conditions", "build" */

#define DIFFERENCE_TEXT 512

/* One fact that is not the same in both; a and b are for people, "not known" where a system does not say. */
struct difference {
  enum difference_class class;
  char what[32];
  char a[DIFFERENCE_TEXT], b[DIFFERENCE_TEXT];
};

#define DIFFERENCES_MOST 64

/* In the order of their classes, within one the weightiest first. */
struct differences {
  struct difference items[DIFFERENCES_MOST];
  size_t count;
};

/* Finds out all that differs and matters. Host names, times and small changes of load do not. */
void fingerprint_compare(const struct result *a, const struct result *b, struct differences *differences);

/* Whether some difference is of that class. */
bool differences_have(const struct differences *differences, enum difference_class class);

/* "governor: performance, powersave" with the two sides named as given: "governor: old: performance, new: powersave".
 */
void difference_text(const struct difference *difference, const char *name_a, const char *name_b, char *text,
                     size_t size);

#define FINGERPRINT_ID 13 /* twelve hexadecimal digits and the end */

/* A short name of the machine, made from the facts that make it another machine: the same for all results of one, on
 * any day, under any name of the host, for any number of its cores (of a kind) and any build. */
void fingerprint_id(const struct machine *machine, char text[FINGERPRINT_ID]);

#endif
