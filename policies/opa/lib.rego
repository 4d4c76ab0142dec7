# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
#
# What all policies share: verdicts, and what is shown of them.
#
# The input is connguard.json, written by `connguard export --format opa`
# (schema: facts-1.json of connguard).
package connguard.lib

import rego.v1

# A verdict: `policy` fails over `fact`, at `place`. `severity` is the policy's own, or another one
# where a finding is more or less severe than usual.
fail(policy, fact, place, msg) := with_severity(policy, fact, place, msg, own_severity(policy))

with_severity(policy, fact, place, msg, severity) := {
	"policy": policy,
	"about": policy,
	"subject": fact.subject,
	"rank": fail_rank(policy, severity),
	"severity": severity,
	"msg": msg,
	"location": place,
}

# A verdict: whether `policy` holds cannot be decided, because `value` is not known.
undecided(policy, fact, what, value) := {
	"policy": "PG902",
	"about": policy,
	"subject": fact.subject,
	"rank": 1,
	"severity": own_severity("PG902"),
	"msg": concat("", [policy, " is undecided: ", what, " is not known: ", value.reason]),
	"location": value.location,
}

own_severity(policy) := input.policies[policy].severity

# Where severities differ from the policy's own, the own one counts as an error.
fail_rank(policy, severity) := 12 if severity == own_severity(policy)

fail_rank(policy, severity) := severity_rank[severity] if severity != own_severity(policy)

severity_rank := {"error": 12, "warning": 11, "note": 10}

# What is shown of verdicts. Of a subject's states one comes true: the worst counts, the first of
# equals. Policies that are not selected, and places where a comment or the settings suppress one,
# are left out.
shown(verdicts) := {result |
	some verdict in verdicts
	not beaten(verdict, verdicts)
	input.policies[verdict.about].selected
	input.policies[verdict.policy].selected
	not suppressed(verdict)
	result := {
		"msg": concat(": ", [place_text(verdict.location), verdict.policy, verdict.msg]),
		"policy": verdict.policy,
		"about": verdict.about,
		"name": input.policies[verdict.policy].name,
		"severity": verdict.severity,
		"fix": input.policies[verdict.policy].fix,
		"location": verdict.location,
	}
}

errors(verdicts) := {result | some result in shown(verdicts); result.severity == "error"}

warnings(verdicts) := {result | some result in shown(verdicts); result.severity != "error"}

beaten(verdict, verdicts) if {
	verdict.subject.alternatives > 1
	some other in verdicts
	other.about == verdict.about
	other.subject.number == verdict.subject.number
	comes_first(other, verdict)
}

comes_first(one, other) if one.rank > other.rank

comes_first(one, other) if {
	one.rank == other.rank
	one.subject.alternative < other.subject.alternative
}

suppressed(verdict) if {
	some one in input.suppressed
	one.policy == verdict.policy
	one.location == verdict.location
}

# path:line:column
place_text(place) := sprintf("%s:%d:%d", [place.path, place.line, place.column])

# A value that the files set, and that is known to be this one.
is(value, wanted) if {
	value.known
	value.value == wanted
}

# A value that the files set, and that cannot be read.
unknown(value) if value.known == false

quoted(name) := concat("", ["'", name, "'"])
