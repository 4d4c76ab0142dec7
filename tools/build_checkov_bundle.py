# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the checks for Checkov as one self-contained, signed module.

    python tools/build_checkov_bundle.py --key k.pem --output DIR

Checkov verifies the files in the folder of checks, and nothing that they import. The module
therefore holds the source of all policies and checks, and imports Checkov and the standard library
only. Needs openssl; the key is one of the curve P-256:

    openssl ecparam -name prime256v1 -genkey -noout -out k.pem
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = "checks"
CHECK = "cg_tf_"
MODULE = "cg_connguard.py"
PACKAGE = "signed_connguard"
"""The name of the package inside the module: an installed connguard is never asked."""

_OWN = re.compile(r"\bconnguard(?=\.(?:policies|checks)\b)")
_LICENCE = """\
# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""
_INIT = f'{_LICENCE}"""connguard\'s policies as custom checks of Checkov."""\n'
_LOADER = '''\
"""connguard's policies as custom checks of Checkov, in one module.

Made by tools/build_checkov_bundle.py of connguard; do not change it, it is signed. The modules
stand below as they are in policies/ and checks/, under another package name.
"""

import sys
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.util import spec_from_loader


class _Embedded(MetaPathFinder, InspectLoader):
    """Finds the modules of this file, before anything that lies on a path."""

    def __init__(self, sources):
        self._sources = sources

    def find_spec(self, name, path=None, target=None):
        if name not in self._sources:
            return None
        spec = spec_from_loader(name, self, is_package=self.is_package(name))
        if self.is_package(name):
            spec.submodule_search_locations = [f"{_PLACE}{name}"]
        return spec

    def is_package(self, name):
        return any(one.startswith(f"{name}.") for one in self._sources)

    def get_source(self, name):
        return self._sources[name]

    def below(self, place):
        """A hook for pkgutil, which lists the modules of a package."""
        if not place.startswith(_PLACE):
            raise ImportError(place)
        return _Listing(sorted(self._sources), place.removeprefix(_PLACE))


class _Listing:
    def __init__(self, names, package):
        self._names = names
        self._package = package

    def iter_modules(self, prefix=""):
        for name in self._names:
            package, _, module = name.rpartition(".")
            if package == self._package:
                yield prefix + module, False

    def find_spec(self, name, target=None):
        return None


_PLACE = "<signed>/"
_SOURCES = {}
'''
_END = f'''
if "{PACKAGE}" not in sys.modules:
    _embedded = _Embedded(_SOURCES)
    sys.meta_path.insert(0, _embedded)
    sys.path_hooks.insert(0, _embedded.below)
    for _name in sorted(_SOURCES):
        if ".{CHECK}" in _name:
            import_module(_name)
'''


def bundle() -> str:
    """The text of the module. Raises ValueError for a module that imports anything else."""
    parts = [_LICENCE, _LOADER]
    for name, source in needed(modules()).items():
        if "'''" in source or source.endswith("\\"):
            raise ValueError(f"{name} cannot stand in a raw string")
        parts.append(f"\n_SOURCES[{name!r}] = r'''{source}'''\n")
    return "".join([*parts, _END])


def modules() -> dict[str, str]:
    """Every module of the policies and checks, and packages without one of their own as empty."""
    found: dict[str, str] = {}
    for folder in ("policies", CHECKS):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name in ("__init__.py", "_connguard_source_tree.py"):
                continue
            parts = path.relative_to(ROOT).with_suffix("").parts
            for depth in range(len(parts)):
                found.setdefault(".".join((PACKAGE, *parts[:depth])), "")
            source = path.read_text(encoding="utf-8")
            found[".".join((PACKAGE, *parts))] = _OWN.sub(PACKAGE, source)
    return dict(sorted(found.items()))


def needed(sources: Mapping[str, str]) -> dict[str, str]:
    """The checks and all that they import. Raises ValueError for an import from elsewhere.

    A package that a module imports as such is listed by it, and needed as a whole.
    """
    wanted: set[str] = set()
    pending = [name for name in sources if f".{CHECK}" in name]
    while pending:
        name = pending.pop()
        if name in wanted:
            continue
        wanted.add(name)
        pending.append(name.rpartition(".")[0] or name)
        for imported in _imports(sources[name]):
            if imported in sources:
                pending.append(imported)
                if not sources[imported]:
                    pending += [one for one in sources if one.startswith(f"{imported}.")]
            elif not _is_there(imported, sources):
                raise ValueError(f"{name} imports {imported}")
    return {name: source for name, source in sources.items() if name in wanted}


def _is_there(imported: str, sources: Mapping[str, str]) -> bool:
    """Whether it is of Checkov or the standard library, or a name in a module of these sources."""
    top = imported.partition(".")[0]
    known = top == "checkov" or top in sys.stdlib_module_names
    return known or imported.rpartition(".")[0] in sources


def _imports(source: str) -> Iterator[str]:
    """The modules that a source imports; of `from a import b`, a.b where that is a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            # A package of which modules are imported is not imported as such.
            if not (module.startswith(PACKAGE) and _is_package(module)):
                yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _is_package(name: str) -> bool:
    return (ROOT / Path(*name.split(".")[1:])).is_dir()


def build(key: Path, output: Path) -> None:
    """Write the folder: checks/, pub.pem, FINGERPRINT, the licence, and how it is used."""
    checks = output / CHECKS
    checks.mkdir(parents=True, exist_ok=True)
    for name, text in (("__init__.py", _INIT), (MODULE, bundle())):
        data = text.encode()
        (checks / name).write_bytes(data + _trailer(data, key))
    public = _openssl("pkey", "-in", str(key), "-pubout")
    (output / "pub.pem").write_bytes(public)
    encoded = _openssl("pkey", "-pubin", "-in", str(output / "pub.pem"), "-outform", "DER")
    fingerprint = hashlib.sha256(encoded).hexdigest()
    (output / "FINGERPRINT").write_text(f"SHA256 {fingerprint}  pub.pem (DER)\n", encoding="utf-8")
    # A change of line ends would break the signatures.
    (output / ".gitattributes").write_text("*.py -text\n", encoding="utf-8")
    shutil.copy(ROOT / "LICENSES" / "Apache-2.0.txt", output / "LICENSE")


def _trailer(data: bytes, key: Path) -> bytes:
    """The last line of a signed file: the signature of all bytes before it."""
    signature = _openssl("dgst", "-sha256", "-sign", str(key), data=data)
    return f"# checkov-digest: {signature.hex()}\n".encode()


def _openssl(*arguments: str, data: bytes | None = None) -> bytes:
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"openssl {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the signed checks for Checkov.")
    parser.add_argument("--key", type=Path, required=True, help="private key, P-256, PEM")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write")
    chosen = parser.parse_args()
    build(chosen.key, chosen.output)


if __name__ == "__main__":
    main()
