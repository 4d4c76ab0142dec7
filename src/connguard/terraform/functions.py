# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform's built-in functions over the values of `values`.

A function takes fully known arguments, unless it is in PARTIAL: those also take collections with
unknown parts, and plain Unknown values. Functions raise Blocked; a ValueError, TypeError or
LookupError means that the arguments are wrong. What depends on time, chance or the machine is not
here, and is Unknown therefore.

Source: https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import base64
import itertools
import math
import re
import urllib.parse
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from connguard.terraform import networks, text_formats, texts
from connguard.terraform.values import (
    MAX_DEPTH,
    MAX_ITEMS,
    Blocked,
    Budget,
    TerraformSet,
    Unknown,
    as_dict,
    as_list,
    bounded_list,
    equal,
    fully_known,
    is_lazy,
    known,
    make_set,
    mistake,
    normal_number,
    to_bool,
    to_integer,
    to_number,
    to_text,
    unified,
)


def concat(*lists: object) -> object:
    if any(isinstance(items, TerraformSet) for items in lists):
        raise mistake("concat() takes lists, and no sets")
    return bounded_list([item for items in lists for item in as_list(items)])


def merge(*maps: object) -> object:
    merged: dict[str, object] = {}
    for mapping in maps:
        if known(mapping) is not None:
            merged.update(as_dict(mapping))
    return merged


def lookup(mapping: object, key: object, *default: object) -> object:
    table, name = as_dict(mapping), to_text(key)
    if name in table:
        return table[name]
    if default:
        return default[0]
    raise mistake(f'there is no key "{name}"')


def flatten(items: object) -> object:
    flat: list[object] = []
    pending = [iter(as_list(items))]
    budget = Budget()
    while pending:
        if len(pending) > MAX_DEPTH or len(flat) > MAX_ITEMS:
            raise Blocked("a list is too long")
        for item in pending[-1]:
            budget.spend()
            # An unknown element may be a list itself.
            value = known(item)
            if isinstance(value, list):
                pending.append(iter(value))
                break
            flat.append(item)
        else:
            pending.pop()
    return flat


def to_list(items: object) -> object:
    return list(unified(_one_kind(as_list(items))))


def to_map(mapping: object) -> object:
    table = as_dict(mapping)
    return dict(zip(table, unified(_one_kind(list(table.values()))), strict=True))


def _one_kind(items: list[object]) -> list[object]:
    """The items, if they can be of one type: primitives, or collections of one kind."""
    kinds = {
        type(item) if isinstance(item, (list, dict)) else str
        for item in items
        if item is not None and not isinstance(item, Unknown) and not is_lazy(item)
    }
    if len(kinds) > 1:
        raise mistake("the elements have no common type")
    return items


def coalesce(*values: object) -> object:
    for value in values:
        found = known(value)
        if found is not None and found != "":
            others = [item for item in values if isinstance(item, (str, int, bool, Fraction))]
            return unified([found, *others])[0]
    raise mistake("no argument of coalesce() has a value")


def coalescelist(*lists: object) -> object:
    for items in lists:
        if known(items) is not None and as_list(items):
            return as_list(items)
    raise mistake("no argument of coalescelist() has elements")


def compact(items: object) -> object:
    return [to_text(item) for item in as_list(items) if item is not None and item != ""]


def distinct(items: object) -> object:
    kept: list[object] = []
    for item in as_list(items):
        if not any(equal(item, other) for other in kept):
            kept.append(item)
        if len(kept) > 2000:
            raise Blocked("a list is too long")
    return kept


def element(items: object, index: object) -> object:
    values, position = as_list(items), to_integer(index)
    if not values:
        raise mistake("element() of an empty list")
    if position < 0:
        raise Blocked("element() with a negative index depends on Terraform's version")
    return values[position % len(values)]


def length(value: object) -> object:
    found = known(value)
    if isinstance(found, (str, list, dict)):
        return texts.character_count(found) if isinstance(found, str) else len(found)
    raise mistake("length() of a value without elements")


def keys(mapping: object) -> object:
    return sorted(as_dict(mapping))


def values(mapping: object) -> object:
    table = as_dict(mapping)
    return [table[key] for key in sorted(table)]


def zipmap(names: object, items: object) -> object:
    return dict(zip((to_text(name) for name in as_list(names)), as_list(items), strict=True))


def contains(items: object, wanted: object) -> object:
    sought = fully_known(wanted)
    blocked: Unknown | None = None
    for item in as_list(items):
        if isinstance(item, Unknown):
            blocked = item
        elif equal(fully_known(item), sought):
            return True
    if blocked:
        raise Blocked(blocked.reason)
    return False


