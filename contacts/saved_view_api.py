"""The saved views resource of the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers, viewsets
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from contacts import contact_columns, saved_views
from contacts.models import SavedView
from contacts.people import selecting


class SavedViewSerializer(serializers.ModelSerializer):
    filters = serializers.DictField(child=serializers.CharField(max_length=300), required=False)
    columns = serializers.ListField(child=serializers.CharField(max_length=120), required=False)

    class Meta:
        model = SavedView
        fields = ["id", "name", "filters", "columns", "shared", "position", "created_at"]
        read_only_fields = ["position", "created_at"]

    def validate_name(self, name: str) -> str:
        owner = self.instance.owner_id if isinstance(self.instance, SavedView) else self.context["request"].user.pk
        taken = SavedView.objects.filter(owner=owner, name=name)
        if isinstance(self.instance, SavedView):
            taken = taken.exclude(pk=self.instance.pk)
        if taken.exists():
            raise serializers.ValidationError("You have a view of this name.")
        return name

    def validate_filters(self, filters: dict[str, str]) -> dict[str, str]:
        try:
            selecting.of_json({"filters": filters}).contacts(timezone.now())
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        return filters

    def validate_columns(self, columns: list[str]) -> list[str]:
        if unknown := contact_columns.unknown(columns):
            raise serializers.ValidationError(f"There is no column “{unknown[0][:50]}”.")
        return columns

    def create(self, validated: dict[str, Any]) -> SavedView:
        return self._kept(SavedView(owner_id=self.context["request"].user.pk), validated)

    def update(self, instance: SavedView, validated: dict[str, Any]) -> SavedView:
        return self._kept(instance, validated)

    def _kept(self, view: SavedView, validated: dict[str, Any]) -> SavedView:
        view.name, view.shared = validated.get("name", view.name), validated.get("shared", view.shared)
        filters, columns = validated.get("filters", view.filters), validated.get("columns", view.columns)
        return saved_views.keep(view, filters, columns, timezone.now())


class SavedViewViewSet(viewsets.ModelViewSet):
    """Views of the list of contacts: those of the key's owner, and what others share."""

    scope = "contacts"
    serializer_class = SavedViewSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[SavedView]:
        if getattr(self, "swagger_fake_view", False):
            return SavedView.objects.none()
        reads = self.request.method in ("GET", "HEAD", "OPTIONS")
        return (SavedView.objects.visible if reads else SavedView.objects.changeable)(self._owner())

    def _owner(self) -> Any:
        if self.request.user is None or self.request.user.pk is None:
            raise PermissionDenied("Views belong to people, and this key has no owner.")
        return self.request.user

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        self._owner()
        return super().create(request, *args, **kwargs)
