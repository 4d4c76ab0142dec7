# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of connguard; the build reads it from here."""

__version__ = "0.1.0"
