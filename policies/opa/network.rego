# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
#
# Who reaches a server: PG201, PG202, PG203, PG206.
#
# connguard joins the rules that guard an endpoint, and says how wide the addresses that pass them
# all are (`breadth`: narrow, private class, public block, internet).
package connguard.network

import data.connguard.lib
import rego.v1

deny contains result if some result in lib.errors(verdicts)

warn contains result if some result in lib.warnings(verdicts)

# PG201: the internet, or a large part of it.

verdicts contains verdict if {
	some endpoint in input.endpoints
	endpoint.breadth == "internet"
	verdict := lib.with_severity(
		"PG201", endpoint, endpoint.at,
		sprintf("%s reaches %s", [endpoint.share, endpoint.name]),
		internet_severity(endpoint),
	)
}

verdicts contains verdict if {
	some endpoint in input.endpoints
	endpoint.breadth != "internet"
	value := endpoint.unknown[0]
	what := sprintf("who reaches %s", [endpoint.name])
	verdict := lib.undecided("PG201", endpoint, what, value)
}

# Behind a rule that is open to everybody, but without a public address.
hidden(endpoint) if {
	count(endpoint.targets) > 0
	every target in endpoint.targets {
		target.has_public_address == false
	}
}

internet_severity(endpoint) := "warning" if hidden(endpoint)

internet_severity(endpoint) := lib.own_severity("PG201") if not hidden(endpoint)

# PG202: far more addresses than the server has clients.

verdicts contains verdict if {
	some endpoint in input.endpoints
	endpoint.breadth in {"public block", "private class"}
	verdict := lib.with_severity(
		"PG202", endpoint, endpoint.at,
		sprintf("%s reaches %s", [crowd(endpoint), endpoint.name]),
		block_severity[endpoint.breadth],
	)
}

block_severity := {"public block": "error", "private class": "warning"}

crowd(endpoint) := sprintf(
	"a whole private range (%s)",
	[concat(", ", endpoint.addresses.networks)],
) if endpoint.breadth == "private class"

crowd(endpoint) := named_crowd(endpoint) if endpoint.breadth == "public block"

named_crowd(endpoint) := endpoint.through[0].what if {
	endpoint.through[0].what != ""
} else := endpoint.share

# PG203: a managed database with an address on the internet.

verdicts contains verdict if {
	some instance in input.managed_instances
	lib.is(instance.public, true)
	verdict := lib.fail(
		"PG203", instance, instance.location,
		sprintf("%s has a public address: %s", [instance.name, instance.because]),
	)
}

verdicts contains verdict if {
	some instance in input.managed_instances
	lib.unknown(instance.public)
	what := sprintf("whether %s has a public address", [instance.name])
	verdict := lib.undecided("PG203", instance, what, instance.public)
}

# PG206: a container's port on every address of its host.

verdicts contains verdict if {
	some port in input.published_ports
	port.exposure in {"every address", "other address"}
	verdict := lib.with_severity(
		"PG206", port, port.location,
		sprintf("port %d of %s is published on %s", [port.container_port, port.name, published_on(port)]),
		port_severity(port),
	)
}

verdicts contains verdict if {
	some port in input.published_ports
	port.exposure == null
	what := sprintf("the address on which %s is published", [port.name])
	verdict := lib.undecided("PG206", port, what, port.host_address)
}

published_on(port) := sprintf("all addresses of %s", [port.host]) if port.exposure == "every address"

published_on(port) := port.host_address.value if port.exposure == "other address"

# `purpose` is the part of the path that tells that a file is for development or tests.
port_severity(port) := "note" if port.purpose != null

port_severity(port) := lib.own_severity("PG206") if port.purpose == null
