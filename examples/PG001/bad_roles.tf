# Three applications share one server of 100 connections. None of these roles has a cap.

variable "worker_connections" {
  description = "Connections for the background workers; -1 means no limit."
  type        = number
  default     = -1
}

resource "postgresql_role" "api" { # expect: PG001
  name     = "api"
  login    = true
  password = var.api_password
}

resource "postgresql_role" "worker" {
  name             = "worker"
  login            = true
  password         = var.worker_password
  connection_limit = var.worker_connections # expect: PG001
}

resource "postgresql_role" "reporting" {
  name             = "reporting"
  login            = "true"
  password         = var.reporting_password
  connection_limit = "-1" # expect: PG001
}

resource "postgresql_role" "importer" { # expect: PG001
  name             = "importer"
  login            = true
  connection_limit = null
}

variable "api_password" {
  sensitive = true
}

variable "worker_password" {
  sensitive = true
}

variable "reporting_password" {
  sensitive = true
}
