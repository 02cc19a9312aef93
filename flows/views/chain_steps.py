"""What the list of a chain's steps sends: new blocks, and the blocks that are to be saved."""

import json
import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaigns.models import Campaign
from flows import publishing
from flows.chains import blocks, editing
from flows.chains.blocks import Block
from flows.chains.compiling import Part
from flows.chains.editing import Change, Refused
from flows.chains.step_form import StepForm
from flows.models import Scenario
from flows.transitions import WrongState
from flows.views.chains import chain_of, may_change, opened, sends

KEY = re.compile(r"n[1-9][0-9]{0,8}")


def _keys(data: Any, name: str) -> list[str]:
    return [key for key in dict.fromkeys(data.getlist(name)) if KEY.fullmatch(key)][: 2 * editing.MOST_STEPS]


@require_POST
@may_change
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """A block that is not saved yet, for a place behind the steps of `before`, a list of {"key", "name", "channel"};
    with `like` it says what the block of that key says in the same form. `taken` are the keys on the page."""
    campaign = chain_of(pk)
    before, taken = _before(request.POST.get("before", "")), _keys(request.POST, "taken")
    key, like = editing.new_key(campaign, taken), request.POST.get("like", "")
    step = None
    if like:
        if not KEY.fullmatch(like):
            raise Http404
        source = StepForm(like, before, {}, request.POST)
        source.is_valid()
        step = _as_typed(source)
    block = blocks.block_of(blocks.fresh(key, before, step), len(before) + 1, new=True)
    return render(request, "flows/_chain_block.html", {"campaign": campaign, "block": block, "editable": True})


def _before(text: str) -> list[Part]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    rows = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return [
        Part(row["key"], str(row.get("name") or "")[:100], str(row.get("channel") or "email"))
        for row in rows[: editing.MOST_STEPS]
        if KEY.fullmatch(str(row.get("key")))
    ]


def _as_typed(form: StepForm) -> dict[str, Any]:
    """What stands in a block, as far as it makes sense."""
    data = form.fields.cleaned_data
    timing = form.fields.timing if not {"when", "amount", "unit", "at", "zone"} & form.fields.errors.keys() else {}
    message = {name: form.message[name].value() for name in form.message.fields if form.message[name].value()}
    return {
        "name": form.name,
        "channel": form.channel,
        "message": message,
        "terms": data.get("terms") if data.get("who") == "own" else None,
        "timing": timing,
        "objective": form.goal.objective if not form.goal.errors else {},
    }


@require_POST
@may_change
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Saves the blocks of `key` and takes away those of `removed`, all or none; `order` are the keys as the page shows
    them, `whole` says that all that is unsaved was sent, and `base` is the stamp that the page was opened with.

    `{"saved": bool, "said", "stamp", "draft": bool, "blocks": {key: html}}`: the blocks as they are now, of those that
    were refused with what is wrong. Answers that the page expects are no HTTP errors.
    """
    campaign, scenario = opened(request, pk)
    keys, order, removed = (_keys(request.POST, name) for name in ("key", "order", "removed"))
    forms = blocks.posted(campaign, request.POST, keys, order)
    wrong = [form for form in forms.values() if not form.is_valid()]
    if wrong:
        return _refused(request, campaign, scenario, forms, order, _count(len(wrong), "has an error", "have errors"))
    change = Change({key: form.values for key, form in forms.items()}, removed, order, "whole" in request.POST)
    try:
        editing.save(campaign, change, request.user, request.POST.get("base"), timezone.now(), sends(request))
    except Refused as error:
        for key in error.errors.keys() - forms.keys() - {""}:
            forms[key] = blocks.of_row(campaign, key)
        for key, form in forms.items():
            form.refusals = error.errors.get(key, [])
        return _refused(
            request, campaign, scenario, forms, order, " ".join(error.errors.get("", ["Nothing was saved."]))
        )
    except publishing.Conflict as error:
        at, by = timezone.localtime(error.at).strftime("%H:%M"), f" by {error.by}" if error.by else ""
        said = f"This chain was changed{by} at {at}. Open it in another tab, and bring over what you changed here."
        return JsonResponse({"saved": False, "said": said, "blocks": {}})
    except (publishing.Invalid, WrongState) as error:
        return JsonResponse({"saved": False, "said": str(error), "blocks": {}})
    return _saved(request, pk)


def _saved(request: HttpRequest, pk: int) -> HttpResponse:
    campaign, scenario = opened(request, pk)
    drawn = {block.key: _drawn(request, campaign, scenario, block) for block in blocks.of_chain(campaign, scenario)}
    draft = scenario.draft is not None
    said = "Saved. Contacts follow what is live until you publish it." if draft else "Saved."
    answer = {"saved": True, "said": said, "stamp": editing.stamp(scenario), "draft": draft, "blocks": drawn}
    return JsonResponse(answer)


def _refused(
    request: HttpRequest,
    campaign: Campaign,
    scenario: Scenario,
    forms: dict[str, StepForm],
    order: list[str],
    said: str,
) -> HttpResponse:
    found = blocks.of_forms(campaign, scenario, [form for form in forms.values() if form.wrong], order)
    drawn = {block.key: _drawn(request, campaign, scenario, block) for block in found}
    return JsonResponse({"saved": False, "said": said, "blocks": drawn})


def _count(n: int, one: str, many: str) -> str:
    return f"Nothing was saved: {n} step{'' if n == 1 else 's'} {one if n == 1 else many}."


def _drawn(request: HttpRequest, campaign: Campaign, scenario: Scenario, block: Block) -> str:
    context = {"campaign": campaign, "scenario": scenario, "block": block, "editable": True}
    return render_to_string("flows/_chain_block.html", context, request)
