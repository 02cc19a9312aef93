"""Whether a contact carries a tag."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms

from contacts.segments import actual, wording
from contacts.segments.rules.base import Config, RuleForm, RuleKind, truth, unknown_keys
from contacts.segments.where import Gathered, Scope, Where

MOST_TOLD = 10


class TagForm(RuleForm):
    has = forms.TypedChoiceField(label="Contact", choices=[("true", "has"), ("false", "does not have")], coerce=truth)
    name = forms.CharField(label="Tag", widget=forms.TextInput(attrs={"data-suggest": "tags"}))


class Tag(RuleKind):
    label = "Tag"
    icon = "tag"
    order = 20
    Form = TagForm
    keys = {
        "name": "The tag, in whatever case.",
        "has": "true, or false for those without it. Default: true.",
    }
    example = {"rule": "tag", "name": "vip"}

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, *self.keys))
        name = config.get("name")
        if not isinstance(name, str) or not name.strip():
            found.append("Choose a tag.")
        if not isinstance(config.get("has", True), bool):
            found.append("“has” of a tag rule is true or false.")
        return found

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        """The tag's id first, once; then one probe per contact, or a join: both ways have their index."""
        tagged = Where(
            'EXISTS (SELECT 1 FROM contacts_contacttag ct WHERE ct.contact_id = "contacts_contact"."id"'
            " AND ct.tag_id = (SELECT t.id FROM contacts_tag t WHERE lower(t.name) = lower(%s)))",
            (config["name"].strip(),),
        )
        return tagged if config.get("has", True) else ~tagged

    def gathered(self, config: Config, now: datetime, scope: Scope) -> Gathered:
        tagged = Where(
            "SELECT ct.contact_id AS id FROM contacts_contacttag ct"
            " WHERE ct.tag_id = (SELECT t.id FROM contacts_tag t WHERE lower(t.name) = lower(%s))",
            (config["name"].strip(),),
        )
        return Gathered(tagged, others=not config.get("has", True))

    def held(self, config: Config, now: datetime, scope: Scope) -> Where:
        """When each of the contact's tags was put on them."""
        return Where(
            "(SELECT jsonb_object_agg(t.name, ct.at) FROM contacts_contacttag ct"
            " JOIN contacts_tag t ON t.id = ct.tag_id"
            ' WHERE ct.contact_id = "contacts_contact"."id")'
        )

    def told(self, config: Config, held: Any) -> str:
        held = held or {}
        for name, at in held.items():
            if name.lower() == config["name"].strip().lower():
                return f"has it since {actual.moment(at)}"
        names = sorted(held)[:MOST_TOLD]
        more = f" and {len(held) - len(names)} more" if len(held) > len(names) else ""
        return f"has {', '.join(map(wording.quoted, names))}{more}" if names else "has no tags"

    def moved_by(self, config: Config) -> Collection[str]:
        return ["tag.added", "tag.removed"]

    def drifts(self, config: Config) -> bool:
        return False

    def sentence(self, config: Config) -> str:
        has = "has" if config.get("has", True) else "does not have"
        return f"{has} the tag “{config.get('name') or '…'}”"

    def sentence_not(self, config: Config, scope: Scope) -> str:
        return self.sentence({**config, "has": not config.get("has", True)})


kind = Tag()