def index(items: object, wanted: object) -> object:
    for position, item in enumerate(as_list(items)):
        if equal(item, wanted):
            return position
    raise mistake("index() finds no such element")


def number_range(*bounds: object) -> object:
    numbers = [to_number(bound) for bound in bounds]
    if len(numbers) == 1:
        numbers.insert(0, 0)
    if len(numbers) == 2:
        numbers.append(1 if numbers[0] <= numbers[1] else -1)
    first, last, step = numbers
    if step == 0:
        raise mistake("range() with a step of 0")
    if (last - first) * step < 0:
        raise mistake("range() with a step away from its end")
    found: list[object] = []
    while (first < last) if step > 0 else (first > last):
        found.append(normal_number(first))
        first += step
        if len(found) > 1024:
            raise mistake("range() makes more than 1024 values")
    return found


def reverse(items: object) -> object:
    return list(reversed(as_list(items)))


def slice_of(items: object, first: object, last: object) -> object:
    values, start, end = as_list(items), to_integer(first), to_integer(last)
    if not 0 <= start <= end <= len(values):
        raise mistake("slice() leaves the list")
    return values[start:end]


def sort(items: object) -> object:
    return sorted(to_text(item) for item in as_list(items))


def total(items: object) -> object:
    numbers = [to_number(item) for item in as_list(items)]
    if not numbers:
        raise mistake("sum() of an empty list")
    return normal_number(sum(numbers))


def one(items: object) -> object:
    found = as_list(items)
    if len(found) > 1:
        raise mistake("one() of several elements")
    return found[0] if found else None


def chunklist(items: object, size: object) -> object:
    values, count = as_list(items), to_integer(size)
    if count < 0:
        raise mistake("chunklist() with a negative size")
    count = count or len(values) or 1
    return [values[start : start + count] for start in range(0, len(values), count)]


def transpose(mapping: object) -> object:
    turned: dict[str, list[object]] = {}
    for key, names in sorted(as_dict(mapping).items()):
        for name in as_list(names):
            turned.setdefault(to_text(name), []).append(key)
    return turned


def matchkeys(items: object, names: object, wanted: object) -> object:
    sought = as_list(wanted)
    return [
        item
        for item, name in zip(as_list(items), as_list(names), strict=True)
        if any(equal(name, one_of) for one_of in sought)
    ]


def setproduct(*sets: object) -> object:
    lists = [as_list(items) for items in sets]
    if math.prod(len(items) for items in lists) > MAX_ITEMS:
        raise Blocked("a list is too long")
    product: list[object] = [list(items) for items in itertools.product(*lists)]
    return make_set(product) if any(isinstance(items, TerraformSet) for items in lists) else product


def setunion(*sets: object) -> object:
    return make_set(item for items in sets for item in as_list(items))


def setintersection(first: object, *others: object) -> object:
    sets = [make_set(as_list(items)) for items in others]
    return make_set(
        item
        for item in make_set(as_list(first))
        if all(any(equal(item, other) for other in items) for items in sets)
    )


def setsubtract(first: object, second: object) -> object:
    removed = make_set(as_list(second))
    return make_set(
        item
        for item in make_set(as_list(first))
        if not any(equal(item, other) for other in removed)
    )


def setsymmetricdifference(first: object, second: object) -> object:
    return setunion(setsubtract(first, second), setsubtract(second, first))


def largest(*numbers: object) -> object:
    return max(to_number(number) for number in numbers)


def smallest(*numbers: object) -> object:
    return min(to_number(number) for number in numbers)


def parseint(text: object, base: object) -> object:
    digits, radix = to_text(text), to_integer(base)
    if not re.fullmatch(r"[+-]?[0-9a-zA-Z]{1,400}", digits) or not 2 <= radix <= 36:
        raise mistake("parseint() cannot read the number")
    return normal_number(int(digits, radix))


def power(base: object, exponent: object) -> object:
    number, times = to_number(base), to_number(exponent)
    if isinstance(times, int) and abs(times) <= 512:
        return normal_number(Fraction(number) ** times)
    raise Blocked("a power that is not calculated")


def log(number: object, base: object) -> object:
    raise Blocked("log() is not calculated exactly")


def signum(number: object) -> object:
    value = to_number(number)
    return (value > 0) - (value < 0)


def alltrue(items: object) -> object:
    found = [None if isinstance(item, Unknown) else to_bool(item) for item in as_list(items)]
    if False in found:
        return False
    for item in as_list(items):
        known(item)
    return True


def anytrue(items: object) -> object:
    found = [None if isinstance(item, Unknown) else to_bool(item) for item in as_list(items)]
    if True in found:
        return True
    for item in as_list(items):
        known(item)
    return False


def optional_text(value: object) -> object:
    return None if known(value) is None else to_text(value)


