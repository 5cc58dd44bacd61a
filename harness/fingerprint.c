#include "harness/fingerprint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define UNKNOWN "not known"
#define LOAD_MOST 0.5   /* load averages further apart are other conditions */
#define STEAL_MOST 0.01 /* likewise shares of time taken by the hypervisor */
#define RATIO_MOST 1.05 /* likewise clocks and amounts of memory, by this factor */

const char *const difference_class_names[DIFFERENCE_CLASSES] = {"machine", "conditions", "build"};

/* ---- collecting ------------------------------------------------------------------------------------------------- */

static void add(struct differences *to, enum difference_class class, const char *what, const char *a, const char *b) {
  if (to->count == DIFFERENCES_MOST) return;
  struct difference *difference = &to->items[to->count++];
  difference->class = class;
  snprintf(difference->what, sizeof difference->what, "%s", what);
  snprintf(difference->a, sizeof difference->a, "%s", *a ? a : UNKNOWN);
  snprintf(difference->b, sizeof difference->b, "%s", *b ? b : UNKNOWN);
}

static void compare_texts(struct differences *to, enum difference_class class, const char *what, const char *a,
                          const char *b) {
  if (strcmp(a, b) != 0) add(to, class, what, a, b);
}

/* Where empty means that there is none. */
static void compare_optional(struct differences *to, enum difference_class class, const char *what, const char *a,
                             const char *b) {
  compare_texts(to, class, what, *a ? a : "none", *b ? b : "none");
}

static void compare_counts(struct differences *to, enum difference_class class, const char *what, int a, int b) {
  char left[16], right[16];
  snprintf(left, sizeof left, "%d", a);
  snprintf(right, sizeof right, "%d", b);
  compare_texts(to, class, what, left, right);
}

/* Numbers in that unit where they are further apart than a factor; 0 is not known. */
static void compare_ratios(struct differences *to, enum difference_class class, const char *what, double a, double b,
                           double unit, const char *unit_name) {
  char left[48], right[48];
  if (!(a > 0) || !(b > 0) || fmax(a, b) <= RATIO_MOST * fmin(a, b)) return;
  snprintf(left, sizeof left, "%.4g %s", a / unit, unit_name);
  snprintf(right, sizeof right, "%.4g %s", b / unit, unit_name);
  add(to, class, what, left, right);
}

/* ---- the machine ------------------------------------------------------------------------------------------------ */

/* "L1 32 KiB, L2 1024 KiB": what does not depend on how many cores a process may use. */
static void cache_text(const struct machine *machine, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < machine->cache_count && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%sL%d%s%s %zu KiB", i ? ", " : "", machine->caches[i].level,
                             machine->caches[i].cores[0] ? " of " : "", machine->caches[i].cores,
                             machine->caches[i].bytes / 1024);
}

/* "IntelCore, IntelAtom": those that the process may use. */
static void kinds_text(const struct machine *machine, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < machine->kind_count && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", machine->kinds[i].name);
}

static void compare_machines(const struct machine *a, const struct machine *b, struct differences *to) {
  char left[MACHINE_TEXT], right[MACHINE_TEXT];
  compare_texts(to, DIFFERENT_MACHINE, "CPU", a->cpu, b->cpu);
  compare_texts(to, DIFFERENT_MACHINE, "vendor", a->vendor, b->vendor);
  compare_texts(to, DIFFERENT_MACHINE, "family", a->family, b->family);
  compare_texts(to, DIFFERENT_MACHINE, "model", a->model, b->model);
  compare_texts(to, DIFFERENT_MACHINE, "stepping", a->stepping, b->stepping);
  compare_counts(to, DIFFERENT_MACHINE, "cores", a->online_cores, b->online_cores);
  cache_text(a, left, sizeof left);
  cache_text(b, right, sizeof right);
  compare_texts(to, DIFFERENT_MACHINE, "caches", left, right);
  kinds_text(a, left, sizeof left);
  kinds_text(b, right, sizeof right);
  compare_optional(to, DIFFERENT_MACHINE, "kinds of core", left, right);
  if (a->memory[0] && b->memory[0]) /* who may not look at the modules says nothing */
    compare_texts(to, DIFFERENT_MACHINE, "memory modules", a->memory, b->memory);
  compare_optional(to, DIFFERENT_MACHINE, "hypervisor", a->hypervisor, b->hypervisor);
  compare_optional(to, DIFFERENT_MACHINE, "emulator", a->emulator, b->emulator);
  compare_texts(to, DIFFERENT_MACHINE, "features", a->features, b->features);
}

/* ---- conditions ------------------------------------------------------------------------------------------------- */

/* Whether the threads of one sat where the first threads of the other did: lists of places, perhaps cut. */
static bool same_places(const char *a, const char *b) {
  static const char more[] = ", ...";
  size_t length_a = strlen(a), length_b = strlen(b);
  if (length_a >= sizeof more && strcmp(a + length_a - (sizeof more - 1), more) == 0) length_a -= sizeof more - 1;
  if (length_b >= sizeof more && strcmp(b + length_b - (sizeof more - 1), more) == 0) length_b -= sizeof more - 1;
  const size_t shorter = length_a < length_b ? length_a : length_b;
  const char next = length_a < length_b ? b[shorter] : a[shorter];
  return strncmp(a, b, shorter) == 0 && (shorter > 0 || length_a == length_b) && (next == '\0' || next == ',');
}

static void quota_text(const struct machine *machine, char *text, size_t size) {
  if (machine->cpu_quota > 0)
    snprintf(text, size, "%.4g CPUs", machine->cpu_quota);
  else
    snprintf(text, size, "none");
}

static void share_text(double share, char *text, size_t size) { snprintf(text, size, "%.1f %%", 100 * share); }

