# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Where a fact stands in the scanned files, and values that may be unknown."""

from __future__ import annotations

from typing import Generic, TypeVar

from connguard.policies.model.records import dataclass

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A range in a file.

    Lines and columns count from 1, columns in characters (not bytes). The end is exclusive, as in
    SARIF: a one-character range at the start of a file is 1:1-1:2.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    """A value read from the files, with the place that sets it."""

    value: T_co
    origin: Origin


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is set, but cannot be read statically.

    `reason` completes the sentence "not known: …" and names the expression that blocked it.
    """

    reason: str
    origin: Origin


Value = Known[T] | Unknown
"""Known or unknown. Facts use `Value[T] | None`: None means that no file sets the value."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a reader of the finding wants to see, and why."""

    message: str
    origin: Origin
