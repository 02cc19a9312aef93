"""Chains of mailings in the API: their steps, and campaigns' commands as the scenario of a chain takes them."""

from dataclasses import asdict
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.campaign_api import CampaignViewSet, as_json
from campaigns.mailings import saving as campaign_saving
from campaigns.mailings.moves import NotReady as CampaignNotReady
from campaigns.mailings.moves import Problem as CampaignProblem
from campaigns.mailings.moves import WrongState as CampaignWrongState
from campaigns.mailings.testing import Tried
from campaigns.models import Campaign, Kind
from contacts import segments
from flows import publishing, saving, starting
from flows.chains import (
    asking_terms,
    beginning,
    changing,
    commanding,
    editing,
    naming,
    numbers,
    step_checks,
    trying,
)
from flows.chains.compiling import step_of
from flows.chains.editing import Change
from flows.transitions import NotReady, WrongState
from flows.version_api import Publication, object_in

OF_STEPS = ("channel", "variants", "test", "topic", "provider", "late_hours")


class StepSerializer(serializers.Serializer):
    """Checked by `step_checks`, as the pages' forms do."""

    key = serializers.CharField(read_only=True, help_text="What rules, messages and statistics call the step.")
    position = serializers.IntegerField(required=False, min_value=0, help_text="0 is the first.")
    name = serializers.CharField(max_length=100)
    channel = serializers.ChoiceField(choices=["email", "sms"])
    message = serializers.JSONField(
        help_text="`template` (id), or `subject`, `preheader` and `body`; an SMS has a `body`. `provider`, `topic`"
        " and `late_hours`.",
    )
    terms = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="Null: everybody who got the previous step. A rule tree: whoever came as far and matches it; earlier"
        ' steps are named as in {"rule": "message", "did": "opened", "node": KEY}.',
    )
    timing = serializers.JSONField(
        required=False,
        help_text='{"kind": "at_once"}, {"kind": "delay", "amount": 2, "unit": "days"} or {"kind": "at", "at":'
        ' "2026-12-24T09:00", "timezone": IANA name or "contact"}.',
    )
    objective = serializers.JSONField(required=False, help_text="As a scenario’s; {} where it is the chain’s.")
    live = serializers.BooleanField(read_only=True, help_text="Whether contacts follow it already.")


class StepOrderSerializer(serializers.Serializer):
    order = serializers.ListField(child=serializers.CharField(max_length=50), max_length=editing.MOST_STEPS)


