"""The answers of the REST API of an xcube server, without HTTP."""
