from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("rules", "0004_whole_brain"),
        ("leads", "0004_seal_whole_brain"),
    ]

    operations = [
        SealTeam("Rule", ["rule_set", "caretaker"]),
        SealTeam("TrackRecord", ["membership"]),
        SealTeam("NamedAccount", ["keeper"]),
        SealTeam("Experiment", ["rule_set", "pool"]),
        SealTeam("Variant", ["experiment", "version"]),
    ]
