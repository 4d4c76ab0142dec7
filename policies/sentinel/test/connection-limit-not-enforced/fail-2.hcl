# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
mock "tfplan/v2" {
  module {
    source = "mock-fail-2.sentinel"
  }
}

test {
  rules = {
    main = false
  }
}
