# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what Terraform makes of the expressions in tests/data/terraform_console.

Needs `terraform` on the PATH; run it after a change to expressions.txt or main.tf:

    python tools/record_terraform_console.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "data" / "terraform_console"


def main() -> None:
    lines = (FOLDER / "expressions.txt").read_text(encoding="utf-8").split("\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "module"
        shutil.copytree(FOLDER, folder)
        recorded = [_evaluate(line, folder) for line in lines if line]
    text = json.dumps(recorded, indent=1, ensure_ascii=False)
    (FOLDER / "recorded.json").write_text(text + "\n", encoding="utf-8")


def _evaluate(expression: str, folder: Path) -> dict[str, object]:
    """The value as JSON text, or `"error": true` where Terraform refuses the expression."""
    result = subprocess.run(
        ["terraform", "console"],
        cwd=folder,
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull},
        input=f"jsonencode({expression})\n",
        capture_output=True,
        text=True,
        check=False,
    )
    printed = result.stdout.strip()
    if result.returncode == 0 and printed.startswith('"'):
        # The console prints HCL: a literal ${ is doubled.
        content = json.loads(printed).replace("$${", "${").replace("%%{", "%{")
        return {"expression": expression, "json": content}
    if "lock" in result.stderr.lower():
        raise SystemExit(f"terraform could not start: {result.stderr}")
    return {"expression": expression, "error": True}


if __name__ == "__main__":
    main()
