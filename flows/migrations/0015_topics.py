"""Topics were any text in messages; in graphs, too, they become the keys of topics that are arranged in one place."""

from django.db import migrations

from contacts.topic_keys import made_of


def take_keys(apps, schema_editor):
    Topic = apps.get_model("contacts", "Topic")
    Flow, Scenario = apps.get_model("flows", "Flow"), apps.get_model("flows", "Scenario")
    for model, field in ((Flow, "graph"), (Scenario, "draft")):
        for row in model.objects.exclude(**{f"{field}__isnull": True}).iterator(200):
            configs = [config for config in map(_config, _nodes(getattr(row, field))) if _is_text(config.get("topic"))]
            if configs:
                keys = made_of([config["topic"] for config in configs], Topic)
                for config in configs:
                    config["topic"] = keys[config["topic"]]
                row.save(update_fields=[field])


def _nodes(graph):
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    return nodes if isinstance(nodes, list) else []


def _config(node):
    config = node.get("config") if isinstance(node, dict) else None
    return config if isinstance(config, dict) else {}


def _is_text(value):
    return isinstance(value, str) and bool(value.strip())


class Migration(migrations.Migration):
    dependencies = [("flows", "0014_chain_errands"), ("campaigns", "0020_topics"), ("contacts", "0010_topics")]

    operations = [migrations.RunPython(take_keys, migrations.RunPython.noop)]
