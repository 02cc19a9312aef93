"""The form of a bulk edit: what its action needs, and the word that confirms it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contacts.attributes.defining import definitions
from contacts.attributes.rows import ALL_KINDS, AttributeRow, attributes_of
from contacts.models import BulkEdit, ConsentState, Tag
from contacts.models.consent import SAYABLE, Channel
from contacts.people import bulk_actions

Action = BulkEdit.Action


class BulkEditForm(forms.Form):
    """Only the fields that the action needs. With `count`, one in which the number is typed, for what cannot be taken
    back. `values` are what `bulk_actions.cleaned` made of it."""

    tags = forms.CharField(
        max_length=500,
        widget=forms.TextInput({"list": "tag-names", "autocomplete": "off"}),
        help_text="Several with commas. Tags that do not exist are made.",
    )
    channel = forms.ChoiceField(choices=Channel.choices)
    state = forms.ChoiceField(
        choices=[(state, ConsentState(state).label) for state in SAYABLE][::-1],
        label="Consent",
        initial=ConsentState.UNSUBSCRIBED,
    )
    basis = forms.CharField(
        required=False,
        max_length=120,
        label="On what basis",
        help_text="Such as “signed the form at the fair in May”. Needed unless they are unsubscribed; it is kept with "
        "each of them.",
    )
    key = forms.CharField(
        max_length=100, label="Attribute", widget=forms.TextInput({"list": "attribute-keys", "autocomplete": "off"})
    )
    kind = forms.ChoiceField(
        choices=lambda: list(ALL_KINDS.items()), help_text="Of an attribute that is defined, its own type counts."
    )
    value = forms.CharField(max_length=10_000)
    bar = forms.BooleanField(
        required=False,
        initial=True,
        label="Never add their addresses again",
        help_text="Keeps a keyed hash of each email and phone, from which nobody can read them. Files and programs "
        "that bring them again are told so.",
    )
    typed = forms.CharField(label="Type the number of contacts", widget=forms.TextInput({"inputmode": "numeric"}))

    def __init__(self, action: str, count: int, data: Any = None) -> None:
        super().__init__(data)
        self.action, self.count = action, count
        needed = {
            Action.ADD_TAG: ["tags"],
            Action.REMOVE_TAG: ["tags"],
            Action.SET_CONSENT: ["channel", "state", "basis"],
            Action.SET_ATTRIBUTE: ["key", "kind", "value"],
            Action.CLEAR_ATTRIBUTE: ["key"],
            Action.ERASE: ["bar"],
        }.get(Action(action), [])
        typed = action in bulk_actions.HEAVY and count >= bulk_actions.TYPED_FROM
        for name in list(self.fields):
            if name not in (*needed, *(["typed"] if typed else [])):
                del self.fields[name]
        if action == Action.REMOVE_TAG:
            self.fields["tags"].help_text = "Several with commas."
        self.tags_known = Tag.objects.values_list("name", flat=True)[:200] if "tags" in self.fields else []

    def clean_typed(self) -> str:
        typed = self.cleaned_data["typed"].strip()
        if typed.replace(",", "").replace(".", "").replace(" ", "").replace("\u202f", "") != str(self.count):
            raise ValidationError(f"Type {self.count} to confirm that you mean all of them.")
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        given = dict(cleaned)
        if self.action == Action.SET_ATTRIBUTE:
            key = cleaned["key"] = given["key"] = cleaned["key"].strip()
            defined = definitions().get(key)
            try:
                row = AttributeRow(key, cleaned["kind"], cleaned["value"])
                given["value"] = defined.read(row.value) if defined else attributes_of([row]).get(key)
            except ValidationError as error:
                self.add_error("value", error)
                return cleaned
        try:
            self.values = bulk_actions.cleaned(self.action, given)
        except ValidationError as error:
            for name, sentences in error.message_dict.items():
                self.add_error(name if name in self.fields else None, sentences)
        return cleaned
