"""The forms in which a provider is set up, and in which topics choose theirs."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campaigns.configuring import LIMITS, ROUTES
from campaigns.models import Provider, TopicRoute
from contacts.topic_fields import TopicField


class ProviderForm(forms.ModelForm):
    """What every kind of provider has; the rest is the form of its kind. A number that is left empty is the usual
    one."""

    class Meta:
        model = Provider
        fields = ["name", *LIMITS, *ROUTES]
        help_texts = {"name": "How your team calls this account."}
        widgets = {"warmup_starts": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in (*LIMITS, *ROUTES):
            self.fields[name].required = False
        others = Provider.objects.filter(channel=self.instance.channel).exclude(pk=self.instance.pk)
        fallback: Any = self.fields["fallback"]
        fallback.queryset, fallback.empty_label = others, "None: pause what needs this one"
        self.fields["warmup_growth"].widget.attrs["step"] = "0.05"

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        same = Provider.objects.filter(channel=self.instance.channel, name__iexact=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError("Another provider of this channel has this name.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in (*LIMITS, *ROUTES):
            field = Provider._meta.get_field(name)
            if cleaned.get(name) is None and name not in self.errors and not field.null:
                cleaned[name] = field.get_default()
        return cleaned

    def limits(self) -> list[forms.BoundField]:
        return [self["per_second"], self["per_day"]]

    def warmup(self) -> list[forms.BoundField]:
        return [self[name] for name in LIMITS if name.startswith("warmup_")]

    def routes(self) -> list[forms.BoundField]:
        return [self[name] for name in ("most_failures", "most_percent", "fallback", "spills_over", "resumes_itself")]


class TopicRouteForm(forms.ModelForm):
    """A topic and the provider that its messages go through; what was chosen before is replaced."""

    topic = TopicField(required=True, empty="Choose one")

    class Meta:
        model = TopicRoute
        fields = ["topic", "provider"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        provider: Any = self.fields["provider"]
        provider.queryset, provider.empty_label = Provider.objects.filter(enabled=True), None
        provider.label_from_instance = lambda each: f"{each.get_channel_display()}: {each}"
