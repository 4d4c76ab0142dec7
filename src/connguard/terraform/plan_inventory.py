# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform plans for the provider mappings: networks, managed databases and their guards."""

from __future__ import annotations

from collections.abc import Sequence

from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.reading import Reading
from connguard.policies.model.terraform_facts import facts, resource_types
from connguard.policies.model.terraform_resource import Inventory
from connguard.terraform.json_cursor import JsonError
from connguard.terraform.planned import planned_resources


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """The facts of each plan. See `connguard.engine.reading.FrontEnd`.

    Only files that the front end for plans took for one are looked at; it reports syntax errors.
    """
    reading = Reading()
    types = resource_types()
    limits = context.settings.addresses.limits()
    for file in files:
        text = context.texts.get(file.path)
        if text is None or not any(f'"{kind}"' in text.string for kind in types):
            continue
        if '"planned_values"' not in text.string and '"resource_changes"' not in text.string:
            continue
        try:
            found = Inventory(planned_resources(text, types), limits)
        except JsonError:
            continue
        reading.files.add(file.name)
        for fact in facts(found):
            reading.add(fact)
    return reading
