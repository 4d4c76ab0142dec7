# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
# Made by tools/generate_terraform_checks.py from the policies of connguard.

policy "role-without-connection-limit" {
  source            = "./role-without-connection-limit.sentinel"
  enforcement_level = "hard-mandatory"
}

policy "role-connection-limit-zero" {
  source            = "./role-connection-limit-zero.sentinel"
  enforcement_level = "hard-mandatory"
}

policy "connection-limit-not-enforced" {
  source            = "./connection-limit-not-enforced.sentinel"
  enforcement_level = "advisory"
}

policy "database-connection-limit-removed" {
  source            = "./database-connection-limit-removed.sentinel"
  enforcement_level = "advisory"
}
