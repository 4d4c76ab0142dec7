# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
#
# The connection budget: PG101, PG102, PG103, PG107.
#
# connguard adds up who may open how many connections (`arithmetic`) and says whether that fits the
# limit for all possible values, for none, or depends on what is not known (`standing`).
package connguard.budget

import data.connguard.lib
import rego.v1

deny contains result if some result in lib.errors(verdicts)

warn contains result if some result in lib.warnings(verdicts)

policy_of := {"role": "PG101", "database": "PG102", "server": "PG103"}

# PG101, PG102, PG103: more connections may be opened than a role, database or server takes.

verdicts contains verdict if {
	some usage in input.usages
	usage.standing == "unsafe"
	verdict := lib.fail(
		policy_of[usage.of], usage, usage.at,
		sprintf("%s; %s takes %s", [usage.arithmetic, capacity(usage), limit_text(usage.limit)]),
	)
}

verdicts contains verdict if {
	some usage in input.usages
	usage.standing == "unknown"
	what := sprintf("whether %s suffices", [capacity(usage)])
	verdict := lib.undecided(
		policy_of[usage.of], usage, what,
		{"reason": open_question(usage), "location": usage.at},
	)
}

capacity(usage) := "the server" if usage.of == "server"

capacity(usage) := sprintf("%s %s", [usage.of, lib.quoted(usage.name)]) if usage.of != "server"

limit_text(limit) := limit.text if limit != null

limit_text(limit) := "no limit" if limit == null

open_question(usage) := usage.demand.reason if {
	usage.demand.reason != ""
} else := usage.limit.reason if {
	usage.limit.reason != ""
} else := "a number that no file states"

# PG107: a capacity suffices, but leaves no connection free.

verdicts contains verdict if {
	some spare in input.spares
	spare.standing == "safe"
	spare.limit != null
	some_demand(spare.demand)
	spare.free < spare.headroom
	verdict := lib.fail(
		"PG107", spare, spare.location,
		sprintf(
			"%s; %s takes %s, which leaves %d of %d that should stay free: %s",
			[spare.arithmetic, spare.of, spare.limit.text, spare.free, spare.headroom, spare.why],
		),
	)
}

some_demand(demand) if demand.high == null

some_demand(demand) if demand.high > 0
