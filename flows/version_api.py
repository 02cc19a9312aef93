"""Versions, drafts and publishing of scenarios in the API."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from flows import asking, canvas, diffing, publishing, saving, validation, versions
from flows.models import Flow, Scenario

Problem = inline_serializer(
    "Problem", {"node": serializers.CharField(allow_null=True), "message": serializers.CharField()}, many=True
)
Problems = inline_serializer("Problems", {"detail": serializers.CharField(), "problems": Problem})
Publication = inline_serializer(
    "Publication",
    {
        "redirects": serializers.DictField(
            child=serializers.CharField(allow_null=True),
            required=False,
            help_text="Removed node → the node where its contacts go, or null: they leave.",
        ),
        "retime": serializers.ChoiceField(
            ["arrival", "leave"],
            required=False,
            help_text="Contacts at changed waits wait anew, counted from their arrival, or as they did.",
        ),
        "backfill": serializers.BooleanField(
            required=False, help_text="Contacts who finished where it leads on now go on there."
        ),
        "version": serializers.IntegerField(required=False, help_text="Refused (409) unless this is still live."),
        "saved_at": serializers.DateTimeField(required=False, help_text="Refused (409) unless the draft is still it."),
    },
)


class VersionSerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(source="number")
    created_by = serializers.CharField(source="created_by.username", default=None)
    live = serializers.SerializerMethodField()
    inside = serializers.SerializerMethodField(help_text="How many contacts follow this version now.")

    class Meta:
        model = Flow
        fields = ["version", "live", "created_at", "created_by", "inside"]

    def get_live(self, flow: Flow) -> bool:
        return flow.pk == self.context["scenario"].flow_id

    def get_inside(self, flow: Flow) -> int:
        return self.context["inside"].get(flow.pk, 0)


def object_in(request: Request) -> dict[str, Any]:
    return request.data if isinstance(request.data, dict) else {}


def base_of(sent: dict[str, Any]) -> int | None:
    """The version that was opened, or None."""
    base = sent.get("version")
    if base is not None and (not isinstance(base, int) or isinstance(base, bool)):
        raise serializers.ValidationError({"version": ["A version is a number."]})
    return base


def drafted_of(sent: dict[str, Any]) -> str | None:
    """The stamp of the draft that was opened, or None."""
    if sent.get("saved_at") is None:
        return None
    return serializers.DateTimeField().run_validation(sent["saved_at"]).astimezone(UTC).isoformat()


class VersionActions:
    """What a viewset of scenarios does with their versions; `get_object` and the rest are the viewset's."""

    get_object: Any
    paginate_queryset: Any
    get_paginated_response: Any

    @extend_schema(responses=VersionSerializer(many=True))
    @action(detail=True, filterset_class=None)
    def versions(self, request: Request, pk: str | None = None) -> Response:
        """The versions, newest first: who made them and when, and how many contacts follow them."""
        scenario = self.get_object()
        page = self.paginate_queryset(versions.of(scenario))
        context = {"scenario": scenario, "inside": versions.inside(scenario)}
        return self.get_paginated_response(VersionSerializer(page, many=True, context=context).data)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, url_path=r"versions/(?P<number>\d+)", filterset_class=None)
    def version(self, request: Request, pk: str | None = None, number: str = "") -> Response:
        """The graph of a version."""
        scenario = self.get_object()
        return Response({**_graph(scenario, number), "version": int(number)})

    @extend_schema(
        request=inline_serializer("Restore", {"replace": serializers.BooleanField(required=False)}),
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["post"], url_path=r"versions/(?P<number>\d+)/restore", filterset_class=None)
    def restore(self, request: Request, pk: str | None = None, number: str = "") -> Response:
        """Keep the graph of a version as the draft; where there is another draft, only with `"replace": true`."""
        scenario = self.get_object()
        _graph(scenario, number)
        drafted = None if object_in(request).get("replace") is True else ""
        saving.restore(scenario, int(number), request.user, drafted, timezone.now())
        return Response(_draft(scenario))

    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("from", required=True, description="The number of a version, or “draft”."),
            OpenApiParameter("to", required=True, description="The same."),
        ],
    )
    @action(detail=True, filterset_class=None)
    def diff(self, request: Request, pk: str | None = None) -> Response:
        """What was added, removed, changed (the names of its settings) and connected from one version to another."""
        scenario = self.get_object()
        graphs = [_graph(scenario, request.query_params.get(name, "")) for name in ("from", "to")]
        return Response(asdict(diffing.compare(*graphs)))

    @extend_schema(
        request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT, 204: None, 400: Problems, 404: None}
    )
    @action(detail=True, methods=["get", "put", "delete"], filterset_class=None)
    def draft(self, request: Request, pk: str | None = None) -> Response:
        """The graph that is kept beside the live version, which contacts follow until it is published. With `version`
        (of the live one) and `saved_at` (of the draft) in the body a PUT or DELETE is refused (409) when somebody else
        saved in the meantime."""
        scenario, sent = self.get_object(), object_in(request)
        if request.method == "PUT":
            graph = {key: sent[key] for key in ("nodes", "edges") if key in sent}
            base, drafted = base_of(sent), drafted_of(sent)
            saving.keep_draft(scenario, graph, request.user, base, drafted, timezone.now())
            if scenario.draft is None:  # it is what is live
                return Response({**graph, "version": scenario.flow.number, "saved_at": None, "problems": []})
        elif scenario.draft is None:
            raise Http404
        elif request.method == "DELETE":
            saving.discard_draft(scenario, drafted_of(sent))
            return Response(status=204)
        return Response(_draft(scenario))

    @extend_schema(request=Publication, responses={200: OpenApiTypes.OBJECT, 400: Problems})
    @action(detail=True, methods=["get", "post"], filterset_class=None)
    def publish(self, request: Request, pk: str | None = None) -> Response:
        """GET tells what publishing the draft would change and what it asks, with the numbers of contacts. POST makes
        the draft the live version; 400 names each removed node whose contacts are not sent anywhere."""
        scenario, sent = self.get_object(), object_in(request)
        if request.method == "POST":
            answers, base, drafted = publishing.answers(sent), base_of(sent), drafted_of(sent)
            flow = saving.publish_draft(scenario, None, request.user, base, drafted, timezone.now(), answers)
            return Response({**flow.graph, "version": flow.number, "problems": []})
        if scenario.draft is None:
            raise saving.NoDraft("There is no draft beside the live version.")
        return Response(_asked(scenario))


