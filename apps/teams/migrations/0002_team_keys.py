import django.db.models.deletion
from django.db import migrations, models

import apps.accounts.ids


class Migration(migrations.Migration):
    dependencies = [("teams", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="skill",
            constraint=models.UniqueConstraint(fields=("team", "id"), name="teams_skill_team_id"),
        ),
        migrations.AddConstraint(
            model_name="territory",
            constraint=models.UniqueConstraint(
                fields=("team", "id"), name="teams_territory_team_id"
            ),
        ),
        migrations.RemoveField(model_name="membership", name="territories"),
        migrations.RemoveField(model_name="membership", name="skills"),
        migrations.DeleteModel(name="MemberSkill"),
        migrations.CreateModel(
            name="MemberSkill",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.accounts.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "level",
                    models.PositiveSmallIntegerField(default=3, verbose_name="level, 1 to 5"),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="teams.membership"
                    ),
                ),
                (
                    "skill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="teams.skill"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("membership", "skill"), name="teams_skill_a_member"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level__range", (1, 5))),
                        name="teams_skill_level_1_to_5",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberTerritory",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.accounts.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="teams.membership"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="teams.territory"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("membership", "territory"), name="teams_territory_a_member"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="membership",
            name="skills",
            field=models.ManyToManyField(blank=True, through="teams.MemberSkill", to="teams.skill"),
        ),
        migrations.AddField(
            model_name="membership",
            name="territories",
            field=models.ManyToManyField(
                blank=True, related_name="+", through="teams.MemberTerritory", to="teams.territory"
            ),
        ),
    ]
