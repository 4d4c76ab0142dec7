# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes policies as blocks of Terraform and as Sentinel policies, with tests for both.

    python tools/generate_terraform_checks.py [--check]

The conditions are those of tools/conditions.py; nothing is written while one of them disagrees
with its policy. Texts come from the policies.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conditions import CONDITIONS, Condition, by_id, disagreements

ROOT = Path(__file__).resolve().parent.parent
TERRAFORM = Path("examples/terraform_checks")
SENTINEL = Path("policies/sentinel")

_MADE = "# Made by tools/generate_terraform_checks.py from the policies of connguard."
_LICENCE = """\
# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""
Run = tuple[str, dict[str, Any], list[str]]
"""Name, variables, and the objects that Terraform is expected to find failing."""


def files() -> dict[Path, str]:
    """Every generated file. Raises ValueError where a condition disagrees with its policy."""
    wrong = disagreements()
    if wrong:
        raise ValueError("\n".join(wrong))
    return {
        TERRAFORM / "main.tf": _terraform(),
        TERRAFORM / "connections.tftest.hcl": _tests(),
        **dict(_sentinel()),
    }


# Terraform.


def _terraform() -> str:
    role = {"limit": "role.connection_limit", "superuser": "role.superuser", "login": "role.login"}
    own = {name: text.replace("role.", "self.input.") for name, text in role.items()}
    each = {name: text.replace("role.", "each.value.") for name, text in role.items()}
    demand = {"demand": "local.demand[each.key]"}
    server = {"demand": "local.total", "slots": "local.slots"}
    roles = "alltrue([for role in var.roles : {}])".format
    return f"""\
{_MADE}
# Each block says which policy it is. Put the conditions into your own resources: terraform_data
# stands for postgresql_role, so that this module needs no provider.

terraform {{
  required_version = ">= 1.9"
}}

variable "roles" {{
  description = "The roles of the server. -1 is no connection limit."
  type = map(object({{
    login            = optional(bool, false)
    superuser        = optional(bool, false)
    connection_limit = optional(number, -1)
  }}))
  default = {{}}

{_block("validation", by_id("PG001"), roles(by_id("PG001").hcl(role)), 2)}
}}

variable "databases" {{
  description = "The databases of the server, with their connection limits if they have any."
  type        = map(object({{ connection_limit = optional(number) }}))
  default     = {{}}
}}

variable "pools" {{
  description = "Who connects: instances of a pool, or of a pooler's pool, of one role."
  type = map(object({{
    role      = string
    instances = number
    size      = number
    reserve   = optional(number, 0)
  }}))
  default = {{}}

  validation {{
    condition     = alltrue([for pool in var.pools : contains(keys(var.roles), pool.role)])
    error_message = "A pool logs in as a role that is not among the roles."
  }}
}}

variable "max_connections" {{
  type    = number
  default = 100
}}

variable "reserved" {{
  description = "superuser_reserved_connections + reserved_connections + the provider's own."
  type        = number
  default     = 3
}}

locals {{
  opened = {{ for name, pool in var.pools : name => pool.instances * (pool.size + pool.reserve) }}
  demand = {{
    for role in keys(var.roles) :
    role => sum(concat([0], [for key, pool in var.pools : local.opened[key] if pool.role == role]))
  }}
  total = sum(concat([0], values(local.opened)))
  slots = var.max_connections - var.reserved
}}

resource "terraform_data" "role" {{
  for_each = var.roles
  input    = each.value

  lifecycle {{
{_block("precondition", by_id("PG101"), by_id("PG101").hcl(each | demand), 4)}

{_block("postcondition", by_id("PG002"), by_id("PG002").hcl(own), 4)}
  }}
}}

resource "terraform_data" "server" {{
  input = {{ max_connections = var.max_connections }}

  lifecycle {{
{_block("precondition", by_id("PG103"), by_id("PG103").hcl(server), 4)}
  }}
}}

# Warnings: check blocks do not stop an apply.

check "connection_limit_not_enforced" {{
{_block("assert", by_id("PG003"), roles(by_id("PG003").hcl(role)), 2)}
}}

