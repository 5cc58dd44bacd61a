#!/usr/bin/env bash
# The charts of reports in a headless Chromium. usage: browser.sh SOURCE_FOLDER BUILD_FOLDER
set -euo pipefail
source_folder=$1 build_folder=$2
command -v node >/dev/null || {
  echo "skipped: node is missing (package nodejs)"
  exit 77
}
exec node "$source_folder/tests/report/browser.mjs" "$build_folder/tools/report/web/bundle.js" "$source_folder/tools/report/web/style.css"
