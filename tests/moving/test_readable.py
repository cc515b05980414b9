"""What an administrator takes away of everything."""

import json
from io import BytesIO
from zipfile import ZipFile

from django.apps import apps

from audit.models import AuditEntry
from moving import tables
from tenancy.door import inside
from tenancy.finding import Word
from tenancy.rows import is_secret
from tests.world import World, signed_in


def test_it_has_every_table_and_no_secret(filled: World) -> None:
    answer = signed_in(filled.acme_admin).get("/moving/move/everything.zip")
    archive = ZipFile(BytesIO(b"".join(answer.streaming_content)))
    told = {}
    for name in set(archive.namelist()) - {"README.txt"}:
        text = archive.read(name).decode()
        told[name.removesuffix(".jsonl")] = [json.loads(line) for line in text.splitlines()]
    walked = {model for model in tables.vendors_tables() if not issubclass(model, Word)}
    assert told.keys() == {model._meta.label for model in walked}
    with inside(filled.acme):
        entry = AuditEntry.objects.order_by("-sequence")[0]
        assert (entry.action, entry.details) == ("exported", {"list": "everything"})
        for model in walked:
            assert len(told[model._meta.label]) == len(tables.rows_of(model, filled.acme.pk))
    for label, rows in told.items():
        kept = {
            one.attname
            for one in apps.get_model(label)._meta.concrete_fields
            if is_secret(one) or "encrypted" in one.name
        }
        assert rows
        assert all(kept.isdisjoint(row) for row in rows), label
    assert "globex" not in json.dumps(told)
