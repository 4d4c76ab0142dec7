# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values reach a role through variables, locals, repetition and modules as in Terraform."""

from __future__ import annotations

from pathlib import Path

import pytest
from terraform_scans import SUFFIXES, context_of, facts, findings, limits, read, reasons, write

from connguard.engine.reading import SourceFile
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.policies.model.facts import Database, NotParsed, RefusedLimit
from connguard.policies.model.origin import Unknown
from connguard.policies.model.reading import Reading
from connguard.policies.model.terraform_value import Unresolved
from connguard.terraform import library
from connguard.terraform.configuration import Configuration, load
from connguard.terraform.readers import Read, read_document
from connguard.terraform.syntax import Document


def role(limit: str, name: str = "app", more: str = "") -> str:
    return (
        f'resource "postgresql_role" "{name}" {{\n  name = "{name}"\n  login = true\n'
        f"  connection_limit = {limit}\n  {more}\n}}\n"
    )


def databases(reading: Reading) -> list[Database]:
    return [fact for fact in facts(reading) if isinstance(fact, Database)]


def configuration(folder: Path, files: dict[str, str]) -> Configuration:
    write(folder, files)
    sources = [SourceFile(folder / name, name) for name in sorted(files) if name.endswith(SUFFIXES)]
    return load(sources, context_of(folder))


def test_variable_default_and_its_type(tmp_path: Path) -> None:
    """A default counts, converted to the declared type."""
    main = 'variable "n" {\n  type = number\n  default = "7"\n}\n' + role("var.n")

    assert limits(read(tmp_path, {"main.tf": main})) == {"app": 7}


def test_variable_without_value(tmp_path: Path) -> None:
    """A variable without any value is unknown, and the reason names it."""
    reading = read(tmp_path, {"main.tf": 'variable "n" {}\n' + role("var.n + 1")})

    assert limits(reading) == {"app": "unknown"}
    assert reasons(reading) == ["var.n has no default, and no value in the scanned files"]


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"terraform.tfvars": "n = 2\n"}, 2),
        ({"terraform.tfvars": "n = 2\n", "terraform.tfvars.json": '{"n": 3}'}, 3),
        ({"terraform.tfvars": "n = 2\n", "a.auto.tfvars": "n = 4\n"}, 4),
        ({"b.auto.tfvars": "n = 5\n", "a.auto.tfvars.json": '{"n": 6}'}, 5),
        ({"terraform.tfvars": "n = = 2\n"}, "unknown"),
        ({"terraform.tfvars": 'm = "x"\n'}, 1),
    ],
)
def test_tfvars(tmp_path: Path, files: dict[str, str], limit: object) -> None:
    """tfvars files win over defaults, the later over the earlier; a broken one decides nothing."""
    main = 'variable "n" {\n  default = 1\n}\n' + role("var.n")

    assert limits(read(tmp_path, {"main.tf": main, **files})) == {"app": limit}


def test_no_environment_is_one_too_many(tmp_path: Path) -> None:
    """The last of many counts as the first does."""
    main = 'variable "n" {}\n' + role("var.n")
    files = {f"env/{number:03}.tfvars": f"n = {number + 1}\n" for number in range(120)}

    reading = read(tmp_path, {"main.tf": main, **files, "env/zz.tfvars": "n = -1\n"})

    found = {fact.connection_limit.value for fact in facts(reading)}
    assert found == {*range(1, 121), -1}


def test_each_environment_is_judged(tmp_path: Path) -> None:
    """tfvars files that are named on the command line stand for one environment each."""
    main = 'variable "n" {}\n' + role("var.n")
    files = {
        "main.tf": main,
        "prod.tfvars": "n = -1\n",
        "env/test.tfvars": "n = 5\n",
        "env/eu/terraform.tfvars": "n = 6\n",
        "env/eu/too/deep.tfvars": "n = 8\n",
        "backend/state.tfvars": 'bucket = "x"\n',
        "other/main.tf": "",
        "other/own.tfvars": "n = 7\n",
    }

    reading = read(tmp_path, files)

    found = {
        fact.connection_limit.value: [str(one.origin) for one in fact.history]
        for fact in facts(reading)
    }
    assert found == {
        -1: ["prod.tfvars:1"],
        5: ["env/test.tfvars:1"],
        6: ["env/eu/terraform.tfvars:1"],
    }


