"""Forms of chains as a whole: a new one, and what it is called, when it begins and what it is meant to achieve."""

from datetime import datetime
from typing import Any

from django import forms

from campaigns.mailings import saving
from campaigns.mailings.forms import NameForm, PriorityForm, WhenForm
from campaigns.models import Campaign, CampaignState
from flows.chains import naming
from flows.chains.commanding import SENDABLE
from flows.chains.goal_form import GoalForm
from flows.models import Scenario


class NewChainForm(NameForm):
    pass


class ChainSettingsForm:
    """Four forms of one dialog; when it begins is only asked until it has."""

    def __init__(self, data: Any, campaign: Campaign, scenario: Scenario, now: datetime, zone: str) -> None:
        self.campaign, self.scenario = campaign, scenario
        self.name = NameForm(data, instance=campaign)
        self.priority = PriorityForm(data if data and "priority" in data else None, instance=campaign)
        self.goal = GoalForm(data, prefix="goal", nothing="Nothing in particular", kept=scenario.objective)
        self.when = WhenForm(data, campaign, now, zone) if campaign.state == CampaignState.DRAFT else None

    @property
    def forms(self) -> list[forms.BaseForm]:
        asked = (self.name, self.when, self.priority if self.priority.is_bound else None, self.goal)
        return [form for form in asked if form is not None]

    @property
    def begun(self) -> bool:
        return self.campaign.state not in SENDABLE

    def is_valid(self) -> bool:
        return all(form.is_valid() for form in self.forms)

    def keep(self, user: Any, now: datetime) -> None:
        schedule = self.when.schedule if self.when else self.campaign.schedule
        schedule.pop("spread_hours", None)  # the engine sends as fast as providers take it
        if self.priority.is_bound:
            saving.change(self.campaign, {"priority": self.priority.cleaned_data["priority"]})
        naming.change(self.campaign, self.name.cleaned_data["name"], schedule, self.goal.objective, user=user, now=now)
