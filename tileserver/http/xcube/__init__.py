"""The REST API of an xcube server, for its viewer and for eodash."""
