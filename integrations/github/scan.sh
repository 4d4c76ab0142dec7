#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Scans once and leaves annotations, the summary of the job, a SARIF file and a comment. Never
# fails by itself: the last step of the action exits with the code that stands in the outputs.
set -euo pipefail

out="$RUNNER_TEMP/connguard"
rm -f "$out/connguard.sarif" "$out/comment.md"
read -ra paths <<<"$CONNGUARD_PATHS"
read -ra more <<<"$CONNGUARD_ARGUMENTS"
arguments=(--format github --report "sarif=$out/connguard.sarif" --report "markdown=$out/comment.md")
[ "$CONNGUARD_BASE" = none ] || arguments+=(--diff "$CONNGUARD_BASE")
[ -z "$CONNGUARD_FAIL_ON" ] || arguments+=(--fail-on "$CONNGUARD_FAIL_ON")

code=0
"$out/venv/bin/connguard" scan "${arguments[@]}" "${more[@]}" -- "${paths[@]}" || code=$?

echo "exit-code=$code" >>"$GITHUB_OUTPUT"
if [ -f "$out/connguard.sarif" ]; then
    echo "sarif=$out/connguard.sarif" >>"$GITHUB_OUTPUT"
fi
if [ -f "$out/comment.md" ]; then
    echo "markdown=$out/comment.md" >>"$GITHUB_OUTPUT"
    cat "$out/comment.md" >>"$GITHUB_STEP_SUMMARY"
fi
