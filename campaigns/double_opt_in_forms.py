"""The forms of double opt-in: its settings, and what a contact is asked for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campaigns.models import DoubleOptIn
from contacts import topics
from contacts.models import Installation
from contacts.models.consent import Channel
from templates_app.models import Template


class AskForm(forms.Form):
    topics = forms.MultipleChoiceField(
        required=False,
        label="Also ask for these topics",
        choices=lambda: [(topic.key, topic.name) for topic in topics.known().values() if not topic.archived_at],
        widget=forms.CheckboxSelectMultiple,
    )


class DoubleOptInForm(forms.ModelForm):
    """With the switch of the installation, which holds for the API."""

    programs = forms.BooleanField(required=False)

    class Meta:
        model = DoubleOptIn
        fields = ["template", "days", "most_a_day"]

    field_order = ["programs", "template", "days", "most_a_day"]

    def __init__(self, *args: Any, installation: Installation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.installation = installation
        known = Installation._meta.get_field("double_opt_in")
        self.fields["programs"].label, self.fields["programs"].help_text = known.verbose_name, known.help_text
        self.fields["programs"].initial = installation.double_opt_in
        template: Any = self.fields["template"]
        template.queryset = Template.objects.filter(channel=Channel.EMAIL, published__isnull=False)
        template.empty_label = "None: Waypost’s own short text"

    def clean_template(self) -> Template | None:
        template: Template | None = self.cleaned_data["template"]
        if template and template.published and "confirm_url" not in template.published.body:
            raise ValidationError("This template has no confirmation link: add {{ confirm_url }} and publish it.")
        return template

    def save(self, commit: bool = True) -> DoubleOptIn:
        Installation.objects.filter(pk=1).update(double_opt_in=self.cleaned_data["programs"])
        return super().save(commit)
