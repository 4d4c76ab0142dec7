#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs the connguard that this action belongs to, in an environment of its own.
set -euo pipefail

venv="$RUNNER_TEMP/connguard/venv"
"${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"
