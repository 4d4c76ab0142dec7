# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG401 for Terraform."""

from connguard.checks.adapter.graph_check import GraphCheck
from connguard.policies import tls_not_required


class TlsNotRequired(GraphCheck):
    judge = tls_not_required


check = TlsNotRequired()
