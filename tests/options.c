/* The command line: what is understood, and what each kind of bad input is told. */
#include "harness/options.h"

#include <math.h>
#include <string.h>

#include "tests/command_line.h"
#include "tests/support.h"

static void defaults(void **state) {
  (void)state;
  const struct options o = command_line_accepted((const char *const[]){NULL});
  const struct cpu_features cpu = cpu_detect();
  assert_string_equal(o.requested_arch, "auto");
  assert_int_equal(o.arch_count, 1);
  assert_int_equal(o.archs[0], arch_best(&cpu));
  for (size_t s = 0; s < SUITE_COUNT; s++) assert_int_equal(o.suites[s], s != SUITE_ACCURACY && s != SUITE_LEARNING);
  assert_int_equal(o.thread_count, 0);
  assert_int_equal(o.init_count, 4);
  assert_int_equal(o.activation_count, 4);
  assert_int_equal(o.depth_count, 3);
  assert_true(o.width_count == 1 && o.widths[0] == 256 && o.batch == 64 && o.seeds == 5 && o.seed == 1);
  assert_true(o.rng == RNG_PHILOX4X32_10);
  assert_true(o.min_time == 0.05 && !o.min_time_given && o.budget == 600 && !o.yes && !o.resume);
  assert_true(o.bias_std_count == 1 && o.bias_stds[0] == 0 && o.weight_scale_count == 1 && o.weight_scales[0] == 1);
  assert_true(o.normalization_count == 1 && o.normalizations[0] == NORMALIZATION_NONE && o.residual_count == 1 &&
              o.residuals[0] == 0 && o.precision_count == 1 && o.precisions[0] == PRECISION_FLOAT32 &&
              o.flush_count == 1 && o.flushes[0] == 0 && o.loss_scale_count == 1 && o.loss_scales[0] == 1 &&
              o.shard == 1 && o.shards == 1);
  assert_true(o.samples == 1 << 20);
  assert_string_equal(o.inits[0].text, "normal(0,1)");
  assert_true(o.inits[0].arguments[0] == 0 && o.inits[0].arguments[1] == 1);
}

static void learning_runs_only_when_it_is_named(void **state) {
  (void)state;
  assert_true(ACCEPTED("--suite=learning").suites[SUITE_LEARNING]);
  assert_true(ACCEPTED("--filter=^learning/.*relu").suites[SUITE_LEARNING]);
  assert_false(ACCEPTED("--filter=relu").suites[SUITE_LEARNING]);
  assert_false(ACCEPTED("--filter=learning", "--suite=gradients").suites[SUITE_LEARNING]);
}

static void training_options(void **state) {
  (void)state;
  const struct options o = command_line_accepted((const char *const[]){NULL});
  assert_true(o.epochs == 20 && o.images == 2000 && o.optimizer_count == 0 && o.rate_count == 0);
  assert_true(o.momentum == 0.9f && o.clip_norm == 0 && o.clip_value == 0 && !o.descent_given);
  assert_true(!o.given.inits && !o.given.activations && !o.given.depths && !o.given.widths && !o.given.data);
  const struct options all =
      ACCEPTED("--epochs=3", "--images=77", "--optimizers=adam,sgd", "--rate=0.1,1e-3", "--momentum=0.5",
               "--clip-norm=2", "--clip-value=0.25", "--data=synthetic", "--inits=he_normal", "--widths=9");
  assert_true(all.epochs == 3 && all.images == 77 && all.optimizer_count == 2);
  assert_true(all.optimizers[0] == OPTIMIZER_ADAM && all.optimizers[1] == OPTIMIZER_SGD);
  assert_true(all.rate_count == 2 && all.rates[0] == 0.1f && all.rates[1] == 0.001f);
  assert_true(all.momentum == 0.5f && all.clip_norm == 2 && all.clip_value == 0.25 && all.descent_given);
  assert_true(all.data == INPUT_SYNTHETIC && all.given.data && all.given.inits && all.given.widths);
  REFUSED("--epochs", "at least 1", "--epochs=0");
  REFUSED("--epochs", "at most 1000000", "--epochs=1000001");
  REFUSED("--images", "at least 1", "--images=0");
  REFUSED("--images", "at most 1000000", "--images=1000001");
  REFUSED("--rate", "-1", "--rate=-1");
  REFUSED("--rate", "must be from", "--rate=0");
  REFUSED("--rate", "empty item", "--rate=0.1,");
  REFUSED("--optimizers", "did you mean adam", "--optimizers=sgd,adan");
  REFUSED("--optimizers", "sgd, momentum, adam", "--optimizers=lion");
  REFUSED("--momentum", "must be from", "--momentum=1");
  REFUSED("--clip-norm", "-1", "--clip-norm=-1");
  REFUSED("--clip-value", "number", "--clip-value=x");
}

