# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of Terraform source and plans. Checkov runs each module as a top-level module."""
