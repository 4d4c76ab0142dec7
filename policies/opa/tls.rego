# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
#
# Connections without TLS: PG401.
package connguard.tls

import data.connguard.lib
import rego.v1

deny contains result if some result in lib.errors(verdicts)

warn contains result if some result in lib.warnings(verdicts)

switches := {"ssl", "rds.force_ssl", "require_secure_transport"}

verdicts contains verdict if {
	some setting in input.server_settings
	setting.name in switches
	setting.boolean == false
	verdict := lib.fail(
		"PG401", setting, setting.value.location,
		sprintf("connections need no TLS: %s is %s", [setting.name, setting.value.value]),
	)
}

verdicts contains verdict if {
	some setting in input.server_settings
	setting.name in switches
	lib.unknown(setting.value)
	verdict := lib.undecided("PG401", setting, setting.name, setting.value)
}

verdicts contains verdict if {
	some server in input.tls_requirements
	lib.is(server.required, false)
	verdict := lib.fail(
		"PG401", server, server.location,
		sprintf("%s accepts connections without TLS: %s", [server.name, server.because]),
	)
}

verdicts contains verdict if {
	some server in input.tls_requirements
	lib.unknown(server.required)
	what := sprintf("whether %s requires TLS", [server.name])
	verdict := lib.undecided("PG401", server, what, server.required)
}
