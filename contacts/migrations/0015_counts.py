"""Lets counts of segments be read from indexes alone: who is there, and what the events say that are told to Waypost."""

from django.db import migrations, models

# An index has no room for properties of any length, so the few long ones are only named. What Waypost tells itself is
# left out: it comes by the million, and hardly anybody asks for its properties. Rules repeat these conditions word for
# word (see `contacts.segments.rules.event`), or PostgreSQL would not know that it may use the indexes.
_TOLD = """
CREATE INDEX event_told ON contacts_event (name, at) INCLUDE (contact_id, properties)
    WHERE split_part(name, '.', 1) <> ALL ('{contact,tag,topic,segment,email,sms,scenario}')
    AND octet_length(properties::text) <= 400
"""
_LONG = """
CREATE INDEX event_told_long ON contacts_event (name, at)
    WHERE split_part(name, '.', 1) <> ALL ('{contact,tag,topic,segment,email,sms,scenario}')
    AND octet_length(properties::text) > 400
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0018_people'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('erased_at__isnull', True)), fields=['id'], name='contact_present'),
        ),
        migrations.RunSQL(_TOLD, "DROP INDEX event_told"),
        migrations.RunSQL(_LONG, "DROP INDEX event_told_long"),
    ]
