"""STAC: Items, Collections and ItemCollections as cubes of their assets."""
