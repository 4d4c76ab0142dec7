# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The symptoms, found by walking the folder `policies/symptoms/`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import connguard.policies
from connguard.engine.registry import RegistryError
from connguard.policies.model.symptom import Symptom

FOLDER = "symptoms"


@cache
def symptoms() -> tuple[Symptom, ...]:
    """Every symptom, by layer in the order that a connection passes them, then by id.

    Raises RegistryError for a module without symptoms and for an id used twice.
    """
    found: dict[str, Symptom] = {}
    folders = [str(Path(base) / FOLDER) for base in connguard.policies.__path__]
    for module_info in iter_modules(folders):
        module = import_module(f"connguard.policies.{FOLDER}.{module_info.name}")
        listed = getattr(module, "SYMPTOMS", ())
        if not listed:
            raise RegistryError(f"{module.__name__} has no SYMPTOMS")
        for symptom in listed:
            if symptom.id in found:
                raise RegistryError(f"{module.__name__}: {symptom.id} exists already")
            found[symptom.id] = symptom
    return tuple(sorted(found.values(), key=lambda one: (one.layer.rank, one.id)))