def test_defaults_are_an_environment_when_they_are_enough(tmp_path: Path) -> None:
    """Where every variable has a default, Terraform also runs without a tfvars file."""
    main = 'variable "n" { default = 0 }\n' + role("var.n")

    reading = read(tmp_path, {"main.tf": main, "prod.tfvars": "n = 5\n"})

    assert sorted(fact.connection_limit.value for fact in facts(reading)) == [0, 5]


def test_var_files_of_the_settings(tmp_path: Path) -> None:
    """The settings name var files, relative to the settings file; a missing one is an error."""
    main = 'variable "n" {\n  default = 1\n}\n' + role("var.n")
    files = {"main.tf": main, "terraform.tfvars": "n = 2", "env/prod.tfvars": "n = 3"}
    settings = Settings(path=tmp_path / "connguard.toml", terraform_var_files=("env/prod.tfvars",))

    assert limits(read(tmp_path, files, settings=settings)) == {"app": 3}


def test_locals_functions_and_conditionals(tmp_path: Path) -> None:
    """Expressions are evaluated through any number of locals."""
    main = """
variable "env" { default = "prod" }
locals {
  base   = { dev = 5, prod = 20 }
  merged = merge(local.base, { prod = local.base["prod"] * 2 })
  limit  = var.env == "prod" ? local.merged[var.env] : -1
}
""" + role('coalesce(null, tonumber("${local.limit}"))')

    assert limits(read(tmp_path, {"main.tf": main})) == {"app": 40}


def test_unknown_condition_is_not_taken_as_false(tmp_path: Path) -> None:
    """Where Checkov reads an unknown condition as false, nothing is decided."""
    main = 'variable "env" {}\n'
    main += role('var.env == "prod" ? 50 : -1')
    main += role('var.env == "prod" ? 7 : 7', "same")

    assert limits(read(tmp_path, {"main.tf": main})) == {"app": "unknown", "same": 7}


def test_reasons_name_the_expression(tmp_path: Path) -> None:
    """Whoever reads "undecided" learns what to look at."""
    main = 'variable "n" {\n  type = number\n  default = "x"\n}\nlocals { m = { a = [1] } }\n'
    written = ["local.m.b", 'local.m["c"].d', "local.m.a[3]", "local.none", "var.n", "foo(1)"]
    main += "".join(role(limit, f"r{index}") for index, limit in enumerate(written))

    assert reasons(read(tmp_path, {"main.tf": main})) == [
        'local.m.b does not exist: there is no attribute "b"',
        'local.m["c"] does not exist: there is no attribute "c"',
        "local.m.a[3] does not exist: there is no element 3",
        "local.none is not declared",
        "var.n has another type than its value: a number was expected",
        "the function foo() is not evaluated",
    ]


def test_cycles_are_unknown(tmp_path: Path) -> None:
    """Locals, outputs and modules that lead back to themselves end the evaluation, not the scan."""
    main = "locals {\n  a = local.b\n  b = local.a\n}\n" + role("local.a")
    main += 'module "m" {\n  source = "./m"\n  n = module.m.n\n}\n' + role("module.m.n", "two")
    child = 'variable "n" {}\noutput "n" { value = var.n }\n' + role("var.n", "three")

    found = limits(read(tmp_path, {"main.tf": main, "m/main.tf": child}))

    assert found == {"app": "unknown", "two": "unknown", "three": "unknown"}


def test_modules_that_call_each_other_are_read(tmp_path: Path) -> None:
    """A circle of modules has no root; its resources are judged all the same."""
    a = 'module "b" {\n  source = "../b"\n}\n' + role("-1", "in_a")
    b = 'module "a" {\n  source = "../a"\n}\n' + role("5", "in_b")

    assert limits(read(tmp_path, {"a/main.tf": a, "b/main.tf": b})) == {"in_a": -1, "in_b": 5}


