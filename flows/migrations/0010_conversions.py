"""Keeps the objectives of scenarios that exist as objectives of their messages, so that conversions are counted."""

from django.db import migrations


def keep(apps, schema_editor):
    scenarios = apps.get_model("flows", "Scenario").objects.exclude(objective={}).values_list("pk", "objective")
    objective = apps.get_model("campaigns", "Objective")
    objective.objects.bulk_create(
        (
            objective(
                owner=f"scenario:{pk}",
                kind=saved["kind"],
                event=(saved.get("event") or "").strip() if saved["kind"] == "event" else "",
                filter=(saved.get("filter") or None) if saved["kind"] == "event" else None,
                within_days=saved.get("within_days"),
            )
            for pk, saved in scenarios.iterator()
            if isinstance(saved, dict) and saved.get("kind") in ("opened", "clicked", "event")
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("flows", "0008_chains"), ("campaigns", "0008_conversions")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
