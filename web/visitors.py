"""Whom a request comes from, and how: what the proxies in front say of it; pure.

Each proxy adds at the end of a header who came to it. The last entries, as many as there are
proxies, are theirs; what stands before was sent by the visitor and is worth nothing. An entry that
is no address (`unknown`, an obfuscated name, anything else) leaves the address of the proxy that
wrote it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

# 192.0.2.1, 192.0.2.1:443, [2001:db8::1], [2001:db8::1]:443, 2001:db8::1
HOST = re.compile(r"\[([^\[\]]*)\](?::\d{1,5})?|([^:\[\]]*)(?::\d{1,5})?|([0-9A-Fa-f:.]*)")
# RFC 7239, section 4: one pair of an element and the semicolon behind it.
PAIR = re.compile(
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(\"(?:[^\"\\]|\\.)*\"|[^;\" \t]*)[ \t]*(?:;|$)"
)
ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Visitor:
    """An IP address in its one spelling, or whatever the server has in its place, and whether the
    visitor came to the outermost proxy by TLS; None if no proxy says so."""

    address: str
    secure: bool | None = None


def visitor(
    own: str, *, proxies: int, address: str = "", scheme: str = "", forwarded: str | None = None
) -> Visitor:
    """The visitor of a request that came to the server from the address `own`.

    `address` and `scheme` are X-Forwarded-For and X-Forwarded-Proto; `forwarded` is Forwarded
    (RFC 7239), which counts in their place unless it is None. Several headers of a name come with
    commas between.
    """
    if not proxies:
        return Visitor(address_in(own) or own)
    if forwarded is None:
        entries = _last(address.split(","), proxies)
        schemes = _last(scheme.split(","), proxies)
    else:
        elements = [_pairs(each) for each in _elements(forwarded, proxies)]
        entries = [each.get("for", "") for each in elements]
        schemes = [each["proto"] for each in elements if "proto" in each]
    outermost = schemes[-1].strip().lower() if schemes else ""
    return Visitor(_outermost(own, entries), outermost == "https")


def address_in(text: str) -> str:
    """The IP address that stands in an entry, in one spelling; empty if it is none."""
    match = HOST.fullmatch(_unquoted(text))
    host = next(filter(None, match.groups()), "") if match else ""
    try:
        found = ip_address(host)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.scope_id:
            return ""
        found = found.ipv4_mapped or found
    return str(found)


def _outermost(own: str, entries: Iterable[str]) -> str:
    """Goes from proxy to proxy, as far as each names who came to it."""
    at = address_in(own) or own
    for entry in entries:
        named = address_in(entry)
        if not named:
            break
        at = named
    return at


def _last(entries: list[str], number: int) -> list[str]:
    """So many of the last entries, the last one first; none of a header that is missing."""
    return entries[: -number - 1 : -1] if any(entries) else []


def _elements(header: str, number: int) -> list[str]:
    """So many of the last elements of a Forwarded header, the last one first.

    Read from its end, because a visitor may have sent the beginning: a quotation mark there that
    nothing closes must not swallow what the proxies wrote behind it.
    """
    found, end, quoted = [], len(header), False
    for at in range(len(header) - 1, -1, -1):
        if header[at] == '"' and not _is_escaped(header, at):
            quoted = not quoted
        elif header[at] == "," and not quoted:
            found.append(header[at + 1 : end])
            end = at
            if len(found) == number:
                return found
    return [*found, header[:end]]


def _is_escaped(text: str, at: int) -> bool:
    before = text[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _pairs(element: str) -> Mapping[str, str]:
    """The pairs of an element; none if it is not written as RFC 7239 wants it."""
    found, at = {}, 0
    while at < len(element):
        match = PAIR.match(element, at)
        if match is None:
            return {}
        found[match[1].lower()] = _unquoted(match[2])
        at = match.end()
    return found


def _unquoted(text: str) -> str:
    text = text.strip(" \t")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return ESCAPED.sub(r"\1", text[1:-1]).strip(" \t")
    return text
