"""Caps are counted by the moments of placing alone; a count for the day is not kept any more."""

from typing import Any

from django.db import migrations, models
from django.utils.timezone import now


def read_what_was_placed(apps: Any, schema_editor: Any) -> None:
    """Seats with a cap have no moments yet: what they were given before today is looked up."""
    seats = apps.get_model("rules", "Seat").objects.filter(cap_day__isnull=False)
    seats.update(capped_at=now())


class Migration(migrations.Migration):
    dependencies = [("rules", "0005_seal_whole_brain")]

    operations = [
        migrations.AddField("seat", "capped_at", models.DateTimeField(editable=False, null=True)),
        migrations.RunPython(read_what_was_placed, migrations.RunPython.noop),
        migrations.RemoveField("seat", "day"),
        migrations.RemoveField("seat", "day_count"),
    ]
