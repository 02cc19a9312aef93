"""The commands of campaigns in the API, each a POST that turns the state and answers with the campaign."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from campaigns.campaign_shapes_api import PROBLEMS, CampaignSerializer
from campaigns.models import Campaign, CampaignState


class CommandsMixin(GenericViewSet):
    """Where a campaign is what a command would make of it, because somebody asked twice, it is shown as it is."""

    def carry_out(self, command: str, campaign: Campaign) -> None:
        raise NotImplementedError

    def _answer(self, command: str, already: str = "") -> Response:
        campaign = self.get_object()
        if not already or campaign.state != already:
            self.carry_out(command, campaign)
        return Response(self.get_serializer(campaign).data)

    @extend_schema(request=None, responses={200: CampaignSerializer, 400: PROBLEMS})
    @action(detail=True, methods=["post"])
    def send(self, request: Request, pk: str | None = None) -> Response:
        """Send it now, whatever time its schedule names. Asked again while it is sending, it changes nothing."""
        return self._answer("send", CampaignState.SENDING)

    @extend_schema(request=None, responses={200: CampaignSerializer, 400: PROBLEMS})
    @action(detail=True, methods=["post"], url_path="schedule", url_name="schedule")
    def schedule_it(self, request: Request, pk: str | None = None) -> Response:
        """Let it begin by itself at the time of its schedule."""
        return self._answer("schedule")

    @extend_schema(request=None, responses=CampaignSerializer)
    @action(detail=True, methods=["post"])
    def unschedule(self, request: Request, pk: str | None = None) -> Response:
        """A draft again."""
        return self._answer("unschedule", CampaignState.DRAFT)

    @extend_schema(request=None, responses=CampaignSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str | None = None) -> Response:
        """Nothing is queued, nothing more is handed over."""
        return self._answer("pause", CampaignState.PAUSED)

    @extend_schema(request=None, responses=CampaignSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str | None = None) -> Response:
        """Go on where it stopped; what has become due meanwhile is sent at once."""
        return self._answer("resume", CampaignState.SENDING)

    @extend_schema(request=None, responses=CampaignSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Nobody gets it any more who has not got it yet."""
        return self._answer("cancel", CampaignState.CANCELLED)

    @extend_schema(request=None, responses=CampaignSerializer)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str | None = None) -> Response:
        """Out of the lists."""
        return self._answer("archive")

    @extend_schema(request=None, responses=CampaignSerializer)
    @action(detail=True, methods=["post"])
    def unarchive(self, request: Request, pk: str | None = None) -> Response:
        return self._answer("unarchive")
