/* What a report carries inside: its script and its style sheet, made from web/ when the program is built. */

#ifndef REPORT_ASSETS_H
#define REPORT_ASSETS_H

/* What draws the charts, to stand in a <script>: it contains no "</script" and no "<!--". Empty where the program was built
 * without npm; a report then has its tables only. */
extern const char report_script[];

/* To stand in a <style>. */
extern const char report_style[];

#endif
