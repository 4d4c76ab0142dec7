# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0

# Each case: the facts that are given, and [policy, severity, line] of what is wanted.
package connguard.budget_cases

import data.connguard.testing as t
import rego.v1

amount(number) := {
	"low": number, "high": number, "text": sprintf("%d", [number]), "name": "", "reason": "",
	"location": null,
}

usage(of, standing) := {
	"subject": t.only, "of": of, "name": "app", "limit": amount(20), "ignored": "",
	"demand": amount(25), "standing": standing, "arithmetic": "web 5 × 5 = 25", "uses": [],
	"at": t.place(3), "location": t.place(1),
}

spare(free, changes) := object.union(
	{
		"subject": t.only, "of": "role app", "limit": amount(20), "demand": amount(18),
		"standing": "safe", "arithmetic": "18", "free": free, "headroom": 2,
		"why": "it is needed", "location": t.place(5),
	},
	changes,
)

cases := {
	"a role takes too little": {
		"given": {"usages": [usage("role", "unsafe")]},
		"want": {["PG101", "error", 3]},
	},
	"a database takes too little": {
		"given": {"usages": [usage("database", "unsafe")]},
		"want": {["PG102", "error", 3]},
	},
	"the server takes too little": {
		"given": {"usages": [usage("server", "unsafe")]},
		"want": {["PG103", "error", 3]},
	},
	"the clients of a pooler are no matter of these": {
		"given": {"usages": [usage("clients of a pooler", "unsafe")]},
		"want": set(),
	},
	"what fits is fine": {"given": {"usages": [usage("role", "safe")]}, "want": set()},
	"what depends is undecided": {
		"given": {"usages": [usage("server", "unknown")]},
		"want": {["PG902", "note", 3]},
	},
	"too little headroom is a warning": {
		"given": {"spares": [spare(1, {})]},
		"want": {["PG107", "warning", 5]},
	},
	"enough headroom is fine": {"given": {"spares": [spare(2, {})]}, "want": set()},
	"headroom is no matter where the demand does not fit": {
		"given": {"spares": [spare(-5, {"standing": "unsafe"})]},
		"want": set(),
	},
	"headroom is no matter where nothing is demanded": {
		"given": {"spares": [spare(1, {"demand": amount(0)})]},
		"want": set(),
	},
	"headroom is no matter where nothing limits": {
		"given": {"spares": [spare(null, {"limit": null})]},
		"want": set(),
	},
	"a demand without bound leaves no headroom": {
		"given": {"spares": [spare(0, {"demand": {"low": 0, "high": null, "text": "any number"}})]},
		"want": {["PG107", "warning", 5]},
	},
}