def test_count_and_for_each(tmp_path: Path) -> None:
    """Every instance is a role of its own; count = 0 makes none."""
    main = """
resource "postgresql_role" "counted" {
  count            = 2
  name             = "worker_${count.index}"
  login            = true
  connection_limit = count.index
}
resource "postgresql_role" "none" {
  count = 0
  login = true
}
resource "postgresql_role" "each" {
  for_each         = { a = 1, b = -1 }
  name             = each.key
  login            = true
  connection_limit = each.value
}
resource "postgresql_role" "names" {
  for_each = toset(["x", "y"])
  login    = true
}
"""
    assert limits(read(tmp_path, {"main.tf": main})) == {
        "worker_0": 0,
        "worker_1": 1,
        "a": 1,
        "b": -1,
        'postgresql_role.names["x"]': None,
        'postgresql_role.names["y"]': None,
    }


def test_unknown_repetition_gives_one_instance(tmp_path: Path) -> None:
    """What does not depend on each and count is decided even if their number is unknown."""
    main = """
variable "roles" {}
resource "postgresql_role" "each" {
  for_each         = var.roles
  name             = each.key
  login            = true
  connection_limit = each.value.limit
}
resource "postgresql_role" "fixed" {
  for_each         = var.roles
  login            = true
  connection_limit = -1
}
resource "postgresql_role" "maybe" {
  count = var.roles == null ? 0 : 1
  login = true
}
"""
    reading = read(tmp_path, {"main.tf": main})

    assert limits(reading) == {
        "postgresql_role.each": "unknown",
        "postgresql_role.fixed": -1,
        "postgresql_role.maybe": None,
    }
    assert reasons(reading) == ["var.roles has no default, and no value in the scanned files"]


def test_partly_known_map(tmp_path: Path) -> None:
    """One unknown element leaves the others known."""
    main = """
variable "n" {}
resource "postgresql_role" "r" {
  for_each         = { a = { limit = 5 }, b = { limit = var.n }, c = {} }
  name             = each.key
  login            = true
  connection_limit = lookup(each.value, "limit", -1)
}
"""
    assert limits(read(tmp_path, {"main.tf": main})) == {"a": 5, "b": "unknown", "c": -1}


ROLES_MODULE = """
variable "roles" {
  type = map(object({
    login = optional(bool, true)
    limit = optional(number, -1)
  }))
}
variable "prefix" {
  default = "x_"
}
resource "postgresql_role" "this" {
  for_each         = var.roles
  name             = "${var.prefix}${each.key}"
  login            = each.value.login
  connection_limit = each.value.limit
}
output "names" {
  value = { for key, role in postgresql_role.this : key => role.name }
}
"""


def test_module_is_judged_per_call(tmp_path: Path) -> None:
    """Each call gives its own values, and optional attributes their defaults."""
    main = """
module "one" {
  source = "./modules/roles"
  prefix = "one_"
  roles  = { app = { limit = "10" }, web = {} }
}
module "many" {
  source   = "./modules/roles"
  for_each = toset(["a", "b"])
  prefix   = "${each.key}_"
  roles    = { r = { limit = 3 } }
}
module "none" {
  source = "./modules/roles"
  count  = 0
  roles  = { never = {} }
}
"""
    reading = read(tmp_path, {"main.tf": main, "modules/roles/main.tf": ROLES_MODULE})

    assert limits(reading) == {"one_app": 10, "one_web": -1, "a_r": 3, "b_r": 3}
    (web,) = (fact for fact in facts(reading) if fact.name == "one_web")
    assert [(one.message, str(one.origin)) for one in web.history] == [
        ("module one is called here", "main.tf:2")
    ]
    assert findings(reading) == {("PG001", "modules/roles/main.tf", 15)}


def test_uncalled_module_is_a_root(tmp_path: Path) -> None:
    """Without a caller the module's variables have no values."""
    reading = read(tmp_path, {"modules/roles/main.tf": ROLES_MODULE})

    assert limits(reading) == {"postgresql_role.this": "unknown"}


