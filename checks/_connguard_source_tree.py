# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Makes `connguard.…` importable for checks that Checkov loads straight from a source tree.

Checkov runs every module below the folder that it is given, from the top down, as a top-level
module. This one therefore runs before those in the subfolders. It lets `connguard` stand for the
tree that this folder belongs to: a checkout, a copy of checks/ and policies/, or an installation.
"""

import sys
from pathlib import Path
from types import ModuleType

_ROOT = Path(__file__).resolve().parents[1]

if "connguard" not in sys.modules:
    _package = ModuleType("connguard")
    _package.__path__ = [str(_ROOT / "src" / "connguard"), str(_ROOT)]
    sys.modules["connguard"] = _package
