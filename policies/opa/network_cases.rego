# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0

# Each case: the facts that are given, and [policy, severity, line] of what is wanted.
package connguard.network_cases

import data.connguard.testing as t
import rego.v1

endpoint(changes) := object.union(
	{
		"subject": t.only, "name": "port 5432 of db", "breadth": "narrow",
		"share": "no public address", "addresses": {"networks": ["10.0.0.0/8"], "complete": true},
		"through": [{"what": ""}], "unknown": [], "targets": [], "at": t.place(4),
		"location": t.place(1),
	},
	changes,
)

target(public) := {"name": "db", "location": t.here, "has_public_address": public}

instance(public) := {
	"subject": t.only, "name": "db", "public": public, "because": "it says so",
	"location": t.place(2),
}

port(exposure, changes) := object.union(
	{
		"subject": t.only, "name": "db", "container_port": 5432, "host": "the host",
		"purpose": null, "host_address": t.known("192.0.2.1"), "exposure": exposure,
		"location": t.place(3),
	},
	changes,
)

cases := {
	"a narrow endpoint is fine": {"given": {"endpoints": [endpoint({})]}, "want": set()},
	"the internet is an error": {
		"given": {"endpoints": [endpoint({"breadth": "internet"})]},
		"want": {["PG201", "error", 4]},
	},
	"without a public address it is a warning": {
		"given": {"endpoints": [endpoint({"breadth": "internet", "targets": [target(false)]})]},
		"want": {["PG201", "warning", 4]},
	},
	"with one of which that is not known it is an error": {
		"given": {"endpoints": [endpoint({"breadth": "internet", "targets": [target(false), target(null)]})]},
		"want": {["PG201", "error", 4]},
	},
	"a wide block is an error": {
		"given": {"endpoints": [endpoint({"breadth": "public block"})]},
		"want": {["PG202", "error", 4]},
	},
	"a private range is a warning": {
		"given": {"endpoints": [endpoint({"breadth": "private class"})]},
		"want": {["PG202", "warning", 4]},
	},
	"sources that are not known are undecided": {
		"given": {"endpoints": [endpoint({"unknown": [t.unknown]})]},
		"want": {["PG902", "note", 9]},
	},
	"a public instance is a warning": {
		"given": {"managed_instances": [instance(t.known(true))]},
		"want": {["PG203", "warning", 2]},
	},
	"a private instance is fine": {"given": {"managed_instances": [instance(t.known(false))]}, "want": set()},
	"an instance may be undecided": {
		"given": {"managed_instances": [instance(t.unknown)]},
		"want": {["PG902", "note", 9]},
	},
	"a port on every address is a warning": {
		"given": {"published_ports": [port("every address", {})]},
		"want": {["PG206", "warning", 3]},
	},
	"a port on some other address is a warning": {
		"given": {"published_ports": [port("other address", {})]},
		"want": {["PG206", "warning", 3]},
	},
	"a local port is fine": {"given": {"published_ports": [port("local", {})]}, "want": set()},
	"for development it is a note": {
		"given": {"published_ports": [port("every address", {"purpose": "dev"})]},
		"want": {["PG206", "note", 3]},
	},
	"an address that is not known is undecided": {
		"given": {"published_ports": [port(null, {"host_address": t.unknown})]},
		"want": {["PG902", "note", 9]},
	},
}
