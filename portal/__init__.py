"""The building: settings, hosts, middleware, what only the whole may know."""

VERSION = "1.0.0"  # as pyproject.toml says it
