from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("agency", "0003_copying_and_rests"),
        ("teams", "0006_agencies"),
    ]

    operations = [
        SealTeam("Rest", ["grant"]),
    ]
