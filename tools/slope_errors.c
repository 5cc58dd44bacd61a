/* slope_errors: the picture of README.md, as SVG on standard output. It shows by how many units in the last place the
 * slopes of sigmoid and tanh are wrong, ours from x and the usual ones from the output, against x: the largest error of
 * a few thousand floats in each of many intervals.
 */
#include <stdio.h>

#include "harness/accuracy.h"
#include "harness/ulp.h"
#include "kernels/reference/reference.h"
#include "kernels/select.h"

#define REACH 110.0 /* x from -REACH to REACH */
#define INTERVALS 440
#define WIDTH 760.0
#define HEIGHT 380.0
#define LEFT 64.0
#define RIGHT 16.0
#define TOP 44.0
#define BOTTOM 44.0
#define LEAST -1.0 /* decades of the error axis: 0.1 to 10^8 ulp */
#define MOST 8.0

struct curve {
  const char *label, *colour;
  double label_x, label_y; /* where the label stands: x and the error's logarithm */
  map_reference *slope;
  struct accuracy_function function;
};

static double across(double x) { return LEFT + (x + REACH) / (2 * REACH) * (WIDTH - LEFT - RIGHT); }

static double down(double logarithm) {
  const double y = fmax(LEAST, fmin(MOST, logarithm));
  return TOP + (MOST - y) / (MOST - LEAST) * (HEIGHT - TOP - BOTTOM);
}

/* The largest error in interval number i; a value that is gone counts as wholly wrong. */
static double largest_error(const struct curve *curve, int i) {
  float x[SAMPLE_CHUNK], y[SAMPLE_CHUNK];
  double largest = 0;
  for (int j = 0; j < SAMPLE_CHUNK; j++) x[j] = (float)(REACH * (2 * (i + (j + 0.5) / SAMPLE_CHUNK) / INTERVALS - 1));
  accuracy_evaluate(&curve->function, x, y, SAMPLE_CHUNK);
  for (int j = 0; j < SAMPLE_CHUNK; j++)
    largest = fmax(largest, ulp_error(y[j], curve->slope((double)x[j], curve->function.p)));
  return largest;
}

static void print_curve(const struct curve *curve) {
  printf("<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" d=\"", curve->colour);
  for (int i = 0; i < INTERVALS; i++)
    printf("%c%.1f %.1f", i ? 'L' : 'M', across(REACH * (2 * (i + 0.5) / INTERVALS - 1)),
           down(log10(largest_error(curve, i))));
  printf("\"/>\n<text x=\"%.0f\" y=\"%.0f\" fill=\"%s\">%s</text>\n", across(curve->label_x), down(curve->label_y),
         curve->colour, curve->label);
}

static void print_axes(void) {
  for (int decade = (int)LEAST; decade <= (int)MOST; decade++) {
    printf("<path stroke=\"#ddd\" d=\"M%.0f %.1fH%.0f\"/>\n", LEFT, down(decade), WIDTH - RIGHT);
    printf("<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 6, down(decade) + 4);
    if (decade < 2)
      printf("%g</text>\n", pow(10, decade));
    else
      printf("10<tspan dy=\"-5\" font-size=\"9\">%d</tspan></text>\n", decade);
  }
  for (int x = -100; x <= 100; x += 20)
    printf("<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%d</text>\n", across(x), HEIGHT - BOTTOM + 18, x);
  printf("<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">x</text>\n", across(0), HEIGHT - 8);
  printf("<text x=\"%.0f\" y=\"22\">error of the slope in units in the last place; 1.7 x 10<tspan dy=\"-5\" "
         "font-size=\"9\">7</tspan><tspan dy=\"5\">: nothing is left of it</tspan></text>\n",
         LEFT);
}

int main(void) {
  const struct cpu_features cpu = cpu_detect();
  const struct kernel_table *t = arch_table(arch_best(&cpu));
#define FROM_X(name)                                                                                                   \
  { .signature = SIGNATURE_map, .function = (kernel_function *)t->name##_derivative }
#define FROM_OUTPUT(name)                                                                                              \
  {                                                                                                                    \
    .signature = SIGNATURE_backward, .function = (kernel_function *)t->name##_from_output,                             \
    .forward = t->name##_forward                                                                                       \
  }
  const struct curve curves[] = {
      {"sigmoid' from its output, y (1 - y)", "#c0392b", 28, 7.5, reference_sigmoid_derivative, FROM_OUTPUT(sigmoid)},
      {"tanh' from its output, 1 - y^2", "#e08e0b", -104, 7.5, reference_tanh_derivative, FROM_OUTPUT(tanh)},
      {"sigmoid' from x, as here", "#1f6fb2", -104, 0.75, reference_sigmoid_derivative, FROM_X(sigmoid)},
      {"tanh' from x, as here", "#1b8a5a", 60, 0.75, reference_tanh_derivative, FROM_X(tanh)},
  };
  printf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" font-size=\"12\" "
         "fill=\"#333\">\n<title>Errors of sigmoid' and tanh' against x</title>\n"
         "<rect width=\"%g\" height=\"%g\" fill=\"#fff\"/>\n",
         WIDTH, HEIGHT, WIDTH, HEIGHT);
  print_axes();
  for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) print_curve(&curves[i]);
  puts("</svg>");
  return 0;
}