check "database_connection_limit_removed" {{
{_block("assert", by_id("PG004"), _databases(by_id("PG004")), 2)}
}}

check "no_headroom" {{
{_block("assert", by_id("PG107"), by_id("PG107").hcl(server), 2)}
}}
"""


def _databases(condition: Condition) -> str:
    written = condition.hcl({"limit": "database.connection_limit"})
    return f"alltrue([for database in var.databases : {written}])"


def _block(kind: str, condition: Condition, text: str, indent: int) -> str:
    space = " " * indent
    message = json.dumps(_sentence(condition), ensure_ascii=False)
    return (
        f"{space}# {condition.id} {condition.policy.name}\n"
        f"{space}{kind} {{\n"
        f"{space}  condition     = {text}\n"
        f"{space}  error_message = {message}\n"
        f"{space}}}"
    )


def _sentence(condition: Condition) -> str:
    policy = condition.policy
    return f"{condition.id} {policy.name}: {policy.effect} {policy.fix}".replace("\n", " ")


def _tests() -> str:
    lines = [_MADE, "# What connguard's own policies decide for the same values."]
    for name, variables, failing in runs():
        lines += ["", f'run "{name}" {{', "  command = plan", "", "  variables {"]
        width = max(map(len, variables))
        lines += [f"    {key:{width}} = {_hcl(value)}" for key, value in variables.items()]
        lines.append("  }")
        if failing:
            lines += ["", f"  expect_failures = [{', '.join(failing)}]"]
        lines.append("}")
    return "\n".join(lines) + "\n"


_BLOCKS = {
    "PG001": "var.roles",
    "PG002": "terraform_data.role",
    "PG003": "check.connection_limit_not_enforced",
    "PG004": "check.database_connection_limit_removed",
    "PG101": "terraform_data.role",
    "PG103": "terraform_data.server",
    "PG107": "check.no_headroom",
}


def runs() -> Iterator[Run]:
    """A test for each case of each condition, with everything that Terraform reports then."""
    for condition in CONDITIONS:
        for number, (values, _) in enumerate(condition.cases(), 1):
            variables, seen = _situation(condition.id, values)
            yield f"{condition.id}_{number}", variables, _failing(seen)


def _situation(identifier: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables for a case, and the values of all names of the conditions then."""
    role = {"login": False, "superuser": False, "limit": 1000} | {
        key: values[key] for key in ("login", "superuser", "limit") if key in values
    }
    if identifier == "PG004":
        role = {"login": False, "superuser": False, "limit": 1000}
    demand, slots = values.get("demand", 0), values.get("slots", 500)
    variables: dict[str, Any] = {
        "roles": {
            "app": {
                "login": role["login"],
                "superuser": role["superuser"],
                "connection_limit": role["limit"],
            }
        },
        "pools": {"app": {"role": "app", "instances": 1, "size": demand}},
        "max_connections": slots + 3,
    }
    if identifier == "PG004":
        variables["databases"] = {"shop": {"connection_limit": values["limit"]}}
    seen = {"PG004": {"limit": values.get("limit") if identifier == "PG004" else None}}
    return variables, {
        one.id: seen.get(one.id, {**role, "demand": demand, "slots": slots}) for one in CONDITIONS
    }


def _failing(seen: Mapping[str, Any]) -> list[str]:
    """What fails: where a variable is refused, nothing behind it is looked at."""
    failed = [one.id for one in CONDITIONS if not one.holds(seen[one.id])]
    if "PG001" in failed:
        return [_BLOCKS["PG001"]]
    return list(dict.fromkeys(_BLOCKS[identifier] for identifier in failed))


def _hcl(value: object) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {_hcl(one)}" for key, one in value.items()) + " }"
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value)
    return str(value)


# Sentinel.

_ROLE = ("PG001", "PG002", "PG003")
_DATABASE = ("PG004",)
_NAMES = {
    "limit": "after.connection_limit",
    "superuser": "after.superuser",
    "login": "after.login",
}