def test_called_root_with_values_of_its_own(tmp_path: Path) -> None:
    """A directory with tfvars or a backend is applied by itself, even if an example calls it."""
    main = 'variable "n" {}\n' + role("var.n")
    example = 'module "x" {\n  source = "../.."\n  n = 10\n}\n'
    files = {"main.tf": main, "examples/small/main.tf": example, "terraform.tfvars": "n = -1\n"}

    reading = read(tmp_path, files)

    assert sorted(fact.connection_limit.value for fact in facts(reading)) == [-1, 10]


def test_outputs_and_resource_attributes(tmp_path: Path) -> None:
    """References lead through outputs and attributes that the configuration sets."""
    main = """
module "roles" {
  source = "./modules/roles"
  roles  = { app = { limit = 4 } }
}
resource "postgresql_database" "db" {
  name             = module.roles.names["app"]
  connection_limit = postgresql_database.other[0].connection_limit
}
resource "postgresql_database" "other" {
  count            = 1
  name             = "other"
  connection_limit = 8
  owner            = data.x.y.z
}
resource "postgresql_database" "runtime" {
  name             = "runtime"
  connection_limit = postgresql_database.db.oid
}
"""
    reading = read(tmp_path, {"main.tf": main, "modules/roles/main.tf": ROLES_MODULE})

    found = {fact.name: fact.connection_limit for fact in databases(reading)}
    assert [getattr(found[name], "value", None) for name in ("x_app", "other")] == [8, 8]
    runtime = found["runtime"]
    assert isinstance(runtime, Unknown)
    assert runtime.reason == "postgresql_database.db.oid is only known when Terraform runs"


def test_module_outside_the_roots_is_unknown(tmp_path: Path) -> None:
    """Only directories below the scanned ones are read."""
    write(tmp_path, {"outside/main.tf": 'output "n" {\n  value = 5\n}\n'})
    main = 'module "m" {\n  source = "../outside"\n}\nmodule "r" {\n  source = "org/x/aws"\n}\n'
    main += role("module.m.n") + role("module.r.n", "registry")

    reading = read(tmp_path / "inside", {"main.tf": main})

    assert reasons(reading) == [
        "module.m (../outside) is not among the scanned files",
        "module.r (org/x/aws) is not among the scanned files",
    ]


@pytest.mark.parametrize("source", ["./\\u0000", "./" + "x" * 5000, "./\\n", "./.", "./../.."])
def test_strange_sources(tmp_path: Path, source: str) -> None:
    """Whatever a module call names, the rest of the file is judged."""
    main = f'module "m" {{\n  source = "{source}"\n}}\n' + role('file("\\u0000")') + role("-1", "b")

    assert limits(read(tmp_path / "a" / "b", {"main.tf": main})) == {"app": "unknown", "b": -1}


def test_files_are_read_below_the_roots_only(tmp_path: Path) -> None:
    """file() and templatefile() read scanned directories, and nothing else."""
    write(tmp_path, {"secret.txt": "9"})
    main = """
locals {
  roles = yamldecode(file("${path.module}/roles.yaml"))
  text  = templatefile("${path.module}/limit.tftpl", { base = 4 })
}
"""
    main += role("local.roles.app.limit") + role("tonumber(trimspace(local.text))", "template")
    main += role('tonumber(file("../secret.txt"))', "outside")
    files = {
        "main.tf": main,
        "roles.yaml": "app:\n  limit: 12\n",
        "limit.tftpl": "%{ if base > 3 }${base * 2}%{ endif }\n",
    }

    found = limits(read(tmp_path / "inside", files))

    assert found == {"app": 12, "template": 8, "outside": "unknown"}


def test_override_files_replace_attributes(tmp_path: Path) -> None:
    """Attributes of an override file win, and the finding points into it."""
    files = {
        "main.tf": 'variable "n" {\n  default = 1\n}\n' + role("var.n") + role("3", "other"),
        "override.tf": 'variable "n" {\n  default = 6\n}\n',
        "x_override.tf": 'resource "postgresql_role" "other" {\n  connection_limit = -1\n}\n',
    }

    reading = read(tmp_path, files)

    assert limits(reading) == {"app": 6, "other": -1}
    assert findings(reading) == {("PG001", "x_override.tf", 2)}


