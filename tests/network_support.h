/* What the tests of networks share. */
#ifndef DEPTHMARK_TESTS_NETWORK_SUPPORT_H
#define DEPTHMARK_TESTS_NETWORK_SUPPORT_H

#include "harness/network.h"

/* Fails where there is no such activation, or no room. */
struct network make_network(const struct kernel_table *table, const struct network_shape *shape, const char *activation,
                            int threads);

/* As network_initialize(), by the initializer's name. */
void initialize_network(struct network *network, const char *initializer, float bias_std, uint64_t seed);

/* Forward on x, and backward from the outputs' delta. */
void run_network(struct network *network, const float *x, const float *delta);

/* Normal numbers of that standard deviation; to be freed. */
float *make_normals(const struct kernel_table *table, size_t n, uint64_t seed, float stddev);

/* Fails where two arrays are not the same bits. */
void assert_same(const float *a, const float *b, size_t n, const char *what);
/* All arrays of two networks' layers. */
void assert_same_networks(const struct network *one, const struct network *other);

#endif
