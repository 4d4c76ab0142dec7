# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology of a Terraform plan in JSON: that of its planned values, as of the source."""

from __future__ import annotations

from collections.abc import Sequence

from connguard.budget.terraform_topology import TYPES, projects
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.reading import Reading
from connguard.terraform.json_cursor import JsonError
from connguard.terraform.planned import planned_resources


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """One project for each vendor's server of a plan. See `connguard.engine.reading.FrontEnd`.

    Only files that the front end for plans took for one are looked at; it reports syntax errors.
    """
    reading = Reading()
    for file in files:
        text = context.texts.get(file.path)
        if text is None or '"planned_values"' not in text.string:
            continue
        if not any(f'"{kind}"' in text.string for kind in TYPES):
            continue
        try:
            found = list(projects(planned_resources(text, frozenset(TYPES)), file.path.parent))
        except JsonError:
            continue
        for project in found:
            reading.add(project)
            reading.files.add(file.name)
    return reading
