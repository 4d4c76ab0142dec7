# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkov's graph as an inventory: nodes and edges as Checkov 3.3 makes them, written down here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from connguard.checks.adapter.graph_inventory import inventories
from connguard.checks.adapter.graph_values import (
    is_expression,
    is_reference,
    mentions,
    plain,
    references,
    substituted,
    tail,
)
from connguard.policies.model.terraform_resource import Inventory, Resource
from connguard.policies.model.terraform_value import Unresolved


@dataclass
class Rust:
    """A graph as rustworkx shows it."""

    nodes: list[dict[str, Any]]
    edges: list[tuple[int, int, str]] = field(default_factory=list)

    def node_indices(self) -> range:
        return range(len(self.nodes))

    def __getitem__(self, index: int) -> tuple[int, dict[str, Any]]:
        return index, self.nodes[index]

    def weighted_edge_list(self) -> list[tuple[int, int, dict[str, str]]]:
        return [(source, target, {"label": label}) for source, target, label in self.edges]


class _Nodes(dict[str, dict[str, Any]]):
    def __call__(self, *, data: bool) -> Any:
        return self.items() if data else self.keys()


@dataclass
class Networkx:
    """The same graph as networkx shows it."""

    rust: Rust

    @property
    def nodes(self) -> _Nodes:
        return _Nodes({f"h{number}": node for number, node in enumerate(self.rust.nodes)})

    def edges(self, *, data: bool) -> list[tuple[str, str, dict[str, str]]]:
        assert data
        return [
            (f"h{source}", f"h{target}", {"label": label})
            for source, target, label in self.rust.edges
        ]


def node(block: str, name: str, config: object = None, **more: Any) -> dict[str, Any]:
    return {
        "block_type_": block,
        "block_name_": name,
        "__address__": name,
        "file_path_": "/scan/main.tf",
        "config_": config,
        **more,
    }


