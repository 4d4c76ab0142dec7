# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG402: passwords are stored as MD5 hashes."""

from __future__ import annotations

from connguard.policies.model.effective_setting import EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import parse_boolean
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG402",
    name="weak-password-encryption",
    severity=Severity.WARNING,
    about=EffectiveSetting,
    condition="password_encryption is md5 (or on, which versions before 14 read as md5).",
    effect=(
        "The stored hash is as good as the password for whoever reads it, and roles with such"
        " hashes are refused by scram-sha-256 lines of pg_hba.conf (28P01)."
    ),
    fix="Set password_encryption = scram-sha-256, and let every role set its password anew.",
    prevents=(Failure.EXPOSED, Failure.REJECTED),
    references=("https://www.postgresql.org/docs/current/auth-password.html",),
)


def decide(setting: EffectiveSetting) -> Verdict:
    if setting.name != "password_encryption":
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided("password_encryption", setting.value)
    text = setting.value.value
    if text.lower() == "md5" or parse_boolean(text) is True:
        return fail(
            f"passwords of {setting.scope} are stored as MD5 hashes",
            setting.value.origin,
            related=setting.history,
        )
    return PASS