static void compare_conditions(const struct machine *a, const struct machine *b, struct differences *to) {
  const enum difference_class class = DIFFERENT_CONDITIONS;
  char left[32], right[32];
  compare_counts(to, class, "hardware threads", a->online_threads, b->online_threads);
  compare_counts(to, class, "usable cores", a->cores, b->cores);
  compare_counts(to, class, "usable hardware threads", a->hardware_threads, b->hardware_threads);
  quota_text(a, left, sizeof left);
  quota_text(b, right, sizeof right);
  compare_texts(to, class, "CPU quota", left, right);
  if (!same_places(a->pinning, b->pinning)) add(to, class, "pinned to", a->pinning, b->pinning);
  compare_texts(to, class, "governor", a->governor, b->governor);
  compare_texts(to, class, "turbo", a->turbo, b->turbo);
  compare_texts(to, class, "SMT", a->smt, b->smt);
  compare_ratios(to, class, "clock", a->core_hertz, b->core_hertz, 1e9, "GHz");
  compare_ratios(to, class, "memory", (double)a->memory_bytes, (double)b->memory_bytes, 0x1p30, "GiB");
  compare_texts(to, class, "microcode", a->microcode, b->microcode);
  compare_texts(to, class, "kernel", a->kernel, b->kernel);
  compare_texts(to, class, "mitigations", a->mitigations, b->mitigations);
  compare_texts(to, class, "NUMA balancing", a->numa_balancing, b->numa_balancing);
  compare_texts(to, class, "huge pages", a->huge_pages, b->huge_pages);
  compare_texts(to, class, "denormals", a->denormals, b->denormals);
  if (fabs(a->load - b->load) > LOAD_MOST) {
    snprintf(left, sizeof left, "%.2f", a->load);
    snprintf(right, sizeof right, "%.2f", b->load);
    add(to, class, "load average", left, right);
  }
  if (fabs(a->steal_share - b->steal_share) > STEAL_MOST) {
    share_text(a->steal_share, left, sizeof left);
    share_text(b->steal_share, right, sizeof right);
    add(to, class, "taken by the hypervisor", left, right);
  }
}

/* ---- the build -------------------------------------------------------------------------------------------------- */

/* The item of a list such as "hwloc 2.9.0, zlib 1.2.13" whose first word is that of name; its version, "" without. */
static void find_version(const char *list, const char *name, size_t length, char *version, size_t size) {
  version[0] = '\0';
  for (const char *item = list; *item;) {
    const size_t end = strcspn(item, ",");
    if (strncmp(item, name, length) == 0 && item[length] == ' ') {
      snprintf(version, size, "%.*s", (int)(end - length - 1), item + length + 1);
      return;
    }
    item += end;
    item += strspn(item, ", ");
  }
}

/* Of the libraries that list has those of which other has another version or, unless only_both, none. */
static void compare_libraries(struct differences *to, const char *list, const char *other, bool swapped) {
  for (const char *item = list; *item;) {
    char name[32], version[MACHINE_TEXT], there[MACHINE_TEXT];
    const size_t length = strcspn(item, " ,");
    find_version(list, item, length, version, sizeof version);
    find_version(other, item, length, there, sizeof there);
    snprintf(name, sizeof name, "%.*s", (int)length, item);
    if (swapped && !there[0])
      add(to, DIFFERENT_BUILD, name, there, version);
    else if (!swapped && strcmp(version, there) != 0)
      add(to, DIFFERENT_BUILD, name, version, there);
    item += strcspn(item, ",");
    item += strspn(item, ", ");
  }
}

static void compare_builds(const struct result *a, const struct result *b, struct differences *to) {
  compare_texts(to, DIFFERENT_BUILD, "commit", a->commit, b->commit);
  compare_texts(to, DIFFERENT_BUILD, "version", a->version, b->version);
  compare_texts(to, DIFFERENT_BUILD, "compiler", a->machine.compiler, b->machine.compiler);
  compare_texts(to, DIFFERENT_BUILD, "flags", a->machine.flags, b->machine.flags);
  compare_libraries(to, a->machine.libraries, b->machine.libraries, false);
  compare_libraries(to, b->machine.libraries, a->machine.libraries, true);
}

/* ---- for others ------------------------------------------------------------------------------------------------- */

void fingerprint_compare(const struct result *a, const struct result *b, struct differences *differences) {
  differences->count = 0;
  compare_machines(&a->machine, &b->machine, differences);
  compare_conditions(&a->machine, &b->machine, differences);
  compare_builds(a, b, differences);
}

bool differences_have(const struct differences *differences, enum difference_class class) {
  for (size_t i = 0; i < differences->count; i++)
    if (differences->items[i].class == class) return true;
  return false;
}

void difference_text(const struct difference *difference, const char *name_a, const char *name_b, char *text,
                     size_t size) {
  snprintf(text, size, "%s: %s: %s, %s: %s", difference->what, name_a, difference->a, name_b, difference->b);
}

/* FNV-1a (Fowler, Noll, Vo), the end of each text included, so that "ab", "c" is not "a", "bc". */
static uint64_t hash_text(uint64_t hash, const char *text) {
  do hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
  while (*text++);
  return hash;
}

void fingerprint_id(const struct machine *machine, char text[FINGERPRINT_ID]) {
  char caches[MACHINE_TEXT], cores[16];
  cache_text(machine, caches, sizeof caches);
  snprintf(cores, sizeof cores, "%d", machine->online_cores);
  const char *const facts[] = {machine->cpu, machine->vendor, machine->family,     machine->model,   machine->stepping,
                               cores,        caches,          machine->hypervisor, machine->emulator};
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) hash = hash_text(hash, facts[i]);
  snprintf(text, FINGERPRINT_ID, "%012" PRIx64, hash >> 16);
}
