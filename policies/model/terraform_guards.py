# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Guards of servers and of managed databases, in the shapes that many providers share.

A guard (firewall, security group) of servers is judged for the ports that its rules name, when the
servers are in the configuration and none of them is called like a database; otherwise for all
usual ports. An allow list of a managed database is judged for the database's own port.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

from connguard.policies.model.addresses import ALL_IPV4, AddressSet
from connguard.policies.model.network import Endpoint, Rule, Target, access
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import USUAL_PORTS, Ports
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_network import ports, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource
from connguard.policies.model.terraform_value import Setting, Unresolved, boolean

_NAMES = ("name", "hostname", "label", "display_name", "instance_name", "server_name")
_DATABASE = lazily(
    r"postgres|pgsql|pg[-_ ]?bouncer|pg[-_ ]?pool|patroni|timescale|database"
    r"|(?<![a-z])(?:pg|db)(?![a-z])"
)
_OTHER_DATABASE = lazily(r"mysql|maria|mongo|redis|valkey|kafka|elastic|opensearch|cassandra")


# --- settings -------------------------------------------------------------------------------------


def may_be(body: Body, name: str, *wanted: str, default: str | None = None) -> bool:
    """Whether a setting is one of these texts (case ignored), is so by default, or may be."""
    return _comparison(body, name, wanted, default) is not False


def is_surely(body: Body, name: str, *wanted: str, default: str | None = None) -> bool:
    """Whether a setting is one of these texts (case ignored) for certain."""
    return _comparison(body, name, wanted, default) is True


def _comparison(body: Body, name: str, wanted: Sequence[str], default: str | None) -> bool | None:
    setting = body.setting(name)
    value = default if setting is None or setting.value is None else setting.value
    if isinstance(value, (bool, int)):
        value = str(value).lower()
    if value is None:
        return False
    return value.strip().lower() in wanted if isinstance(value, str) else None


def flag(body: Body, name: str, default: bool) -> Value[bool]:
    """A setting that is true or false."""
    setting = body.setting(name)
    found = boolean({name: setting}, name)
    return Known(default, body.origin) if found is None else found


def is_other(body: Body, name: str, *beginnings: str) -> bool:
    """Whether the engine is set, and certainly none whose name begins like this."""
    setting = body.setting(name)
    if setting is None or not isinstance(setting.value, str) or not setting.value:
        return False
    return not setting.value.strip().lower().startswith(beginnings)


def is_unresolved(body: Body, name: str) -> bool:
    """Whether a setting has a value that cannot be told."""
    setting = body.setting(name)
    return setting is not None and isinstance(setting.value, Unresolved)


def needed_ports(body: Body, name: str) -> Value[Ports] | Ports:
    """The ports in an attribute that a tcp rule has to set: without it they are not known."""
    setting = body.setting(name)
    if setting is None or setting.value is None:
        place = setting.origin if setting is not None else body.origin
        return Unknown(f"{name} is not set, but a rule for tcp needs it", place)
    return ports(setting, name)


def own_ranges(inventory: Inventory, kinds: Iterable[str], names: Sequence[str]) -> set[str]:
    """Why the ranges of networks of the configuration are not known.

    A source that is unknown for the same reason ("var.vpc_cidr has no default …") is such a range.
    """
    return {
        value.reason
        for network in inventory.of(*kinds)
        for name in names
        if (setting := network.body.setting(name)) is not None
        for value in (setting.value if isinstance(setting.value, list) else [setting.value])
        if isinstance(value, Unresolved) and not value.tail
    }


def settings_at(body: Body, path: str) -> Iterator[Setting]:
    """The attributes at a path through blocks ("network_details.nsg_ids") that are set."""
    name, _, rest = path.partition(".")
    if rest:
        for block in body.blocks(name):
            yield from settings_at(block, rest)
        return
    setting = body.setting(name)
    if setting is not None and setting.value is not None:
        yield setting


# --- managed databases ----------------------------------------------------------------------------


