/* Chains of lines: one cycle through all of them, in an order that depends on the seed alone, without steps that a
 * prefetcher would foresee; and the latencies measured by them. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "harness/chase.h"
#include "kernels/select.h"

static words_kernel *words(void) { return arch_table(ARCH_SCALAR)->philox4x32_10; }

static char *lines(size_t n) {
  char *memory = aligned_alloc(chase_line(), n * chase_line());
  assert_non_null(memory);
  return memory;
}

static void test_one_cycle(void **state) {
  static const size_t counts[] = {2, 3, 7, 64, 1000, 10007};
  (void)state;
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
    const size_t n = counts[c];
    char *memory = lines(n), *seen = calloc(n, 1), *node = memory;
    assert_true(chase_build(memory, n * chase_line(), words(), 1));
    for (size_t i = 0; i < n; i++) {
      const size_t at = (size_t)(node - memory) / chase_line();
      assert_true(at < n && (size_t)(node - memory) % chase_line() == 0);
      assert_false(seen[at]);
      seen[at] = 1;
      node = chase_follow(node, 1);
    }
    assert_ptr_equal(node, memory);
    assert_ptr_equal(chase_follow(memory, n), memory);
    assert_ptr_equal(chase_follow(memory, 3 * n + 1), chase_follow(memory, 1));
    free(memory), free(seen);
  }
}

/* A bound of 4 standard deviations: of n random steps about n / 2 go forward, and hardly any to the next line. */
static void test_unforeseen(void **state) {
  const size_t n = 10000;
  char *memory = lines(n), *node = memory;
  size_t forward = 0, near = 0;
  (void)state;
  assert_true(chase_build(memory, n * chase_line(), words(), 1));
  for (size_t i = 0; i < n; i++) {
    char *const next = chase_follow(node, 1);
    forward += next > node;
    near += next > node && (size_t)(next - node) <= 2 * chase_line();
    node = next;
  }
  assert_in_range(forward, n / 2 - 200, n / 2 + 200);
  assert_true(near < 20);
  free(memory);
}

static void test_seeds(void **state) {
  const size_t n = 1000;
  char *one = lines(n), *same = lines(n), *other = lines(n);
  size_t differ = 0;
  (void)state;
  assert_true(chase_build(one, n * chase_line(), words(), 1));
  assert_true(chase_build(same, n * chase_line(), words(), 1));
  assert_true(chase_build(other, n * chase_line(), words(), 2));
  for (size_t i = 1; i < n; i++) {
    const char *const at = chase_follow(one, i);
    assert_int_equal(at - one, (char *)chase_follow(same, i) - same);
    differ += at - one != (char *)chase_follow(other, i) - other;
  }
  assert_true(differ > n / 2);
  free(one), free(same), free(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_cycle),
      cmocka_unit_test(test_unforeseen),
      cmocka_unit_test(test_seeds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
