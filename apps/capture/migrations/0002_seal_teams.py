from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("capture", "0001_initial"),
        ("leads", "0002_seal_teams"),
    ]

    operations = [
        SealTeam("Capture", ["source", "lead"]),
        SealTeam("Import", ["source", "membership"]),
        SealTeam("ImportRow", ["run"]),
    ]
