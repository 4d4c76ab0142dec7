resource "azurerm_postgresql_flexible_server" "shop" {
  name                          = "shop"
  resource_group_name           = "shop"
  location                      = "westeurope"
  version                       = "16"
  public_network_access_enabled = false
}

resource "azurerm_postgresql_flexible_server" "archive" {
  name                = "archive"
  resource_group_name = "shop"
  location            = "westeurope"
  version             = "16"
  delegated_subnet_id = azurerm_subnet.archive.id
  private_dns_zone_id = azurerm_private_dns_zone.archive.id
}

resource "azurerm_subnet" "archive" {
  name                 = "archive"
  resource_group_name  = "shop"
  virtual_network_name = "shop"
  address_prefixes     = ["10.0.2.0/28"]

  delegation {
    name = "postgresql"
    service_delegation {
      name = "Microsoft.DBforPostgreSQL/flexibleServers"
    }
  }
}

resource "azurerm_private_dns_zone" "archive" {
  name                = "archive.postgres.database.azure.com"
  resource_group_name = "shop"
}
