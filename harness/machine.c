/* Facts about this machine, from hwloc, CPUID, /proc and /sys. What a system does not say stays empty. */
#include "harness/machine.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <jansson.h>
#include <sleef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <xmmintrin.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

/* The first line of a file, without its end and spaces around it; false leaves text empty. */
static bool read_line(const char *path, char *text, size_t size) {
  text[0] = '\0';
  FILE *file = fopen(path, "r");
  if (!file) return false;
  const bool found = fgets(text, (int)size, file) != NULL;
  fclose(file);
  if (!found) return false;
  text[strcspn(text, "\n")] = '\0';
  return text[0] != '\0';
}

/* The value of the first "name : value" line of a file such as /proc/cpuinfo. */
static bool read_field(const char *path, const char *name, char *text, size_t size) {
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

/* The processor itself */

#if defined(__x86_64__)

static void describe_cpu(struct machine *machine) {
  union {
    unsigned words[12];
    char text[49];
  } name = {{0}};
  unsigned a, b, c, d;
  if (__get_cpuid(0, &a, &name.words[0], &name.words[2], &name.words[1]))
    snprintf(machine->vendor, sizeof machine->vendor, "%.12s", name.text);
  if (__get_cpuid(1, &a, &b, &c, &d)) {
    const unsigned base = a >> 8 & 15, family = base + (base == 15 ? a >> 20 & 255 : 0);
    const unsigned model = (a >> 4 & 15) | (base == 6 || base == 15 ? (a >> 16 & 15) << 4 : 0);
    snprintf(machine->family, sizeof machine->family, "%u", family);
    snprintf(machine->model, sizeof machine->model, "%u", model);
    snprintf(machine->stepping, sizeof machine->stepping, "%u", a & 15);
  }
  memset(&name, 0, sizeof name);
  bool named = true;
  for (unsigned i = 0; i < 3; i++)
    named = named && __get_cpuid(0x80000002 + i, &name.words[4 * i], &name.words[4 * i + 1], &name.words[4 * i + 2],
                                 &name.words[4 * i + 3]);
  if (named) snprintf(machine->cpu, sizeof machine->cpu, "%s", name.text + strspn(name.text, " "));
  if (!machine->emulator[0]) read_field("/proc/cpuinfo", "microcode", machine->microcode, sizeof machine->microcode);
}

static void describe_hypervisor(struct machine *machine) {
  static const struct {
    const char *signature, *name;
  } known[] = {{"KVMKVMKVM", "KVM"},           {"Microsoft Hv", "Hyper-V"},   {"VMwareVMware", "VMware"},
               {"XenVMMXenVMM", "Xen"},        {"bhyve bhyve ", "bhyve"},     {"TCGTCGTCGTCG", "QEMU (emulation)"},
               {"VBoxVBoxVBox", "VirtualBox"}, {" lrpepyh  vr", "Parallels"}, {"ACRNACRNACRN", "ACRN"}};
  union {
    unsigned words[3];
    char text[13];
  } signature = {{0}};
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 31)) return;
  __cpuid(0x40000000, a, signature.words[0], signature.words[1], signature.words[2]);
  const char *name = signature.text[0] ? signature.text : "unknown hypervisor";
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].signature, signature.text) == 0) name = known[i].name;
  snprintf(machine->hypervisor, sizeof machine->hypervisor, "%s", name);
}

static void describe_denormals(struct machine *machine) {
  const unsigned state = _mm_getcsr();
  const bool results = state & 1u << 15, operands = state & 1u << 6;
  snprintf(machine->denormals, sizeof machine->denormals, "%s",
           results && operands ? "flush to zero, read as zero"
           : results           ? "flush to zero"
           : operands          ? "read as zero"
                               : "gradual");
}

#else

#if defined(__aarch64__)

/* MIDR_EL1: which core this is. The kernel lets user space read it where HWCAP_CPUID is set. */
static bool read_core_id(unsigned long *id) {
  if (!(getauxval(AT_HWCAP) & HWCAP_CPUID)) return false;
  __asm__("mrs %0, midr_el1" : "=r"(*id));
  return true;
}

static void describe_denormals(struct machine *machine) {
  unsigned long state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state));
  snprintf(machine->denormals, sizeof machine->denormals, "%s", state & 1ul << 24 ? "flush to zero" : "gradual");
}

#else

static bool read_core_id(unsigned long *id) {
  (void)id;
  return false;
}
static void describe_denormals(struct machine *machine) { (void)machine; }

#endif

