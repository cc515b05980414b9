"""What a page may load, and from where."""

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def content_security_policy(**changes: str) -> str:
    """The header's value; a change is a directive (dashes as underscores) and its sources."""
    policy = CONTENT_SECURITY_POLICY | {
        name.replace("_", "-"): value for name, value in changes.items()
    }
    return "; ".join(f"{name} {value}" for name, value in policy.items())
