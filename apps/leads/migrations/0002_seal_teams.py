from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0001_initial"),
        ("teams", "0002_seal_teams"),
    ]

    operations = [
        SealTeam("Lead", ["source", "owner", "status", "merge_suggestion"]),
        SealTeam("Activity", ["lead", "member"]),
        SealTeam("Attempt", ["lead", "member"]),
        SealTeam("FollowUp", ["lead", "member"]),
    ]
