# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
package connguard.roles_test

import data.connguard.roles
import data.connguard.roles_cases as c
import data.connguard.testing as t
import rego.v1

test_cases if {
	every case in c.cases {
		holds(case)
	}
}

holds(case) if {
	results := t.short(roles.deny | roles.warn) with input as t.document(case.given)
	results == case.want
}

test_conftest_finds_a_message_with_the_place if {
	facts := {"roles": [c.role({"connection_limit": t.known(-1)})]}
	some result in roles.deny with input as t.document(facts)
	result.msg == "a.sql:2:1: PG001: role 'app' has no connection limit: it is set to -1"
	result.fix == "Mend it."
}
