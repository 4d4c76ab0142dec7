# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG403: a password stands in a migration."""

from __future__ import annotations

from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.statement_facts import PasswordForm, PasswordLiteral
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG403",
    name="password-literal-in-migration",
    severity=Severity.WARNING,
    about=PasswordLiteral,
    condition=(
        "A statement holds a password: PASSWORD '…' of a role, of a user mapping or a foreign"
        " server, or in a connection string of a subscription or of dblink. An MD5 hash counts as"
        " the password, which it can replace; a SCRAM verifier is a note. Placeholders that a tool"
        " fills in are fine."
    ),
    effect=(
        "Whoever reads the repository, its history or the server's log of statements can log in to"
        " the database, from wherever it can be reached, and use up its connections."
    ),
    fix=(
        "Take the password from the environment (a placeholder of the migration tool), set it"
        " outside the migrations with psql's \\password, or use certificates or IAM. Change one"
        " that was committed."
    ),
    prevents=(Failure.EXPOSED,),
    references=(
        "https://www.postgresql.org/docs/current/sql-createrole.html",
        "https://www.postgresql.org/docs/current/auth-password.html",
    ),
)


def decide(literal: PasswordLiteral) -> Verdict:
    severity = Severity.NOTE if literal.form is PasswordForm.SCRAM else None
    message = f"the {literal.form.value} of {literal.owner} is written in the migration"
    return fail(message, literal.origin, severity=severity)
