# Two halves of the internet in two rules, at the pooler's port of a range, before a late Deny.
resource "azurerm_network_security_group" "database" {
  name                = "database"
  resource_group_name = "shop"
  location            = "westeurope"

  security_rule {
    name                       = "clients"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    source_address_prefix      = "0.0.0.0/1" # expect: PG201
    destination_port_range     = "5000-7000"
    destination_address_prefix = "*"
  }
}

resource "azurerm_network_security_rule" "more_clients" {
  name                        = "more-clients"
  resource_group_name         = "shop"
  network_security_group_name = azurerm_network_security_group.database.name
  priority                    = 110
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_port_range           = "*"
  source_address_prefix       = "128.0.0.0/1"
  destination_port_range      = "*"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "nobody" {
  name                        = "nobody"
  resource_group_name         = "shop"
  network_security_group_name = azurerm_network_security_group.database.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  source_address_prefix       = "Internet"
  destination_port_range      = "*"
  destination_address_prefix  = "*"
}