static void quick_changes_defaults_only(void **state) {
  (void)state;
  const struct options quick = ACCEPTED("--quick"), given = ACCEPTED("--quick", "--seeds=7", "--min-time=0.2");
  assert_true(!quick.suites[SUITE_ACCURACY] && quick.suites[SUITE_ACTIVATION]);
  assert_true(ACCEPTED("--quick", "--suite=accuracy").suites[SUITE_ACCURACY]);
  assert_true(quick.quick && quick.seeds == 2 && quick.min_time == 0.01 && quick.samples == 1 << 17);
  assert_true(given.seeds == 7 && given.min_time == 0.2 && given.min_time_given);
}

static void sampling_is_bounded_as_asked_for(void **state) {
  (void)state;
  const struct options usual = ACCEPTED("--quick"), tight = ACCEPTED("--interval=0.5", "--max-time=2", "--cache=cold");
  assert_true(usual.interval == 1 && !usual.interval_given && usual.max_time == 0);
  assert_true(usual.caches[CACHE_HOT] && !usual.caches[CACHE_COLD]);
  assert_true(tight.interval == 0.5 && tight.interval_given && tight.max_time == 2 && !tight.min_time_given);
  assert_true(!tight.caches[CACHE_HOT] && tight.caches[CACHE_COLD]);
  const struct options both = ACCEPTED("--cache=cold,hot", "--min-time=0.1", "--max-time=0.1");
  assert_true(both.caches[CACHE_HOT] && both.caches[CACHE_COLD] && both.max_time == 0.1);
}

static void both_spellings_and_abbreviations(void **state) {
  (void)state;
  const struct options o = ACCEPTED("--width", "32", "--batch=8", "--depth", "3,1", "--seed", "18446744073709551615");
  assert_true(o.widths[0] == 32 && o.batch == 8 && o.depth_count == 2 && o.depths[0] == 3 && o.depths[1] == 1);
  assert_true(o.seed == UINT64_MAX);
}

static void lists(void **state) {
  (void)state;
  const struct options o = ACCEPTED("--threads=2,1,2", "--suite=dense,limits", "--arch=scalar,scalar");
  assert_true(o.thread_count == 2 && o.threads[0] == 2 && o.threads[1] == 1);
  assert_true(o.suites[SUITE_DENSE] && o.suites[SUITE_LIMITS] && !o.suites[SUITE_INIT]);
  assert_true(o.arch_count == 1 && o.archs[0] == ARCH_SCALAR);
}

static void all_archs_are_those_that_run(void **state) {
  (void)state;
  const struct options o = ACCEPTED("--arch=all");
  const struct cpu_features cpu = cpu_detect();
  size_t expected = 0;
  for (enum arch a = 0; a < ARCH_COUNT; a++) expected += !arch_obstacle(a, &cpu);
  assert_int_equal(o.arch_count, expected);
}

