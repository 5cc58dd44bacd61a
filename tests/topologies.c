#include "tests/topologies.h"

#include <stdio.h>
#include <string.h>

#include "tests/support.h"

hwloc_topology_t synthetic_topology(const char *description) {
  hwloc_topology_t topology;
  assert_int_equal(hwloc_topology_init(&topology), 0);
  assert_int_equal(hwloc_topology_set_synthetic(topology, description), 0);
  assert_int_equal(hwloc_topology_load(topology), 0);
  return topology;
}

void register_kind(hwloc_topology_t topology, unsigned first, unsigned last, int efficiency, const char *type,
                   const char *megahertz) {
  struct hwloc_info_s infos[2];
  unsigned count = 0;
  if (type) infos[count++] = (struct hwloc_info_s){(char *)"CoreType", (char *)type};
  if (megahertz) infos[count++] = (struct hwloc_info_s){(char *)"FrequencyMaxMHz", (char *)megahertz};
  hwloc_bitmap_t set = hwloc_bitmap_alloc();
  hwloc_bitmap_set_range(set, first, (int)last);
  assert_int_equal(hwloc_cpukinds_register(topology, set, efficiency, count, count ? infos : NULL, 0), 0);
  hwloc_bitmap_free(set);
}

/* Appends to a text of 64 KiB. */
static char *xml;
static size_t used;
#define XML_SIZE ((size_t)1 << 16)
__attribute__((format(printf, 1, 2))) static void put(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  used += (size_t)vsnprintf(xml + used, XML_SIZE - used, format, arguments);
  va_end(arguments);
  assert_true(used < XML_SIZE);
}

static unsigned next_index; /* hwloc wants one for each object */

static void open_object(const char *type, unsigned first, unsigned last, const char *more) {
  char set[16];
  const unsigned long long bits = ((1ull << (last - first + 1)) - 1) << first;
  snprintf(set, sizeof set, "0x%08llx", bits);
  put("<object type=\"%s\" os_index=\"%u\" gp_index=\"%u\" cpuset=\"%s\" complete_cpuset=\"%s\" "
      "nodeset=\"0x1\" complete_nodeset=\"0x1\" %s>\n",
      type, first, ++next_index, set, set, more);
}

static void close_object(void) { put("</object>\n"); }

static void put_cache(const char *type, int level, unsigned kilobytes, unsigned first, unsigned last) {
  char more[128];
  snprintf(more, sizeof more,
           "cache_size=\"%u\" depth=\"%d\" cache_linesize=\"64\" cache_associativity=\"8\" cache_type=\"%d\"",
           1024 * kilobytes, level, level == 1);
  open_object(type, first, last, more);
}

static void put_core(unsigned kilobytes, unsigned first, unsigned last) {
  put_cache("L1Cache", 1, kilobytes, first, last);
  open_object("Core", first, last, "");
  for (unsigned pu = first; pu <= last; pu++) {
    open_object("PU", pu, pu, "");
    close_object();
  }
  close_object();
  close_object();
}

hwloc_topology_t hybrid_topology(void) {
  hwloc_topology_t topology;
  static char text[XML_SIZE];
  xml = text, used = 0, next_index = 0;
  put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
      "<topology version=\"2.0\">\n");
  open_object("Machine", 0, 31, "allowed_cpuset=\"0xffffffff\" allowed_nodeset=\"0x1\"");
  open_object("NUMANode", 0, 31, "local_memory=\"17179869184\"");
  close_object();
  open_object("Package", 0, 31, "");
  put_cache("L3Cache", 3, 36864, 0, 31);
  for (unsigned pu = 0; pu < 16; pu += 2) {
    put_cache("L2Cache", 2, 2048, pu, pu + 1);
    put_core(48, pu, pu + 1);
    close_object();
  }
  for (unsigned pu = 16; pu < 32; pu += 4) {
    put_cache("L2Cache", 2, 4096, pu, pu + 3);
    for (unsigned i = 0; i < 4; i++) put_core(32, pu + i, pu + i);
    close_object();
  }
  for (int i = 0; i < 3; i++) close_object();
  put("</topology>\n");
  assert_int_equal(hwloc_topology_init(&topology), 0);
  assert_int_equal(hwloc_topology_set_xmlbuffer(topology, text, (int)used + 1), 0);
  assert_int_equal(hwloc_topology_load(topology), 0);
  register_kind(topology, 0, 15, 1, "IntelCore", "5500");
  register_kind(topology, 16, 31, 0, "IntelAtom", "4300");
  return topology;
}
