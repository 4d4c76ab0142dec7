resource "docker_image" "postgres" {
  name = "postgres:18"
}

resource "docker_container" "postgres" {
  name  = "postgres"
  image = docker_image.postgres.image_id

  ports {
    internal = 5432
    external = 5432
    ip       = "127.0.0.1"
  }
}
