from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("simulator", "0001_initial"),
        ("leads", "0002_seal_teams"),
    ]

    operations = [
        SealTeam("Simulation", ["source"]),
        SealTeam("SimulatedLead", ["simulation", "lead"]),
    ]