def _graph(scenario: Scenario, name: str) -> dict[str, Any]:
    try:
        return versions.graph(scenario, name)
    except Flow.DoesNotExist as error:
        raise Http404 from error


def _draft(scenario: Scenario) -> dict[str, Any]:
    saved_at: datetime | None = scenario.draft_saved_at
    return {
        **(scenario.draft or canvas.EMPTY),
        "version": scenario.flow.number if scenario.flow else None,
        "saved_at": saved_at and saved_at.isoformat(),
        "saved_by": scenario.draft_saved_by.username if scenario.draft_saved_by else None,
        "problems": canvas.pinned(validation.problems(scenario.draft)) if scenario.draft else [],
    }


def _asked(scenario: Scenario) -> dict[str, Any]:
    draft = scenario.draft or canvas.EMPTY
    live = scenario.flow.graph if scenario.flow else canvas.EMPTY
    asked = asking.questions(scenario, draft)
    return {
        "version": scenario.flow.number if scenario.flow else None,
        "saved_at": publishing.stamp(scenario),
        "changes": asdict(diffing.compare(live, draft)),
        "problems": canvas.pinned(publishing.problems_of(scenario, draft)),
        "redirects": [{"node": node, "contacts": n} for node, n in asked.removed.items()],
        "retime": [{"node": node, "contacts": n} for node, n in asked.waits.items()],
        "backfill": [{"node": node, "port": port, "contacts": n} for (node, port), n in asked.ends.items()],
    }
