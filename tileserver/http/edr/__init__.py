"""Routes of OGC API Environmental Data Retrieval."""
