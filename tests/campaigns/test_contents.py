"""Words kept once, and their links found in order."""

import pytest

from campaigns import contents
from campaigns.channels import links
from campaigns.models import Content, Provider
from templates_app.models import Template, TemplateVersion
from tests.campaigns import letters
from tests.make import NOW


@pytest.mark.django_db
def test_the_same_words_are_one_content_with_numbered_links():
    first, second = letters.content(), letters.content()
    assert first.pk == second.pk
    assert list(first.links.order_by("number").values_list("number", "url")) == [
        (0, "https://shop.example/sale?a=1&b=2"),
        (1, "https://shop.example/for/{{ contact.external_id }}"),
    ]
    assert letters.content(subject="Other").pk != first.pk


@pytest.mark.django_db
def test_known_words_cost_one_query(django_assert_num_queries):
    letters.content()
    with django_assert_num_queries(1):
        letters.content()


@pytest.mark.django_db
def test_a_template_is_sent_in_its_published_version():
    template = Template.objects.create(name="Welcome", channel="email")
    with pytest.raises(contents.Unpublished, match="“Welcome” has no published version"):
        contents.content_of("email", {"template": template.pk}, NOW)
    version = TemplateVersion.objects.create(
        template=template, number=1, state="published", markup="mjml", subject="Hi",
        body='<mjml><mj-body><mj-section><mj-column><mj-button href="https://a.example/?x=1&amp;y=2">Go</mj-button>'
        "</mj-column></mj-section></mj-body></mjml>",
    )  # fmt: skip
    Template.objects.filter(pk=template.pk).update(published=version)
    content = contents.content_of("email", {"template": str(template.pk)}, NOW)
    assert (content.subject, content.template_version_id) == ("Hi", version.pk)
    assert [link.url for link in content.links.all()] == ["https://a.example/?x=1&y=2"]
    with pytest.raises(contents.Unpublished, match="no longer exists"):
        contents.content_of("sms", {"template": template.pk}, NOW)
    assert Content.objects.count() == 1


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('<a href="https://a.example">x</a>', ["https://a.example"]),
        ("<a class=b href='http://a.example/?q=\"'>x</a>", ['http://a.example/?q="']),
        ('<A\n title="a > b" HREF = "https://a.example/#part">x</A>', ["https://a.example/#part"]),
        ('<a href="{{ contact.attributes.site }}">x</a>', ["{{ contact.attributes.site }}"]),
        ('<v:roundrect href="https://a.example">', ["https://a.example"]),
        ('<a href="mailto:a@b.example">x</a><a href="tel:+331">x</a><a href="#x">x</a><a href="">x</a>', []),
        ('<a href="{{ unsubscribe_url }}">x</a><a href="{{unsubscribe_url}}">x</a>', []),
        (
            '<a data-href="https://a.example">x</a><link href="https://a.example/x.css"><img src="https://a.example/i">',
            [],
        ),
        ("<p>https://a.example</p>", []),
    ],
)
def test_tracked_links_of_html(source, found):
    marked, urls = links.mark_html(source)
    assert urls == found
    assert ("\0" in marked) == bool(found)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Go to https://a.example/x.", ["https://a.example/x"]),
        ("(http://a.example?b=c), now", ["http://a.example?b=c"]),
        ("https://a.example/{{ contact.id }}/y?z={{ contact.first_name | upcase }} ok", [
            "https://a.example/{{ contact.id }}/y?z={{ contact.first_name | upcase }}",
        ]),
        ("no link at a.example", []),
    ],
)  # fmt: skip
def test_tracked_links_of_a_text_message(source, found):
    assert links.mark_text(source)[1] == found


@pytest.mark.django_db
def test_a_provider_that_is_gone_leaves_the_choice_to_the_channel():
    assert letters.content(provider=987654321).provider_id is None
    email = Provider.objects.filter(channel="email").first()
    assert letters.content(provider=str(email.pk)).provider_id == email.pk
    assert letters.content("sms", provider=email.pk).provider_id is None
