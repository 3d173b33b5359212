"""The services that the OGC specifies, as documents and values."""
