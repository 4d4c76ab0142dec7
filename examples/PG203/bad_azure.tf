resource "azurerm_postgresql_flexible_server" "shop" { # expect: PG203
  name                = "shop"
  resource_group_name = "shop"
  location            = "westeurope"
  version             = "16"
}