def _sentinel() -> Iterator[tuple[Path, str]]:
    settings = [_LICENCE.rstrip(), _MADE]
    for condition in (by_id(identifier) for identifier in (*_ROLE, *_DATABASE)):
        name = condition.policy.name
        kind = "postgresql_role" if condition.id in _ROLE else "postgresql_database"
        yield SENTINEL / f"{name}.sentinel", _policy(condition, kind)
        level = "hard-mandatory" if condition.is_error else "advisory"
        settings += ["", f'policy "{name}" {{', f'  source            = "./{name}.sentinel"']
        settings += [f'  enforcement_level = "{level}"', "}"]
        passing = [values for values, passes in condition.cases() if passes]
        failing = [values for values, passes in condition.cases() if not passes]
        unknown = _change(kind, "later", {}, dict.fromkeys(_attributes(condition), True))
        known = [_change(kind, f"app_{n}", one) for n, one in enumerate(passing, 1)]
        cases = {"pass": [*known, unknown]} | {
            f"fail-{n}": [_change(kind, "app", one)] for n, one in enumerate(failing, 1)
        }
        for case, changes in cases.items():
            folder = SENTINEL / "test" / name
            yield folder / f"{case}.hcl", _case(case, case == "pass")
            yield folder / f"mock-{case}.sentinel", _mock(changes)
    yield SENTINEL / "sentinel.hcl", "\n".join(settings) + "\n"


def _policy(condition: Condition, kind: str) -> str:
    sentence = json.dumps(_sentence(condition), ensure_ascii=True)
    return f"""\
{_LICENCE}{_MADE}
# {condition.id} {condition.policy.name}

import "tfplan/v2" as tfplan

message = {sentence}

changed = filter tfplan.resource_changes as _, rc {{
	rc.mode is "managed" and
		rc.type is "{kind}" and
		rc.change.actions is not ["delete"] and
		rc.change.actions is not ["no-op"]
}}

# True where the policy holds. What is only known after apply is not there yet, and is said.
holds = func(address, after, unknown) {{
	if unknown {{
		print(address, "is not decided: an attribute is only known after apply")
		return true
	}}
	if {condition.sentinel(_NAMES)} {{
		return true
	}}
	print(address, message)
	return false
}}

undecided = func(change) {{
	for {json.dumps(_attributes(condition))} as _, name {{
		if (change.after_unknown[name] else false) {{
			return true
		}}
	}}
	return false
}}

main = rule {{
	all changed as address, rc {{
		holds(address, rc.change.after, undecided(rc.change))
	}}
}}
"""


def _attributes(condition: Condition) -> list[str]:
    return [_NAMES[name].removeprefix("after.") for name in _NAMES if name in condition.grid]


def _case(case: str, passes: bool) -> str:
    return f"""\
{_LICENCE}mock "tfplan/v2" {{
  module {{
    source = "mock-{case}.sentinel"
  }}
}}

test {{
  rules = {{
    main = {str(passes).lower()}
  }}
}}
"""


def _change(
    kind: str, name: str, values: Mapping[str, Any], unknown: Mapping[str, bool] | None = None
) -> dict[str, Any]:
    """An entry of resource_changes. A value of None stands for an attribute not written."""
    after = {_NAMES[key].removeprefix("after."): value for key, value in values.items()}
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "change": {
            "actions": ["create"],
            "after": {"name": name, **after},
            "after_unknown": dict(unknown or {}),
            "before": None,
        },
    }


def _mock(changes: list[dict[str, Any]]) -> str:
    # Sentinel wants a comma behind the last element, where a line ends there.
    entries = "".join(
        f"\t{json.dumps(change['address'])}: {json.dumps(change, sort_keys=True)},\n"
        for change in changes
    )
    return f"{_LICENCE}resource_changes = {{\n{entries}}}\n"


def main() -> None:
    made = files()
    folders = (SENTINEL,)
    there = {
        path.relative_to(ROOT)
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in (".sentinel", ".hcl")
    }
    stale = there - set(made)
    if "--check" in sys.argv[1:]:
        wrong = [
            str(path)
            for path, text in made.items()
            if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
        ]
        wrong += [str(path) for path in stale]
        if wrong:
            raise SystemExit("not as generated: " + ", ".join(sorted(wrong)))
        return
    for path in stale:
        (ROOT / path).unlink()
    for path, text in made.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
