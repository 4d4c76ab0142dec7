# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0

# Each case: the facts that are given, and [policy, severity, line] of what is wanted.
package connguard.tls_cases

import data.connguard.testing as t
import rego.v1

setting(name, value, boolean) := {
	"subject": t.only, "name": name, "value": value, "boolean": boolean, "scope": "the server",
	"location": t.here,
}

server(required) := {
	"subject": t.only, "name": "db", "required": required, "because": "it says so",
	"location": t.place(2),
}

cases := {
	"TLS that is switched off is a warning": {
		"given": {"server_settings": [setting("ssl", t.known("off"), false)]},
		"want": {["PG401", "warning", 7]},
	},
	"so it is on RDS": {
		"given": {"server_settings": [setting("rds.force_ssl", t.known("0"), false)]},
		"want": {["PG401", "warning", 7]},
	},
	"TLS that is on is fine": {
		"given": {"server_settings": [setting("ssl", t.known("on"), true)]},
		"want": set(),
	},
	"other settings are no matter": {
		"given": {"server_settings": [setting("fsync", t.known("off"), false)]},
		"want": set(),
	},
	"a switch that is not known is undecided": {
		"given": {"server_settings": [setting("ssl", t.unknown, null)]},
		"want": {["PG902", "note", 9]},
	},
	"a server that does not insist is a warning": {
		"given": {"tls_requirements": [server(t.known(false))]},
		"want": {["PG401", "warning", 2]},
	},
	"a server that insists is fine": {"given": {"tls_requirements": [server(t.known(true))]}, "want": set()},
	"a server may be undecided": {
		"given": {"tls_requirements": [server(t.unknown)]},
		"want": {["PG902", "note", 9]},
	},
}
