"""Forms of the contact pages."""

import json
from collections.abc import Iterator
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.http import QueryDict

from contacts import zones
from contacts.attributes import inputs
from contacts.attributes.defining import definitions
from contacts.attributes.rows import AttributeRow, attributes_of, rows_of
from contacts.imports.csv_sniffing import DELIMITERS, ENCODINGS
from contacts.models import Contact, Tag
from contacts.tagging import clean_name


def _zones() -> Iterator[tuple[str, str]]:
    yield "", "From the phone number, or the installation’s"
    yield from ((name, name.replace("_", " ")) for name in sorted(zones.names()) if "/" in name or name == "UTC")


class ContactForm(forms.Form):
    """A contact's profile. The fields are checked where they are saved, for the API and files alike."""

    first_name = forms.CharField(required=False, max_length=200)
    last_name = forms.CharField(required=False, max_length=200)
    email = forms.CharField(required=False, max_length=254, widget=forms.EmailInput)
    phone = forms.CharField(
        required=False,
        max_length=40,
        widget=forms.TextInput({"type": "tel"}),
        help_text="With its country, as in +33612345678.",
    )
    external_id = forms.CharField(required=False, max_length=200, help_text="What another system calls this contact.")
    timezone = forms.ChoiceField(required=False, choices=_zones, label="Time zone")
    language = forms.CharField(required=False, max_length=16, help_text="A code such as en or pt-BR.")

    def __init__(self, data: QueryDict | None = None, contact: Contact | None = None) -> None:
        initial = {name: getattr(contact, name) for name in self.base_fields} if contact else {}
        super().__init__(data, initial=initial)
        self.defined = definitions()
        self.stored: dict[str, Any] = contact.attributes if contact else {}
        self.attribute_fields = dict(inputs.fields(self.defined, self.stored))
        self.fields.update(self.attribute_fields)
        if data is not None:
            kinds, values = data.getlist("attribute_kind"), data.getlist("attribute_value")
            self.attribute_rows = [
                AttributeRow(*row) for row in zip(data.getlist("attribute_key"), kinds, values, strict=False)
            ]
        else:
            free = {name: value for name, value in self.stored.items() if not self.defined.get(name)}
            self.attribute_rows = rows_of(free) or ([] if self.defined else [AttributeRow()])
        self.attributes_error = ""

    def profile(self) -> list[BoundField]:
        """The fields that every contact has."""
        return [self[name] for name in self.base_fields]

    def typed(self) -> list[BoundField]:
        """Those of the defined attributes."""
        return [self[name] for name in self.attribute_fields]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        found = {field.definition.name: cleaned.pop(name, None) for name, field in self.attribute_fields.items()}
        try:
            free = attributes_of(self.attribute_rows)
            inputs.free_names_problem(list(free), self.defined)
            found |= free
        except ValidationError as error:
            self.attributes_error = " ".join(error.messages)
            self.add_error(None, "Please look at the attributes again.")
        # Only what differs, so that what does not fit and was not touched may stay.
        cleaned["attributes"] = {
            name: found.get(name)
            for name in {**self.stored, **found}
            if json.dumps(found.get(name)) != json.dumps(self.stored.get(name))
        }
        return cleaned

    def refuse(self, error: ValidationError) -> None:
        """Show what the saving activity found, next to the fields it is about."""
        for name, sentences in error.message_dict.items():
            if name.partition(".")[0] == "attributes" and name not in self.fields:
                self.attributes_error = " ".join([self.attributes_error, *sentences]).strip()
            self.add_error(name if name in self.fields else None, sentences)


class TagForm(forms.Form):
    name = forms.CharField(max_length=100)

    def __init__(self, data: QueryDict | None = None, tag: Tag | None = None) -> None:
        super().__init__(data, initial={"name": tag.name if tag else ""})
        self.tag = tag

    def clean_name(self) -> str:
        name = clean_name(self.cleaned_data["name"])
        others = Tag.objects.filter(name__iexact=name)
        if (others.exclude(pk=self.tag.pk) if self.tag else others).exists():
            raise ValidationError(f"There is a tag “{name}” already.")
        return name


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV file or Excel workbook",
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.txt,.xlsx,.xlsm,text/csv,text/plain"}),
        help_text="The first line holds the names of the columns.",
    )


class ReadingForm(forms.Form):
    """How a draft's file is to be read."""

    encoding = forms.ChoiceField(choices=lambda: list(ENCODINGS.items()))
    delimiter = forms.ChoiceField(choices=lambda: list(DELIMITERS.items()), label="Columns are separated by")


class ImportOptionsForm(forms.Form):
    country = forms.CharField(
        required=False,
        max_length=2,
        label="Country of phone numbers written without one",
        help_text="Two letters, such as FR.",
    )
    subscribe = forms.BooleanField(
        required=False,
        label="The file may subscribe people: they have agreed to be written to, and I say on what basis",
        help_text="Otherwise the file subscribes nobody; it can still unsubscribe. Only matters for consent columns.",
    )
    basis = forms.CharField(
        required=False,
        max_length=500,
        label="Basis of their consent",
        help_text="How and when they agreed, such as “Sign-up form on shop.example.com, March 2026”. It is kept as the "
        "proof in each contact’s history.",
    )
    resubscribe = forms.BooleanField(
        required=False,
        label="Also subscribe again who has unsubscribed",
        help_text="Only with their word for it. Otherwise the file never turns “unsubscribed” into “subscribed”.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["basis"] = " ".join((cleaned.get("basis") or "").split()) if cleaned.get("subscribe") else ""
        if cleaned.get("subscribe") and not cleaned["basis"]:
            self.add_error("basis", "Say on what basis they are subscribed.")
        if cleaned.get("resubscribe") and not cleaned.get("subscribe"):
            self.add_error("resubscribe", "This needs the box above, and the basis.")
        return cleaned

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].upper()
        if country and country not in phonenumbers.SUPPORTED_REGIONS:
            raise ValidationError(f"“{country}” is not a country’s code.")
        return country
