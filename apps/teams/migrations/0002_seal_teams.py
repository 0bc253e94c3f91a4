from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0001_initial"),
    ]

    operations = [
        SealTeam("MemberSkill", ["membership", "skill"]),
        SealTeam("MemberTerritory", ["membership", "territory"]),
        SealTeam("TimeOff", ["membership"]),
        SealTeam("AvailabilityChange", ["membership"]),
        SealTeam("ApiToken", ["membership"]),
    ]
