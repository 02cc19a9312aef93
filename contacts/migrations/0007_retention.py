"""How long events and steps are kept."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0006_membership'),
    ]

    operations = [
        migrations.AddField(
            model_name='installation',
            name='keep_events_days',
            field=models.PositiveIntegerField(blank=True, help_text='What is on contacts’ timelines; rules about events know only what is kept. Empty: for ever.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='Keep events for (days)'),
        ),
        migrations.AddField(
            model_name='installation',
            name='keep_steps_days',
            field=models.PositiveIntegerField(blank=True, help_text='What happened to contacts in scenarios, node by node, counted from when they left. Empty: for ever.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='Keep steps for (days)'),
        ),
    ]
