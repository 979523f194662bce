"""TLS certificates: reading, checking and issuing them."""
