#include "harness/system.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPU_FOLDER "/sys/devices/system/cpu"

/* ---- files ------------------------------------------------------------------------------------------------------ */

bool system_read_line(const char *path, char *text, size_t size) {
  text[0] = '\0';
  FILE *file = fopen(path, "r");
  if (!file) return false;
  const bool found = fgets(text, (int)size, file) != NULL;
  fclose(file);
  if (!found) return false;
  text[strcspn(text, "\n")] = '\0';
  return text[0] != '\0';
}

bool system_read_field(const char *path, const char *name, char *text, size_t size) {
  char line[512];
  const size_t length = strlen(name);
  bool found = false;
  text[0] = '\0';
  FILE *file = fopen(path, "r");
  if (!file) return false;
  while (!found && fgets(line, sizeof line, file)) {
    if (strncmp(line, name, length) != 0) continue;
    const char *value = line + length + strspn(line + length, " \t");
    if (*value != ':') continue;
    value += 1 + strspn(value + 1, " \t");
    snprintf(text, size, "%.*s", (int)strcspn(value, "\n"), value);
    found = true;
  }
  fclose(file);
  return found;
}

/* The first line of a file whose name is made from a format. */
__attribute__((format(printf, 3, 4))) static bool read_line(char *text, size_t size, const char *format, ...) {
  char path[PATH_MAX];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(path, sizeof path, format, arguments);
  va_end(arguments);
  text[0] = '\0';
  return length < (int)sizeof path && system_read_line(path, text, size);
}

/* ---- CPUs ------------------------------------------------------------------------------------------------------- */

/* Whether the CPU is the first of its core's hardware threads, or the only one that is known of. */
static bool is_first_sibling(const char *root, int cpu) {
  char text[256];
  return !read_line(text, sizeof text, "%s" CPU_FOLDER "/cpu%d/topology/thread_siblings_list", root, cpu) ||
         atoi(text) == cpu;
}

/* From a list such as "0-7,16-23". */
static void count_online(struct machine *machine, const char *root) {
  char text[4096], *at = text;
  int cores = 0, threads = 0;
  if (!read_line(text, sizeof text, "%s" CPU_FOLDER "/online", root)) return;
  while (*at >= '0' && *at <= '9') {
    const long first = strtol(at, &at, 10), last = *at == '-' ? strtol(at + 1, &at, 10) : first;
    for (long cpu = first; cpu <= last && cpu < INT_MAX; cpu++) threads++, cores += is_first_sibling(root, (int)cpu);
    at += *at == ',';
  }
  if (threads > 0) machine->online_threads = threads, machine->online_cores = cores;
}

static void describe_frequency(struct machine *machine, hwloc_topology_t topology, const char *root) {
  char text[sizeof machine->governor];
  for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu));) {
    if (!read_line(text, sizeof text, "%s" CPU_FOLDER "/cpu%u/cpufreq/scaling_governor", root, pu->os_index)) continue;
    if (!machine->governor[0])
      snprintf(machine->governor, sizeof machine->governor, "%s", text);
    else if (strcmp(machine->governor, text) != 0)
      snprintf(machine->governor, sizeof machine->governor, "mixed");
  }
  if (read_line(text, sizeof text, "%s" CPU_FOLDER "/intel_pstate/no_turbo", root))
    snprintf(machine->turbo, sizeof machine->turbo, "%s", text[0] == '0' ? "on" : "off");
  else if (read_line(text, sizeof text, "%s" CPU_FOLDER "/cpufreq/boost", root))
    snprintf(machine->turbo, sizeof machine->turbo, "%s", text[0] == '1' ? "on" : "off");
}

/* ---- control groups --------------------------------------------------------------------------------------------- */

static void limit_quota(struct machine *machine, double quota, double period) {
  if (quota <= 0 || period <= 0) return;
  if (machine->cpu_quota == 0 || quota / period < machine->cpu_quota) machine->cpu_quota = quota / period;
}

