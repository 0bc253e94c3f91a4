from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0003_whole_brain"),
    ]

    operations = [
        SealTeam("Cover", ["membership", "by_member"]),
    ]
