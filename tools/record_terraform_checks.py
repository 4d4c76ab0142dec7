# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what Terraform says of examples/terraform_checks: validate, and each test.

Needs `terraform` on the PATH; run it after tools/generate_terraform_checks.py:

    python tools/record_terraform_checks.py
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "examples" / "terraform_checks"
RECORDED = ROOT / "tests" / "data" / "terraform_checks" / "recorded.json"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "module"
        shutil.copytree(MODULE, folder)
        _terraform(folder, "init")
        formatted = _terraform(folder, "fmt", "-check", "-recursive").returncode == 0
        valid = json.loads(_terraform(folder, "validate", "-json").stdout)
        tested = _terraform(folder, "test", "-json").stdout
        version = json.loads(_terraform(folder, "version", "-json").stdout)
    recorded = {
        "terraform": version["terraform_version"],
        "files": digests(),
        "formatted": formatted,
        "valid": valid["valid"],
        "runs": _runs(tested),
    }
    RECORDED.parent.mkdir(parents=True, exist_ok=True)
    RECORDED.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")


def digests() -> dict[str, str]:
    """SHA-256 of each file of the module: a recording is about these."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(MODULE.iterdir())
        if path.suffix in (".tf", ".hcl")
    }


def _runs(output: str) -> dict[str, str]:
    found = {}
    for line in output.splitlines():
        entry = json.loads(line)
        run = entry.get("test_run", {})
        if entry.get("type") == "test_run" and run.get("progress", "complete") == "complete":
            found[run["run"]] = run["status"]
    return found


def _terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    main()
