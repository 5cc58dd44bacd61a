/* Command lines of bench that are to be understood, or refused, in tests. */
#ifndef DEPTHMARK_TESTS_COMMAND_LINE_H
#define DEPTHMARK_TESTS_COMMAND_LINE_H

#include "harness/options.h"

/* arguments end with NULL. */
enum options_action command_line_parse(struct options *options, struct error *error, const char *const *arguments);

/* What an accepted line says; fails the test otherwise. */
struct options command_line_accepted(const char *const *arguments);

/* Fails the test unless the line is refused with one line of text that holds both words. */
void command_line_refused(const char *const *arguments, const char *word, const char *other);

#define PARSE(options, error, ...) command_line_parse(options, error, (const char *const[]){__VA_ARGS__, NULL})
#define ACCEPTED(...) command_line_accepted((const char *const[]){__VA_ARGS__, NULL})
#define REFUSED(word, other, ...) command_line_refused((const char *const[]){__VA_ARGS__, NULL}, word, other)

#endif
