# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What managed services make of an instance's size: memory, default connections, reserves.

The numbers are those that the vendors document, on the pages that stand beside them; memory of RDS
instance classes: https://aws.amazon.com/rds/instance-types/.
"""

from __future__ import annotations

import re

from connguard.policies.model.patterns import lazily
from connguard.policies.model.whole_numbers import whole

_GIB = 1024**3
_RDS_CLASS = lazily(r"db\.([a-z]++)\w*+\.(?:(\d++)?xlarge|(\w++))")
_RDS_LARGE = {"t": 8, "m": 8, "c": 4, "r": 16, "x": 32, "z": 16}
"""GiB of the size "large" by the first letter of the family; xlarge is twice that."""
_RDS_SMALL = {"nano": 0.5, "micro": 1, "small": 2, "medium": 4}

AZURE_CONNECTIONS = {
    "B_Standard_B1ms": 50,
    "B_Standard_B2s": 429,
    "B_Standard_B2ms": 859,
    "B_Standard_B4ms": 1718,
    "B_Standard_B8ms": 3437,
    "Standard_D2": 859,
    "Standard_D4": 1718,
    "Standard_D8": 3437,
    "Standard_E2": 1718,
    "Standard_E4": 3437,
}
"""https://learn.microsoft.com/azure/postgresql/configure-maintain/concepts-limits"""
AZURE_MOST = 5000
AZURE_RESERVED = 15
"""For physical replication and monitoring; the same page."""
AZURE_POOL = 50
AZURE_CLIENTS = 5000
AZURE_PGBOUNCER = ((1, 23), (1, 25))
"""The versions that Azure has announced. It tracks no prepared statements unless
pgbouncer.max_prepared_statements is set, whatever the version's own default is.

https://learn.microsoft.com/azure/postgresql/connectivity/concepts-pgbouncer
"""

# https://docs.digitalocean.com/products/databases/postgresql/details/limits/
DIGITALOCEAN_PER_GB = 25
DIGITALOCEAN_RESERVED = 3
DIGITALOCEAN_CLIENTS = 5000

# https://cloud.google.com/sql/docs/postgres/flags
_CLOUD_SQL = (
    (0.6, 25),
    (3.75, 50),
    (6, 100),
    (7.5, 200),
    (15, 400),
    (30, 500),
    (60, 600),
    (120, 800),
)


def rds_memory(instance_class: str) -> int | None:
    """Bytes of an RDS instance class such as db.r6g.2xlarge."""
    match = _RDS_CLASS.fullmatch(instance_class)
    if match is None:
        return None
    large = _RDS_LARGE.get(match[1][0])
    if large is None:
        return None
    if match[3]:
        gib = large if match[3] == "large" else _RDS_SMALL.get(match[3])
    else:
        gib = large * 2 * whole(match[2] or 1)
    return int(gib * _GIB) if gib else None


def cloud_sql_connections(tier: str) -> int | None:
    """The default of max_connections for a Cloud SQL tier such as db-custom-2-7680."""
    if tier in ("db-f1-micro", "db-g1-small"):
        return 25 if tier == "db-f1-micro" else 50
    match = re.fullmatch(r"db-custom-\d+-(\d+)", tier)
    if match is None:
        return None
    gigabytes = whole(match[1]) / 1024
    return next((number for most, number in _CLOUD_SQL if gigabytes < most), 1000)


def azure_connections(sku: str) -> int | None:
    """The default of max_connections for an Azure SKU such as GP_Standard_D4s_v3."""
    for name, number in AZURE_CONNECTIONS.items():
        if re.search(rf"{name}(?!\d)", sku):
            return number
    return AZURE_MOST if re.search(r"Standard_(?:E8|[BDE](?:1[2-9]|[2-9]\d))(?!\d)", sku) else None


def digitalocean_gigabytes(size: str) -> int | None:
    """The memory in a size slug such as db-s-2vcpu-4gb."""
    match = re.search(r"-(\d+)gb", size)
    return whole(match[1]) if match else None
