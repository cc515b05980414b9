"""Attacks on accounts, each carried out in the tests and told of in docs/attacks.md.

An attack is a function with `@attack` in a module of this folder: its docstring says what somebody
does, it does so, fails when that leads anywhere, and returns what the portal answered. The module's
docstring is the heading. `python3 dev.py attacks accounts` runs them all and writes the page.

Attacks by which a neighbour would be kept waiting are in bench/attacks/.
"""
