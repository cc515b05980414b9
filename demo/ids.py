"""The ids and keys of the demo data, made of names; needs no Django."""

from uuid import UUID, uuid5

NAMESPACE = UUID("8b1f3a52-6a0e-4c1c-9d6e-2f5f1d0c7a11")


def demo_id(*names: str) -> UUID:
    """The id of a demo row, made of its names."""
    return uuid5(NAMESPACE, "/".join(names))


def demo_key(*names: str) -> str:
    """The key of a demo licence, in the default pattern."""
    digits = uuid5(NAMESPACE, "key/" + "/".join(names)).hex.upper() + "2026"
    return "-".join(digits[start : start + 6] for start in range(0, 36, 6))
