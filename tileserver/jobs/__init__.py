"""Jobs: series that take longer than a request may, worked out in parts that outlive the server."""
