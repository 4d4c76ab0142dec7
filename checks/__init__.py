# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""connguard's policies as custom checks of Checkov: the folder for --external-checks-dir."""
