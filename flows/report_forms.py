"""Reads what is asked of a report on a scenario from an address: for its page and the API."""

from datetime import date

from django import forms

from campaigns.reports.forms import PeriodForm
from campaigns.reports.query import PERIODS
from flows.cohorts import WEEKS as USUALLY
from flows.models import Scenario

WEEKS = {"8": "8 weeks", "12": "12 weeks", "26": "26 weeks", "52": "52 weeks"}


class FunnelForm(PeriodForm):
    usual = "all"
    period = forms.ChoiceField(choices=[("all", "From the beginning"), *PERIODS.items()], required=False)
    scenario = forms.ModelChoiceField(Scenario.objects.exclude(flow=None), required=False, empty_label=None)

    def asked_days(self, today: date) -> tuple[date | None, date | None]:
        """Of a valid form; no days where everything is asked for."""
        return (None, None) if self.cleaned_data["period"] == "all" else self.days(today)


class CohortForm(forms.Form):
    scenario = forms.ModelChoiceField(Scenario.objects.exclude(flow=None), required=False, empty_label=None)
    weeks = forms.ChoiceField(choices=list(WEEKS.items()), required=False)

    @property
    def asked_weeks(self) -> int:
        return int(self.cleaned_data["weeks"] or USUALLY)
