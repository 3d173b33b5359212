"""The services that the OGC specifies, over HTTP."""
