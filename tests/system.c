/* What /proc and /sys say, read from a folder that is made up. */
#include "harness/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support.h"
#include "tests/topologies.h"

static char root[64];
static struct machine machine;

static int make_root(void **state) {
  (void)state;
  strcpy(root, "/tmp/depthmark-test-XXXXXX");
  memset(&machine, 0, sizeof machine);
  machine.memory_bytes = (size_t)64 << 30;
  return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  return system(command);
}

/* Writes a file below the root, and the folders that it needs. */
static void put_bytes(const char *path, const void *bytes, size_t size) {
  char command[512], full[256];
  snprintf(full, sizeof full, "%s%s", root, path);
  snprintf(command, sizeof command, "mkdir -p '%.*s'", (int)(strrchr(full, '/') - full), full);
  assert_int_equal(system(command), 0);
  FILE *file = fopen(full, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}
static void put(const char *path, const char *text) { put_bytes(path, text, strlen(text)); }

static void describe(void) {
  hwloc_topology_t topology = synthetic_topology("core:4 pu:1");
  system_describe(&machine, topology, root);
  hwloc_topology_destroy(topology);
}

static void what_is_not_said_stays_empty(void **state) {
  (void)state;
  machine.online_threads = machine.online_cores = 7;
  describe();
  assert_true(machine.online_threads == 7 && machine.online_cores == 7 && machine.cpu_quota == 0);
  assert_true(machine.memory_bytes == (size_t)64 << 30);
  assert_true(!machine.governor[0] && !machine.turbo[0] && !machine.smt[0] && !machine.huge_pages[0]);
  assert_true(!machine.numa_balancing[0] && !machine.mitigations[0] && !machine.memory[0]);
}

/* Four cores with a sibling each, of which one core's is offline. */
static void cores_are_counted_by_their_first_siblings(void **state) {
  (void)state;
  put("/sys/devices/system/cpu/online", "0-3,8,10-11\n");
  for (int cpu = 0; cpu < 12; cpu++) {
    char path[96], siblings[16];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    snprintf(siblings, sizeof siblings, cpu % 8 == 1 ? "1\n" : "%d,%d\n", cpu % 8, cpu % 8 + 8);
    put(path, siblings);
  }
  describe();
  assert_int_equal(machine.online_threads, 7);
  assert_int_equal(machine.online_cores, 4);
}

static void quotas_of_all_groups_above_hold(void **state) {
  (void)state;
  put("/proc/self/cgroup", "0::/outer/inner\n");
  put("/sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  put("/sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
  put("/sys/fs/cgroup/cpu.max", "400000 100000\n");
  put("/sys/fs/cgroup/outer/inner/memory.max", "max\n");
  put("/sys/fs/cgroup/outer/memory.max", "1073741824\n");
  describe();
  assert_true(machine.cpu_quota == 1.5);
  assert_true(machine.memory_bytes == (size_t)1 << 30);
}

/* A container sees itself as the topmost, whatever its path says. */
static void a_container_is_the_topmost_group(void **state) {
  (void)state;
  put("/proc/self/cgroup", "0::/docker/0123\n");
  put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  describe();
  assert_true(machine.cpu_quota == 0.5);
}

static void version_1_has_folders_of_its_own(void **state) {
  (void)state;
  put("/proc/self/cgroup", "5:memory:/a\n4:cpu,cpuacct:/a\n3:cpuset:/\n0::/\n");
  put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
  put("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2147483648\n");
  put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); /* no limit */
  describe();
  assert_true(machine.cpu_quota == 3);
  assert_true(machine.memory_bytes == (size_t)2 << 30);
}

static void governor_and_turbo(void **state) {
  (void)state;
  for (int cpu = 0; cpu < 4; cpu++) {
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
    put(path, "performance\n");
  }
  put("/sys/devices/system/cpu/cpufreq/boost", "1\n");
  describe();
  assert_string_equal(machine.governor, "performance");
  assert_string_equal(machine.turbo, "on");
  put("/sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
  put("/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "powersave\n");
  describe();
  assert_string_equal(machine.governor, "mixed");
  assert_string_equal(machine.turbo, "off");
}

static void choices_of_the_kernel(void **state) {
  (void)state;
  put("/sys/devices/system/cpu/smt/control", "forceoff\n");
  put("/proc/sys/kernel/numa_balancing", "1\n");
  put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  put("/sys/devices/system/cpu/vulnerabilities/spectre_v2", "Mitigation: Retpolines; STIBP: disabled\n");
  put("/sys/devices/system/cpu/vulnerabilities/mds", "Vulnerable\n");
  put("/sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
  describe();
  assert_string_equal(machine.smt, "forceoff");
  assert_string_equal(machine.numa_balancing, "on");
  assert_string_equal(machine.huge_pages, "madvise");
  assert_string_equal(machine.mitigations, "mds: Vulnerable; spectre_v2: Mitigation: Retpolines");
}

/* Structures of SMBIOS: three slots, the second empty, the first with the speed that it is set to. */
static void modules_are_described_by_the_first(void **state) {
  (void)state;
  unsigned char module[0x5c] = {17, 0x54};
  module[0x0c] = 0x00, module[0x0d] = 0x40; /* 16384 MB */
  module[0x12] = 0x22;
  module[0x15] = 0xc0, module[0x16] = 0x12; /* 4800 */
  module[0x20] = 0x30, module[0x21] = 0x11; /* 4400 */
  put_bytes("/sys/firmware/dmi/entries/17-0/raw", module, sizeof module);
  put_bytes("/sys/firmware/dmi/entries/17-2/raw", module, sizeof module);
  module[0x0c] = module[0x0d] = 0;
  put_bytes("/sys/firmware/dmi/entries/17-1/raw", module, sizeof module);
  describe();
  assert_string_equal(machine.memory, "DDR5 4400 MT/s, 2 modules");
  machine.memory[0] = '\0';
  module[1] = 0x1c, module[0x0c] = 1, module[0x12] = 0x1a; /* before there was a configured speed */
  put_bytes("/sys/firmware/dmi/entries/17-0/raw", module, 0x1c + 2);
  describe();
  assert_string_equal(machine.memory, "DDR4 4800 MT/s, 2 modules");
  machine.memory[0] = '\0';
  put_bytes("/sys/firmware/dmi/entries/17-0/raw", module, 9); /* cut */
  describe();
  assert_string_equal(machine.memory, "DDR5 4400 MT/s, 1 module");
}

static void long_lines_are_cut(void **state) {
  (void)state;
  static char line[8192];
  memset(line, 'x', sizeof line - 1);
  put("/sys/devices/system/cpu/smt/control", line);
  put("/sys/kernel/mm/transparent_hugepage/enabled", line);
  put("/sys/devices/system/cpu/online", line);
  put("/sys/devices/system/cpu/vulnerabilities/a", line);
  put("/sys/devices/system/cpu/vulnerabilities/b", line);
  put("/sys/devices/system/cpu/vulnerabilities/c", line);
  put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", line);
  put("/proc/self/cgroup", line);
  describe();
  assert_int_equal(strlen(machine.smt), sizeof machine.smt - 1);
  assert_int_equal(strlen(machine.mitigations), sizeof machine.mitigations - 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
  const struct CMUnitTest tests[] = {
      TEST(what_is_not_said_stays_empty),
      TEST(cores_are_counted_by_their_first_siblings),
      TEST(quotas_of_all_groups_above_hold),
      TEST(a_container_is_the_topmost_group),
      TEST(version_1_has_folders_of_its_own),
      TEST(governor_and_turbo),
      TEST(choices_of_the_kernel),
      TEST(modules_are_described_by_the_first),
      TEST(long_lines_are_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