/* Part numbers as Arm's technical reference manuals and the makers' documents give them. */
static const char *core_name(unsigned implementer, unsigned part) {
  static const struct {
    unsigned implementer, part;
    const char *name;
  } known[] = {
      {0x41, 0xd03, "Cortex-A53"},
      {0x41, 0xd05, "Cortex-A55"},
      {0x41, 0xd07, "Cortex-A57"},
      {0x41, 0xd08, "Cortex-A72"},
      {0x41, 0xd09, "Cortex-A73"},
      {0x41, 0xd0a, "Cortex-A75"},
      {0x41, 0xd0b, "Cortex-A76"},
      {0x41, 0xd0c, "Neoverse-N1"},
      {0x41, 0xd0d, "Cortex-A77"},
      {0x41, 0xd40, "Neoverse-V1"},
      {0x41, 0xd41, "Cortex-A78"},
      {0x41, 0xd44, "Cortex-X1"},
      {0x41, 0xd49, "Neoverse-N2"},
      {0x41, 0xd4f, "Neoverse-V2"},
      {0x41, 0xd84, "Neoverse-V3"},
      {0x41, 0xd8e, "Neoverse-N3"},
      {0x46, 0x001, "A64FX"},
      {0x48, 0xd01, "Kunpeng 920"},
      {0x00, 0x051, "QEMU max"},
      {0xc0, 0xac3, "Ampere-1"},
      {0xc0, 0xac4, "Ampere-1A"},
      {0x61, 0x022, "Apple M1 (Icestorm)"},
      {0x61, 0x023, "Apple M1 (Firestorm)"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].implementer == implementer && known[i].part == part) return known[i].name;
  return NULL;
}

static const char *implementer_name(unsigned implementer) {
  switch (implementer) {
  case 0x41: return "Arm";
  case 0x42: return "Broadcom";
  case 0x43: return "Cavium";
  case 0x46: return "Fujitsu";
  case 0x48: return "HiSilicon";
  case 0x4e: return "NVIDIA";
  case 0x50: return "Applied Micro";
  case 0x51: return "Qualcomm";
  case 0x61: return "Apple";
  case 0xc0: return "Ampere";
  default: return NULL;
  }
}

static void describe_cpu(struct machine *machine) {
  unsigned long id;
  if (read_core_id(&id)) {
    const unsigned implementer = id >> 24 & 255, variant = id >> 20 & 15, part = id >> 4 & 4095, revision = id & 15;
    const char *name = core_name(implementer, part), *maker = implementer_name(implementer);
    if (name)
      snprintf(machine->cpu, sizeof machine->cpu, "%s r%up%u", name, variant, revision);
    else
      snprintf(machine->cpu, sizeof machine->cpu, "Arm core, implementer 0x%02x, part 0x%03x, r%up%u", implementer,
               part, variant, revision);
    if (maker)
      snprintf(machine->vendor, sizeof machine->vendor, "%s", maker);
    else
      snprintf(machine->vendor, sizeof machine->vendor, "implementer 0x%02x", implementer);
    snprintf(machine->model, sizeof machine->model, "0x%03x", part);
    snprintf(machine->stepping, sizeof machine->stepping, "r%up%u", variant, revision);
  } else if (!machine->emulator[0]) {
    read_field("/proc/cpuinfo", "model name", machine->cpu, sizeof machine->cpu);
  }
}

/* Without CPUID, what firmware and the device tree say. */
static void describe_hypervisor(struct machine *machine) {
  char text[128];
  if (machine->emulator[0]) return;
  if (read_line("/sys/hypervisor/type", text, sizeof text)) {
    snprintf(machine->hypervisor, sizeof machine->hypervisor, "%.60s", text);
  } else if (read_line("/proc/device-tree/hypervisor/compatible", text, sizeof text)) {
    snprintf(machine->hypervisor, sizeof machine->hypervisor, "%.60s", strstr(text, "kvm") ? "KVM" : text);
  } else if (read_line("/sys/class/dmi/id/product_name", text, sizeof text) &&
             (strstr(text, "Virtual") || strstr(text, "KVM") || strstr(text, "VMware"))) {
    snprintf(machine->hypervisor, sizeof machine->hypervisor, "%.60s", text);
  } else if (read_line("/sys/class/dmi/id/sys_vendor", text, sizeof text) && strstr(text, "QEMU")) {
    snprintf(machine->hypervisor, sizeof machine->hypervisor, "QEMU");
  }
}

#endif

/* Under qemu-user this process bears the emulator's name: qemu does not translate /proc/self/status. */
static void describe_emulator(struct machine *machine) {
  char name[32];
  if (read_field("/proc/self/status", "Name", name, sizeof name) && strncmp(name, "qemu-", 5) == 0)
    snprintf(machine->emulator, sizeof machine->emulator, "%s", name);
}

/* Topology */

