resource "azurerm_postgresql_server" "shop" {
  name                             = "shop"
  resource_group_name              = "shop"
  location                         = "westeurope"
  sku_name                         = "GP_Gen5_4"
  version                          = "11"
  public_network_access_enabled    = false
  ssl_enforcement_enabled          = false # expect: PG401
  ssl_minimal_tls_version_enforced = "TLSEnforcementDisabled"
}

resource "azurerm_postgresql_flexible_server" "archive" {
  name                          = "archive"
  resource_group_name           = "shop"
  location                      = "westeurope"
  version                       = "16"
  public_network_access_enabled = false
}

resource "azurerm_postgresql_flexible_server_configuration" "archive" {
  name      = "require_secure_transport"
  server_id = azurerm_postgresql_flexible_server.archive.id
  value     = "Off" # expect: PG401
}
