# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m connguard`."""

from connguard.engine.cli import run

run()
