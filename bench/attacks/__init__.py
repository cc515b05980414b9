"""Attacks, one in each module, which bench/under_attack.py runs and tells how to write."""
