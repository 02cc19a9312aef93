"""Reads what is asked of a report from an address: for its page, its file and the API."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms

from campaigns.models import Provider, SavedReport
from campaigns.models.day_count import METRICS
from campaigns.origins import Place
from campaigns.reports.names import choices
from campaigns.reports.query import FILTERS, GROUPS, LABELS, PERIODS, RATES, Query, period
from campaigns.tracking.devices import DEVICES
from contacts.models.consent import Channel
from contacts.periods import FIRST

LAST = date(2200, 1, 1)  # no report needs days after it

STATIC = {"channel": list(Channel.choices), "device": list(DEVICES.items())}
COLUMNS = [*METRICS, *RATES]


class FilterField(forms.ChoiceField):
    """One of its choices, or what has no messages yet or any more: nothing is counted under that."""

    def valid_value(self, value: Any) -> bool:
        return len(value) <= 200 and "\0" not in value


class PeriodForm(forms.Form):
    """A period: one that moves along with today, or from one day to another."""

    period = forms.ChoiceField(choices=list(PERIODS.items()), required=False)
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    usual = "30d"

    def __init__(self, data: Any = None) -> None:
        """Always bound: what is not asked for is as usual, and the form shows it so."""
        given = dict(data.items()) if data is not None else {}
        if not given.get("period"):
            given["period"] = "custom" if given.get("since") or given.get("until") else self.usual
        super().__init__(given)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        for name in ("since", "until"):
            if cleaned.get(name) and not FIRST <= cleaned[name] <= LAST:
                self.add_error(name, f"A day between {FIRST:%Y} and {LAST:%Y}.")
        if cleaned.get("period") == "custom" and since and until and until < since:
            self.add_error("until", "This is before the first day.")
        return cleaned

    def days(self, today: date) -> tuple[date, date]:
        """Of a valid form. Where one end of a period of one's own is not given, it is thirty days long."""
        name, since, until = (self.cleaned_data[field] for field in ("period", "since", "until"))
        if name != "custom":
            return period(name, today)
        if since is None:
            until = until or today
            return until - timedelta(days=29), until
        return since, until or max(today, since)


class ReportForm(PeriodForm):
    """`by` and `then` are the groups, the names of FILTERS narrow down, `sort` and `show` are about looking at rows."""

    by = forms.ChoiceField(choices=list(GROUPS.items()), required=False, label="Group by")
    then = forms.ChoiceField(choices=[("", "Nothing else"), *GROUPS.items()], required=False, label="and by")
    show = forms.ChoiceField(choices=[(name, LABELS[name]) for name in COLUMNS], required=False, label="Chart")
    sort = forms.ChoiceField(
        choices=[(s + name, name) for name in ["name", *COLUMNS] for s in ("", "-")], required=False
    )

    def __init__(self, data: Any = None, places: Iterable[Place] | None = None) -> None:
        """With `places`, every filter can be chosen from a list."""
        super().__init__(data)
        known = list(places) if places is not None else None
        for name, label in FILTERS.items():
            if name in STATIC:
                field: forms.ChoiceField = forms.ChoiceField(choices=[("", "All"), *STATIC[name]])
            else:
                field = FilterField(choices=[("", "All"), *(choices(name, known) if known is not None else [])])
            field.required, field.label = False, label
            self.fields[name] = field
        order = ["by", "then", "period", "since", "until", "show", "sort", *FILTERS]
        self.order_fields(order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("then") and cleaned["then"] == (cleaned.get("by") or "day"):
            cleaned["then"] = ""
        return cleaned

    @property
    def narrowed(self) -> list[tuple[str, str, str]]:
        """(name, label, what it is narrowed down to) of every filter that is set."""
        found = []
        for name in FILTERS:
            if value := self.cleaned_data.get(name):
                labels = dict(self.fields[name].choices)  # type: ignore[attr-defined]
                found.append((name, FILTERS[name], labels.get(value, value)))
        return found

    def query(self, today: date) -> Query:
        """Of a valid form."""
        cleaned = self.cleaned_data
        groups = tuple(group for group in (cleaned["by"] or "day", cleaned["then"]) if group)
        since, until = self.days(today)
        filters = {name: cleaned[name] for name in FILTERS if cleaned[name]}
        return Query(groups, since, until, filters, to_the_end=until >= today)

    @property
    def of_origin(self) -> dict[str, str]:
        """Which scenario and campaign is asked for."""
        return {name: key for name in ("scenario", "campaign") if (key := self.cleaned_data[name])}

    @property
    def order(self) -> str:
        """The column that rows are sorted by: time goes on, everything else begins with the most."""
        return self.cleaned_data["sort"] or (
            "name" if self.cleaned_data["by"] in ("", "day", "week", "month") else "-sent"
        )

    @property
    def shown(self) -> str:
        return self.cleaned_data["show"] or "sent"


class DomainForm(PeriodForm):
    q = forms.CharField(required=False, max_length=200, label="Domain")
    provider = forms.ModelChoiceField(
        Provider.objects.filter(channel=Channel.EMAIL), required=False, empty_label="All providers"
    )

    def clean_q(self) -> str:
        return self.cleaned_data["q"].strip().replace("\0", "")


class SavedReportForm(forms.ModelForm):
    class Meta:
        model = SavedReport
        fields = ["name", "shared"]
        labels = {"shared": "Everybody sees it"}
        help_texts = {"shared": "Others can open and copy it. Only you can change or delete it."}

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        same = SavedReport.objects.filter(owner=self.instance.owner, name=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise forms.ValidationError("You have a report of this name.")
        return name
