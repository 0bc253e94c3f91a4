from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("assignments", "0007_requests"),
    ]

    operations = [
        SealTeam("ApprovalRequest", ["member", "lead", "to_member", "pool"]),
    ]
