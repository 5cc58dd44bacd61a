#include "tools/compare/visible.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The code point at text, and how many bytes it has; 0 bytes where it is no UTF-8 (RFC 3629). */
static size_t decode(const unsigned char *text, uint32_t *point) {
  const size_t length = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
  static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (length == 0 || text[0] > 0xf4) return 0;
  *point = text[0] & masks[length];
  for (size_t i = 1; i < length; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    *point = *point << 6 | (text[i] & 0x3f);
  }
  const bool surrogate = *point >= 0xd800 && *point <= 0xdfff;
  return *point < least[length] || surrogate || *point > 0x10ffff ? 0 : length;
}

/* Characters that show nothing of their own but change what others look like: controls, and what Unicode calls format
 * characters, line and paragraph separators. */
static bool invisible(uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad || point == 0x61c ||
         (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || (point >= 0xe0000 && point <= 0xe007f);
}

/* One character as it is shown; returns how many bytes of text it took. */
static size_t show(char piece[16], const unsigned char *text, bool ascii, bool markdown) {
  uint32_t point = 0;
  const size_t length = decode(text, &point);
  if (length == 0) {
    snprintf(piece, 16, "%s\\x%02x", markdown ? "\\" : "", text[0]);
    return 1;
  }
  if (point < 0x80 && !invisible(point)) {
    if (markdown && text[0] == '@') /* else GitHub tells the person of that name */
      strcpy(piece, "@&#8203;");
    else
      snprintf(piece, 16, "%s%c", markdown && strchr("\\`*[]<>|~&#", text[0]) ? "\\" : "", text[0]);
  } else if (invisible(point) || ascii) {
    snprintf(piece, 16, point < 0x100 ? "%s\\x%02x" : "%s\\u%04x", markdown ? "\\" : "", (unsigned)point);
  } else {
    memcpy(piece, text, length);
    piece[length] = '\0';
  }
  return length;
}

char *visible(char *to, size_t size, const char *text, bool ascii, bool markdown) {
  const unsigned char *from = (const unsigned char *)text;
  size_t used = 0, room_for_dots = 0; /* where ".." can be put and all before it is whole */
  while (*from) {
    char piece[16];
    from += show(piece, from, ascii, markdown);
    const size_t length = strlen(piece);
    if (used + length >= size) {
      snprintf(to + room_for_dots, size - room_for_dots, "..");
      return to;
    }
    memcpy(to + used, piece, length);
    used += length;
    if (used + 2 < size) room_for_dots = used;
  }
  to[used] = '\0';
  return to;
}
