# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
package connguard.network_test

import data.connguard.network
import data.connguard.network_cases as c
import data.connguard.testing as t
import rego.v1

test_cases if {
	every case in c.cases {
		holds(case)
	}
}

holds(case) if {
	results := t.short(network.deny | network.warn) with input as t.document(case.given)
	results == case.want
}
