# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform's functions over IP networks."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from connguard.terraform.values import mistake, to_integer, to_text

_Network = IPv4Network | IPv6Network


def _network(prefix: object) -> _Network:
    text = to_text(prefix)
    if "/" not in text:
        raise mistake(f'"{text}" is no network')
    # Terraform still reads the leading zeros of old configurations as decimal digits.
    if ":" not in text:
        text = re.sub(r"\b0+(?=\d)", "", text)
    return ip_network(text, strict=False)


def cidrhost(prefix: object, number: object) -> object:
    network, host = _network(prefix), to_integer(number)
    size = network.num_addresses
    if not -size <= host < size:
        raise mistake("cidrhost() leaves the network")
    return str(network.network_address + host % size)


def _is_v4(network: _Network) -> bool:
    return isinstance(network, IPv4Network)


def cidrnetmask(prefix: object) -> object:
    network = _network(prefix)
    if not _is_v4(network):
        raise mistake("cidrnetmask() is for IPv4")
    return str(network.netmask)


def cidrsubnet(prefix: object, new_bits: object, number: object) -> object:
    return _subnet(_network(prefix), to_integer(new_bits), to_integer(number))


def _subnet(network: _Network, bits: int, number: int) -> str:
    length = network.prefixlen + bits
    if bits < 0 or length > network.max_prefixlen or not -(1 << bits) <= number < 1 << bits:
        raise mistake("cidrsubnet() leaves the network")
    number %= 1 << bits
    address = network.network_address + (number << (network.max_prefixlen - length))
    return f"{address}/{length}"


def cidrsubnets(prefix: object, *new_bits: object) -> object:
    network = _network(prefix)
    start = int(network.network_address)
    subnets: list[object] = []
    for bits in map(to_integer, new_bits):
        length = network.prefixlen + bits
        if bits < 1 or length > network.max_prefixlen:
            raise mistake("cidrsubnets() leaves the network")
        size = 1 << (network.max_prefixlen - length)
        start = -(-start // size) * size
        if start + size > int(network.network_address) + network.num_addresses:
            raise mistake("cidrsubnets() leaves the network")
        subnets.append(f"{type(network.network_address)(start)}/{length}")
        start += size
    return subnets
