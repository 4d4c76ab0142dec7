# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pglast's parser, without what only its Python trees need. The only module that imports pglast.

Two modules of pglast hold a class for every node and every enumeration of the grammar. To make
these classes takes longer than to scan a few files, and trees come as JSON here. The two modules
are therefore left to be loaded when somebody in the process does use them.
"""

from __future__ import annotations

import sys
from importlib.util import LazyLoader, find_spec, module_from_spec
from types import ModuleType

_PACKAGE = "pglast"
_FOR_TREES = ("ast", "enums")


def _import_package() -> None:
    """What `import pglast` does, but for the two modules."""
    spec = None if _PACKAGE in sys.modules else find_spec(_PACKAGE)
    if spec is None or spec.loader is None:
        return
    package = module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    try:
        for name in _FOR_TREES:
            setattr(package, name, _later(f"{_PACKAGE}.{name}"))
        spec.loader.exec_module(package)
    except BaseException:
        for name in (_PACKAGE, *(f"{_PACKAGE}.{one}" for one in _FOR_TREES)):
            sys.modules.pop(name, None)
        raise


def _later(name: str) -> ModuleType:
    """A module that is loaded when one of its attributes is read."""
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_import_package()

from pglast.parser import (  # noqa: E402
    ParseError,
    parse_plpgsql_json,
    parse_sql_json,
    split,
)

__all__ = ["ParseError", "parse_plpgsql_json", "parse_sql_json", "split"]
