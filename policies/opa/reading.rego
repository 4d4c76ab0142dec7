# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
#
# What was not read: PG901, and PG902 for what the readers left undecided. Without these, silence
# about a file that could not be parsed would look like a pass.
package connguard.reading

import data.connguard.lib
import rego.v1

deny contains result if some result in lib.errors(verdicts)

warn contains result if some result in lib.warnings(verdicts)

verdicts contains verdict if {
	some part in input.not_parsed
	verdict := lib.fail("PG901", part, part.location, sprintf("not checked: %s", [part.reason]))
}

verdicts contains verdict if {
	some gap in input.undecided
	verdict := lib.fail(
		"PG902", gap, gap.location,
		concat("", [gap.policy_id, " is undecided: ", gap.reason]),
	)
}
