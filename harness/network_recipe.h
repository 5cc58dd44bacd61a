/* What a recipe adds to a network's passes, around its products. All of it does nothing where the recipe is empty. */
#ifndef DEPTHMARK_NETWORK_RECIPE_H
#define DEPTHMARK_NETWORK_RECIPE_H

#include "harness/network.h"

bool recipe_is_empty(const struct recipe *recipe);

/* Whether something stands between a hidden layer's product and its activation, or behind it, so that the product
 * leaves z alone. */
bool recipe_after_product(const struct recipe *recipe);

/* From layer l's z to its n and h. */
void recipe_forward(struct network *network, size_t l);

/* Of the output layer's delta. */
void recipe_loss(struct network *network);

/* Of layer l's dw and db. */
void recipe_weights(struct network *network, size_t l);

/* From what the product of the layer behind left of hidden layer l's gradient - in delta, with respect to n, or with
 * residual connections in dh, with respect to h - to its delta, dgamma and dbeta. */
void recipe_backward(struct network *network, size_t l);

#endif
