"""Topics were any text in messages; they become the keys of topics that are arranged in one place."""

import hashlib
import json

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from contacts.topic_keys import made_of


def take_keys(apps, schema_editor):
    Topic = apps.get_model("contacts", "Topic")
    Campaign, ChainStep, Content, Courtesy, TopicRoute = (
        apps.get_model("campaigns", name) for name in ("Campaign", "ChainStep", "Content", "Courtesy", "TopicRoute")
    )
    texts = set()
    for model in (Content, Campaign, TopicRoute):
        texts.update(model.objects.exclude(topic="").order_by().values_list("topic", flat=True).distinct())
    steps = [step for step in ChainStep.objects.all() if _is_text(step.message.get("topic"))]
    texts.update(step.message["topic"] for step in steps)
    rules = Courtesy.objects.filter(pk=1).first()
    exempt = [text for text in (rules.rules.get("exempt") or []) if _is_text(text)] if rules else []
    texts.update(exempt)
    keys = made_of([text for text in texts if text.strip()], Topic)
    for text, key in keys.items():
        if text != key:
            Campaign.objects.filter(topic=text).update(topic=key)
            _renamed(TopicRoute, text, key)
            for content in Content.objects.filter(topic=text).iterator(500):
                content.topic = key
                digest = _digest(content)
                if not Content.objects.filter(digest=digest).exists():
                    content.digest = digest
                content.save(update_fields=["topic", "digest"])
    for step in steps:
        step.message = {**step.message, "topic": keys.get(step.message["topic"], "")}
        step.save(update_fields=["message"])
    if rules and exempt:
        rules.rules = {**rules.rules, "exempt": sorted({keys[text] for text in exempt if text in keys})}
        rules.save(update_fields=["rules"])


def _is_text(value):
    return isinstance(value, str) and bool(value)


def _renamed(TopicRoute, text, key):
    for route in TopicRoute.objects.filter(topic=text):
        # "News" and " news" were one topic for everything but this table.
        if TopicRoute.objects.filter(channel=route.channel, topic=key).exists():
            route.delete()
        else:
            route.topic = key
            route.save(update_fields=["topic"])


def _digest(content):
    """As `campaigns.contents` makes it, so that the words of what runs are found again."""
    names = ("channel", "subject", "preheader", "body", "markup", "topic", "provider_id", "template_version_id")
    fields = {name: getattr(content, name) for name in names}
    if content.utm in ("on", "off"):
        fields["utm"] = content.utm
    if content.late_hours:
        fields["late_hours"] = content.late_hours
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0019_notice_agents"),
        ("contacts", "0010_topics"),
        ("templates_app", "0005_blocks"),
    ]

    operations = [
        migrations.CreateModel(
            name='DoubleOptIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('days', models.PositiveSmallIntegerField(default=7, help_text='Then the contact has to be asked again.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(90)], verbose_name='Days for which its link works')),
                ('most_a_day', models.PositiveSmallIntegerField(default=3, help_text='So that nobody can use your sign-up form to fill somebody’s mailbox.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(90)], verbose_name='At most so many to one contact in 24 hours')),
                ('template', models.ForeignKey(blank=True, help_text='A published email template with {{ confirm_url }} in it. None: a short text of Waypost’s own.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='templates_app.template', verbose_name='Mail that asks')),
            ],
            options={
                'verbose_name_plural': 'double opt-in',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='double_opt_in_single_row')],
            },
        ),
        migrations.RunPython(take_keys, migrations.RunPython.noop),
    ]
