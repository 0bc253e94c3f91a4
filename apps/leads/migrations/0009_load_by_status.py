from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0008_company_keys"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(
                    ("deleted_at__isnull", True),
                    ("stage", "owned"),
                    ("status_kind__in", ["new", "working", "qualified"]),
                ),
                fields=["owner", "status_kind"],
                name="leads_lead_load",
            ),
        ),
    ]
