# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds poolers, servers and services in YAML: Compose files, Patroni's, and manifests."""

from __future__ import annotations

from pathlib import Path, PurePath

from connguard.budget import compose, kubernetes
from connguard.budget.claims import is_compose
from connguard.budget.discovered import ServerFile
from connguard.budget.server_facts import of_patroni
from connguard.engine import yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.reading import Reading, mentions_suppression


class YamlFiles:
    """Adds what it finds to a reading. What belongs together is looked at together."""

    def __init__(self, context: Context, reading: Reading) -> None:
        self._context = context
        self._reading = reading
        self._folders: dict[Path, kubernetes.Folder] = {}
        self._passed: dict[Path, list[SourceFile]] = {}
        self._composed: list[SourceFile] = []

    def read(self, file: SourceFile, text: Text) -> None:
        """Read a file of Patroni's; Compose files and manifests wait for `finish`."""
        context, reading = self._context, self._reading
        composed = is_compose(PurePath(file.path))
        patroni = not composed and "loop_wait" in text.string and "parameters" in text.string
        manifest = "apiVersion" in text.string and kubernetes.may_have_part(text.string)
        if not composed and not manifest and not patroni:
            if "apiVersion" in text.string and "template:" in text.string:
                self._passed.setdefault(file.path.parent, []).append(file)
            return
        stream = yaml_source.stream(file, context)
        if stream is None:
            return
        if "{{" in text.string and not composed:
            # Helm fills these in: what they will say is not in the repository.
            reading.log.extend(f"{gap.origin}: a template, not read" for gap in stream.gaps)
        else:
            for gap in stream.gaps:
                reading.add(gap)
        if mentions_suppression(text.string):
            reading.notes.append(yaml_source.notes(text, stream))
        settings = of_patroni(stream) if patroni else None
        if settings is not None:
            reading.files.add(file.name)
            reading.add(ServerFile(file, settings))
        elif composed:
            self._composed.append(file)
        else:
            found = kubernetes.manifests(file, stream)
            if found:
                folder = file.path.parent
                folders = self._folders
                folders.setdefault(folder, kubernetes.Folder(folder)).manifests.extend(found)

    def finish(self) -> None:
        """Read the Compose files, and the manifests folder by folder."""
        for composed, files in compose.projects(self._composed, self._context):
            self._reading.add(composed)
            for file in files:
                self._reading.files.add(file.name)
                self._add_part(file)
        lone = [
            one
            for folder in self._folders.values()
            for one in kubernetes.lone_scalers(folder.manifests)
            if not self._has_target(folder.path, kubernetes.target_of(one))
        ]
        for folder in self._folders.values():
            folder.elsewhere = lone
            project = kubernetes.project(folder, self._context)
            if project is None:
                continue
            self._reading.add(project)
            self._reading.files |= {one.file.name for one in folder.manifests}
            for gap in folder.gaps:
                self._reading.add(gap)

    def _has_target(self, folder: Path, name: str) -> bool:
        """Whether a workload that uses no database may be what an autoscaler beside it scales."""
        texts = (self._context.text(file) for file in self._passed.get(folder, ()))
        return any(text is not None and name in text.string for text in texts)

    def _add_part(self, file: SourceFile) -> None:
        """The gaps and comments of a file that is a part of an application by its use only."""
        text, stream = self._context.text(file), yaml_source.stream(file, self._context)
        if is_compose(PurePath(file.path)) or text is None or stream is None:
            return
        for gap in stream.gaps:
            self._reading.add(gap)
        if mentions_suppression(text.string):
            self._reading.notes.append(yaml_source.notes(text, stream))
