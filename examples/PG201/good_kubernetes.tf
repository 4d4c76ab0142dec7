resource "kubernetes_service_v1" "internal" {
  metadata {
    name = "postgres-internal"
    annotations = {
      "networking.gke.io/load-balancer-type" = "Internal"
    }
  }

  spec {
    type     = "LoadBalancer"
    selector = { app = "postgres" }

    port {
      port = 5432
    }
  }
}

resource "kubernetes_service_v1" "office" {
  metadata {
    name = "postgres-office"
  }

  spec {
    type                        = "LoadBalancer"
    selector                    = { app = "postgres" }
    load_balancer_source_ranges = ["198.51.100.7/32"]

    port {
      port = 5432
    }
  }
}

resource "helm_release" "orders" {
  name  = "orders"
  chart = "oci://registry-1.docker.io/bitnamicharts/postgresql"

  values = [<<-YAML
    primary:
      service:
        type: ClusterIP
  YAML
  ]
}
