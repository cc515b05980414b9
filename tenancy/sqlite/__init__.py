"""Django's backend for SQLite, which waits no longer than it is told to; made by `base`."""
