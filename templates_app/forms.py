"""Forms of the template pages."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from contacts.list_forms import ListForm
from contacts.models.consent import Channel
from templates_app.designing import FONTS
from templates_app.insertable import InsertableLine, InsertableText
from templates_app.models import Brand, Template, TemplateVersion

LONGEST_BODY = 500_000  # characters


class TemplateForm(forms.ModelForm):
    """A new template: what it is called and for which channel."""

    class Meta:
        model = Template
        fields = ["name", "channel", "folder"]
        widgets = {"folder": forms.TextInput(attrs={"list": "folders"})}

    def clean_folder(self) -> str:
        return " ".join(self.cleaned_data["folder"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        channel = cleaned.get("channel") or self.instance.channel
        same = Template.objects.filter(channel=channel, name__iexact=cleaned.get("name", ""))
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", "Another template of this channel has this name.")
        return cleaned


class NameForm(TemplateForm):
    """What a template is called and where it is kept; its channel stays."""

    class Meta(TemplateForm.Meta):
        fields = ["name", "folder"]


class ReviewForm(forms.Form):
    review = forms.CharField(
        label="What should be different?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5, "autofocus": True}),
        help_text="The writer reads this above the text.",
    )


class TemplateListForm(ListForm):
    channel = forms.ChoiceField(required=False, choices=[("", "All channels"), *Channel.choices])
    state = forms.ChoiceField(
        required=False,
        choices=[("", "Any state"), *TemplateVersion.State.choices],
    )
    folder = forms.ChoiceField(required=False)

    def __init__(self, data: Any, folders: Sequence[str]) -> None:
        super().__init__(data)
        cast(forms.ChoiceField, self.fields["folder"]).choices = [
            ("", "All folders"),
            *((name, name) for name in folders),
        ]


class WordsForm(forms.ModelForm):
    """The words of a draft. They may be wrong while they are written; publishing looks at them."""

    class Meta:
        model = TemplateVersion
        fields = ["subject", "preheader", "markup", "body"]
        widgets = {
            "subject": InsertableLine,
            "preheader": InsertableLine,
            "body": InsertableText(
                attrs={"class": "code", "rows": 26, "spellcheck": "false", "maxlength": LONGEST_BODY}
            ),
        }
        labels = {"markup": "Written in"}
        help_texts = {"preheader": "What inboxes show after the subject."}

    def __init__(self, *args: Any, channel: str, unfinished: bool = False, **kwargs: Any) -> None:
        """`unfinished` words may be missing."""
        super().__init__(*args, **kwargs)
        self.fields["body"].required = not unfinished
        if channel == Channel.SMS:
            for name in ("subject", "preheader", "markup"):
                del self.fields[name]
            self.fields["body"].widget = InsertableText(attrs={"rows": 7, "maxlength": 1600})
            self.fields["body"].label = "Text"
        else:
            self.fields["subject"].required = not unfinished
            markup = cast(forms.ChoiceField, self.fields["markup"])
            markup.choices = [
                choice for choice in TemplateVersion.Markup.choices if choice[0] != TemplateVersion.Markup.TEXT
            ]

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())

    def clean_body(self) -> str:
        body = self.cleaned_data["body"].replace("\r\n", "\n")
        if len(body) > LONGEST_BODY:
            raise ValidationError(f"A message may have {LONGEST_BODY} characters.")
        return body


class BrandForm(forms.ModelForm):
    """Colours, font, logo and address of all mails that are made of blocks."""

    picture = forms.FileField(
        required=False,
        label="Upload a logo",
        help_text="PNG, JPEG or GIF, at most 2 MB.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif"}),
    )
    font = forms.ChoiceField(choices=list(FONTS.items()))

    class Meta:
        model = Brand
        fields = ["accent", "text", "background", "surface", "font", "logo", "address"]
        widgets = dict.fromkeys(("accent", "text", "background", "surface"), forms.TextInput(attrs={"type": "color"}))

    def clean_logo(self) -> str:
        logo = self.cleaned_data["logo"].strip()
        if logo and not logo.startswith(("https://", "http://")):
            raise ValidationError("An address begins with https://.")
        return logo
