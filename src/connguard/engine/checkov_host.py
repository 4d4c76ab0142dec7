# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Checkov with connguard's checks, so that it cannot be green because nothing ran.

Checkov by itself goes on, with exit code 0, when a folder of checks is missing or a check cannot
be loaded. Here the checks are loaded and counted before it starts.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from importlib.util import find_spec
from pathlib import Path

import connguard.checks

CHECKS = Path(connguard.checks.__path__[0])


class HostError(Exception):
    """Checkov cannot run with our checks. The message says why, and what to do."""


def run(arguments: Sequence[str]) -> int:
    """Run Checkov with these arguments of its own, and our checks; the exit code is Checkov's.

    Nothing is downloaded unless an API key is given. Values of a plan that are known only after
    apply are marked as such. Raises HostError when Checkov is missing or damaged, or when one of
    our checks does not register.
    """
    require_checkov()
    os.environ.setdefault("EVAL_TF_PLAN_AFTER_UNKNOWN", "1")
    sys.argv = ["checkov", *arguments]  # Checkov looks there for its configuration file
    try:
        from checkov.main import Checkov
    except ImportError as error:
        raise HostError(f"Checkov cannot be imported: {error}") from error

    host = Checkov(list(arguments))
    if not host.config.bc_api_key:
        host.config.skip_download = True
    load_checks(CHECKS)
    return int(host.run() or 0)


def require_checkov() -> None:
    """Raise HostError unless Checkov is installed, and with it the module hcl2 that it needs."""
    if find_spec("checkov") is None:
        raise HostError(
            'Checkov is not installed; install it with: pip install "connguard[checkov]"'
        )
    needed = _installed("bc-python-hcl2")
    if needed is not None and not damaged(needed):
        return
    version = f"=={needed.version}" if needed else ""
    raise HostError(
        "Checkov cannot start: another distribution has replaced its module hcl2 (python-hcl2"
        " installs a module of the same name); repair it with:"
        f" pip install --force-reinstall --no-deps bc-python-hcl2{version}"
    )


def damaged(installed: Distribution) -> list[str]:
    """The modules of a distribution that are missing or not as they were installed.

    They are compared with the hashes in its RECORD.
    """
    return [
        str(file)
        for file in installed.files or ()
        if file.suffix == ".py" and file.hash is not None and not _intact(file)
    ]


def load_checks(folder: Path) -> None:
    """Load the checks in `folder` into this process; Checkov's workers inherit them.

    Raises HostError, with their names, when some do not register.
    """
    from checkov.common.checks.base_check_registry import BaseCheckRegistry
    from checkov.terraform.checks.resource.registry import resource_registry

    files = sorted(folder.glob("*/cg_*.py"))
    resource_registry.load_external_checks(str(folder))
    registered = {check.id for check in BaseCheckRegistry.get_all_registered_checks()}
    missing = [path.name for path in files if expected_id(path) not in registered]
    if missing or not files:
        raise HostError(f"checks that did not register with Checkov: {', '.join(missing) or 'all'}")


def expected_id(check: Path) -> str:
    """The id under which a check registers: cg_tf_NAME.py is the policy NAME for Terraform."""
    policy = check.stem.split("_", 2)[2]
    return str(import_module(f"connguard.policies.{policy}").POLICY.checkov_id)


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _intact(file: PackagePath) -> bool:
    assert file.hash is not None
    try:
        digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
    except OSError:
        return False
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value