static void axes_of_the_grid(void **state) {
  (void)state;
  const struct options o =
      ACCEPTED("--widths=8,9", "--weight-scales=0.5,1", "--bias-stds=0,0.1", "--norms=layer,none", "--residuals=no,yes",
               "--precisions=bf16,fp16", "--loss-scales=1,1024", "--ftz=yes", "--shard=2/3", "--inits=all",
               "--activations=all", "--budget=5", "--yes", "--histograms", "--jacobians");
  assert_true(o.width_count == 2 && o.widths[1] == 9 && o.weight_scale_count == 2 && o.weight_scales[0] == 0.5);
  assert_true(o.bias_std_count == 2 && o.bias_stds[1] == 0.1 && o.normalization_count == 2);
  assert_true(o.normalizations[0] == NORMALIZATION_LAYER && o.normalizations[1] == NORMALIZATION_NONE);
  assert_true(o.residual_count == 2 && o.residuals[1] == 1 && o.precision_count == 2);
  assert_true(o.precisions[0] == PRECISION_BF16 && o.loss_scale_count == 2 && o.loss_scales[1] == 1024);
  assert_true(o.flush_count == 1 && o.flushes[0] == 1 && o.shard == 2 && o.shards == 3);
  assert_true(o.init_count == initializer_count && o.activation_count > 20);
  assert_true(o.budget == 5 && o.yes && o.histograms && o.jacobians);
  REFUSED("--norms", "did you mean batch?", "--norms=bach");
  REFUSED("--residuals", "no, yes", "--residuals=maybe");
  REFUSED("--precisions", "float32", "--precisions=fp8");
  REFUSED("--depths", "--depths", "--depths=0");
  REFUSED("--weight-scales", "--weight-scales", "--weight-scales=-1");
  REFUSED("--loss-scales", "--loss-scales", "--loss-scales=0");
  REFUSED("--shard", "K/N", "--shard=0/3");
  REFUSED("--shard", "K/N", "--shard=4/3");
  REFUSED("--shard", "K/N", "--shard=3");
  REFUSED("--resume", "--out", "--resume");
}

static void one_network_to_explain(void **state) {
  (void)state;
  const struct options o = ACCEPTED("--explain=relu,glorot_uniform,depth=30,width=128,norm=batch");
  assert_true(o.explain && o.depth_count == 1 && o.depths[0] == 30 && o.widths[0] == 128);
  assert_true(o.normalizations[0] == NORMALIZATION_BATCH);
  assert_string_equal(o.inits[0].text, "glorot_uniform");
  assert_string_equal(o.activations[0].text, "relu");
  assert_true(o.suites[SUITE_GRADIENTS] && !o.suites[SUITE_DENSE]);
  const struct options usual = ACCEPTED("--explain=normal(0,1),leaky_relu(0.2)");
  assert_true(usual.depths[0] == 50 && usual.widths[0] == 256);
  REFUSED("--explain", "one activation and one initializer", "--explain=relu,depth=50");
  REFUSED("--explain", "one activation and one initializer", "--explain=relu,tanh,he_normal");
  REFUSED("activation or initializer", "did you mean he_normal?", "--explain=relu,he_norml");
  REFUSED("--explain", "depths", "--explain=relu,he_normal,deep=50");
  REFUSED("--depths", "--depths", "--explain=relu,he_normal,depth=0");
}

static void commas_in_parentheses_belong_to_the_item(void **state) {
  (void)state;
  const struct options o = ACCEPTED("--inits=normal(0,0.5),uniform(-0.05,0.05),uniform_fan_in,glorot_uniform",
                                    "--activations=elu(0.5),tanh");
  assert_int_equal(o.init_count, 4);
  assert_true(o.inits[0].arguments[1] == 0.5 && o.inits[1].arguments[0] == -0.05 && o.inits[1].arguments[1] == 0.05);
  assert_string_equal(o.inits[2].initializer->name, "uniform_fan_in");
  assert_string_equal(o.inits[1].text, "uniform(-0.05,0.05)");
  assert_string_equal(o.activations[0].backward->name, "elu_backward");
  assert_true(o.activations[0].p.a == 0.5f);
}

static void names(void **state) {
  (void)state;
  const struct options o =
      ACCEPTED("--pin=none", "--format=csv", "--data=fashion-mnist", "--out=a b.json", "--filter=^x");
  assert_true(o.pin == PIN_NONE && o.format == FORMAT_CSV && o.data == INPUT_FASHION_MNIST);
  assert_string_equal(o.out, "a b.json");
  assert_string_equal(o.filter, "^x");
}

