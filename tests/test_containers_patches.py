# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kustomizations: patches of a Service that do not say again what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from container_scans import findings

SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"
NARROW = 'type: LoadBalancer, loadBalancerSourceRanges: ["51.15.3.0/28"]'


def _files(spec: str, patch: str, notes: str = "") -> dict[str, str]:
    return {
        "base/kustomization.yaml": "resources: [db.yaml]\n",
        "base/db.yaml": (
            f"apiVersion: v1\nkind: Service\nmetadata: {{name: db, annotations: {{{notes}}}}}\n"
            f"spec: {{{spec}, selector: {{app: db}}, ports: [{{port: 5432}}]}}\n"
        ),
        "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: p.yaml}]\n",
        "prod/p.yaml": f"apiVersion: v1\nkind: Service\nmetadata:\n  name: db\n{patch}\n",
    }


PATCH = ("prod/p.yaml", 5)


@pytest.mark.parametrize(
    ("spec", "patch", "expected"),
    [
        (NARROW, "spec: {loadBalancerSourceRanges: [0.0.0.0/0]}", "PG201"),
        (NARROW, "spec: {loadBalancerSourceRanges: [62.4.0.0/14]}", "PG202"),
        (NARROW, "spec: {loadBalancerSourceRanges: null}", "PG201"),
        (NARROW, "spec: {loadBalancerSourceRanges: ['51.15.3.7/32']}", None),
        (NARROW, "spec: {type: LoadBalancer}", None),  # the ranges stay
        (NARROW, "spec: {type: ClusterIP}", None),
        (NARROW, "spec: {type: NodePort}", "PG206"),
        (NARROW, "spec: {sessionAffinity: ClientIP}", None),
        ("type: ClusterIP", "spec: {loadBalancerSourceRanges: [0.0.0.0/0]}", None),
        ("externalName: x", "spec: {loadBalancerSourceRanges: [0.0.0.0/0]}", None),
        ("type: ClusterIP", "spec: {externalIPs: [51.15.3.7]}", "PG201"),
    ],
)
def test_a_patch_without_the_type(
    tmp_path: Path, spec: str, patch: str, expected: str | None
) -> None:
    found = {(*PATCH, expected)} if expected else set()
    assert findings(tmp_path, _files(spec, patch)) == found


@pytest.mark.parametrize(
    ("value", "expected"), [("internet-facing", "PG201"), ("internal", None), ("null", None)]
)
def test_a_patch_of_the_scheme(tmp_path: Path, value: str, expected: str | None) -> None:
    """What the annotation of the base keeps inside, that of the patch may show to everybody."""
    files = _files("type: LoadBalancer", f"  annotations: {{{SCHEME}: {value}}}", NLB)
    assert findings(tmp_path, files) == ({(*PATCH, expected)} if expected else set())


NLB = f"{SCHEME}: internal, service.beta.kubernetes.io/aws-load-balancer-type: external"


def test_a_patch_says_nothing_of_who_reaches_it(tmp_path: Path) -> None:
    """The finding stays where the Service is."""
    files = _files("type: LoadBalancer", "  annotations: {team: shop}")
    assert findings(tmp_path, files) == {("base/db.yaml", 4, "PG201")}


def test_the_nearest_service_of_the_name_is_patched(tmp_path: Path) -> None:
    one = _files(NARROW, "spec: {loadBalancerSourceRanges: [0.0.0.0/0]}")
    other = _files("type: ClusterIP", "spec: {loadBalancerSourceRanges: [0.0.0.0/0]}")
    files = {f"b/{name}": text for name, text in one.items()}
    files |= {f"a/{name}": text for name, text in other.items()}
    assert findings(tmp_path, files) == {("b/prod/p.yaml", 5, "PG201")}


RANGES = "/spec/loadBalancerSourceRanges"
NOTE = "/metadata/annotations/service.beta.kubernetes.io~1aws-load-balancer-scheme"


@pytest.mark.parametrize(
    ("spec", "operations", "expected"),
    [
        (NARROW, [f"{{op: replace, path: {RANGES}, value: [0.0.0.0/0]}}"], "PG201"),
        (NARROW, [f"{{op: add, path: {RANGES}, value: [51.15.3.7/32]}}"], None),
        (NARROW, [f"{{op: remove, path: {RANGES}}}"], "PG201"),
        (NARROW, [f"{{op: add, path: {RANGES}/-, value: 0.0.0.0/0}}"], "PG201"),
        (NARROW, [f"{{op: replace, path: {RANGES}/0, value: 0.0.0.0/0}}"], "PG201"),
        (NARROW, [f"{{op: replace, path: {RANGES}/0, value: 51.15.3.7/32}}"], None),
        (NARROW, [f"{{op: replace, path: {RANGES}/4, value: 51.15.3.7/32}}"], "PG902"),
        (NARROW, [f"{{op: copy, path: {RANGES}, from: /spec/x}}"], "PG902"),
        (NARROW, ["{op: replace, path: /spec, value: {type: LoadBalancer}}"], "PG902"),
        (NARROW, ["{op: replace, path: /spec/type, value: LoadBalancer}"], None),
        (NARROW, ["{op: replace, path: /spec/ports/0/port, value: 5433}"], None),
        (NARROW, [f"{{op: test, path: {RANGES}, value: [0.0.0.0/0]}}"], None),
        ("type: ClusterIP", [f"{{op: add, path: {RANGES}, value: [0.0.0.0/0]}}"], None),
        ("type: ClusterIP", [f"{{op: copy, path: {RANGES}, from: /spec/x}}"], None),
        (
            "type: ClusterIP",
            [
                "{op: replace, path: /spec/type, value: LoadBalancer}",
                f"{{op: add, path: {RANGES}, value: [51.15.3.0/28]}}",
            ],
            None,
        ),
    ],
)
@pytest.mark.parametrize("own_file", [False, True])
def test_a_json_patch(
    tmp_path: Path, spec: str, operations: list[str], expected: str | None, own_file: bool
) -> None:
    files = _files(spec, "")
    del files["prod/p.yaml"]
    target = "target: {kind: Service, name: db}"
    lines = "".join(f"    - {one}\n" for one in operations)
    if own_file:
        files["prod/ops.yaml"] = "".join(f"- {one}\n" for one in operations)
        files["prod/kustomization.yaml"] = f"patches: [{{{target}, path: ops.yaml}}]\n"
        place = ("prod/ops.yaml", 1)
    else:
        files["prod/kustomization.yaml"] = f"patches:\n- {target}\n  patch: |-\n{lines}"
        place = ("prod/kustomization.yaml", 4)
    assert findings(tmp_path, files) == ({(*place, expected)} if expected else set())


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (f"{{op: replace, path: {NOTE}, value: internet-facing}}", {("PG201")}),
        (f"{{op: replace, path: {NOTE}, value: internal}}", set()),
        (f"{{op: remove, path: {NOTE}}}", {"PG201"}),
        ("{op: remove, path: /metadata/annotations}", {"PG201"}),
        ("{op: add, path: /metadata/annotations/team, value: shop}", set()),
    ],
)
def test_a_json_patch_of_annotations(tmp_path: Path, operation: str, expected: set[str]) -> None:
    files = _files("type: LoadBalancer", "", f"{SCHEME}: internal")
    del files["prod/p.yaml"]
    files["prod/kustomization.yaml"] = (
        f"patches:\n- target: {{kind: Service, name: db}}\n  patch: |-\n    - {operation}\n"
    )
    assert {identifier for _, _, identifier in findings(tmp_path, files)} == expected
