resource "docker_image" "postgres" {
  name = "postgres:18"
}

resource "docker_container" "postgres" {
  name  = "postgres"
  image = docker_image.postgres.image_id

  ports {
    internal = 5432
    external = 5432 # expect: PG206
  }
}

resource "kubernetes_service_v1" "postgres" {
  metadata {
    name = "postgres"
  }

  spec {
    type     = "NodePort" # expect: PG206
    selector = { app = "postgres" }

    port {
      port      = 5432
      node_port = 30432
    }
  }
}
