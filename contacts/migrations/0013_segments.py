"""Finds contacts by pieces of what identifies them, and makes room for fixed lists and the sizes of segments by day."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

words = import_module("contacts.migrations.0005_cheaper_search_index")
CREATED_BEFORE = words.WORDS.replace("CREATE OR REPLACE", "CREATE", 1)

# PostgreSQL's own trigrams (pg_trgm) are an extension that the embedded server does not have, so this is what they are
# made of. What identifies a contact is one text; two blanks stand before each part, and none is within one.
WHOLE = """lower('  ' || coalesce(email, '') || '  ' || first_name || '  ' || last_name || '  ' || coalesce(phone, '')
        || '  ' || coalesce(external_id, ''))"""
TEXT = f"""
CREATE FUNCTION contacts_search_text(email text, first_name text, last_name text, phone text, external_id text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT {WHOLE} $$
"""

# Every second run of four letters: half as many as all runs of three, and each says more. A piece of at least three
# letters is found by asking for its runs from its first letter on, or from its second. Two regular expressions, one
# for every other run, are by far the cheapest way to cut a text; a loop over `substr` takes three times as long.
# What is shorter is found at the beginning of a part only, by the runs that begin with “^”. It calls no function of
# ours, for indexes are made, and restored, where those are not in sight.
GRAMS = rf"""
CREATE FUNCTION contacts_search_grams(email text, first_name text, last_name text, phone text, external_id text)
RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    whole text := {WHOLE} || '   ';
BEGIN
    RETURN array_to_tsvector(array_remove(string_to_array(
        regexp_replace(whole, '(....)', E'\\1\x1f', 'g') || E'\x1f'
        || regexp_replace(substr(whole, 3), '(....)', E'\\1\x1f', 'g') || E'\x1f^'
        || lower(left(coalesce(email, ''), 2) || E'\x1f^' || left(first_name, 2) || E'\x1f^'
        || left(last_name, 2) || E'\x1f^' || left(coalesce(external_id, ''), 2)),
        E'\x1f'), ''));
END $$
"""

# So many kilobytes of new runs wait in a list, through which every search goes as well, until they are sorted in.
INDEX = """
CREATE INDEX contact_search ON contacts_contact USING gin
    (contacts_search_grams(email, first_name, last_name, phone, external_id)) WITH (gin_pending_list_limit = 32768)
"""

# Sizes by day begin with what was counted last.
FIRST_DAYS = """
INSERT INTO contacts_segmentday (segment_id, day, size)
SELECT id, current_date, size FROM contacts_segment WHERE size IS NOT NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0010_topics'),
    ]

    operations = [
        migrations.RunSQL("DROP INDEX contact_search", words.INDEX),
        migrations.RunSQL("DROP FUNCTION contacts_search_words(text, text, text, text, text)", CREATED_BEFORE),
        migrations.RunSQL(TEXT, "DROP FUNCTION contacts_search_text(text, text, text, text, text)"),
        migrations.RunSQL(GRAMS, "DROP FUNCTION contacts_search_grams(text, text, text, text, text)"),
        migrations.RunSQL(INDEX, "DROP INDEX contact_search"),
        migrations.CreateModel(
            name='Placement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('segment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='placements', to='contacts.segment')),
                ('state', models.CharField(choices=[('working', 'Working'), ('done', 'Done'), ('stopped', 'Stopped'), ('failed', 'Failed')], default='working', max_length=8)),
                ('error', models.TextField(blank=True)),
                ('source', models.CharField(blank=True, help_text='Who did it, for the timeline.', max_length=200)),
                ('name', models.CharField(help_text='Of the file, or of the segment that is copied.', max_length=255)),
                ('created_at', models.DateTimeField()),
                ('columns', models.JSONField(default=dict, help_text='Which column is which identifier.')),
                ('creating', models.BooleanField(default=False, help_text='Whether unknown people become contacts.')),
                ('rule', models.JSONField(null=True)),
                ('after', models.BigIntegerField(default=0)),
                ('percent', models.PositiveSmallIntegerField(default=0)),
                ('rows_read', models.BigIntegerField(default=0)),
                ('placed', models.BigIntegerField(default=0, help_text='Contacts who were not in it before.')),
                ('repeated', models.BigIntegerField(default=0, help_text='Rows of those who were in it already.')),
                ('created', models.BigIntegerField(default=0, help_text='Contacts who were made for it.')),
                ('unknown', models.BigIntegerField(default=0, help_text='Rows that name nobody.')),
                ('unknown_rows', models.JSONField(default=list, help_text='The first of those: line, text and sentence.')),
            ],
        ),
        migrations.CreateModel(
            name='SegmentDay',
            fields=[
                ('pk', models.CompositePrimaryKey('segment_id', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('segment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='contacts.segment')),
                ('day', models.DateField(help_text="In the installation's zone.")),
                ('size', models.BigIntegerField()),
                ('entered', models.BigIntegerField(db_default=0, default=0, help_text='Those of whom `segment.entered` tells.')),
                ('left', models.BigIntegerField(db_default=0, default=0)),
            ],
        ),
        migrations.AddField(
            model_name='segment',
            name='kind',
            field=models.CharField(choices=[('dynamic', 'By rules'), ('static', 'Fixed list')], db_default='dynamic', default='dynamic', max_length=8),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(models.F('properties__segment'), models.F('id'), condition=models.Q(('name__in', ['segment.entered', 'segment.left'])), name='event_of_segment'),
        ),
        migrations.AddField(
            model_name='placement',
            name='file',
            field=models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='placement', to='contacts.csvimport'),
        ),
        migrations.AddIndex(
            model_name='placement',
            index=models.Index(condition=models.Q(('state', 'working')), fields=['id'], name='placement_working'),
        ),
        migrations.RunSQL(FIRST_DAYS, migrations.RunSQL.noop),
    ]
