"""The services that rent phone numbers: the protocol, the HTTP client, the registry, and the real ones."""
