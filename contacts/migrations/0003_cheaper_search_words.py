"""Splits contacts into words for searching at a fifth of the cost."""

from functools import reduce

from django.db import migrations

# Emails and the like are taken apart at these. Replacing one after the other looks odd and is by far the cheapest way:
# PostgreSQL's text parser costs five times as much, `translate` and regular expressions three times.
MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r\u00a0«»·‘’“”–—…"

TEXT = """lower(coalesce(email, '') || ' ' || first_name || ' ' || last_name || ' ' || coalesce(external_id, '') || ' '
        || coalesce(substr(phone, 2) || ' ' || right(phone, 9) || ' ' || right(phone, 10), ''))"""


def _blanked(text: str, mark: str) -> str:
    return f"replace({text}, U&'\\{ord(mark):04x}', ' ')"


# The end of a phone number stands apart from its country, so that the national way of writing it finds it.
WORDS = f"""
CREATE OR REPLACE FUNCTION
    contacts_search_words(email text, first_name text, last_name text, phone text, external_id text)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(array_remove(string_to_array({reduce(_blanked, MARKS, TEXT)}, ' '), ''))
$$
"""
INDEX = """
CREATE INDEX contact_search ON contacts_contact USING gin
    (contacts_search_words(email, first_name, last_name, phone, external_id))
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_search_and_imports")]

    operations = [
        migrations.RunSQL("DROP INDEX contact_search", INDEX),
        migrations.RunSQL(WORDS, migrations.RunSQL.noop),
        migrations.RunSQL(INDEX, "DROP INDEX contact_search"),
    ]
