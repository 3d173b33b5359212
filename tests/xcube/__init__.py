"""The xcube API, its viewer, and what other clients of it need."""
