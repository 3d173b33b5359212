"""Object stores: bytes by key, with limits."""
