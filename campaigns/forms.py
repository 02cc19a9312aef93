"""Forms of the pages of providers, messages and the inbox."""

from django import forms
from django.core.exceptions import ValidationError

from campaigns import skip_reasons
from campaigns.models import MessageState, Provider
from contacts.list_forms import ListForm
from contacts.models.consent import Channel


class ProviderForm(forms.ModelForm):
    """What every kind of provider has; the rest is the form of its kind."""

    class Meta:
        model = Provider
        fields = ["name", "per_second", "per_day"]
        help_texts = {"name": "How your team calls this account."}

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        same = Provider.objects.filter(channel=self.instance.channel, name__iexact=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError("Another provider of this channel has this name.")
        return name


class InboxListForm(ListForm):
    channel = forms.ChoiceField(required=False, choices=[("", "All channels"), *Channel.choices])


class MessageListForm(InboxListForm):
    """`origin` and `contact` come with links from elsewhere."""

    state = forms.ChoiceField(required=False, choices=[("", "All states"), *MessageState.choices])
    reason = forms.ChoiceField(
        required=False,
        choices=[("", "Any reason"), *((reason, f"Skipped: {reason}") for reason in skip_reasons.ALL)],
    )
    origin = forms.CharField(required=False, widget=forms.HiddenInput)
    contact = forms.CharField(required=False, widget=forms.HiddenInput)
