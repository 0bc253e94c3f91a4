from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("deliveries", "0001_initial"),
        ("rules", "0008_seal_distribution"),
        ("leads", "0010_distribution"),
    ]

    operations = [
        SealTeam("Distribution", ["lead", "version"]),
        SealTeam("Delivery", ["distribution", "lead", "recipient", "rule", "pool", "turn"]),
        SealTeam("DeliveryAttempt", ["delivery"]),
        SealTeam("Dispute", ["delivery", "recipient"]),
        SealTeam("Arrival", ["lead"]),
    ]
