from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("rules", "0007_distribution"),
    ]

    operations = [
        SealTeam("Rule", ["recipient_pool"]),
        SealTeam("Recipient", ["agreement", "membership"]),
        SealTeam("RecipientSeat", ["pool", "recipient"]),
        SealTeam("RecipientTurn", ["pool", "lead", "winner"]),
    ]
