"""What has to hold when things break, tried for real: `python3 dev.py drill`.

A drill is a module here: its docstring's first line says what is tried, `HEADS` names the columns
of its table, and `run(small)` tries it, gives a row after the other, and raises AssertionError when
something does not hold. `small` is the size at which tests run it. One that has `MINUTES` is given
`minutes`, too, None unless they are said.
"""
