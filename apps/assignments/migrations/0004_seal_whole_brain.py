from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("assignments", "0003_whole_brain"),
        ("rules", "0005_seal_whole_brain"),
    ]

    operations = [
        SealTeam("Decision", ["variant"]),
        SealTeam("BadLeadReport", ["lead", "member"]),
    ]
