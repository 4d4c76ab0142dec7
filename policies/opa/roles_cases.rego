# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0

# Each case: the facts that are given, and [policy, severity, line] of what is wanted.
package connguard.roles_cases

import data.connguard.testing as t
import rego.v1

role(changes) := object.union(
	{
		"subject": t.only, "name": "app", "location": t.place(1), "can_login": t.known(true),
		"superuser": t.known(false), "connection_limit": t.known(20), "declarative": false,
		"history": [],
		"causes": {
			"limited_login": t.place(2),
			"limited_superuser": t.place(3),
			"login_without_limit": t.place(4),
		},
	},
	changes,
)

database(limit) := {
	"subject": t.only, "name": "shop", "location": t.place(1), "connection_limit": limit,
	"declarative": true, "history": [],
}

cases := {
	"a limit is fine": {"given": {"roles": [role({})]}, "want": set()},
	"-1 is an error": {
		"given": {"roles": [role({"connection_limit": t.known(-1)})]},
		"want": {["PG001", "error", 2]},
	},
	"no limit in SQL is a warning": {
		"given": {"roles": [role({"connection_limit": null})]},
		"want": {["PG001", "warning", 4]},
	},
	"no limit of a whole role is an error": {
		"given": {"roles": [role({"connection_limit": null, "declarative": true})]},
		"want": {["PG001", "error", 4]},
	},
	"a role without login may have -1": {
		"given": {"roles": [role({"connection_limit": t.known(-1), "can_login": t.known(false)})]},
		"want": set(),
	},
	"a role without login may have 0": {
		"given": {"roles": [role({"connection_limit": t.known(0), "can_login": t.known(false)})]},
		"want": set(),
	},
	"a superuser may have -1": {
		"given": {"roles": [role({"connection_limit": t.known(-1), "superuser": t.known(true)})]},
		"want": set(),
	},
	"-1 counts for a role that is made elsewhere": {
		"given": {"roles": [role({"connection_limit": t.known(-1), "can_login": null, "superuser": null})]},
		"want": {["PG001", "error", 2]},
	},
	"a role that is made elsewhere is undecided": {
		"given": {"roles": [role({"connection_limit": null, "superuser": null})]},
		"want": {["PG902", "note", 1]},
	},
	"so it is with a limit that is not known": {
		"given": {"roles": [role({"connection_limit": t.unknown, "can_login": null})]},
		"want": {["PG902", "note", 1]},
	},
	"a role of which nothing is said is fine": {
		"given": {"roles": [role({"connection_limit": null, "can_login": null, "superuser": null})]},
		"want": set(),
	},
	"a limit that is not known is undecided": {
		"given": {"roles": [role({"connection_limit": t.unknown})]},
		"want": {["PG902", "note", 9]},
	},
	"0 locks out": {
		"given": {"roles": [role({"connection_limit": t.known(0)})]},
		"want": {["PG002", "error", 2]},
	},
	"0 is undecided where the login is not known": {
		"given": {"roles": [role({"connection_limit": t.known(0), "can_login": t.unknown})]},
		"want": {["PG902", "note", 9]},
	},
	"a limit on a superuser is a warning": {
		"given": {"roles": [role({"superuser": t.known(true)})]},
		"want": {["PG003", "warning", 3]},
	},
	"who may be a superuser is undecided": {
		"given": {"roles": [role({"superuser": t.unknown})]},
		"want": {["PG902", "note", 9]},
	},
	"a database without any limit is fine": {"given": {"databases": [database(null)]}, "want": set()},
	"a database with a limit is fine": {"given": {"databases": [database(t.known(5))]}, "want": set()},
	"a lifted limit of a database is a warning": {
		"given": {"databases": [database(t.known(-1))]},
		"want": {["PG004", "warning", 7]},
	},
	"a limit of a database that is not known is undecided": {
		"given": {"databases": [database(t.unknown)]},
		"want": {["PG902", "note", 9]},
	},
	"the worst of several states counts": {
		"given": {"roles": [
			role({"subject": t.state(0, 2), "connection_limit": null}),
			role({"subject": t.state(1, 2), "connection_limit": t.known(-1)}),
		]},
		"want": {["PG001", "error", 2]},
	},
	"the first of equal states counts": {
		"given": {"roles": [
			role({"subject": t.state(0, 2), "connection_limit": t.known(0)}),
			role({"subject": t.state(1, 2), "connection_limit": t.known(0), "causes": {"limited_login": t.place(8)}}),
		]},
		"want": {["PG002", "error", 2]},
	},
	"what is suppressed is not shown": {
		"given": {
			"roles": [role({"connection_limit": t.known(0)})],
			"suppressed": [{"policy": "PG002", "location": t.place(2), "reason": "on purpose"}],
		},
		"want": set(),
	},
	"what is suppressed elsewhere is shown": {
		"given": {
			"roles": [role({"connection_limit": t.known(0)})],
			"suppressed": [{"policy": "PG002", "location": t.place(3), "reason": "on purpose"}],
		},
		"want": {["PG002", "error", 2]},
	},
	"a policy that is not selected is silent": {
		"given": {
			"roles": [role({"connection_limit": t.known(0)})],
			"policies": {"PG002": {"selected": false}},
		},
		"want": set(),
	},
	"-1 is undecided where the login is not known": {
		"given": {"roles": [role({"connection_limit": t.known(-1), "can_login": t.unknown})]},
		"want": {["PG902", "note", 9]},
	},
	"what is not known of a role that is made elsewhere is told once": {
		"given": {"roles": [role({"connection_limit": t.unknown, "can_login": null, "superuser": t.unknown})]},
		"want": {["PG902", "note", 9]},
	},
	"another policy that is suppressed there is no matter": {
		"given": {
			"roles": [role({"connection_limit": t.known(0)})],
			"suppressed": [{"policy": "PG001", "location": t.place(2), "reason": "on purpose"}],
		},
		"want": {["PG002", "error", 2]},
	},
}