static void generators(void **state) {
  (void)state;
  for (enum rng rng = 0; rng < RNG_COUNT; rng++) {
    char option[64];
    snprintf(option, sizeof option, "--rng=%s", rng_names[rng]);
    assert_int_equal(ACCEPTED(option).rng, rng);
  }
  REFUSED("did you mean ars4x32-7", "known: philox4x32-10, philox4x32-7, threefry2x32-20, ars4x32-7, tensorflow, jax",
          "--rng=ars4x32");
}

static void samples(void **state) {
  (void)state;
  assert_true(ACCEPTED("--samples=1").samples == 1 && ACCEPTED("--quick", "--samples=67108864").samples == 1 << 26);
  assert_true(ACCEPTED("--samples=all").samples == 0 && ACCEPTED("--quick", "--samples=all").samples == 0);
  REFUSED("--samples", "a whole number or all", "--samples=many");
  REFUSED("--samples", "a whole number or all", "--samples=");
  REFUSED("--samples", "whole number", "--samples=1e6");
  REFUSED("--samples", "at least 1", "--samples=0");
  REFUSED("--samples", "at most 67108864", "--samples=67108865");
}

static void help_and_version(void **state) {
  (void)state;
  struct options options;
  struct error error;
  assert_int_equal(PARSE(&options, &error, "--help"), OPTIONS_HELP);
  assert_int_equal(PARSE(&options, &error, "--version"), OPTIONS_VERSION);
  for (const char *line = help_text; *line;) { /* 80 columns */
    const size_t length = strcspn(line, "\n");
    assert_true(length <= 80);
    line += length + (line[length] == '\n');
  }
}

static void unknown_options(void **state) {
  (void)state;
  REFUSED("--fliter", "--filter", "--fliter=x");
  REFUSED("--frobnicate", "--help", "--frobnicate");
  REFUSED("-q", "no short options", "-q");
  REFUSED("dense", "unexpected", "dense");
  REFUSED("--width", "needs a value", "--width");
  REFUSED("--quick", "takes no value", "--quick=1");
  REFUSED("--see", "several", "--see=1");
}

static void unknown_names_list_the_known(void **state) {
  (void)state;
  REFUSED("avx3", "did you mean avx2", "--arch=avx3");
  REFUSED("avx3", "scalar", "--arch=avx3");
  REFUSED("dens", "did you mean dense", "--suite=dens");
  REFUSED("cores", "threads, none", "--pin=core0");
  REFUSED("jsn", "did you mean json", "--format=jsn");
  REFUSED("mnist", "fashion-mnist", "--data=mnist");
  REFUSED("he_norml", "did you mean he_normal", "--inits=he_norml");
  REFUSED("xyzzy", "glorot_uniform", "--inits=xyzzy");
  REFUSED("relo", "did you mean relu", "--activations=relo");
  REFUSED("xyzzy", "tanh", "--activations=xyzzy");
}

static void unsupported_archs_say_what_is_there(void **state) {
  (void)state;
  const struct cpu_features cpu = cpu_detect();
  for (enum arch a = 0; a < ARCH_COUNT; a++) {
    char option[32];
    snprintf(option, sizeof option, "--arch=%s", arch_name(a));
    if (arch_obstacle(a, &cpu)) REFUSED(arch_obstacle(a, &cpu), "can run: scalar", option);
  }
}

static void malformed_lists(void **state) {
  (void)state;
  REFUSED("--threads", "empty item", "--threads=1,,2");
  REFUSED("--threads", "empty item", "--threads=");
  REFUSED("--depths", "empty item", "--depths=5,");
  REFUSED("--inits", "parentheses", "--inits=normal(0,1");
  REFUSED("--inits", "parentheses", "--inits=normal0,1)");
  REFUSED("--inits", "written like normal(0,1)", "--inits=normal(0,1)x");
  REFUSED("--suite", "too long",
          "--suite=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  REFUSED("--threads", "at most 32 items",
          "--threads=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33");
}