def allow_list(body: Body, name: str, calls: tuple[Related, ...] = ()) -> list[Rule]:
    """The rule that an attribute with a list of addresses makes; none when it is not set."""
    setting = body.setting(name)
    if setting is None or setting.value is None:
        return []
    found = sources(setting, name)
    return [
        Rule(setting.origin, found.known, unknown=found.unknown, certain=body.certain, calls=calls)
    ]


def everybody(
    resource: Resource,
    why: str,
    origin: Origin | None = None,
    whom: AddressSet = ALL_IPV4,
) -> Rule:
    """The rule of a database that lets in everybody by default, and why it does."""
    place = origin or resource.origin
    return Rule(place, whom, calls=(Related(why, place), *resource.calls), what="everybody")


def doubtful(resource: Resource, reason: str, origin: Origin | None = None) -> Rule:
    """A rule of which nothing is known."""
    place = origin or resource.origin
    return Rule(place, AddressSet(), unknown=(Unknown(reason, place),), calls=resource.calls)


# --- servers behind firewalls and security groups ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Guard:
    """A firewall or security group. `address` tells it from others; `title` is for people."""

    address: str
    title: str
    origin: Origin
    rules: tuple[Rule, ...]


Holders = dict[str, list[Resource]]
"""The servers behind each guard, by the guard's address."""


def holders_of(inventory: Inventory, *pairs: tuple[str, str]) -> Holders:
    """Which resources (type, path to the attribute) name which guards."""
    found: Holders = {}
    for kind, path in pairs:
        for resource in inventory.of(kind):
            for setting in settings_at(resource.body, path):
                for guard in inventory.targets(setting.value):
                    _add(found, guard.address, resource)
    return found


def holders_named(
    inventory: Inventory, kind: str, path: str, guards: Sequence[str], attribute: str = "name"
) -> Holders:
    """Which resources of a type name guards of these types by their names."""
    found: Holders = {}
    for resource in inventory.of(kind):
        for setting in settings_at(resource.body, path):
            values = setting.value if isinstance(setting.value, (list, tuple)) else [setting.value]
            for value in values:
                for guard_kind in guards:
                    for guard in inventory.named(guard_kind, attribute, value):
                        _add(found, guard.address, resource)
    return found


def linked_holders(inventory: Inventory, kind: str, guard_path: str, holder_path: str) -> Holders:
    """Which servers a resource that only attaches puts behind which guards."""
    found: Holders = {}
    for link in inventory.of(kind):
        guards = [
            guard
            for setting in settings_at(link.body, guard_path)
            for guard in inventory.targets(setting.value)
        ]
        for setting in settings_at(link.body, holder_path):
            for holder in inventory.targets(setting.value):
                for guard in guards:
                    _add(found, guard.address, holder)
    return found


def united(*maps: Holders) -> Holders:
    """What several ways of attaching say together."""
    found: Holders = {}
    for one in maps:
        for address, resources in one.items():
            for resource in resources:
                _add(found, address, resource)
    return found


def _add(holders: Holders, address: str, resource: Resource) -> None:
    known = holders.setdefault(address, [])
    if all(one.address != resource.address for one in known):
        known.append(resource)


def server_endpoints(
    inventory: Inventory, guards: Sequence[Guard], holders: Holders
) -> Iterator[Endpoint]:
    """What the guards let through, each alone; and together where that is wider."""
    alone = {
        guard.address: _endpoint(inventory, [guard], holders.get(guard.address, ()))
        for guard in guards
    }
    yield from (endpoint for endpoint in alone.values() if endpoint is not None)
    for together, servers in _shared(guards, holders):
        endpoint = _endpoint(inventory, together, servers)
        if endpoint is None:
            continue
        width = access(endpoint).width.rank
        singles = (alone[guard.address] for guard in together)
        if all(one is None or access(one).width.rank < width for one in singles):
            yield endpoint


