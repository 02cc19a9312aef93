"""The imports resource of the API: upload a file, say what its columns are, watch it go in, take it back."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import double_opt_in, topics
from contacts.attributes.defining import definitions
from contacts.forms import ImportOptionsForm
from contacts.imports import attribute_cells, converting, csv_mapping, importing, topic_cells, undoing, uploading
from contacts.imports.csv_sniffing import DELIMITERS, ENCODINGS, Unreadable
from contacts.models import CsvImport

State = CsvImport.State


class ImportSerializer(serializers.ModelSerializer):
    sheets = serializers.SerializerMethodField(help_text="Names of a workbook's sheets; empty for other files.")
    sheet = serializers.SerializerMethodField(help_text="The place of the one that is read, from 0.")
    preview = serializers.SerializerMethodField(help_text="A draft's first rows.")
    warning = serializers.SerializerMethodField(help_text="What looks wrong with a draft's headers.")

    class Meta:
        model = CsvImport
        fields = [
            "id", "name", "state", "size", "percent", "encoding", "delimiter", "sheets", "sheet", "headers", "mapping",
            "preview", "warning", "rows_read", "created", "updated", "unchanged", "refused", "error", "undone", "kept",
            "created_at", "finished_at",
        ]  # fmt: skip

    def get_sheets(self, file: CsvImport) -> list[str]:
        return file.options.get("sheets", [])

    def get_sheet(self, file: CsvImport) -> int | None:
        return file.options.get("sheet")

    def get_warning(self, file: CsvImport) -> str:
        return uploading.doubt(file) if file.state == State.DRAFT else ""

    def get_preview(self, file: CsvImport) -> list[list[str]]:
        if file.state != State.DRAFT or self.parent is not None:
            return []
        return [[cell[:200] for cell in row.cells] for row in uploading.preview(file)]


class ImportReadingSerializer(serializers.Serializer):
    encoding = serializers.ChoiceField(choices=list(ENCODINGS), required=False)
    delimiter = serializers.ChoiceField(choices=list(DELIMITERS), required=False)
    sheet = serializers.IntegerField(min_value=0, max_value=1000, required=False, help_text="Of a workbook, from 0.")


class ImportStartSerializer(serializers.Serializer):
    mapping = serializers.JSONField(
        required=False,
        help_text="A target or null for each column, in their order, or an object from headers to targets, by which "
        "what was guessed is changed. `targets/` says which there are. Left out: as it was guessed.",
    )
    country = serializers.CharField(
        required=False, allow_blank=True, help_text="Two letters: phone numbers without a country are read as its."
    )
    basis = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="How and when its people agreed: without it the file subscribes nobody. It is kept as the proof.",
    )
    resubscribe = serializers.BooleanField(
        default=False, help_text="With a basis: also subscribe again who has unsubscribed."
    )


_UPLOAD = inline_serializer(
    "ImportFile",
    {
        "file": serializers.FileField(),
        "encoding": serializers.ChoiceField(choices=list(ENCODINGS), required=False),
        "delimiter": serializers.ChoiceField(choices=list(DELIMITERS), required=False),
    },
)
_TARGETS = inline_serializer(
    "ImportTarget", {"target": serializers.CharField(), "label": serializers.CharField()}, many=True
)
_UNDOABLE = inline_serializer("Undoable", {"free": serializers.IntegerField(), "touched": serializers.IntegerField()})


class ImportViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[CsvImport]
):
    """Files of contacts: a file is uploaded and read as a draft, and goes in once it is started.

    A workbook is `converting` before it is a draft. What goes wrong with a single row is in `refused.csv`.
    """

    scope = "contacts"
    serializer_class = ImportSerializer
    lookup_value_regex = "[0-9]{1,18}"
    parser_classes = (JSONParser, MultiPartParser, FormParser)

    def get_queryset(self) -> QuerySet[CsvImport]:
        return importing.imports()

    @extend_schema(request={"multipart/form-data": _UPLOAD}, responses={201: ImportSerializer})
    def create(self, request: Request) -> Response:
        """Upload a CSV file or an Excel workbook. Encoding, delimiter and columns are guessed; nothing goes in yet."""
        given = request.data.get("file") if isinstance(request.data, dict) else None
        if given is None or not hasattr(given, "chunks"):
            raise serializers.ValidationError({"file": ["Send a file under this name, as multipart/form-data."]})
        given_so = {name: request.data.get(name) for name in ("encoding", "delimiter")}
        asked = ImportReadingSerializer(data={name: value for name, value in given_so.items() if value})
        asked.is_valid(raise_exception=True)
        try:
            file = converting.store(
                given.name, given.chunks(uploading.PIECE), request.user or None, **asked.validated_data
            )
        except Unreadable as unreadable:
            raise serializers.ValidationError({"file": [str(unreadable)]}) from None
        return self._shown(file, 201)

    @extend_schema(request=ImportReadingSerializer, responses=ImportSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Read a draft's file another way. Its columns are guessed anew; another sheet is converted first."""
        file = self._of(State.DRAFT)
        asked = ImportReadingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        if "sheet" in given:
            if not converting.choose(file, given["sheet"]):
                raise serializers.ValidationError({"sheet": ["There is no such sheet."]})
        elif file.options.get("sheets"):
            raise serializers.ValidationError({"detail": ["A workbook has neither encodings nor delimiters."]})
        else:
            try:
                delimiter = given.get("delimiter", file.delimiter)
                uploading.read_again(file, given.get("encoding", file.encoding), delimiter)
            except Unreadable as unreadable:
                raise serializers.ValidationError({"detail": [str(unreadable)]}) from None
        return self._shown(self.get_object())

    def perform_destroy(self, instance: CsvImport) -> None:
        """Forget a file and its refused rows; the contacts that came from it stay."""
        if not importing.forget(instance):
            raise serializers.ValidationError({"detail": ["It is at work. Cancel it first."]})

    @extend_schema(responses=_TARGETS, filters=False)
    @action(detail=False, pagination_class=None)
    def targets(self, request: Request) -> Response:
        """What a column can be. `KIND:NAME` stands for any attribute of that name."""
        found = [*csv_mapping.TARGETS.items(), *topic_cells.offered(topics.known())]
        found += attribute_cells.offered(definitions())
        found += [(f"{kind}:NAME", label) for kind, label in attribute_cells.KINDS.items()]
        return Response([{"target": target, "label": label} for target, label in found])

    @extend_schema(request=ImportStartSerializer, responses={202: ImportSerializer}, filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def start(self, request: Request, pk: str | None = None) -> Response:
        """Let a draft's rows be taken in, in the background; follow `state` and `percent`."""
        file = self._of(State.DRAFT)
        asked = ImportStartSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        mapping = _mapping(file, asked.validated_data.get("mapping"))
        basis = asked.validated_data.get("basis", "")
        options = ImportOptionsForm(asked.validated_data | {"subscribe": bool(basis.strip())})
        if not options.is_valid():
            raise serializers.ValidationError(
                {name: [*map(str, sentences)] for name, sentences in options.errors.items()}
            )
        if basis and (problems := double_opt_in.refused(csv_mapping.claims(mapping))):
            raise serializers.ValidationError({"basis": [each for name in problems for each in problems[name]]})
        if not importing.confirm(file, mapping, options.cleaned_data | {"by": f"API key {request.auth}"}):
            raise serializers.ValidationError({"detail": ["It was started already."]})
        return self._shown(self.get_object(), 202)

    @extend_schema(request=None, responses=ImportSerializer, filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Stop it where it stands. What went in by then stays, and can be undone."""
        if not importing.cancel(self.get_object(), timezone.now()):
            raise serializers.ValidationError({"detail": [f"It is {self.get_object().get_state_display().lower()}."]})
        return self._shown(self.get_object())

    @extend_schema(request=None, responses={202: ImportSerializer}, filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def undo(self, request: Request, pk: str | None = None) -> Response:
        """Delete whom it created, but for those whom anything touched since, in the background."""
        if not undoing.begin(self.get_object()):
            raise serializers.ValidationError({"detail": ["There is nothing to undo."]})
        return self._shown(self.get_object(), 202)

    @extend_schema(request=None, responses=_UNDOABLE, filters=False)
    @undo.mapping.get
    def undoable(self, request: Request, pk: str | None = None) -> Response:
        """How an undoing would end if it were done now: how many would go, and how many stay as they were touched."""
        found = undoing.count(self._of(*undoing.UNDOABLE))
        return Response({"free": found.free, "touched": found.touched})

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}, filters=False)
    @action(detail=True, url_path="refused.csv", pagination_class=None)
    def refused(self, request: Request, pk: str | None = None) -> HttpResponseBase:
        """The rows that were not taken in as a CSV file: the line, the reason, and the row as it was."""
        lines = importing.refused_rows(self.get_object())
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")

    def _of(self, *states: str) -> CsvImport:
        file = self.get_object()
        if file.state not in states:
            raise serializers.ValidationError({"detail": [f"It is {file.get_state_display().lower()}."]})
        return file

    def _shown(self, file: CsvImport, status: int = 200) -> Response:
        return Response(self.get_serializer(file).data, status=status)


def _mapping(file: CsvImport, given: Any) -> list[str | None]:
    """A target for each column. Raises ValidationError."""
    if isinstance(given, dict):
        if (unknown := next((header for header in given if header not in file.headers), None)) is not None:
            raise serializers.ValidationError({"mapping": [f"There is no column “{str(unknown)[:60]}”."]})
        _targets(given.values())
        given = csv_mapping.changed(file.headers, file.mapping, given)
    given = file.mapping if given is None else given
    if not isinstance(given, list) or len(given) != len(file.headers):
        sentence = f"Give a target or null for each of the {len(file.headers)} columns, or an object of headers."
        raise serializers.ValidationError({"mapping": [sentence]})
    _targets(given)
    if problem := csv_mapping.problem(given, topics.known()):
        raise serializers.ValidationError({"mapping": [problem]})
    return [target or None for target in given]


def _targets(given: Iterable[Any]) -> None:
    for target in given:
        if target and not (isinstance(target, str) and csv_mapping.is_target(target)):
            raise serializers.ValidationError({"mapping": [csv_mapping.misnamed(str(target))]})
