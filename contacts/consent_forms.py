"""Forms of topics and of suppressed addresses."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contacts.list_forms import ListForm
from contacts.models import Topic
from contacts.models.consent import Channel
from contacts.suppressing import clean_address
from contacts.topic_keys import key_of

MOST_BYTES = 20 * 1024 * 1024


class SuppressionForm(forms.Form):
    channel = forms.ChoiceField(choices=Channel.choices)
    address = forms.CharField(max_length=254, label="Email, domain or phone", help_text="A domain as in @example.com.")
    reason = forms.CharField(required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("channel") and cleaned.get("address"):
            try:
                cleaned["address"] = clean_address(cleaned["channel"], cleaned["address"])
            except ValidationError as error:
                self.add_error("address", error)
        return cleaned


class LiftForm(forms.Form):
    why = forms.CharField(
        max_length=200, label="Why may it be written to again?", help_text="Such as: asked for it by phone on 3 May."
    )


class SuppressionListForm(ListForm):
    channel = forms.ChoiceField(required=False, choices=[("", "Any channel"), *Channel.choices])


class SuppressionImportForm(forms.Form):
    """A list that is pasted, or a file."""

    channel = forms.ChoiceField(choices=Channel.choices)
    addresses = forms.CharField(
        required=False,
        max_length=5_000_000,
        label="Addresses",
        widget=forms.Textarea(
            {"rows": 8, "placeholder": "ada@example.com\n@example.org\nbob@example.net, asked by phone"}
        ),
        help_text="One on each line; behind a comma, if you like, why. “@example.org” is a whole domain.",
    )
    file = forms.FileField(
        required=False,
        label="Or a CSV file",
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
        help_text="The address stands in the first column, and in the second why. At most 20 MB.",
    )
    reason = forms.CharField(
        required=False, max_length=200, label="Reason", help_text="For those with none of their own in the list."
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file, text = cleaned.get("file"), cleaned.get("addresses")
        if file and text:
            self.add_error("file", "Paste addresses or choose a file, not both.")
        elif file and file.size > MOST_BYTES:
            self.add_error("file", "This file is larger than 20 MB.")
        elif file:
            raw = file.read()
            try:
                cleaned["addresses"] = raw.decode("utf-8-sig")
            except UnicodeDecodeError:
                cleaned["addresses"] = raw.decode("cp1252", "replace")
        elif not text and not self.errors:
            self.add_error("addresses", "Paste addresses, or choose a file.")
        return cleaned


class TopicForm(forms.ModelForm):
    """A new topic, or one whose key stays."""

    class Meta:
        model = Topic
        fields = ["name", "key", "description", "policy", "public", "double_opt_in"]
        widgets = {"policy": forms.RadioSelect, "description": forms.TextInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["key"]
        else:
            self.fields["key"].required = False
            self.fields[
                "key"
            ].help_text = (
                "How messages, links and the API call it. Empty: made from the name. It cannot be changed later."
            )

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if Topic.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(f"There is a topic “{name}” already.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "key" in self.fields and not cleaned.get("key") and "key" not in self.errors and cleaned.get("name"):
            cleaned["key"] = key_of(cleaned["name"])
            if Topic.objects.filter(key=cleaned["key"]).exists():
                self.add_error("key", f"There is a topic with the key “{cleaned['key']}” already: write another one.")
        return cleaned