def test_opentofu_files(tmp_path: Path) -> None:
    """main.tofu stands beside main.tf for another tool: both are judged."""
    reading = read(
        tmp_path,
        {"main.tf": role("-1"), "main.tofu": role("5"), "more.tofu": role("6", "more")},
    )

    found = [(fact.name, fact.connection_limit.value) for fact in facts(reading)]
    assert sorted(found) == [("app", -1), ("app", 5), ("more", 6)]


def test_single_file_sees_its_neighbours(tmp_path: Path) -> None:
    """One scanned file is evaluated with the rest of its module, but only it is judged."""
    files = {
        "main.tf": role("var.n"),
        "variables.tf": 'variable "n" {\n  default = 2\n}\n' + role("-1", "neighbour"),
    }

    assert limits(read(tmp_path, files, only=("main.tf",))) == {"app": 2}


def test_declared_twice(tmp_path: Path) -> None:
    """Terraform refuses what is declared twice: both are judged, and none is a value."""
    files = {
        "a.tf": 'variable "n" { default = 1 }\n' + role("-1") + role("var.n", "b"),
        "b.tf": 'variable "n" { default = 2 }\n' + role("0"),
    }

    reading = read(tmp_path, files)

    assert findings(reading) == {("PG001", "a.tf", 5), ("PG902", "a.tf", 11), ("PG002", "b.tf", 5)}
    assert reasons(reading) == ["var.n is declared more than once"]


def test_separate_examples_in_one_folder(tmp_path: Path) -> None:
    """What a scanned file declares counts more than its neighbours' declarations."""
    files = {
        "a.tf": 'variable "n" { default = 1 }\n' + role("var.n"),
        "b.tf": 'variable "n" { default = 2 }\n' + role("0"),
    }

    assert limits(read(tmp_path, files, only=("a.tf",))) == {"app": 1}


def test_attribute_twice(tmp_path: Path) -> None:
    """Of two values of one attribute none is taken."""
    reading = read(tmp_path, {"main.tf": role("5", more="connection_limit = -1")})

    assert reasons(reading) == [
        "the expression cannot be read: connection_limit is set more than once"
    ]


def test_json_configuration(tmp_path: Path) -> None:
    """JSON and native files make one module."""
    files = {
        "roles.tf.json": """{
  "resource": {"postgresql_role": {
    "app": {"name": "app", "login": true, "connection_limit": "${var.n}"},
    "each": {"for_each": "${toset([\\"a\\"])}", "name": "${each.key}", "login": "true"}
  }}
}""",
        "variables.tf": 'variable "n" {\n  default = -1\n}\n',
    }

    reading = read(tmp_path, files)

    assert limits(reading) == {"app": -1, "a": None}
    assert findings(reading) == {("PG001", "roles.tf.json", 3), ("PG001", "roles.tf.json", 4)}


def test_broken_blocks_are_not_judged(tmp_path: Path) -> None:
    """A block with a syntax error is reported as not parsed; references to it are unknown."""
    main = 'variable "n" {\n  default = = 1\n}\n' + role("var.n") + role("= 5", "broken")

    reading = read(tmp_path, {"main.tf": main})

    assert limits(reading) == {"app": "unknown"}
    lines = [fact.origin.line for fact in facts(reading) if isinstance(fact, NotParsed)]
    assert lines == [2, 13]


def test_wrong_number_of_labels_is_reported(tmp_path: Path) -> None:
    """A resource without a name is no resource, and is not passed over in silence."""
    reading = read(tmp_path, {"main.tf": 'resource "postgresql_role" {\n  login = true\n}\n'})

    assert [fact.reason for fact in facts(reading)] == [
        "a resource block with 1 labels instead of 2"
    ]


def test_refused_limits(tmp_path: Path) -> None:
    """What the provider refuses is PG008, and nothing else."""
    reading = read(tmp_path, {"main.tf": role("-2") + role("3000000000", "big")})

    assert [type(fact) for fact in facts(reading)] == [RefusedLimit, RefusedLimit]
    assert findings(reading) == {("PG008", "main.tf", 4), ("PG008", "main.tf", 10)}