static void limit_memory(struct machine *machine, const char *text) {
  char *end;
  const unsigned long long bytes = strtoull(text, &end, 10);
  if (end != text && bytes > 0 && bytes < machine->memory_bytes) machine->memory_bytes = (size_t)bytes;
}

/* One folder of version 2. */
static void read_group(struct machine *machine, const char *root, const char *group) {
  char text[64];
  double quota, period;
  if (read_line(text, sizeof text, "%s/sys/fs/cgroup%s/cpu.max", root, group) &&
      sscanf(text, "%lf %lf", &quota, &period) == 2)
    limit_quota(machine, quota, period);
  if (read_line(text, sizeof text, "%s/sys/fs/cgroup%s/memory.max", root, group)) limit_memory(machine, text);
}

/* Those of version 1. */
static void read_cpu_group(struct machine *machine, const char *root, const char *group) {
  char quota[32], period[32];
  if (read_line(quota, sizeof quota, "%s/sys/fs/cgroup/cpu%s/cpu.cfs_quota_us", root, group) &&
      read_line(period, sizeof period, "%s/sys/fs/cgroup/cpu%s/cpu.cfs_period_us", root, group))
    limit_quota(machine, atof(quota), atof(period));
}

static void read_memory_group(struct machine *machine, const char *root, const char *group) {
  char text[64];
  if (read_line(text, sizeof text, "%s/sys/fs/cgroup/memory%s/memory.limit_in_bytes", root, group))
    limit_memory(machine, text);
}

typedef void group_reader(struct machine *machine, const char *root, const char *group);

/* Reads the group and all above it, whose limits hold, too. A container may see itself as the topmost. */
static void read_upwards(struct machine *machine, const char *root, char *group, group_reader *read) {
  for (;;) {
    read(machine, root, strcmp(group, "/") == 0 ? "" : group);
    char *slash = strrchr(group, '/');
    if (!slash || group[1] == '\0') return;
    slash[slash == group] = '\0';
  }
}

/* Whether a list such as "cpu,cpuacct" has the name. */
static bool lists(const char *list, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
    if (strncmp(at, name, length) == 0 && (at[length] == '\0' || at[length] == ',')) return true;
  return false;
}

/* Lines "0::/group" for version 2, "4:cpu,cpuacct:/group" for version 1. */
static void describe_control_groups(struct machine *machine, const char *root) {
  char path[PATH_MAX], line[1024];
  snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group || group[1] != '/') continue;
    *group++ = '\0', controllers++;
    if (*controllers == '\0') read_upwards(machine, root, group, read_group);
    if (lists(controllers, "cpu")) read_upwards(machine, root, group, read_cpu_group);
    if (lists(controllers, "memory")) read_upwards(machine, root, group, read_memory_group);
  }
  if (file) fclose(file);
}

/* ---- the kernel's choices --------------------------------------------------------------------------------------- */

/* The one of "always [madvise] never" in brackets. */
static void describe_huge_pages(struct machine *machine, const char *root) {
  char text[64];
  if (!read_line(text, sizeof text, "%s/sys/kernel/mm/transparent_hugepage/enabled", root)) return;
  const char *chosen = strchr(text, '[');
  if (chosen)
    snprintf(machine->huge_pages, sizeof machine->huge_pages, "%.*s", (int)strcspn(chosen + 1, "]"), chosen + 1);
}

static void describe_choices(struct machine *machine, const char *root) {
  char text[64];
  if (read_line(text, sizeof text, "%s" CPU_FOLDER "/smt/control", root))
    snprintf(machine->smt, sizeof machine->smt, "%.*s", (int)sizeof machine->smt - 1, text);
  if (read_line(text, sizeof text, "%s/proc/sys/kernel/numa_balancing", root))
    snprintf(machine->numa_balancing, sizeof machine->numa_balancing, "%s", text[0] == '0' ? "off" : "on");
  describe_huge_pages(machine, root);
}

