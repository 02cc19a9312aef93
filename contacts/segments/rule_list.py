"""The form field of a list of rules inside a rule: what an event's properties have to be."""

from django import forms


class RuleListField(forms.Field):
    """Rendered as a nested list of property rules."""