static void numbers_are_read_to_the_last_character(void **state) {
  (void)state;
  REFUSED("--width", "at least 1", "--width=0");
  REFUSED("--width", "whole number", "--width=-1");
  REFUSED("--width", "whole number", "--width=12x");
  REFUSED("--width", "whole number", "--width= 12");
  REFUSED("--widths", "empty item", "--width=");
  REFUSED("--width", "at most", "--width=99999999999999999999999999");
  REFUSED("--batch", "at least 1", "--batch=0");
  REFUSED("--depths", "at least 1", "--depths=5,0");
  REFUSED("--seeds", "at least 1", "--seeds=0");
  REFUSED("--threads", "at least 1", "--threads=0");
  REFUSED("--threads", "whole number", "--threads=two");
  REFUSED("--seed", "2^64", "--seed=18446744073709551616");
  REFUSED("--max-time", "number", "--max-time=long");
  REFUSED("--max-time", "0.001 to 3600", "--max-time=0");
  REFUSED("--max-time", "less than --min-time=0.5", "--max-time=0.1", "--min-time=0.5");
  REFUSED("--interval", "0.5 to 100", "--interval=0.1");
  REFUSED("--interval", "number", "--interval=1%");
  REFUSED("--cache", "hot, cold", "--cache=warm");
  REFUSED("--min-time", "number", "--min-time=fast");
  REFUSED("--min-time", "number", "--min-time=1s");
  REFUSED("--min-time", "number", "--min-time=nan");
  REFUSED("--min-time", "number", "--min-time=inf");
  REFUSED("--min-time", "from 0", "--min-time=-1");
  REFUSED("--min-time", "to 3600", "--min-time=1e9");
  REFUSED("--bias-std", "from 0", "--bias-std=-0.1");
}

static void parameters_are_checked(void **state) {
  (void)state;
  REFUSED("glorot_uniform", "takes no parameters", "--inits=glorot_uniform(1)");
  REFUSED("uniform_fan_in", "takes no parameters", "--inits=uniform_fan_in(1)");
  REFUSED("tanh", "takes no parameters", "--activations=tanh(1)");
  REFUSED("silu(0)", "beta must be positive", "--activations=silu(0)");
  REFUSED("softplus", "beta must be positive", "--activations=softplus(-1,20)");
  REFUSED("celu", "alpha must be positive", "--activations=celu(0)");
  REFUSED("hard_tanh", "interval is empty", "--activations=hard_tanh(1,-1)");
  REFUSED("normal", "at most 2", "--inits=normal(0,1,2)");
  REFUSED("normal", "not a number", "--inits=normal(0,one)");
  REFUSED("normal", "not a number", "--inits=normal(,1)");
  REFUSED("normal", "negative", "--inits=normal(0,-1)");
  REFUSED("uniform", "empty", "--inits=uniform(1,-1)");
}

static void expressions_and_files(void **state) {
  (void)state;
  REFUSED("--filter", "regular expression", "--filter=(");
  REFUSED("--filter", "empty", "--filter=");
  REFUSED("--out", "file name", "--out=");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults),
      cmocka_unit_test(learning_runs_only_when_it_is_named),
      cmocka_unit_test(training_options),
      cmocka_unit_test(quick_changes_defaults_only),
      cmocka_unit_test(sampling_is_bounded_as_asked_for),
      cmocka_unit_test(both_spellings_and_abbreviations),
      cmocka_unit_test(lists),
      cmocka_unit_test(all_archs_are_those_that_run),
      cmocka_unit_test(axes_of_the_grid),
      cmocka_unit_test(one_network_to_explain),
      cmocka_unit_test(commas_in_parentheses_belong_to_the_item),
      cmocka_unit_test(names),
      cmocka_unit_test(generators),
      cmocka_unit_test(samples),
      cmocka_unit_test(help_and_version),
      cmocka_unit_test(unknown_options),
      cmocka_unit_test(unknown_names_list_the_known),
      cmocka_unit_test(unsupported_archs_say_what_is_there),
      cmocka_unit_test(malformed_lists),
      cmocka_unit_test(numbers_are_read_to_the_last_character),
      cmocka_unit_test(parameters_are_checked),
      cmocka_unit_test(expressions_and_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
