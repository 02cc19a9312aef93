"""Forms of the provider and inbox pages."""

from django import forms
from django.core.exceptions import ValidationError

from campaigns.models import Provider


class ProviderForm(forms.ModelForm):
    """What every kind of provider has; the rest is the form of its kind."""

    class Meta:
        model = Provider
        fields = ["name"]
        help_texts = {"name": "How your team calls this account."}

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        same = Provider.objects.filter(channel=self.instance.channel, name__iexact=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError("Another provider of this channel has this name.")
        return name