bool machine_load_topology(hwloc_topology_t *topology, struct error *error) {
  if (hwloc_topology_init(topology) != 0) return error_set(error, "hwloc cannot start: %s", strerror(errno));
  bool loaded = hwloc_topology_load(*topology) == 0;
  if (!loaded) error_set(error, "hwloc cannot read this machine's topology: %s", strerror(errno));
  /* hwloc leaves out what the control group forbids; the affinity mask is ours to heed. A mask that cannot be read, or
   * a topology from HWLOC_XMLFILE that the mask does not fit, restricts nothing. */
  hwloc_bitmap_t allowed = hwloc_bitmap_alloc();
  if (loaded && allowed && hwloc_topology_is_thissystem(*topology) &&
      hwloc_get_cpubind(*topology, allowed, HWLOC_CPUBIND_THREAD) == 0 &&
      hwloc_bitmap_intersects(allowed, hwloc_topology_get_topology_cpuset(*topology)) &&
      hwloc_topology_restrict(*topology, allowed, 0) != 0)
    loaded = error_set(error, "hwloc cannot restrict the topology to this process's CPUs: %s", strerror(errno));
  hwloc_bitmap_free(allowed);
  if (!loaded) hwloc_topology_destroy(*topology);
  return loaded;
}

static int count_objects(hwloc_topology_t topology, hwloc_obj_type_t type) {
  const int count = hwloc_get_nbobjs_by_type(topology, type);
  return count > 0 ? count : 0;
}

static void describe_caches(struct machine *machine, hwloc_topology_t topology) {
  static const hwloc_obj_type_t levels[] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE,
                                            HWLOC_OBJ_L5CACHE};
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    const hwloc_obj_t first = hwloc_get_obj_by_type(topology, levels[i], 0);
    if (!first || first->attr->cache.size == 0) continue;
    const int sharing = hwloc_get_nbobjs_inside_cpuset_by_type(topology, first->cpuset, HWLOC_OBJ_CORE);
    machine->caches[machine->cache_count++] = (struct cache){
        .level = (int)i + 1,
        .bytes = first->attr->cache.size,
        .count = count_objects(topology, levels[i]),
        .cores_sharing = sharing > 0 ? sharing : 1,
    };
  }
}

static void append_count(char *text, size_t size, int count, const char *one, const char *many) {
  const size_t used = strlen(text);
  snprintf(text + used, size - used, "%s%d %s", used ? ", " : "", count, count == 1 ? one : many);
}

static void describe_topology(struct machine *machine, hwloc_topology_t topology) {
  machine->hardware_threads = count_objects(topology, HWLOC_OBJ_PU);
  machine->cores = count_objects(topology, HWLOC_OBJ_CORE);
  if (machine->cores == 0) machine->cores = machine->hardware_threads;
  machine->packages = count_objects(topology, HWLOC_OBJ_PACKAGE);
  if (machine->packages == 0) machine->packages = 1;
  machine->numa_nodes = count_objects(topology, HWLOC_OBJ_NUMANODE);
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  machine->online_threads = online > 0 ? (int)online : machine->hardware_threads;

  char *text = machine->topology;
  const size_t size = sizeof machine->topology;
  append_count(text, size, machine->packages, "package", "packages");
  append_count(text, size, machine->numa_nodes, "NUMA node", "NUMA nodes");
  append_count(text, size, machine->cores, "core", "cores");
  append_count(text, size, machine->hardware_threads, "hardware thread", "hardware threads");
  const int kinds = hwloc_cpukinds_get_nr(topology, 0);
  if (kinds > 1) append_count(text, size, kinds, "kind of core", "kinds of core");
  describe_caches(machine, topology);
  machine->memory_bytes = hwloc_get_root_obj(topology)->total_memory;
}

/* Limits of the control group (version 2) this process is in, and of those above it. */
static void describe_control_group(struct machine *machine) {
  char line[512], path[640], text[64];
  if (!read_line("/proc/self/cgroup", line, sizeof line) || strncmp(line, "0::/", 4) != 0) return;
  char *group = line + 3;
  for (;;) {
    double quota, period;
    unsigned long long bytes;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
    if (read_line(path, text, sizeof text) && sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0 &&
        (machine->cpu_quota == 0 || quota / period < machine->cpu_quota))
      machine->cpu_quota = quota / period;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
    if (read_line(path, text, sizeof text) && sscanf(text, "%llu", &bytes) == 1 && bytes < machine->memory_bytes)
      machine->memory_bytes = bytes;
    char *slash = strrchr(group, '/');
    if (!slash || group[0] == '\0') return;
    *slash = '\0';
  }
}

/* The system's state */

