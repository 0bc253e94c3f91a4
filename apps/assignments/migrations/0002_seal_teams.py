from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("assignments", "0001_initial"),
        ("rules", "0002_seal_teams"),
    ]

    operations = [
        SealTeam("Decision", ["lead", "version", "rule", "pool", "chosen"]),
        SealTeam("Offer", ["lead", "pool", "decision", "member", "taken_by"]),
        SealTeam("Assignment", ["lead", "member", "pool", "seat", "decision", "offer"]),
        SealTeam("Hold", ["lead", "pool", "decision"]),
        SealTeam("HopperEntry", ["lead", "pool", "decision", "picked_by"]),
    ]
