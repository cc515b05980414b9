"""The licences page as Django's tutorial would write it: one vendor, no wall, stock everything.

It reads the portal's own tables by models of its own, as a role for which there is no row-level
security. Nothing is cached but what Django caches by itself (compiled templates).
"""
