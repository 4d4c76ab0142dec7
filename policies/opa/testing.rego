# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0

# Inputs for the tests of the policies: `opa test policies/opa`.
package connguard.testing

import rego.v1

here := place(7)

place(line) := {"path": "a.sql", "line": line, "column": 1, "end_line": line, "end_column": 9}

known(value) := {"known": true, "value": value, "location": here}

unknown := {"known": false, "reason": "var.x has no value", "location": place(9)}

# A subject with one state, and one of several states.
only := state(0, 1)

state(alternative, alternatives) := {
	"number": 1,
	"alternative": alternative,
	"alternatives": alternatives,
}

policy(severity) := {"name": "a-name", "severity": severity, "fix": "Mend it.", "selected": true}

policies := object.union(
	{id: policy("error") | some id in ["PG001", "PG002", "PG101", "PG102", "PG103", "PG201", "PG202"]},
	object.union(
		{id: policy("warning") | some id in ["PG003", "PG004", "PG107", "PG203", "PG206", "PG401", "PG901"]},
		{"PG902": policy("note")},
	),
)

# The document of a scan that found just this.
document(facts) := object.union(
	{
		"policies": policies, "suppressed": [], "roles": [], "databases": [], "usages": [],
		"spares": [], "endpoints": [], "managed_instances": [], "published_ports": [],
		"server_settings": [], "tls_requirements": [], "not_parsed": [], "undecided": [],
	},
	facts,
)

# What is told of results, in short: [policy, severity, line].
short(results) := {[result.policy, result.severity, result.location.line] | some result in results}