class ChainCampaignViewSet(CampaignViewSet):
    """A chain’s steps are under `steps/`. What is changed after it was sent waits until `publish/`."""

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, editing.Refused):
            return Response({"detail": str(error), "errors": error.errors}, status=400)
        if isinstance(error, publishing.Invalid):
            return Response({"detail": str(error), "problems": [asdict(each) for each in error.problems]}, status=400)
        if isinstance(error, changing.Unanswered):
            return Response({"detail": str(error)}, status=400)
        if isinstance(error, (WrongState, publishing.Conflict, saving.NoDraft)):
            return Response({"detail": str(error)}, status=409)
        return super().handle_exception(error)

    def created(self, given: dict[str, Any], kind: str) -> Campaign:
        if kind != Kind.CHAIN:
            return super().created(given, kind)
        return naming.create(_without_message(given), self.request.user, timezone.now())

    def changed(self, campaign: Campaign, given: dict[str, Any]) -> None:
        if campaign.kind != Kind.CHAIN:
            return super().changed(campaign, given)
        return naming.keep(campaign, _without_message(given), self.request.user, timezone.now())

    def deleted(self, campaign: Campaign) -> None:
        if campaign.kind != Kind.CHAIN:
            return super().deleted(campaign)
        return beginning.delete(campaign)

    def copied(self, campaign: Campaign) -> Campaign:
        if campaign.kind != Kind.CHAIN:
            return super().copied(campaign)
        return beginning.clone(campaign, self.request.user, timezone.now())

    def carry_out(self, command: str, campaign: Campaign) -> None:
        if campaign.kind != Kind.CHAIN or command in ("archive", "unarchive"):
            return super().carry_out(command, campaign)
        told = [campaign.schedule] if command == "schedule" else []
        try:
            getattr(commanding, command)(campaign, *told, self.request.user, timezone.now())
        except NotReady as error:
            problems = [CampaignProblem(_field(each.node), each.message) for each in error.problems]
            raise CampaignNotReady(problems) from error
        except WrongState as error:
            raise CampaignWrongState(str(error)) from error

    def numbers(self, campaign: Campaign) -> dict[str, Any]:
        """Of a chain: `total`, and per step who reached it, for whom it was not by its terms, who waits for it, and
        what became of its messages."""
        if campaign.kind != Kind.CHAIN:
            return super().numbers(campaign)
        scenario = beginning.scenario_of(campaign, self.request.user, timezone.now())
        steps = {key: each.as_json() for key, each in numbers.by_step(scenario).items() if key}
        return {"total": numbers.total(scenario), "steps": steps}

    def estimated(self, campaign: Campaign) -> dict[str, Any]:
        """Of a chain: the numbers of its first step, and in `steps` what each costs at most."""
        if campaign.kind != Kind.CHAIN:
            return super().estimated(campaign)
        now, parts = timezone.now(), beginning.parts_of(campaign)
        if not parts:
            raise CampaignNotReady([CampaignProblem("steps", "The chain has no step. Add one.")])
        try:
            whole = trying.estimate(campaign, parts, now)
        except segments.InvalidRule as error:
            raise CampaignNotReady([CampaignProblem("audience", sentence) for sentence in error.problems]) from error
        scenario = beginning.scenario_of(campaign, self.request.user, now)
        problems = starting.check(scenario, now) if campaign.state in commanding.SENDABLE else []
        steps = [
            {
                "key": line.part.key,
                "name": line.part.name,
                "parts": line.parts,
                "reachable": line.reachable,
                "cost": None if line.cost is None else str(line.cost),
            }
            for line in whole.lines
        ]
        return {
            **as_json(whole.first),
            "steps": steps,
            "problems": [{"field": _field(each.node), "sentence": each.message} for each in problems],
            "warnings": [
                {"field": f"steps.{key}", "sentence": sentence} for key, sentence in asking_terms.warnings(parts)
            ],
        }

    def tried(self, campaign: Campaign, recipients: list[str], variant: str, step: str) -> list[Tried]:
        if campaign.kind != Kind.CHAIN:
            return super().tried(campaign, recipients, variant, step)
        part = next((part for part in beginning.parts_of(campaign) if part.key == step), None)
        if part is None:
            raise serializers.ValidationError({"step": ["Name a step of the chain by its key."]})
        return trying.send_test(campaign, part, recipients, self.tester, timezone.now())

    def resent(self, campaign: Campaign) -> Campaign:
        if campaign.kind != Kind.CHAIN:
            return super().resent(campaign)
        raise CampaignWrongState("A chain is not resent. Add a step to it for those who did not open an earlier one.")

    @extend_schema(methods=["GET"], responses=StepSerializer(many=True))
    @extend_schema(methods=["POST"], request=StepSerializer, responses={201: StepSerializer})
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def steps(self, request: Request, pk: str | None = None) -> Response:
        """The steps of a chain in their order; POST adds one, at the end or at `position`."""
        campaign = self._chain()
        if request.method == "GET":
            return Response(self._steps(campaign))
        key, sent = editing.new_key(campaign), object_in(request)
        self._keep(campaign, key, sent, {})
        return Response(self._step(campaign, key), status=201)

    @extend_schema(methods=["GET"], responses=StepSerializer)
    @extend_schema(methods=["PUT", "PATCH"], request=StepSerializer, responses=StepSerializer)
    @extend_schema(methods=["DELETE"], request=None, responses={204: None})
    @action(
        detail=True,
        methods=["get", "put", "patch", "delete"],
        url_path=r"steps/(?P<key>[A-Za-z0-9_]{1,50})",
        url_name="step",
        filterset_class=None,
        pagination_class=None,
    )
    def step(self, request: Request, pk: str | None = None, key: str = "") -> Response:
        """One step; after the chain was sent, changes wait for `publish/`."""
        campaign = self._chain()
        kept = self._step(campaign, key)
        if request.method == "DELETE":
            editing.save(campaign, Change(removed=[key]), request.user, None, timezone.now())
            return Response(status=204)
        if request.method != "GET":
            known = {name: kept[name] for name in editing.FIELDS} if request.method == "PATCH" else {}
            self._keep(campaign, key, object_in(request), known)
            kept = self._step(campaign, key)
        return Response(kept)

    @extend_schema(request=StepOrderSerializer, responses=StepSerializer(many=True))
    @action(detail=True, methods=["post"], url_path="steps/reorder", filterset_class=None, pagination_class=None)
    def reorder(self, request: Request, pk: str | None = None) -> Response:
        """`order` are the keys of all steps."""
        campaign, body = self._chain(), StepOrderSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        order = body.validated_data["order"]
        if sorted(order) != sorted(campaign.steps.values_list("key", flat=True)):
            raise serializers.ValidationError({"order": ["Name each step once."]})
        editing.save(campaign, Change(order=order), request.user, None, timezone.now())
        return Response(self._steps(campaign))

    @extend_schema(
        methods=["GET"],
        responses=inline_serializer(
            "ChainChanges",
            {
                "changes": serializers.ListField(child=serializers.CharField()),
                "redirects": serializers.ListField(child=serializers.DictField()),
                "retime": serializers.IntegerField(help_text="Contacts who wait for a step whose time changed."),
                "backfill": serializers.IntegerField(help_text="Contacts who came to an end where steps follow now."),
                "inserted": serializers.IntegerField(help_text="Contacts who are past the place of an inserted step."),
            },
        ),
    )
    @extend_schema(methods=["POST"], request=Publication, responses=StepSerializer(many=True))
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def publish(self, request: Request, pk: str | None = None) -> Response:
        """GET says what changes and whom it concerns; POST makes it live. `redirects` names for each removed step the
        key of another one, or null; `backfill` lets those who already passed get the new steps, whose terms hold."""
        campaign = self._chain()
        scenario = beginning.scenario_of(campaign, request.user, timezone.now())
        if scenario.draft is None:
            raise saving.NoDraft("Everything that was saved is live.")
        asked = changing.asked(campaign, scenario)
        if request.method == "POST":
            answers = changing.answers_of(asked, publishing.answers(object_in(request)))
            editing.publish(campaign, request.user, None, timezone.now(), answers)
            return Response(self._steps(campaign))
        redirects = [{"step": step.key, "contacts": step.contacts} for step in asked.removed]
        counts = {"retime": asked.retimed, "backfill": asked.finished, "inserted": asked.passed}
        return Response({"changes": changing.in_words(scenario), "redirects": redirects, **counts})

    def _chain(self) -> Campaign:
        campaign = self.get_object()
        if campaign.kind != Kind.CHAIN:
            raise Http404
        return campaign

    def _keep(self, campaign: Campaign, key: str, sent: dict[str, Any], known: dict[str, Any]) -> None:
        fields = step_checks.checked(campaign, key, {**known, **sent})
        order = list(campaign.steps.values_list("key", flat=True))
        if "position" in sent:
            order = [step for step in order if step != key]
            order.insert(min(step_checks.position(sent["position"]), len(order)), key)
        editing.save(campaign, Change({key: fields}, order=order), self.request.user, None, timezone.now())

    def _steps(self, campaign: Campaign) -> list[dict[str, Any]]:
        scenario = beginning.scenario_of(campaign, self.request.user, timezone.now())
        live = {node["id"] for node in scenario.flow.graph["nodes"]} if scenario.flow else set()
        rows = campaign.steps.all()
        return [{**StepSerializer(row).data, "live": row.key in live} for row in rows]

    def _step(self, campaign: Campaign, key: str) -> dict[str, Any]:
        found = next((step for step in self._steps(campaign) if step["key"] == key), None)
        if found is None:
            raise Http404
        return found


def _field(node: str | None) -> str:
    return f"steps.{step_of(node)}" if node else "steps"


def _without_message(given: dict[str, Any]) -> dict[str, Any]:
    """What a chain has of a campaign’s fields: the others belong to its steps, and may only be empty."""
    schedule = given.get("schedule")
    wrong = {name: ["The steps of a chain have this, each its own."] for name in OF_STEPS if given.get(name)}
    if isinstance(schedule, dict) and schedule.get("spread_hours"):
        wrong["schedule.spread_hours"] = ["A chain is not spread: each step has its own time."]
    if wrong:
        raise campaign_saving.Invalid(wrong)
    return {name: value for name, value in given.items() if name not in OF_STEPS}
