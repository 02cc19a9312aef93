"""The pages on which topics are arranged."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import topics
from contacts.consent_forms import TopicForm
from contacts.models import Topic

may_change = permission_required("contacts.change_topic", raise_exception=True)


@permission_required("contacts.view_topic", raise_exception=True)
@require_GET
def topic_list(request: HttpRequest) -> HttpResponse:
    there = list(Topic.objects.all())
    context = {
        "topics": [topic for topic in there if not topic.archived_at],
        "archived": [topic for topic in there if topic.archived_at],
    }
    return render(request, "contacts/topic_list.html", context)


@permission_required("contacts.add_topic", raise_exception=True)
@require_http_methods(["GET", "POST"])
def topic_create(request: HttpRequest) -> HttpResponse:
    form = TopicForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        topic = topics.create(**form.cleaned_data)
        messages.success(request, f"Topic “{topic}” is created. Messages can be about it from now on.")
        return redirect("topic_list")
    return render(request, "contacts/topic_form.html", {"form": form})


@may_change
@require_http_methods(["GET", "POST"])
def topic_edit(request: HttpRequest, pk: int) -> HttpResponse:
    topic = get_object_or_404(Topic, pk=pk)
    form = TopicForm(request.POST or None, instance=topic)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"“{topic}” is saved.")
        return redirect("topic_list")
    return render(request, "contacts/topic_form.html", {"form": form, "topic": Topic.objects.get(pk=pk)})


@may_change
@require_POST
def topic_move(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up or down: the order in which contacts see them."""
    topics.move(get_object_or_404(Topic, pk=pk), -1 if request.POST.get("to") == "up" else 1)
    return redirect("topic_list")


@may_change
@require_http_methods(["GET", "POST"])
def topic_archive(request: HttpRequest, pk: int) -> HttpResponse:
    topic = get_object_or_404(Topic, pk=pk)
    if request.method == "POST":
        topics.archive(topic, timezone.now())
        messages.success(request, f"“{topic}” is archived. What contacts said about it is kept, and still heeded.")
        return redirect("topic_list")
    return render(request, "contacts/topic_archive.html", {"topic": topic, "size": topic.consents.count()})


@may_change
@require_POST
def topic_restore(request: HttpRequest, pk: int) -> HttpResponse:
    topic = get_object_or_404(Topic, pk=pk)
    topics.restore(topic)
    messages.success(request, f"“{topic}” is offered again.")
    return redirect("topic_list")
