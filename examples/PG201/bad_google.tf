resource "google_compute_network" "shop" {
  name = "shop"
}

resource "google_compute_firewall" "clients" {
  name    = "clients"
  network = google_compute_network.shop.name

  # All ports of TCP.
  allow {
    protocol = "tcp"
  }

  source_tags   = ["client"]
  source_ranges = ["0.0.0.0/0"] # expect: PG201
}