/* What is done about each vulnerability that the CPU has, in short: "spectre_v2: Mitigation: Retpolines". */
static void describe_mitigations(struct machine *machine, const char *root) {
  char folder[PATH_MAX], text[256];
  struct dirent **files;
  snprintf(folder, sizeof folder, "%s" CPU_FOLDER "/vulnerabilities", root);
  const int count = scandir(folder, &files, NULL, alphasort);
  const size_t size = sizeof machine->mitigations;
  for (int i = 0; i < count; i++) {
    const size_t used = strlen(machine->mitigations);
    if (files[i]->d_name[0] != '.' && read_line(text, sizeof text, "%s/%s", folder, files[i]->d_name) &&
        strncmp(text, "Not affected", 12) != 0)
      snprintf(machine->mitigations + used, size - used, "%s%s: %.*s", used ? "; " : "", files[i]->d_name,
               (int)strcspn(text, ";"), text);
    free(files[i]);
  }
  if (count >= 0) free(files);
}

/* ---- memory modules --------------------------------------------------------------------------------------------- */

/* Of a "Memory Device" structure, type 17 of DMTF's SMBIOS specification (DSP0134, 7.18). */
#define MODULE_SIZE 0x0c
#define MODULE_TYPE 0x12
#define MODULE_SPEED 0x15            /* megatransfers a second that it can do */
#define MODULE_CONFIGURED_SPEED 0x20 /* those that it does; since version 2.7 */
#define MODULE_LEAST 0x17

static const char *module_type(unsigned char type) {
  switch (type) {
  case 0x18: return "DDR3";
  case 0x1a: return "DDR4";
  case 0x1b: return "LPDDR";
  case 0x1c: return "LPDDR2";
  case 0x1d: return "LPDDR3";
  case 0x1e: return "LPDDR4";
  case 0x20: return "HBM";
  case 0x21: return "HBM2";
  case 0x22: return "DDR5";
  case 0x23: return "LPDDR5";
  case 0x24: return "HBM3";
  default: return "memory";
  }
}

static unsigned word_at(const unsigned char *bytes, size_t length, size_t at) {
  return at + 1 < length ? bytes[at] | (unsigned)bytes[at + 1] << 8 : 0;
}

/* The modules that are there, by the first's type and speed: "DDR5 4800 MT/s, 8 modules". Most systems show them to
 * root only. */
static void describe_modules(struct machine *machine, const char *root) {
  int modules = 0;
  for (int slot = 0;; slot++) {
    char path[PATH_MAX];
    unsigned char bytes[256];
    snprintf(path, sizeof path, "%s/sys/firmware/dmi/entries/17-%d/raw", root, slot);
    FILE *file = fopen(path, "rb");
    if (!file) break;
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (length < MODULE_LEAST || word_at(bytes, length, MODULE_SIZE) == 0) continue; /* an empty slot */
    const unsigned does = bytes[1] > MODULE_CONFIGURED_SPEED ? word_at(bytes, length, MODULE_CONFIGURED_SPEED) : 0;
    const unsigned speed = does ? does : word_at(bytes, length, MODULE_SPEED);
    if (modules++ == 0) {
      const int used = snprintf(machine->memory, sizeof machine->memory, "%s", module_type(bytes[MODULE_TYPE]));
      if (speed) snprintf(machine->memory + used, sizeof machine->memory - (size_t)used, " %u MT/s", speed);
    }
  }
  const size_t used = strlen(machine->memory);
  if (modules)
    snprintf(machine->memory + used, sizeof machine->memory - used, ", %d module%s", modules, modules == 1 ? "" : "s");
}

void system_describe(struct machine *machine, hwloc_topology_t topology, const char *root) {
  count_online(machine, root);
  describe_frequency(machine, topology, root);
  describe_control_groups(machine, root);
  describe_choices(machine, root);
  describe_mitigations(machine, root);
  describe_modules(machine, root);
}
