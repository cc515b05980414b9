"""The database backend for PostgreSQL: Django's own, whose statements say the vendor."""
