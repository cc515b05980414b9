"""A small authoritative name server on loopback, for tests: what it says is in `records`."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

MOST_HOPS = 8  # of a name that leads to itself


@dataclass
class NameServer:
    """Answers by UDP on 127.0.0.1. `records` maps (name, type) to texts of records; a name that
    has none of any type does not exist; `silent` names get no answer at all. `every` maps (ending,
    type) to what each other name with this ending has."""

    port: int
    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    every: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def set(self, name: str, kind: str, *values: str) -> None:
        self.records[name, kind] = list(values)

    def clear(self) -> None:
        self.records.clear()
        self.silent.clear()
        self.every.clear()

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        [question] = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        self._add(response, name, dns.rdatatype.to_text(question.rdtype))
        if not response.answer and not self._exists(name):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()

    def _exists(self, name: str) -> bool:
        """A name below which there are others exists, and none of those for all names is meant."""
        return any(known == name or known.endswith(f".{name}") for known, _kind in self.records)

    def _values(self, name: str, kind: str) -> list[str]:
        if self._exists(name):
            return self.records.get((name, kind), [])
        endings = [end for end, of_kind in self.every if of_kind == kind and name.endswith(end)]
        return self.every[endings[0], kind] if endings else []

    def _add(self, response: dns.message.Message, name: str, kind: str, hops: int = 0) -> None:
        for found in (kind, "CNAME"):
            values = self._values(name, found)
            if values:
                rrset = dns.rrset.from_text_list(
                    dns.name.from_text(name), 60, dns.rdataclass.IN, found, values
                )
                response.answer.append(rrset)
                if found == "CNAME" and kind != "CNAME" and hops < MOST_HOPS:
                    self._add(response, values[0].rstrip(".").lower(), kind, hops + 1)
                return


@contextmanager
def name_server() -> Iterator[NameServer]:
    """Runs one on a free port until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        server = NameServer(listener.getsockname()[1])

        def serve() -> None:
            while True:
                wire, client = listener.recvfrom(4096)
                if not wire:
                    return
                answer = server.answer(wire)
                if answer is not None:
                    with suppress(OSError):
                        listener.sendto(answer, client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
                stop.sendto(b"", ("127.0.0.1", server.port))
            thread.join(10)
