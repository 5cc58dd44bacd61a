/* Compiled once per ISA: the vocabulary against plain C, lane by lane. */
#include "tests/isa_checks.h"

#include <math.h>
#include <stdio.h>

#include "kernels/normal.h"
#include "kernels/vec/vec.h"

#define ROUNDS 2000

static uint64_t state;

static uint32_t next_word(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 32);
}

/* Any bits, a special value, or an ordinary number. */
static float next_float(void) {
  static const float specials[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 0x1p-149f, -0x1p-149f, 1.0f, -1.0f, 2.5f};
  const uint32_t word = next_word();
  if (word % 3 == 0) return specials[word / 3 % (sizeof specials / sizeof *specials)];
  if (word % 3 == 1) return (float)(int32_t)next_word() * 0x1p-26f;
  uint32_t bits = next_word();
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static int failures;

/* NaN equals NaN, whatever its payload: which operand's survives is not part of the vocabulary. */
static void expect_float(const char *what, float value, float expected) {
  if (memcmp(&value, &expected, sizeof value) == 0 || (isnan(value) && isnan(expected))) return;
  failures++;
  printf("%s: %a, expected %a\n", what, (double)value, (double)expected);
}

static void expect_word(const char *what, uint64_t value, uint64_t expected) {
  if (value == expected) return;
  failures++;
  printf("%s: %llx, expected %llx\n", what, (unsigned long long)value, (unsigned long long)expected);
}

struct lanes {
  float f[VEC_LANES];
};
struct words {
  int32_t i[VEC_LANES];
};

static struct lanes lanes_of(vf a) {
  struct lanes l;
  vf_store(l.f, a);
  return l;
}
static struct words words_of(vi a) {
  struct words w;
  vi_store(w.i, a);
  return w;
}
static struct words truth(vm m) { return words_of(vi_select(m, vi_set(1), vi_set(0))); }

static float fused(float a, float b, float c) {
#if defined(DEPTHMARK_VEC_SCALAR) && !defined(__FP_FAST_FMAF)
  return a * b + c;
#else
  return fmaf(a, b, c);
#endif
}

static void check_floats(void) {
  float a[VEC_LANES], b[VEC_LANES], c[VEC_LANES];
  for (int l = 0; l < VEC_LANES; l++) a[l] = next_float(), b[l] = next_float(), c[l] = next_float();
  if (next_word() % 4 == 0) memcpy(b, a, sizeof b);
  const vf va = vf_load(a), vb = vf_load(b), vc = vf_load(c);
  for (int l = 0; l < VEC_LANES; l++) {
    const float x = a[l], y = b[l], z = c[l];
    expect_float("vf_add", lanes_of(vf_add(va, vb)).f[l], x + y);
    expect_float("vf_sub", lanes_of(vf_sub(va, vb)).f[l], x - y);
    expect_float("vf_mul", lanes_of(vf_mul(va, vb)).f[l], x * y);
    expect_float("vf_div", lanes_of(vf_div(va, vb)).f[l], x / y);
    expect_float("vf_sqrt", lanes_of(vf_sqrt(va)).f[l], sqrtf(x));
    expect_float("vf_fma", lanes_of(vf_fma(va, vb, vc)).f[l], fused(x, y, z));
    expect_float("vf_fnma", lanes_of(vf_fnma(va, vb, vc)).f[l], fused(-x, y, z));
    expect_float("vf_min", lanes_of(vf_min(va, vb)).f[l], x < y ? x : y);
    expect_float("vf_max", lanes_of(vf_max(va, vb)).f[l], x > y ? x : y);
    expect_float("vf_abs", lanes_of(vf_abs(va)).f[l], fabsf(x));
    expect_float("vf_neg", lanes_of(vf_neg(va)).f[l], -x);
    expect_float("vf_copysign", lanes_of(vf_copysign(va, vb)).f[l], copysignf(x, y));
    const float product = x * y, low = (float)((double)x * (double)y - (double)product);
    if (fabsf(product) > 0x1p-100f && fabsf(product) < INFINITY)
      expect_float("vf_mul_low", lanes_of(vf_mul_low(va, vb, vf_mul(va, vb))).f[l], low);
    const float sum = fused(x, y, 1.0f);
    if (product > 0x1p-20f && product < 1.0f) {
      const vf one = vf_set(1.0f), lost = vf_fma_low(va, vb, one, vf_fma(va, vb, one));
      expect_float("vf_fma_low", lanes_of(lost).f[l], (float)((double)x * (double)y + (1.0 - (double)sum)));
    }
    expect_float("vf_select", lanes_of(vf_select(vf_lt(va, vb), va, vc)).f[l], x < y ? x : z);
    expect_float("vf_set", lanes_of(vf_set(x)).f[l], x);
    expect_word("vf_lt", (uint64_t)truth(vf_lt(va, vb)).i[l], x < y);
    expect_word("vf_le", (uint64_t)truth(vf_le(va, vb)).i[l], x <= y);
    expect_word("vf_eq", (uint64_t)truth(vf_eq(va, vb)).i[l], x == y);
    expect_word("vf_nan", (uint64_t)truth(vf_nan(va)).i[l], x != x);
    expect_word("vm_and", (uint64_t)truth(vm_and(vf_lt(va, vb), vf_lt(vb, vc))).i[l], x < y && y < z);
    expect_word("vm_or", (uint64_t)truth(vm_or(vf_lt(va, vb), vf_lt(vb, vc))).i[l], x < y || y < z);
    expect_word("vm_not", (uint64_t)truth(vm_not(vf_lt(va, vb))).i[l], !(x < y));
    if (fabsf(x) < 0x1p31f) {
      expect_word("vf_to_vi", (uint32_t)words_of(vf_to_vi(va)).i[l], (uint32_t)(int32_t)nearbyintf(x));
    }
    const int32_t power = (int32_t)(next_word() % 507) - 252;
    expect_float("vf_scale", lanes_of(vf_scale(vf_set(x), vf_set((float)power))).f[l], ldexpf(x, power));
  }
  expect_float("vf_scale(inf)", lanes_of(vf_scale(vf_set(INFINITY), vf_set(-100.0f))).f[0], INFINITY);
  expect_float("vf_scale(nan)", lanes_of(vf_scale(vf_set(NAN), vf_set(5.0f))).f[0], NAN);
  int any = 0;
  for (int l = 0; l < VEC_LANES; l++) any |= a[l] < b[l];
  expect_word("vm_any", (uint64_t)(vm_any(vf_lt(va, vb)) != 0), (uint64_t)any);
}

static void check_words(void) {
  static const int32_t table[8] = {3, 1, 4, 15, -92, 65, 35, INT32_MIN};
  int32_t a[VEC_LANES], b[VEC_LANES];
  for (int l = 0; l < VEC_LANES; l++) a[l] = (int32_t)next_word(), b[l] = (int32_t)next_word();
  if (next_word() % 4 == 0) b[0] = a[0];
  const vi va = vi_load(a), vb = vi_load(b);
  for (int l = 0; l < VEC_LANES; l++) {
    const uint32_t x = (uint32_t)a[l], y = (uint32_t)b[l];
    expect_word("vi_add", (uint32_t)words_of(vi_add(va, vb)).i[l], (uint32_t)(x + y));
    expect_word("vi_mul", (uint32_t)words_of(vi_mul(va, vb)).i[l], (uint32_t)(x * y));
    expect_word("vi_sub", (uint32_t)words_of(vi_sub(va, vb)).i[l], (uint32_t)(x - y));
    expect_word("vi_and", (uint32_t)words_of(vi_and(va, vb)).i[l], x & y);
    expect_word("vi_or", (uint32_t)words_of(vi_or(va, vb)).i[l], x | y);
    expect_word("vi_xor", (uint32_t)words_of(vi_xor(va, vb)).i[l], x ^ y);
    expect_word("vi_min", (uint32_t)words_of(vi_min(va, vb)).i[l], (uint32_t)((int32_t)x < (int32_t)y ? x : y));
    expect_word("vi_max", (uint32_t)words_of(vi_max(va, vb)).i[l], (uint32_t)((int32_t)x > (int32_t)y ? x : y));
    expect_word("vi_shl", (uint32_t)words_of(vi_shl(va, 5)).i[l], x << 5);
    expect_word("vi_shr", (uint32_t)words_of(vi_shr(va, 9)).i[l], x >> 9);
    expect_word("vi_sar", (uint32_t)words_of(vi_sar(va, 9)).i[l], (uint32_t)((int32_t)x >> 9));
    expect_word("vi_lookup8", (uint32_t)words_of(vi_lookup8(table, va)).i[l], (uint32_t)table[x % 8]);
    expect_word("vi_rotl", (uint32_t)words_of(vi_rotl(va, 13)).i[l], x << 13 | x >> 19);
    expect_word("vi_iota", (uint32_t)words_of(vi_iota()).i[l], (uint32_t)l);
    int32_t both[2 * VEC_LANES];
    vi_store2(both, va, vb);
    expect_word("vi_store2, first", (uint32_t)both[2 * l], x);
    expect_word("vi_store2, second", (uint32_t)both[2 * l + 1], y);
    vi first, second;
    vi_load2((const uint32_t *)both, &first, &second);
    expect_word("vi_load2, first", (uint32_t)words_of(first).i[l], x);
    expect_word("vi_load2, second", (uint32_t)words_of(second).i[l], y);
    uint16_t halves[VEC_LANES];
    vi_store16(halves, va);
    expect_word("vi_store16", halves[l], x & 0xffff);
    expect_word("vi_load16", (uint32_t)words_of(vi_load16(halves)).i[l], x & 0xffff);
    expect_word("vi_eq", (uint64_t)truth(vi_eq(va, vb)).i[l], x == y);
    expect_word("vi_lt", (uint64_t)truth(vi_lt(va, vb)).i[l], (int32_t)x < (int32_t)y);
    expect_word("vi_select", (uint32_t)words_of(vi_select(vi_lt(va, vb), va, vb)).i[l],
                (int32_t)x < (int32_t)y ? x : y);
    expect_float("vi_to_vf", lanes_of(vi_to_vf(va)).f[l], (float)(int32_t)x);
    expect_word("vf_as_vi", (uint32_t)words_of(vf_as_vi(vi_as_vf(vi_and(va, vi_set(0x3fffffff))))).i[l],
                x & 0x3fffffff);
  }
}

static void check_wide(void) {
  const uint64_t a = (uint64_t)next_word() << 32 | next_word(), b = (uint64_t)next_word() << 32 | next_word();
  const vw va = vw_add(vw_set(a), vw_iota()), vb = vw_set(b);
  uint32_t out[4 * VW_LANES];
  vw_store4(out, va, vw_shr32(va), vw_mul(va, vb), vw_xor3(va, vb, vw_shr32(va)));
  for (uint64_t l = 0; l < VW_LANES; l++) {
    const uint64_t x = a + l;
    expect_word("vw_add", out[4 * l], (uint32_t)x);
    expect_word("vw_shr32", out[4 * l + 1], (uint32_t)(x >> 32));
    expect_word("vw_mul", out[4 * l + 2], (uint32_t)((uint64_t)(uint32_t)x * (uint32_t)b));
    expect_word("vw_xor3", out[4 * l + 3], (uint32_t)(x ^ b ^ x >> 32));
  }
  vw_store4(out, vw_shr32(vw_mul(va, vb)), va, va, va);
  for (uint64_t l = 0; l < VW_LANES; l++)
    expect_word("vw_mul, high", out[4 * l], (uint32_t)((uint64_t)(uint32_t)(a + l) * (uint32_t)b >> 32));
}

/* load_n, store_n and stream write what they should and nothing else. */
static void check_memory(void) {
  for (size_t n = 0; n < VEC_LANES; n++) {
    float source[VEC_LANES], target[VEC_LANES + 2];
    for (int l = 0; l < VEC_LANES; l++) source[l] = (float)(l + 1);
    for (int l = 0; l < VEC_LANES + 2; l++) target[l] = -1.0f;
    const struct lanes loaded = lanes_of(vf_load_n(source, n));
    vf_store_n(target + 1, vf_load(source), n);
    for (size_t l = 0; l < VEC_LANES; l++) {
      expect_float("vf_load_n", loaded.f[l], l < n ? source[l] : 0.0f);
      expect_float("vf_store_n", target[l + 1], l < n ? source[l] : -1.0f);
    }
    expect_float("vf_store_n before", target[0], -1.0f);
    expect_float("vf_store_n after", target[VEC_LANES + 1], -1.0f);
  }
  for (size_t n = 0; n < VEC_LANES; n++) {
    uint16_t source[VEC_LANES], target[VEC_LANES + 2];
    for (size_t l = 0; l < VEC_LANES; l++) source[l] = (uint16_t)(0xff00 + l);
    for (size_t l = 0; l < VEC_LANES + 2; l++) target[l] = 7;
    const struct words loaded = words_of(vi_load16_n(source, n));
    vi_store16_n(target + 1, vi_load16(source), n);
    for (size_t l = 0; l < VEC_LANES; l++) {
      expect_word("vi_load16_n", (uint32_t)loaded.i[l], l < n ? source[l] : 0);
      expect_word("vi_store16_n", target[l + 1], l < n ? source[l] : 7);
    }
    expect_word("vi_store16_n before", target[0], 7);
    expect_word("vi_store16_n after", target[VEC_LANES + 1], 7);
  }
  _Alignas(64) float streamed[VEC_LANES];
  vf_stream(streamed, vf_set(3.0f));
  vec_stream_end();
  for (int l = 0; l < VEC_LANES; l++) expect_float("vf_stream", streamed[l], 3.0f);
}

static void check_reductions(void) {
  float a[VEC_LANES], sum = 0, largest = -INFINITY;
  for (int l = 0; l < VEC_LANES; l++) {
    a[l] = (float)(int32_t)(next_word() >> 20); /* small integers: every order sums them exactly */
    sum += a[l];
    largest = a[l] > largest ? a[l] : largest;
  }
  expect_float("vf_sum", vf_sum(vf_load(a)), sum);
  expect_float("vf_largest", vf_largest(vf_load(a)), largest);
}

static int vocabulary(uint64_t seed) {
  state = seed;
  failures = 0;
  for (int round = 0; round < ROUNDS && failures < 20; round++) {
    check_floats();
    check_words();
    check_wide();
    check_reductions();
  }
  check_memory();
  return failures;
}

static void box_muller_all(const uint32_t *radius_words, const uint32_t *angle_words, float *cosine, float *sine,
                           size_t n) {
  for (size_t i = 0; i < n; i += VEC_LANES) {
    vf c, s;
    box_muller(vi_load(radius_words + i), vi_load(angle_words + i), &c, &s);
    vf_store(cosine + i, c);
    vf_store(sine + i, s);
  }
}

static void truncated_normal_all(const uint32_t *words, float *z, size_t n) {
  for (size_t i = 0; i < n; i += VEC_LANES) vf_store(z + i, truncated_normal(vi_load(words + i), vf_set(0x1p-31f)));
}

static void inverse_normal_all(const float *u, const float *q, float *z, size_t n) {
  for (size_t i = 0; i < n; i += VEC_LANES) vf_store(z + i, inverse_normal(vf_load(u + i), vf_load(q + i)));
}

#define JOIN_(isa) isa_checks_##isa
#define JOIN(isa) JOIN_(isa)
#define TEXT_(isa) #isa
#define TEXT(isa) TEXT_(isa)
const struct isa_checks JOIN(DEPTHMARK_ISA) = {TEXT(DEPTHMARK_ISA), vocabulary, box_muller_all, truncated_normal_all,
                                               inverse_normal_all};
