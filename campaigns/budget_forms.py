"""The forms in which money is put into the budget, its limits are set and its ledger is narrowed down."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError

from campaigns.models import Budget, EntryKind
from contacts.list_forms import ListForm


class TopUpForm(forms.Form):
    """What is put in; a negative amount corrects what was put in before."""

    amount = forms.DecimalField(
        max_digits=14,
        decimal_places=2,
        min_value=Decimal(-(10**11)),
        help_text="Negative to correct an earlier one.",
        widget=forms.NumberInput(attrs={"step": "any", "placeholder": "100"}),
    )
    note = forms.CharField(
        max_length=300, required=False, help_text="Such as the number of an invoice. It stays in the ledger."
    )

    def clean_amount(self) -> Decimal:
        amount = self.cleaned_data["amount"]
        if not amount:
            raise ValidationError("Write an amount that is not zero.")
        return amount


class LimitForm(forms.ModelForm):
    class Meta:
        model = Budget
        fields = ["limited", "warn_below"]


class LedgerForm(ListForm):
    """`q` looks into notes."""

    kind = forms.ChoiceField(required=False, choices=[("", "All movements"), *EntryKind.choices])
