"""A small file that says where addresses are, in MaxMind's format as GeoLite2 has it."""

from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

BERLIN, TOKYO, NOWHERE = "192.0.2.7", "2001:db8::7", "198.51.100.7"
GERMANY = {"iso_code": "DE", "names": {"de": "Deutschland", "en": "Germany"}}
RECORDS: dict[str, Any] = {
    "192.0.2.0/24": {"country": GERMANY, "city": {"names": {"en": "Berlin"}}},
    "2001:db8::/64": {"country": {"iso_code": "JP", "names": {"en": "Japan"}}},
}


def written(path: Path, records: dict[str, Any] = RECORDS) -> Path:
    """The file, at this path."""
    writer = MMDBWriter(6, "GeoLite2-City", languages=["en"], ipv4_compatible=True)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path
