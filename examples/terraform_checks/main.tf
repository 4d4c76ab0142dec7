# Made by tools/generate_terraform_checks.py from the policies of connguard.
# Each block says which policy it is. Put the conditions into your own resources: terraform_data
# stands for postgresql_role, so that this module needs no provider.

terraform {
  required_version = ">= 1.9"
}

variable "roles" {
  description = "The roles of the server. -1 is no connection limit."
  type = map(object({
    login            = optional(bool, false)
    superuser        = optional(bool, false)
    connection_limit = optional(number, -1)
  }))
  default = {}

  # PG001 role-without-connection-limit
  validation {
    condition     = alltrue([for role in var.roles : role.connection_limit != -1 || role.superuser || !role.login])
    error_message = "PG001 role-without-connection-limit: One leaking or scaled-out client of this role can take every connection slot of the server. All other services are then refused with 53300. Give the role a CONNECTION LIMIT of at least what its pools can open, plus headroom: replicas × (pool_size + reserve) + direct connections + 1."
  }
}

variable "databases" {
  description = "The databases of the server, with their connection limits if they have any."
  type        = map(object({ connection_limit = optional(number) }))
  default     = {}
}

variable "pools" {
  description = "Who connects: instances of a pool, or of a pooler's pool, of one role."
  type = map(object({
    role      = string
    instances = number
    size      = number
    reserve   = optional(number, 0)
  }))
  default = {}

  validation {
    condition     = alltrue([for pool in var.pools : contains(keys(var.roles), pool.role)])
    error_message = "A pool logs in as a role that is not among the roles."
  }
}

variable "max_connections" {
  type    = number
  default = 100
}

variable "reserved" {
  description = "superuser_reserved_connections + reserved_connections + the provider's own."
  type        = number
  default     = 3
}

locals {
  opened = { for name, pool in var.pools : name => pool.instances * (pool.size + pool.reserve) }
  demand = {
    for role in keys(var.roles) :
    role => sum(concat([0], [for key, pool in var.pools : local.opened[key] if pool.role == role]))
  }
  total = sum(concat([0], values(local.opened)))
  slots = var.max_connections - var.reserved
}

resource "terraform_data" "role" {
  for_each = var.roles
  input    = each.value

  lifecycle {
    # PG101 pool-exceeds-role-limit
    precondition {
      condition     = each.value.connection_limit == -1 || each.value.superuser || local.demand[each.key] <= each.value.connection_limit
      error_message = "PG101 pool-exceeds-role-limit: Under load the server refuses the pool's next connection with 53300. Clients of a warm pool see nothing but waiting, until query_wait_timeout ends them. Raise the role's CONNECTION LIMIT to pools + reserve + direct connections + 1, or lower the pools. The limit is the larger number of the two, not the smaller one."
    }

    # PG002 role-connection-limit-zero
    postcondition {
      condition     = self.input.connection_limit != 0 || self.input.superuser || !self.input.login
      error_message = "PG002 role-connection-limit-zero: Every login of the role is refused with 53300, too many connections for role \"…\". The message speaks of too many connections although there is none. Set the limit that the role's clients need. To lock the role, use NOLOGIN (login = false): the error then says what is meant."
    }
  }
}

resource "terraform_data" "server" {
  input = { max_connections = var.max_connections }

  lifecycle {
    # PG103 pools-exceed-server-slots
    precondition {
      condition     = local.total <= local.slots
      error_message = "PG103 pools-exceed-server-slots: Under load the server refuses whoever comes next, of any service: remaining connection slots are reserved, or too many clients already (53300). Lower pools or replicas, cap them with max_db_connections, or raise max_connections."
    }
  }
}

# Warnings: check blocks do not stop an apply.

check "connection_limit_not_enforced" {
  # PG003 connection-limit-not-enforced
  assert {
    condition     = alltrue([for role in var.roles : role.connection_limit == -1 || !role.superuser])
    error_message = "PG003 connection-limit-not-enforced: PostgreSQL does not enforce connection limits on superusers. Whoever relies on the limit can still run the server out of slots, the reserved ones included. Let the application use a role that is no superuser, and put the limit on that role."
  }
}

check "database_connection_limit_removed" {
  # PG004 database-connection-limit-removed
  assert {
    condition     = alltrue([for database in var.databases : database.connection_limit == null || database.connection_limit != -1])
    error_message = "PG004 database-connection-limit-removed: The clients of this database can take every connection slot of the server, and the other databases on it are refused with 53300. Set a limit that leaves room for the other databases, or do not mention the limit."
  }
}

check "no_headroom" {
  # PG107 no-headroom
  assert {
    condition     = local.total == 0 || local.total > local.slots || local.slots - local.total >= 3
    error_message = "PG107 no-headroom: A server connection that is being replaced, a migration or a psql session is refused. One such refusal stops a pool for server_login_retry (15 s), while its connections expire. Raise the limit by the headroom, or lower the pools by it."
  }
}
