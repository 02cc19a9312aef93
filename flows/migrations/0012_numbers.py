"""Counts those who completed by the week in which they had entered, and who has come to a node and is still to go on."""

from django.conf import settings
from django.db import migrations, models

_COHORTS = """
INSERT INTO flows_nodecount (scenario_id, node, metric, day, n)
SELECT scenario_id, '', 'cohort:' || date_trunc('week', entered_at AT TIME ZONE %(zone)s)::date,
    (finished_at AT TIME ZONE %(zone)s)::date, count(*)
FROM flows_execution WHERE state = 'completed' GROUP BY 1, 3, 4
"""


def count_cohorts(apps, schema_editor):
    installation = apps.get_model("contacts", "Installation").objects.first()
    zone = (installation and installation.timezone) or settings.TIME_ZONE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_COHORTS, {"zone": zone})


class Migration(migrations.Migration):
    dependencies = [("contacts", "0007_retention"), ("flows", "0011_parts_of_runs")]

    operations = [
        migrations.RunPython(count_cohorts, migrations.RunPython.noop),
        migrations.RemoveIndex("execution", "execution_cohorts"),
        migrations.AddIndex(
            "execution",
            models.Index(fields=["scenario"], name="execution_pending", condition=models.Q(state="pending")),
        ),
    ]
