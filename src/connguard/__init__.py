# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what will exhaust or expose PostgreSQL connections, in the files of a repository."""

__version__ = "0.1.0"
