/* The reader of result files, as libFuzzer calls it. */
#ifndef DEPTHMARK_FUZZ_RESULT_READER_H
#define DEPTHMARK_FUZZ_RESULT_READER_H

#include <stddef.h>
#include <stdint.h>

/* Reads the bytes as a result. They may be refused; what is accepted must be written and read again to the same. Aborts
 * where it is not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