def _shared(
    guards: Sequence[Guard], holders: Holders
) -> Iterator[tuple[list[Guard], list[Resource]]]:
    """The distinct sets of several guards that a server has, and the servers."""
    by_server: dict[str, tuple[Resource, list[Guard]]] = {}
    for guard in guards:
        for server in holders.get(guard.address, ()):
            by_server.setdefault(server.address, (server, []))[1].append(guard)
    sets: dict[tuple[str, ...], tuple[list[Guard], list[Resource]]] = {}
    for server, its in by_server.values():
        if len(its) > 1:
            key = tuple(guard.address for guard in its)
            sets.setdefault(key, (its, []))[1].append(server)
    yield from sets.values()


def _endpoint(
    inventory: Inventory, guards: Sequence[Guard], servers: Sequence[Resource]
) -> Endpoint | None:
    rules = tuple(rule for guard in guards for rule in guard.rules)
    databases = [server for server in servers if is_called_database(server)]
    ports: tuple[int, ...] = USUAL_PORTS
    if servers and not databases:
        ports = named_ports(rules)
        if not ports:
            return None
    elif named_ports(rule for rule in rules if not rule.allow):
        ports = named_ports(rules)  # who closes a port by its number knows what is behind
    return Endpoint(
        guards[0].title if len(guards) == 1 else " and ".join(guard.title for guard in guards),
        ports,
        (rules,),
        guards[0].origin,
        tuple(Target(server.address, server.origin) for server in databases),
        inventory.limits,
    )


def is_called_database(resource: Resource) -> bool:
    """Whether a server's name says that it runs PostgreSQL, or a database of an unknown kind."""
    texts = [resource.name]
    for name in _NAMES:
        setting = resource.body.setting(name)
        if setting is not None and isinstance(setting.value, str):
            texts.append(setting.value)
    return names_database(*texts)


def names_database(*names: str) -> bool:
    """Whether names say PostgreSQL, or a database of an unknown kind."""
    text = " ".join(names).lower()
    return _DATABASE.search(text) is not None and _OTHER_DATABASE.search(text) is None


def named_ports(rules: Iterable[Rule]) -> tuple[int, ...]:
    """The usual ports that a rule names, rather than covers with all ports."""
    named: list[Ports] = []
    for rule in rules:
        ports = rule.ports.value if isinstance(rule.ports, Known) else rule.ports
        if not isinstance(ports, Unknown) and not ports.is_all:
            named.append(ports)
    return tuple(port for port in USUAL_PORTS if any(port in ports for ports in named))


# --- rules in resources of their own --------------------------------------------------------------


@dataclass(slots=True)
class Group:
    """A security group and the resources that add rules to it; `resource` may be elsewhere."""

    address: str
    origin: Origin
    resource: Resource | None = None
    rules: list[Resource] = field(default_factory=list)

    def guard(self, title: str, rules: Iterable[Rule]) -> Guard:
        return Guard(self.address, f"{title} {self.address}", self.origin, tuple(rules))


def groups(
    inventory: Inventory, kinds: Sequence[str], rule_kinds: Sequence[str], attribute: str
) -> list[Group]:
    """The groups of these types, and the rules that name them by an attribute.

    A rule of a group that is not in the configuration belongs to a group by what it says: a data
    source, an id, an expression.
    """
    found: dict[str, Group] = {
        resource.address: Group(resource.address, resource.origin, resource)
        for resource in inventory.of(*kinds)
    }
    for rule in inventory.of(*rule_kinds):
        setting = rule.body.setting(attribute)
        value = setting.value if setting is not None else None
        known = [target for target in inventory.targets(value) if target.type in kinds]
        for target in known:
            found[target.address].rules.append(rule)
        if not known:
            key = _elsewhere(value)
            found.setdefault(key, Group(key, rule.origin)).rules.append(rule)
    return list(found.values())


def _elsewhere(value: object) -> str:
    if isinstance(value, Unresolved):
        return value.refers or f"({value.reason})"
    return str(value) if isinstance(value, (str, int)) else "(not named)"
