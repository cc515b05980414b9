"""Neighbours and strangers who stop the others, or try to: each by itself, or all of them."""