static void describe_frequency(struct machine *machine, hwloc_topology_t topology) {
  char path[128], text[sizeof machine->governor];
  for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu));) {
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", pu->os_index);
    if (!read_line(path, text, sizeof text)) continue;
    if (!machine->governor[0])
      snprintf(machine->governor, sizeof machine->governor, "%s", text);
    else if (strcmp(machine->governor, text) != 0)
      snprintf(machine->governor, sizeof machine->governor, "mixed");
  }
  const char *turbo = NULL;
  if (read_line("/sys/devices/system/cpu/intel_pstate/no_turbo", text, sizeof text))
    turbo = text[0] == '0' ? "on" : "off";
  else if (read_line("/sys/devices/system/cpu/cpufreq/boost", text, sizeof text))
    turbo = text[0] == '1' ? "on" : "off";
  if (turbo) snprintf(machine->turbo, sizeof machine->turbo, "%s", turbo);
}

static void describe_build(struct machine *machine) {
#if defined(__clang__)
  snprintf(machine->compiler, sizeof machine->compiler, "clang %d.%d.%d", __clang_major__, __clang_minor__,
           __clang_patchlevel__);
#elif defined(__GNUC__)
  snprintf(machine->compiler, sizeof machine->compiler, "gcc %d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
  snprintf(machine->flags, sizeof machine->flags, "%s", DEPTHMARK_FLAGS);
}

static void describe_libraries(struct machine *machine, hwloc_topology_t topology) {
  const char *hwloc = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "hwlocVersion");
  snprintf(machine->libraries, sizeof machine->libraries, "hwloc %s, SLEEF %d.%d.%d, jansson %s, zlib %s, glibc %s",
           hwloc ? hwloc : DEPTHMARK_HWLOC_VERSION, SLEEF_VERSION_MAJOR, SLEEF_VERSION_MINOR, SLEEF_VERSION_PATCHLEVEL,
           jansson_version_str(), zlibVersion(), gnu_get_libc_version());
}

/* From the first line of /proc/stat, in clock ticks: user nice system idle iowait irq softirq steal ... */
struct cpu_time {
  unsigned long long all, idle, stolen;
};

static bool read_cpu_time(struct cpu_time *time) {
  char line[512];
  unsigned long long t[8] = {0};
  if (!read_line("/proc/stat", line, sizeof line) || sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", t,
                                                            t + 1, t + 2, t + 3, t + 4, t + 5, t + 6, t + 7) != 8)
    return false;
  *time = (struct cpu_time){0, t[3] + t[4], t[7]};
  for (int i = 0; i < 8; i++) time->all += t[i];
  return true;
}

double machine_steal_share(void) {
  static struct cpu_time first;
  static bool called;
  struct cpu_time now;
  if (!read_cpu_time(&now)) return 0;
  if (!called) {
    called = true;
    first = now;
  }
  /* Some hypervisors let the counter step back. */
  if (now.all <= first.all || now.stolen < first.stolen) return 0;
  return (double)(now.stolen - first.stolen) / (double)(now.all - first.all);
}

static void describe_system(struct machine *machine) {
  struct utsname name;
  if (uname(&name) == 0) {
    snprintf(machine->kernel, sizeof machine->kernel, "%s %.100s %.60s", name.sysname, name.release, name.machine);
    snprintf(machine->host, sizeof machine->host, "%.63s", name.nodename);
  }
  if (getloadavg(&machine->load, 1) != 1) machine->load = 0;
  struct cpu_time time;
  if (read_cpu_time(&time) && time.all > time.idle)
    machine->steal_share_before = (double)time.stolen / (double)(time.all - time.idle);
  machine->steal_share = machine_steal_share();
}

static void describe_counters(struct machine *machine) {
  struct counters counters;
  if (counters_open(&counters, machine->counters, sizeof machine->counters)) {
    snprintf(machine->counters, sizeof machine->counters, "available");
    counters_close(&counters);
  }
}

void machine_describe(struct machine *machine, hwloc_topology_t topology, const struct cpu_features *cpu) {
  memset(machine, 0, sizeof *machine);
  describe_emulator(machine);
  describe_cpu(machine);
  const char *name = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "CPUModel");
  if (!machine->cpu[0]) snprintf(machine->cpu, sizeof machine->cpu, "%s", name ? name : "unknown CPU");
  cpu_feature_text(cpu, machine->features, sizeof machine->features);
  describe_hypervisor(machine);
  describe_denormals(machine);
  describe_topology(machine, topology);
  describe_control_group(machine);
  describe_frequency(machine, topology);
  describe_build(machine);
  describe_libraries(machine, topology);
  describe_system(machine);
  describe_counters(machine);
  machine_judge(machine);
}

size_t machine_cache_bytes(const struct machine *machine, int level) {
  for (size_t i = 0; i < machine->cache_count; i++)
    if (machine->caches[i].level == level) return machine->caches[i].bytes;
  return 0;
}
