# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
package connguard.budget_test

import data.connguard.budget
import data.connguard.budget_cases as c
import data.connguard.testing as t
import rego.v1

test_cases if {
	every case in c.cases {
		holds(case)
	}
}

holds(case) if {
	results := t.short(budget.deny | budget.warn) with input as t.document(case.given)
	results == case.want
}
