#!/bin/sh
# A test in JavaScript, skipped where nothing runs it. usage: node.sh SCRIPT ARGUMENTS...
command -v node >/dev/null || {
  echo "skipped: node is missing (package nodejs)"
  exit 77
}
exec node "$@"
