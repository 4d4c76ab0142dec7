# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0

# Each case: the facts that are given, and [policy, severity, line] of what is wanted.
package connguard.reading_cases

import data.connguard.testing as t
import rego.v1

cases := {
	"what was not parsed is a warning": {
		"given": {"not_parsed": [{"subject": t.only, "reason": "syntax error", "location": t.place(3)}]},
		"want": {["PG901", "warning", 3]},
	},
	"what readers leave open is a note": {
		"given": {"undecided": [{"subject": t.only, "policy_id": "PG001", "reason": "it is computed", "location": t.place(3)}]},
		"want": {["PG902", "note", 3]},
	},
	"nothing is fine": {"given": {}, "want": set()},
}
