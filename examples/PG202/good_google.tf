# Google's load balancers check the pooler's health from these ranges, and nobody else has them.
resource "google_compute_firewall" "health_checks" {
  name    = "health-checks"
  network = "shop"

  allow {
    protocol = "tcp"
    ports    = ["6432"]
  }

  source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]
  target_tags   = ["pooler"]
}
