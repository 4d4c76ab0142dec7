# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
#
# Connection limits of roles and databases: PG001, PG002, PG003, PG004.
package connguard.roles

import data.connguard.lib
import rego.v1

deny contains result if some result in lib.errors(verdicts)

warn contains result if some result in lib.warnings(verdicts)

unlimited := -1

# PG001: a role that can log in ends without a cap on its connections.

verdicts contains verdict if {
	some role in input.roles
	lib.is(role.connection_limit, unlimited)
	may_open_connections(role)
	verdict := lib.fail(
		"PG001", role, role.causes.limited_login,
		sprintf("role %s has no connection limit: it is set to -1", [lib.quoted(role.name)]),
	)
}

verdicts contains verdict if {
	some role in input.roles
	role.connection_limit == null
	role.can_login.known
	role.superuser.known
	may_open_connections(role)
	verdict := lib.with_severity(
		"PG001", role, role.causes.login_without_limit,
		sprintf("role %s can log in and has no connection limit", [lib.quoted(role.name)]),
		missing_limit_severity(role),
	)
}

# In SQL, later statements that the scan does not see may set the limit.
missing_limit_severity(role) := "error" if role.declarative

missing_limit_severity(role) := "warning" if not role.declarative

verdicts contains verdict if {
	some role in input.roles
	lib.unknown(role.connection_limit)
	role.can_login.known
	role.superuser.known
	may_open_connections(role)
	what := sprintf("the connection limit of role %s", [lib.quoted(role.name)])
	verdict := lib.undecided("PG001", role, what, role.connection_limit)
}

verdicts contains verdict if {
	some role in input.roles
	not limited(role)
	some verdict in unknown_attribute("PG001", role)
}

verdicts contains verdict if {
	some role in input.roles
	not is_known(role.connection_limit)
	made_elsewhere(role)
	not untouched(role)
	not exempt(role)
	not lib.unknown(role.can_login)
	not lib.unknown(role.superuser)
	verdict := lib.undecided(
		"PG001", role, sprintf("what role %s is", [lib.quoted(role.name)]),
		{
			"reason": "it is made outside the scanned files",
			"location": role.location,
		},
	)
}

# PG002: a login role that nobody can use.

verdicts contains verdict if {
	some role in input.roles
	lib.is(role.connection_limit, 0)
	may_open_connections(role)
	verdict := lib.fail(
		"PG002", role, role.causes.limited_login,
		sprintf("role %s has a connection limit of 0: nobody can log in as it", [lib.quoted(role.name)]),
	)
}

verdicts contains verdict if {
	some role in input.roles
	lib.is(role.connection_limit, 0)
	some verdict in unknown_attribute("PG002", role)
}

# PG003: a limit on a superuser, which the server does not enforce.

verdicts contains verdict if {
	some role in input.roles
	lib.is(role.superuser, true)
	role.connection_limit.known
	role.connection_limit.value != unlimited
	verdict := lib.fail(
		"PG003", role, role.causes.limited_superuser,
		sprintf(
			"the connection limit %d of superuser %s is not enforced",
			[role.connection_limit.value, lib.quoted(role.name)],
		),
	)
}

verdicts contains verdict if {
	some role in input.roles
	lib.is(role.superuser, true)
	lib.unknown(role.connection_limit)
	what := sprintf("the connection limit of superuser %s", [lib.quoted(role.name)])
	verdict := lib.undecided("PG003", role, what, role.connection_limit)
}

verdicts contains verdict if {
	some role in input.roles
	lib.unknown(role.superuser)
	role.connection_limit.known
	role.connection_limit.value > 0
	what := sprintf("whether role %s is a superuser", [lib.quoted(role.name)])
	verdict := lib.undecided("PG003", role, what, role.superuser)
}

# PG004: a database whose limit is lifted explicitly.

verdicts contains verdict if {
	some database in input.databases
	lib.is(database.connection_limit, unlimited)
	verdict := lib.fail(
		"PG004", database, database.connection_limit.location,
		sprintf("database %s has no connection limit: it is set to -1", [lib.quoted(database.name)]),
	)
}

verdicts contains verdict if {
	some database in input.databases
	lib.unknown(database.connection_limit)
	what := sprintf("the connection limit of database %s", [lib.quoted(database.name)])
	verdict := lib.undecided("PG004", database, what, database.connection_limit)
}

# Roles that no limit harms: superusers, on whom none is enforced, and roles that cannot log in.
exempt(role) if lib.is(role.superuser, true)

exempt(role) if lib.is(role.can_login, false)

may_open_connections(role) if {
	not exempt(role)
	not lib.unknown(role.can_login)
	not lib.unknown(role.superuser)
}

limited(role) if {
	role.connection_limit.known
	role.connection_limit.value != unlimited
}

is_known(value) if value.known

made_elsewhere(role) if role.can_login == null

made_elsewhere(role) if role.superuser == null

# Nothing in the scanned files is about its limit or its login.
untouched(role) if {
	role.connection_limit == null
	role.can_login == null
}

# Whether the role can log in comes before whether it is a superuser.
unknown_attribute(policy, role) := {lib.undecided(policy, role, what, role.can_login)} if {
	not exempt(role)
	lib.unknown(role.can_login)
	what := sprintf("whether role %s can log in", [lib.quoted(role.name)])
} else := {lib.undecided(policy, role, what, role.superuser)} if {
	not exempt(role)
	lib.unknown(role.superuser)
	what := sprintf("whether role %s is a superuser", [lib.quoted(role.name)])
}
