# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
package connguard.tls_test

import data.connguard.testing as t
import data.connguard.tls
import data.connguard.tls_cases as c
import rego.v1

test_cases if {
	every case in c.cases {
		holds(case)
	}
}

holds(case) if {
	results := t.short(tls.deny | tls.warn) with input as t.document(case.given)
	results == case.want
}
