/* UNROLL_ALL before a loop of a constant number of turns, at most 16: arrays of vectors that it indexes stay in
 * registers. Clang must be told in its own words, since a count (as in GCC's pragma) makes it unroll after such arrays
 * were given memory. */
#ifndef DEPTHMARK_UNROLL_H
#define DEPTHMARK_UNROLL_H

#ifdef __clang__
#define UNROLL_ALL _Pragma("clang loop unroll(full)")
#else
#define UNROLL_ALL _Pragma("GCC unroll 16")
#endif

#endif
