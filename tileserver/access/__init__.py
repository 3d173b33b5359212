"""Who asks, and what they may see: keys, tokens, signatures, roles. It knows no HTTP."""
