"""Vendors, people and what is about them in the back office, a module per noun."""

from accounts.admin import audit, emails, imports, people, settings

__all__ = ["audit", "emails", "imports", "people", "settings"]
