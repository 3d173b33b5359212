"""Datasets as OGC API Environmental Data Retrieval 1.1: collections, queries, answers."""
