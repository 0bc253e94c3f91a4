from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("rules", "0001_initial"),
        ("leads", "0002_seal_teams"),
    ]

    operations = [
        SealTeam("Pool", ["overflow_pool", "overflow_member"]),
        SealTeam("Seat", ["pool", "membership"]),
        SealTeam("PoolRevision", ["pool"]),
        SealTeam("TurnEntry", ["pool", "lead", "winner"]),
        SealTeam("Version", ["rule_set"]),
        SealTeam("Rule", ["version", "pool", "member"]),
    ]
