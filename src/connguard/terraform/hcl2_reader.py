# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alternative reader of HCL files: python-hcl2, chosen by the setting `terraform-reader`."""

from __future__ import annotations
