resource "google_compute_network" "shop" {
  name = "shop"
}

resource "google_compute_firewall" "not_from_outside" {
  name     = "not-from-outside"
  network  = google_compute_network.shop.name
  priority = 900

  deny {
    protocol = "tcp"
    ports    = ["5432-6543"]
  }

  source_ranges = ["0.0.0.0/0"]
}

resource "google_compute_firewall" "clients" {
  name    = "clients"
  network = google_compute_network.shop.name

  allow {
    protocol = "tcp"
  }

  source_ranges = ["0.0.0.0/0"]
}

resource "google_compute_firewall" "administrators" {
  name     = "administrators"
  network  = google_compute_network.shop.name
  disabled = true
  priority = 100

  allow {
    protocol = "all"
  }

  source_ranges = ["0.0.0.0/0"]
}
