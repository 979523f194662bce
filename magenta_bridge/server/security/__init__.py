"""Who may connect and call: endpoints, tokens, certificates and rate limits."""
