"""A new installation can send at once: into its own inbox."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def open_outboxes(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    providers = apps.get_model("campaigns", "Provider").objects.using(schema_editor.connection.alias)
    for channel in ("email", "sms"):
        if not providers.filter(channel=channel).exists():
            providers.create(channel=channel, kind="local", name="Local outbox", is_default=True)


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0003_attempts")]

    operations = [migrations.RunPython(open_outboxes, migrations.RunPython.noop)]
