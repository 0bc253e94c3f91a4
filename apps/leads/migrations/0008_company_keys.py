from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from apps.leads.companies import company_keys
from apps.teams.sealing import SealTeam

AT_ONCE = 5_000
_UPDATE = """
UPDATE leads_lead AS lead SET company_key = told.company_key, domain = told.domain
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS told (id, company_key, domain)
WHERE lead.id = told.id
"""


def tell_companies(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give the leads that are there the keys that new ones get when they come in."""
    leads = apps.get_model("leads", "Lead")._default_manager
    rows = leads.order_by("pk").values_list("pk", "company", "email_key")
    for batch in _batches(rows.iterator(chunk_size=AT_ONCE)):
        told = [(pk, company_keys({"company": name, "email_key": key})) for pk, name, key in batch]
        known = [
            (pk, keys["company_key"], keys["domain"]) for pk, keys in told if any(keys.values())
        ]
        if known:
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(_UPDATE, [list(column) for column in zip(*known, strict=True)])


def _batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_before_routing"), ("teams", "0005_before_routing")]

    operations = [
        SealTeam("InterestGroup", ["merged_into"]),
        SealTeam("KnownApart", ["first", "second"]),
        migrations.RunPython(tell_companies, migrations.RunPython.noop),
    ]
