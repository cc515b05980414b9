"""Attacks, one in each module."""
