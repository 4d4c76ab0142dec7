# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL statements that need the same server connection in the next transaction, too.

https://www.pgbouncer.org/features.html lists what breaks in transaction pooling.
"""

from __future__ import annotations

import re

from connguard.policies.model.patterns import lazily
from connguard.policies.model.topology import (
    ADVISORY_LOCKS,
    HOLDABLE_CURSORS,
    LISTEN,
    SESSION_SETTINGS,
    SQL_PREPARE,
    TEMPORARY_TABLES,
)

_NAME = r'(?:"[^"]+"|[a-z_$][\w$]*(?:\$\{\w+\}\w*)*|\$\{\w+\}[\w$]*)'
_START = r"^(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*+\*/)*+"
_SETTINGS = (
    r"search_path|role|row_security|\w+_timeout|work_mem|maintenance_work_mem|temp_buffers"
    r"|synchronous_commit|default_transaction_\w+|session_replication_role|enable_\w+"
    r"|random_page_cost|seq_page_cost|jit|max_parallel_workers_per_gather|plan_cache_mode"
    r"|force_parallel_mode|constraint_exclusion|client_min_messages|check_function_bodies"
    r"|bytea_output|from_collapse_limit|join_collapse_limit|geqo\w*|default_tablespace"
    r'|"?[a-z_]\w*"?\."?\w+"?'
)
"""Not those that PgBouncer itself keeps for each client: application_name, client_encoding,
DateStyle, IntervalStyle, standard_conforming_strings and TimeZone."""

_RULES = (
    (LISTEN, rf"LISTEN\s+{_NAME}\s*;?\s*$"),
    (
        ADVISORY_LOCKS,
        r"(?:SELECT|WITH)\b.*\bpg_(?:try_)?advisory_lock(?:_shared)?\s*\(",
    ),
    (SQL_PREPARE, rf"PREPARE\s+{_NAME}\s*(?:\([^)]*\)\s*)?AS\s"),
    (SESSION_SETTINGS, rf"SET\s+(?:SESSION\s+)?(?:{_SETTINGS})\s*(?:=|\bTO\b)"),
    (SESSION_SETTINGS, r"SET\s+(?:SESSION\s+)?(?:ROLE\s+|SESSION\s+AUTHORIZATION\s+)\S"),
    (SESSION_SETTINGS, r"SELECT\s+(?:pg_catalog\.)?set_config\s*\([^;]*,\s*false\s*\)\s*;?\s*$"),
    (
        TEMPORARY_TABLES,
        r"CREATE\s+(?:(?:GLOBAL|LOCAL)\s+)?TEMP(?:ORARY)?\s+TABLE\b(?!.*\bON\s+COMMIT\s+DROP\b)",
    ),
    (HOLDABLE_CURSORS, rf"DECLARE\s+{_NAME}\s.*\bCURSOR\s+WITH\s+HOLD\b"),
)
_STATEMENTS = tuple(
    (feature, lazily(_START + pattern, re.IGNORECASE | re.DOTALL)) for feature, pattern in _RULES
)
_LONGEST = 20_000


def feature_of(sql: str) -> str | None:
    """The feature that a statement uses; None for any other text. Only its start is looked at."""
    start = sql[:_LONGEST]
    return next((feature for feature, pattern in _STATEMENTS if pattern.match(start)), None)
