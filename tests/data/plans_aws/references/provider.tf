terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

# No request is ever made: the keys are no keys.
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