def resource(kind: str, name: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    full = node("resource", f"{kind}.{name}", {kind: {name: values}}, resource_type=kind)
    return full | more


def one(graph: Any, kind: str) -> Resource:
    (inventory,) = inventories(graph)[0]
    (found,) = inventory.of(kind)
    return found


def value(graph: Any, kind: str, name: str) -> object:
    setting = one(graph, kind).body.setting(name)
    return setting.value if setting is not None else None


DATABASE = "aws_db_instance"
GROUP = "aws_security_group"


@pytest.mark.parametrize("shown", [Rust, lambda nodes, edges: Networkx(Rust(nodes, edges))])
def test_references_through_outputs_and_locals(shown: Any) -> None:
    """The edges lead through outputs and local values to the group, in its own module."""
    nodes = [
        resource(DATABASE, "db", {"vpc_security_group_ids": [["module.m.group", "local.more"]]}),
        node("output", "group"),
        resource(GROUP, "inside", {}, __address__="module.m.aws_security_group.inside"),
        node("locals", "more"),
        resource(GROUP, "outside", {}),
    ]
    edges = [
        (0, 1, "vpc_security_group_ids"), (1, 2, "value"),
        (0, 3, "vpc_security_group_ids"), (3, 4, "more"),
    ]  # fmt: skip

    found = value(shown(nodes, edges), DATABASE, "vpc_security_group_ids")

    assert isinstance(found, list)
    assert {part.refers for part in found} == {
        "module.m.aws_security_group.inside",
        "aws_security_group.outside",
    }


def test_keys_choose_instances() -> None:
    """A key names one instance, `each.key` the same one, and no key all of them."""
    groups = [
        resource(GROUP, name, {}, block_name_=f"aws_security_group.{name}",
                 __address__=f"aws_security_group.{name}")
        for name in ('each["a"]', 'each["b"]')
    ]  # fmt: skip
    for text, names in (
        ('aws_security_group.each["b"].id', ["b"]),
        ("aws_security_group.each['b'].id", ["b"]),
        ("aws_security_group.each[each.key].id", ["a"]),
        ("values(aws_security_group.each)[*].id", ["a", "b"]),
    ):
        values = {"vpc_security_group_ids": [text]}
        database = resource(DATABASE, "db", values, __address__='aws_db_instance.db["a"]')
        found = value(Rust([database, *groups]), DATABASE, "vpc_security_group_ids")
        parts: list[Any] = found if isinstance(found, list) else [found]
        assert [part.refers for part in parts] == [
            f'aws_security_group.each["{name}"]' for name in names
        ]


def test_a_value_that_rests_on_an_unset_variable_is_unknown() -> None:
    """Checkov takes an unknown condition for false: the edge to the variable tells."""
    nodes = [
        resource(DATABASE, "db", {"publicly_accessible": [False]}),
        node("variable", "stage", {"stage": {}}),
    ]
    found = value(Rust(nodes, [(0, 1, "publicly_accessible")]), DATABASE, "publicly_accessible")

    assert found == Unresolved("it depends on var.stage, which has no value")


def test_a_value_that_rests_on_a_set_variable_is_known() -> None:
    """A default is a value, and so is the input of a module call."""
    edges = [(0, 1, "publicly_accessible")]
    nodes = [
        resource(DATABASE, "db", {"publicly_accessible": [False]}),
        node("variable", "stage", {}, default="dev"),
    ]
    assert value(Rust(nodes, edges), DATABASE, "publicly_accessible") is False

    called = [nodes[0], node("variable", "stage", {}), node("module", "m", {}, stage="dev")]
    assert (
        value(Rust(called, [*edges, (1, 2, "default")]), DATABASE, "publicly_accessible") is False
    )


def test_a_resource_that_does_not_exist_is_left_out() -> None:
    """With a count of 0, unless Checkov made it of a condition that it does not know."""
    nodes = [
        resource(DATABASE, "db", {"engine": ["postgres"], "count": [0]}),
        node("variable", "wanted", {"wanted": {}}),
    ]
    assert inventories(Rust(nodes[:1]))[0] == []
    assert one(Rust(nodes, [(0, 1, "count")]), DATABASE).address == "aws_db_instance.db"


def test_variables_that_checkov_leaves_are_put_in() -> None:
    """From the call of the module, else from the default."""
    nodes = [
        resource(DATABASE, "db", {"engine": ["${var.engine}"]}),
        node("variable", "engine", {}, default="mysql"),
        node("module", "m", {}, engine="postgres"),
    ]
    edges = [(0, 1, "engine")]

    assert value(Rust(nodes, edges), DATABASE, "engine") == "mysql"
    assert value(Rust(nodes, [*edges, (1, 2, "default")]), DATABASE, "engine") == "postgres"
    assert isinstance(value(Rust(nodes), DATABASE, "engine"), Unresolved)


def test_null_of_each_is_unknown() -> None:
    """Checkov gives null for a comparison with count.index; that is not the default."""
    nodes = [
        resource(
            DATABASE, "db", {"publicly_accessible": [None]}, foreach_attrs_=["publicly_accessible"]
        )
    ]

    assert isinstance(value(Rust(nodes), DATABASE, "publicly_accessible"), Unresolved)


def _inside(graph: Any) -> list[tuple[object, object, bool]]:
    return [
        (
            port.value if (port := body.setting("from_port")) else None,
            cidrs.value if (cidrs := body.setting("cidr_blocks")) else None,
            body.certain,
        )
        for body in one(graph, GROUP).body.blocks("ingress")
    ]


def test_dynamic_blocks_are_written_out() -> None:
    """Also two of one type, which Checkov leaves as they are; its own attempts are dropped."""
    content = {"from_port": "ingress.value.port", "cidr_blocks": ["0.0.0.0/0"]}
    more = {"from_port": 'lookup(it.value,"port",6432)', "cidr_blocks": "it.key"}
    dynamic = [
        {"ingress": {"for_each": [{"port": 5432}], "content": content}},
        {"ingress": {"for_each": {"a": {}}, "iterator": "it", "content": more}},
    ]
    left = {"from_port": ["ingress.value.port"], "cidr_blocks": [["0.0.0.0/0"]]}
    written = {"from_port": [22], "cidr_blocks": [["10.0.0.0/24"]]}
    group = resource(GROUP, "db", {"ingress": [written, left]}, dynamic=dynamic)

    assert _inside(Rust([group])) == [
        (22, ["10.0.0.0/24"], True),
        (5432, ["0.0.0.0/0"], True),
        (6432, "a", True),
    ]


def test_dynamic_blocks_over_an_unknown_list_are_uncertain() -> None:
    """Their content is read as far as it is known."""
    content = {"from_port": "ingress.value", "cidr_blocks": ["0.0.0.0/0"]}
    dynamic = {"ingress": {"for_each": "var.ports", "content": content}}
    ((port, cidrs, certain),) = _inside(Rust([resource(GROUP, "db", {}, dynamic=dynamic)]))

    assert isinstance(port, Unresolved)
    assert (cidrs, certain) == (["0.0.0.0/0"], False)


def test_root_modules_are_apart() -> None:
    """Two folders with resources of the same address do not see each other."""
    nodes = [
        resource(GROUP, "db", {}, file_path_=path)
        for path in ("/scan/one/main.tf", "/scan/two/main.tf", "/scan/two/more.tf")
    ]
    inside = resource(GROUP, "db", {}, file_path_="/scan/modules/db/main.tf")
    outer = {"path": "/scan/one/main.tf", "name": "a", "nested_tf_module": None}
    inside["source_module_object_"] = {"path": "/x", "name": "b", "nested_tf_module": outer}
    found = inventories(Rust([*nodes, inside]))[0]

    assert [len(list(inventory.of(GROUP))) for inventory in found] == [2, 2]


def test_calls_of_foreign_modules() -> None:
    """A call without files is a resource of type module; one with files is not."""
    source = {"source": "terraform-aws-modules/security-group/aws"}
    conf = {"source": [source["source"]], "ingress_cidr_blocks": [["0.0.0.0/0"]]}
    nodes = [
        node("module", "far", {"far": {**conf, "__resolved__": []}}, **source),
        node("module", "near", {"near": {**conf, "__resolved__": ["x"]}}, **source),
    ]
    found = one(Rust(nodes), "module")

    assert found.address == "module.far"
    setting = found.body.setting("ingress_cidr_blocks")
    assert setting is not None
    assert setting.value == ["0.0.0.0/0"]


def test_a_plan_that_is_silent_about_clients() -> None:
    """What a plan leaves out is known later; a port is the provider's choice, a source is not."""
    planned = {"__change_actions__": ["create"]}
    database = resource(DATABASE, "db", {"engine": ["postgres"]}, **planned)

    assert value(Rust([database]), DATABASE, "port") is None
    assert isinstance(value(Rust([database]), DATABASE, "vpc_security_group_ids"), Unresolved)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("var.cidrs", True),
        ("local.a.b", True),
        ("${var.a}/32", True),
        ("aws_security_group.db.id", True),
        ('cidrsubnet("10.0.0.0/8",8,1)', True),
        ("var.a == 1 ? 2 : 3", True),
        ("tcp", False),
        ("-1", False),
        ("0.0.0.0/0", False),
        ("2001:db8::/32", False),
        ("db.t3.micro", False),
        ("Internet", False),
        ("postgres.example.com", False),
        ("AppService.WestEurope", False),
        ("lower limit (5 > 3)", False),
    ],
)
def test_expressions_are_told_from_literals(text: str, expected: bool) -> None:
    """Only the text tells what Checkov left of an expression."""
    assert is_expression(text) is expected