def optional_number(value: object) -> object:
    return None if known(value) is None else to_number(value)


def optional_bool(value: object) -> object:
    return None if known(value) is None else to_bool(value)


def _unchanged(value: object) -> object:
    return value


def _text_hash(name: str, encode: Callable[[bytes], str]) -> Callable[..., object]:
    def hashed(text: object) -> object:
        data = to_text(text).encode()
        import hashlib  # OpenSSL takes long to load

        return encode(hashlib.new(name, data, usedforsecurity=False).digest())

    return hashed


def chomp(text: object) -> object:
    """The text without the line ends, "\\n" or "\\r\\n", that it ends with."""
    string = to_text(text)
    end = len(string)
    while string.endswith("\n", 0, end):
        end -= 2 if string.endswith("\r\n", 0, end) else 1
    return string[:end]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def base64decode(text: object) -> object:
    return base64.b64decode(to_text(text), validate=True).decode()


PARTIAL = frozenset({
    "coalesce", "coalescelist", "concat", "contains", "element", "flatten", "issensitive", "keys",
    "length", "lookup", "merge", "nonsensitive", "one", "reverse", "sensitive", "slice", "tolist",
    "tomap", "values", "zipmap", "alltrue", "anytrue", "chunklist", "ephemeralasnull",
})  # fmt: skip

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda number: abs(to_number(number)),
    "alltrue": alltrue,
    "anytrue": anytrue,
    "base64decode": base64decode,
    "base64encode": lambda text: _base64(to_text(text).encode()),
    "base64sha256": _text_hash("sha256", _base64),
    "base64sha512": _text_hash("sha512", _base64),
    "ceil": lambda number: math.ceil(to_number(number)),
    "chomp": chomp,
    "chunklist": chunklist,
    "cidrhost": networks.cidrhost,
    "cidrnetmask": networks.cidrnetmask,
    "cidrsubnet": networks.cidrsubnet,
    "cidrsubnets": networks.cidrsubnets,
    "coalesce": coalesce,
    "coalescelist": coalescelist,
    "compact": compact,
    "concat": concat,
    "contains": contains,
    "csvdecode": text_formats.csvdecode,
    "distinct": distinct,
    "element": element,
    "endswith": lambda text, end: to_text(text).endswith(to_text(end)),
    "flatten": flatten,
    "floor": lambda number: math.floor(to_number(number)),
    "format": texts.format_text,
    "formatlist": texts.format_list,
    "indent": texts.indent,
    "index": index,
    "join": texts.join,
    "jsondecode": text_formats.jsondecode,
    "jsonencode": text_formats.jsonencode,
    "keys": keys,
    "length": length,
    "log": log,
    "lookup": lookup,
    "lower": texts.lower,
    "matchkeys": matchkeys,
    "max": largest,
    "md5": _text_hash("md5", bytes.hex),
    "merge": merge,
    "min": smallest,
    "nonsensitive": _unchanged,
    "one": one,
    "parseint": parseint,
    "pow": power,
    "range": number_range,
    "regex": texts.regex,
    "regexall": texts.regexall,
    "replace": texts.replace,
    "reverse": reverse,
    "sensitive": _unchanged,
    "setintersection": setintersection,
    "setproduct": setproduct,
    "setsubtract": setsubtract,
    "setsymmetricdifference": setsymmetricdifference,
    "setunion": setunion,
    "sha1": _text_hash("sha1", bytes.hex),
    "sha256": _text_hash("sha256", bytes.hex),
    "sha512": _text_hash("sha512", bytes.hex),
    "signum": signum,
    "slice": slice_of,
    "sort": sort,
    "split": texts.split,
    "startswith": lambda text, start: to_text(text).startswith(to_text(start)),
    "strcontains": lambda text, part: to_text(part) in to_text(text),
    "strrev": lambda text: to_text(text)[::-1],
    "substr": texts.substr,
    "sum": total,
    "title": texts.title,
    "tobool": optional_bool,
    "tolist": to_list,
    "tomap": to_map,
    "tonumber": optional_number,
    "toset": lambda items: make_set(as_list(items)),
    "tostring": optional_text,
    "transpose": transpose,
    "trim": lambda text, marks: to_text(text).strip(to_text(marks)),
    "trimprefix": lambda text, start: to_text(text).removeprefix(to_text(start)),
    "trimspace": lambda text: to_text(text).strip(),
    "trimsuffix": lambda text, end: to_text(text).removesuffix(to_text(end)),
    "upper": texts.upper,
    "urlencode": lambda text: urllib.parse.quote_plus(to_text(text), safe="-_.~"),
    "values": values,
    "yamldecode": text_formats.yamldecode,
    "yamlencode": text_formats.yamlencode,
    "zipmap": zipmap,
}
