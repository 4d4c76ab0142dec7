resource "azurerm_postgresql_flexible_server" "shop" { # expect: PG203
  name                = "shop"
  resource_group_name = "shop"
  location            = "westeurope"
  version             = "16"
}

resource "azurerm_postgresql_flexible_server_firewall_rule" "azure" {
  name             = "azure-services"
  server_id        = azurerm_postgresql_flexible_server.shop.id
  start_ip_address = "0.0.0.0" # expect: PG202
  end_ip_address   = "0.0.0.0"
}
