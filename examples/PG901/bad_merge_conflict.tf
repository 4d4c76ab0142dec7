# The block with the conflict is not checked; the ones around it are.

resource "postgresql_role" "app" {
  name  = "app"
  login = true
<<<<<<< HEAD # expect: PG901
  connection_limit = 20
=======
  connection_limit = -1
>>>>>>> feature
}

resource "postgresql_role" "worker" { # expect: PG001
  name  = "worker"
  login = true
}