def test_references_in_a_text() -> None:
    """Data sources, keys and attributes; not what stands in a literal or a path."""
    text = '${concat([data.aws_vpc.a.cidr_block],aws_subnet.b[0].cidr_block)} "x/aws_x.y"'

    assert [(one.kind, one.name, one.key, one.attribute) for one in references(text)] == [
        ("data.aws_vpc", "a", "", "cidr_block"),
        ("aws_subnet", "b", "[0]", "cidr_block"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aws_vpc.a.cidr_block", True),
        ("${data.aws_vpc.a.cidr_block}", True),
        ("${aws_eip.a.public_ip}/32", True),
        ("aws_subnet.a[*].cidr_block", True),
        ("module.vpc.vpc_cidr_block", True),
        ("concat([aws_vpc.a.cidr_block],['0.0.0.0/0'])", False),
        ('${var.x == "" ? "0.0.0.0/0" : aws_vpc.a.cidr_block}', False),
        ("var.cidrs", False),
    ],
)
def test_references_are_told_from_what_is_made_of_them(text: str, expected: bool) -> None:
    """Only a reference itself is as narrow as what it refers to."""
    assert is_reference(text) is expected


def test_what_is_made_of_an_own_range_is_not_taken_for_it() -> None:
    """concat() of a module's subnets and everybody else is not narrow."""
    text = "${concat(module.vpc.public_subnets_cidr_blocks,['0.0.0.0/0'])}"
    calls = [node("module", "vpc", {"vpc": {"source": ["x"]}})]
    found = value(
        Rust([resource(DATABASE, "db", {"cidr_blocks": [text]}), *calls]), DATABASE, "cidr_blocks"
    )

    assert isinstance(found, Unresolved)
    assert (found.refers, found.direct) == ("module.vpc", False)


def test_foreign_calls_are_found_in_the_own_module_first() -> None:
    """Two calls of one name in different modules are two."""
    address = "module.a.aws_db_instance.db"
    inside = resource(DATABASE, "db", {"x": ["module.sg.id"]}, __address__=address)
    calls = [
        node("module", "sg", {"sg": {"source": ["x"]}}, __address__=address)
        for address in ("sg", "module.a.sg")
    ]

    for listed, expected in ((calls, "module.a.module.sg"), (calls[:1], "module.sg")):
        found = value(Rust([inside, *listed]), DATABASE, "x")
        assert isinstance(found, Unresolved)
        assert found.refers == expected


def test_small_helpers() -> None:
    """Wrapped values, ends of templates, and iterators."""
    assert plain(["a"]) == "a"
    assert plain([["a"]]) == ["a"]
    assert plain([{"x": [["a"]]}, {"x": [None]}]) == [{"x": ["a"]}, {"x": None}]
    assert plain([{"x": ["${-1}"]}]) == {"x": "-1"}
    assert tail("${aws_eip.a.public_ip}/32") == "/32"
    assert tail("aws_eip.a.public_ip") == ""
    assert mentions({"a": ["${x.value}"]}, "x")
    assert not mentions("max.value", "x")
    assert substituted("x.value.a > 1", "x", 0, {"a": 1}) == "x.value.a > 1"
    assert substituted('x.value["a"]', "x", 0, {"a": 1}) == 1
    assert substituted("try(x.value.b,['c'])", "x", 0, {"a": 1}) == ["c"]
    assert Inventory([]).targets("x") == []
