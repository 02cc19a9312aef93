"""The form of a segment: its name and its rule."""

from typing import Any, cast

from django import forms

from contacts.models import Segment
from contacts.segments.forms import RuleField
from contacts.segments.where import Scope


class SegmentForm(forms.ModelForm):
    rule = RuleField(required=False, label="Contacts who match", help_text="Without rules the segment is everybody.")

    class Meta:
        model = Segment
        fields = ["name", "description", "rule"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(RuleField, self.fields["rule"]).scope = Scope(segment=self.instance.pk)

    def clean_name(self) -> str:
        """The database compares without case, so the form does."""
        name = self.cleaned_data["name"].strip()
        if Segment.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another segment has this name.")
        return name

    def clean_rule(self) -> dict[str, Any]:
        return self.cleaned_data["rule"] or {"all": []}
