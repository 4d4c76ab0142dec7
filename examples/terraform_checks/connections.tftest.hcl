# Made by tools/generate_terraform_checks.py from the policies of connguard.
# What connguard's own policies decide for the same values.

run "PG001_1" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG001_2" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG001_3" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG001_4" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG001_5" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG001_6" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG001_7" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG001_8" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG001_9" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [var.roles]
}

run "PG001_10" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG001_11" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG001_12" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG001_13" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG001_14" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG001_15" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG001_16" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG002_1" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG002_2" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG002_3" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG002_4" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG002_5" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG002_6" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG002_7" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG002_8" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG002_9" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [var.roles]
}

run "PG002_10" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG002_11" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG002_12" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG002_13" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG002_14" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG002_15" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG002_16" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG003_1" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG003_2" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG003_3" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG003_4" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG003_5" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG003_6" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG003_7" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG003_8" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG003_9" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [var.roles]
}

run "PG003_10" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG003_11" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG003_12" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG003_13" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG003_14" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG003_15" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG003_16" {
  command = plan

  variables {
    roles           = { app = { login = true, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG004_1" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
    databases       = { shop = { connection_limit = null } }
  }
}

run "PG004_2" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
    databases       = { shop = { connection_limit = -1 } }
  }

  expect_failures = [check.database_connection_limit_removed]
}

run "PG004_3" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
    databases       = { shop = { connection_limit = 0 } }
  }
}

run "PG004_4" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
    databases       = { shop = { connection_limit = 1 } }
  }
}

run "PG004_5" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
    databases       = { shop = { connection_limit = 20 } }
  }
}

run "PG101_1" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG101_2" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 1 } }
    max_connections = 503
  }
}

run "PG101_3" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 19 } }
    max_connections = 503
  }
}

run "PG101_4" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 503
  }
}

run "PG101_5" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 503
  }
}

run "PG101_6" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG101_7" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 1 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG101_8" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 19 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG101_9" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG101_10" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG101_11" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG101_12" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 1 } }
    max_connections = 503
  }
}

run "PG101_13" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 19 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG101_14" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG101_15" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG101_16" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG101_17" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 1 } }
    max_connections = 503
  }
}

run "PG101_18" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 19 } }
    max_connections = 503
  }
}

run "PG101_19" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 503
  }
}

run "PG101_20" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 503
  }

  expect_failures = [terraform_data.role]
}

run "PG101_21" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }
}

run "PG101_22" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 1 } }
    max_connections = 503
  }
}

run "PG101_23" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 19 } }
    max_connections = 503
  }
}

run "PG101_24" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 503
  }
}

run "PG101_25" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = -1 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 503
  }
}

run "PG101_26" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_27" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 1 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_28" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 19 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_29" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_30" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 0 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_31" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_32" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 1 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_33" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 19 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_34" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_35" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 1 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_36" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_37" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 1 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_38" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 19 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_39" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG101_40" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = true, connection_limit = 20 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 503
  }

  expect_failures = [check.connection_limit_not_enforced]
}

run "PG103_1" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 6
  }
}

run "PG103_2" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG103_3" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG103_4" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 97 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG103_5" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 98 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG103_6" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 23
  }
}

run "PG103_7" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 23
  }

  expect_failures = [check.no_headroom]
}

run "PG103_8" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 23
  }

  expect_failures = [terraform_data.server]
}

run "PG103_9" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 97 } }
    max_connections = 23
  }

  expect_failures = [terraform_data.server]
}

run "PG103_10" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 98 } }
    max_connections = 23
  }

  expect_failures = [terraform_data.server]
}

run "PG103_11" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 100
  }
}

run "PG103_12" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 100
  }
}

run "PG103_13" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 100
  }
}

run "PG103_14" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 97 } }
    max_connections = 100
  }

  expect_failures = [check.no_headroom]
}

run "PG103_15" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 98 } }
    max_connections = 100
  }

  expect_failures = [terraform_data.server]
}

run "PG107_1" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 6
  }
}

run "PG107_2" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 17 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG107_3" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 18 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG107_4" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG107_5" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG107_6" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 94 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG107_7" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 95 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG107_8" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 97 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG107_9" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 98 } }
    max_connections = 6
  }

  expect_failures = [terraform_data.server]
}

run "PG107_10" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 23
  }
}

run "PG107_11" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 17 } }
    max_connections = 23
  }
}

run "PG107_12" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 18 } }
    max_connections = 23
  }

  expect_failures = [check.no_headroom]
}

run "PG107_13" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 23
  }

  expect_failures = [check.no_headroom]
}

run "PG107_14" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 23
  }

  expect_failures = [terraform_data.server]
}

run "PG107_15" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 94 } }
    max_connections = 23
  }

  expect_failures = [terraform_data.server]
}

run "PG107_16" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 95 } }
    max_connections = 23
  }

  expect_failures = [terraform_data.server]
}

run "PG107_17" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 97 } }
    max_connections = 23
  }

  expect_failures = [terraform_data.server]
}

run "PG107_18" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 98 } }
    max_connections = 23
  }

  expect_failures = [terraform_data.server]
}

run "PG107_19" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 0 } }
    max_connections = 100
  }
}

run "PG107_20" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 17 } }
    max_connections = 100
  }
}

run "PG107_21" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 18 } }
    max_connections = 100
  }
}

run "PG107_22" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 20 } }
    max_connections = 100
  }
}

run "PG107_23" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 21 } }
    max_connections = 100
  }
}

run "PG107_24" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 94 } }
    max_connections = 100
  }
}

run "PG107_25" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 95 } }
    max_connections = 100
  }

  expect_failures = [check.no_headroom]
}

run "PG107_26" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 97 } }
    max_connections = 100
  }

  expect_failures = [check.no_headroom]
}

run "PG107_27" {
  command = plan

  variables {
    roles           = { app = { login = false, superuser = false, connection_limit = 1000 } }
    pools           = { app = { role = "app", instances = 1, size = 98 } }
    max_connections = 100
  }

  expect_failures = [terraform_data.server]
}
