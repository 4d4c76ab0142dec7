# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Id, name and fact classes of every policy. Written by tools/generate_docs.py."""

INDEX = """\
PG001 role-without-connection-limit model.facts.Role
PG002 role-connection-limit-zero model.facts.Role
PG003 connection-limit-not-enforced model.facts.Role
PG004 database-connection-limit-removed model.facts.Database
PG005 connection-limit-written-to-catalog model.facts.CatalogWrite
PG006 connection-limit-in-dynamic-sql model.facts.DynamicStatement
PG007 connection-limit-exceeds-server model.usage.LimitAgainstServer
PG008 conflicting-connection-limit model.facts.RefusedLimit
PG009 rollback-removes-connection-limit model.statement_facts.RemovedLimit
PG101 pool-exceeds-role-limit model.usage.RoleUsage
PG102 pool-exceeds-database-limit model.usage.DatabaseUsage
PG103 pools-exceed-server-slots model.usage.ServerUsage
PG104 clients-exceed-max-client-conn model.usage.ClientUsage
PG105 session-pooling model.usage.PoolUsage
PG106 max-connections-without-pooler model.server_size.ServerSize
PG107 no-headroom model.usage.Spare
PG108 pooler-file-descriptors model.usage.PoolerUsage
PG109 pool-cannot-fill model.usage.PoolUsage
PG110 unbounded-pools model.usage.PoolerUsage
PG111 timeout-order model.usage.Timeouts
PG112 transaction-pooling-hazard model.usage.SessionFeature
PG113 declaration-contradicts-files model.usage.Contradiction
PG201 postgres-port-open-to-internet model.network.Endpoint
PG202 postgres-port-broad-cidr model.network.Endpoint
PG203 public-database-instance model.database_facts.DatabaseInstance
PG204 broad-cidr-in-sql model.statement_facts.AllowedAddresses
PG205 listen-on-all-addresses model.effective_setting.EffectiveSetting
PG206 port-published-on-all-interfaces model.database_facts.PublishedPort
PG207 listener-unreachable model.setting_facts.Listener model.database_facts.MissedConnection
PG301 hba-broad-address model.hba_coverage.Exposure
PG302 hba-rule-never-matches model.hba_facts.EffectiveRule
PG303 hba-trust model.hba_facts.EffectiveRule
PG304 hba-weak-method model.hba_facts.EffectiveRule
PG305 hba-no-tls model.hba_facts.EffectiveRule
PG306 hba-invalid-line model.hba_facts.InvalidRule
PG307 hba-misread-address model.hba_facts.EffectiveRule
PG308 hba-role-cannot-connect model.hba_facts.DeclaredLogin
PG309 hba-misread-name model.hba_facts.EffectiveRule
PG401 tls-not-required model.effective_setting.EffectiveSetting model.database_facts.TlsRequirement
PG402 weak-password-encryption model.effective_setting.EffectiveSetting
PG403 password-literal-in-migration model.statement_facts.PasswordLiteral
PG501 idle-in-transaction-timeout-disabled model.effective_setting.EffectiveSetting
PG502 statement-timeout-disabled model.effective_setting.EffectiveSetting
PG503 keepalives-disabled model.effective_setting.EffectiveSetting
PG504 idle-session-timeout-cuts-pools model.effective_setting.EffectiveSetting
PG505 authentication-timeout-too-long model.effective_setting.EffectiveSetting
PG506 client-connection-check-disabled model.effective_setting.EffectiveSetting
PG507 no-superuser-slots model.effective_setting.EffectiveSetting
PG508 server-setting-refused model.setting_facts.RefusedSetting
PG509 server-setting-overridden model.setting_facts.OverriddenSetting
PG601 live-role-limit-drift model.live_facts.LiveRoleLimit
PG602 live-database-limit-drift model.live_facts.LiveDatabaseLimit
PG603 live-setting-drift model.live_facts.LiveSetting
PG604 live-restart-drift model.live_facts.LivePendingRestart
PG605 live-hba-drift model.live_facts.LiveHbaDifference
PG606 live-hba-error-drift model.live_facts.LiveHbaError
PG607 live-pooler-setting-drift model.live_facts.LivePoolerSetting
PG608 live-pooler-database-drift model.live_facts.LivePoolerDatabase
PG609 live-pooler-user-drift model.live_facts.LivePoolerUser
PG901 not-parsed model.facts.NotParsed
PG902 undecided model.facts.Undecided
PG903 suppression-unused model.facts.IdleSuppression
"""
