"""Damaged and hostile stores, through the whole server."""
