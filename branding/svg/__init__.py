"""Drawings (SVG): made clean, and made pixels in a process of their own."""
