resource "kubernetes_service_v1" "postgres" {
  metadata {
    name = "postgres"
  }

  spec {
    type     = "LoadBalancer" # expect: PG201
    selector = { app = "postgres" }

    port {
      port        = 15432
      target_port = 5432
    }
  }
}

resource "helm_release" "reports" {
  name  = "reports"
  chart = "oci://registry-1.docker.io/bitnamicharts/postgresql"

  set {
    name  = "primary.service.type"
    value = "LoadBalancer" # expect: PG201
  }
}
