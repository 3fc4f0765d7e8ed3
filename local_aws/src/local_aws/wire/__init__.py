"""AWS's protocols, both ways, out of botocore's service models."""