def test_blocks_of_resources(tmp_path: Path) -> None:
    """Nested and dynamic blocks are written out, in both syntaxes."""
    main = """
variable "unset" {}
locals { ports = { a = 1, b = 2 } }
resource "x" "y" {
  rule { port = 0 }
  dynamic "rule" {
    for_each = local.ports
    iterator = it
    content {
      port = it.value
      dynamic "inner" {
        for_each = [it.key]
        content { name = inner.value }
      }
    }
  }
  dynamic "maybe" {
    for_each = var.unset
    content { port = maybe.value }
  }
}
"""
    json = """{"resource": {"x": {"j": {
  "rule": [{"port": "${1 + 1}"}, {"port": 3}],
  "dynamic": {"extra": {"for_each": [7], "content": {"port": "${extra.value}"}}}
}}}}"""
    found = configuration(tmp_path, {"main.tf": main, "j.tf.json": json})
    resources = {one.address: one.body for one in found.resources("x")}

    native, other = resources["x.y"], resources["x.j"]
    ports = [rule.settings("port")["port"].value for rule in native.blocks("rule")]
    assert ports == [0, 1, 2]
    inner = native.blocks("rule")[2].blocks("inner")[0].settings()
    assert inner["name"].value == "b"
    assert inner["name"].origin.line == 13
    (maybe,) = native.blocks("maybe")
    assert not maybe.certain
    assert isinstance(maybe.settings()["port"].value, Unresolved)
    assert [rule.settings("port")["port"].value for rule in other.blocks("rule")] == [2, 3]
    assert [extra.settings("port")["port"].value for extra in other.blocks("extra")] == [7]
    assert other.blocks("rule")[0].setting("port") is not None


def test_huge_configurations_are_bounded(tmp_path: Path) -> None:
    """Growth by doubling ends as unknown, quickly."""
    doubled = "".join(f'  s{n + 1} = "${{local.s{n}}}${{local.s{n}}}"\n' for n in range(60))
    lists = "".join(
        f"  l{n + 1} = concat(local.l{n}, local.l{n})\n  n{n + 1} = [local.n{n}, local.n{n}]\n"
        for n in range(60)
    )
    main = f'locals {{\n  s0 = "x"\n  l0 = [1]\n  n0 = []\n{doubled}{lists}}}\n'
    main += role("length(local.s60)") + role("length(local.l60)", "list")
    main += role("length(flatten(local.n60))", "nest") + role("length(jsonencode(local.n60))", "js")
    main += role("length([for a in range(1000) : [for b in range(1000) : a * b]])", "loops")

    shared = "".join(f"  d{n + 1} = [local.d{n}, local.d{n}]\n" for n in range(30))
    main += f"locals {{\n  d0 = []\n{shared}}}\n" + role("length(flatten(local.d30))", "flat")
    main += role("local.d30 == local.d29 ? 1 : 2", "same") + role("var.deep", "typed")
    kind = "list(" * 30 + "any" + ")" * 30
    main += role("length(jsonencode(local.d30))", "json")
    main += 'module "typed" {\n  source = "./m"\n  deep = local.d30\n}\n'
    child = f'variable "deep" {{ type = {kind} }}\n' + role("length(var.deep)", "child")

    found = limits(read(tmp_path, {"main.tf": main, "m/main.tf": child}))

    assert set(found.values()) <= {"unknown", 1000, 2}


def test_every_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though roles, networks and services are read by front ends of their own."""
    (tmp_path / "main.tf").write_text(
        """
        resource "postgresql_role" "app" { name = "app" }
        resource "aws_security_group" "db" {}
        resource "aws_ecs_service" "web" { desired_count = 2 }
        module "inner" { source = "./inner" }
        """,
        encoding="utf-8",
    )
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "main.tf").write_text('resource "aws_db_instance" "db" {}\n', "utf-8")
    parsed: list[str] = []

    def counted(text: Text, read: Read) -> Document:
        parsed.append(Path(text.path).parent.name)
        return read_document(text, read)

    monkeypatch.setattr(library, "read_document", counted)
    report = scan([tmp_path], Settings())

    assert report.failures == []
    assert sorted(parsed) == sorted([tmp_path.name, "inner"])
