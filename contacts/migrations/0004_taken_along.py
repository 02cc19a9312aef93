"""Lets triggers take along what hangs on contacts and tags, in place of foreign keys; `models/contact.py` says why."""

import django.db.models.deletion
from django.db import migrations, models

# A trigger's statements see what was committed while the deletion waited for the row. Row by row, as foreign keys do
# it: then each statement goes by an index, however many contacts are deleted.
TAKE_ALONG = """
CREATE FUNCTION contacts_take_along() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM contacts_event WHERE contact_id = OLD.id;
    DELETE FROM contacts_contacttag WHERE contact_id = OLD.id;
    DELETE FROM contacts_consent WHERE contact_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER contact_takes_along AFTER DELETE ON contacts_contact
    FOR EACH ROW EXECUTE FUNCTION contacts_take_along();
CREATE FUNCTION contacts_tag_take_along() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM contacts_contacttag WHERE tag_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER tag_takes_along AFTER DELETE ON contacts_tag
    FOR EACH ROW EXECUTE FUNCTION contacts_tag_take_along()
"""
LEAVE = """
DROP TRIGGER contact_takes_along ON contacts_contact;
DROP TRIGGER tag_takes_along ON contacts_tag;
DROP FUNCTION contacts_take_along(), contacts_tag_take_along()
"""


def _key(to, related_name, **options):
    return models.ForeignKey(
        to=to, related_name=related_name, on_delete=django.db.models.deletion.DO_NOTHING, db_constraint=False, **options
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_cheaper_search_words")]

    operations = [
        migrations.RunSQL(TAKE_ALONG, LEAVE),
        migrations.AlterField("event", "contact", _key("contacts.contact", "events", db_index=False)),
        migrations.AlterField("consent", "contact", _key("contacts.contact", "consents", db_index=False)),
        migrations.AlterField("contacttag", "contact", _key("contacts.contact", "contact_tags")),
        migrations.AlterField("contacttag", "tag", _key("contacts.tag", "contact_tags", db_index=False)),
    ]
