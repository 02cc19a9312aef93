"""What the demo's operators have made: segments, templates and the graphs of its scenarios."""

from typing import Any

Rule = dict[str, Any]

PLAN_IS: dict[str, Rule] = {
    plan: {"rule": "attribute", "field": "plan", "op": "equals", "value": plan} for plan in ("free", "pro", "team")
}
ORDERED: Rule = {"rule": "event", "name": "order.placed", "did": True, "within": {"amount": 30, "unit": "days"}}

# name: (description, rule)
SEGMENTS: dict[str, tuple[str, Rule]] = {
    "Newsletter readers": (
        "Asked for the newsletter and did not leave.",
        {
            "all": [
                {"rule": "tag", "name": "newsletter"},
                {"not": {"rule": "consent", "channel": "email", "is": "unsubscribed"}},
            ]
        },
    ),
    "Paying customers": ("On the pro or the team plan.", {"any": [PLAN_IS["pro"], PLAN_IS["team"]]}),
    "Ordered in the last 30 days": ("", {"all": [ORDERED]}),
    "French speakers": ("", {"all": [{"rule": "attribute", "field": "language", "op": "equals", "value": "fr"}]}),
    "Free, but interested": (
        "On the free plan, and clicked in one of our mails.",
        {"all": [PLAN_IS["free"], {"rule": "message", "did": "clicked"}]},
    ),
}

_FOOT = (
    '<mj-text font-size="12px" color="#667085">Waypost Coffee, 1 Example Street · '
    '<a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>'
)


def _mail(head: str, text: str, button: str, url: str) -> str:
    return f"""<mjml>
  <mj-body background-color="#f4f5f7">
    <mj-section background-color="#ffffff" padding="32px 24px">
      <mj-column>
        <mj-text font-size="24px" font-weight="700" line-height="1.3">{head}</mj-text>
        <mj-text font-size="15px" line-height="1.6">{text}</mj-text>
        <mj-button href="{url}" background-color="#4f46e5" border-radius="8px">{button}</mj-button>
        {_FOOT}
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>"""


# name: (channel, words)
TEMPLATES: dict[str, tuple[str, dict[str, str]]] = {
    "Welcome": (
        "email",
        {
            "markup": "mjml",
            "subject": "Welcome, {{ contact.first_name | default: 'friend' }}",
            "preheader": "Your first cup is on us.",
            "body": _mail(
                "Good to have you, {{ contact.first_name | default: 'friend' }}",
                "You are now one of us. Pick your favourite roast and get the first bag half price.",
                "Choose a roast",
                "https://example.com/roasts",
            ),
        },
    ),
    "Thank you for your order": (
        "email",
        {
            "markup": "mjml",
            "subject": "Your order {{ event.order }} is on its way",
            "preheader": "Thank you for choosing us.",
            "body": _mail(
                "Thank you, {{ contact.first_name | default: 'friend' }}",
                "We have your order {{ event.order }} over {{ event.total }} {{ event.currency }}. It leaves today.",
                "Follow the parcel",
                "https://example.com/orders",
            ),
        },
    ),
    "Monthly letter": (
        "email",
        {
            "markup": "mjml",
            "subject": "What is new this month",
            "preheader": "Three new roasts and a visit to Huila.",
            "body": _mail(
                "Three new roasts",
                "This month we visited the farms of Huila and brought back three new roasts. Read how they are made.",
                "Read the letter",
                "https://example.com/letter",
            ),
        },
    ),
    "Parcel reminder": (
        "sms",
        {"body": "Hi {{ contact.first_name | default: 'there' }}, how was it? Tell us: https://example.com/review"},
    ),
}


def _node(id: str, type: str, column: int, row: int, config: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "type": type, "x": 80 + 260 * column, "y": 120 + 160 * row, "config": config}


def _edges(connections: str) -> list[dict[str, str]]:
    """Edges from "n1>n2 n3:yes>n4"."""
    edges = []
    for connection in connections.split():
        source, target = connection.split(">")
        source, _, port = source.partition(":")
        edges.append({"from": source, "port": port or "next", "to": target})
    return edges


def scenarios(
    templates: dict[str, int], segments: dict[str, int]
) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """name: (description, graph, objective), with the ids of the templates and segments that were made."""
    return {
        "Welcome new contacts": (
            "Greets everybody who signs up, and reminds those who did not click.",
            {
                "nodes": [
                    _node("n1", "on_event", 0, 1, {"event": "contact.created"}),
                    _node("n2", "email", 1, 1, {"template": templates["Welcome"], "name": "Welcome"}),
                    _node("n3", "wait", 2, 1, {"amount": 3, "unit": "days"}),
                    _node("n4", "condition", 3, 1, {"rule": {"rule": "message", "did": "clicked", "node": "n2"}}),
                    _node("n5", "tag", 4, 0, {"add": ["engaged"], "remove": []}),
                    _node(
                        "n6",
                        "email",
                        4,
                        2,
                        {
                            "name": "Reminder",
                            "subject": "Your half-price bag is waiting",
                            "body": '<p>Hello {{ contact.first_name | default: "friend" }},</p><p>your offer is good '
                            'for four more days. <a href="https://example.com/roasts">Choose a roast</a></p>'
                            '<p><small><a href="{{ unsubscribe_url }}">Unsubscribe</a></small></p>',
                        },
                    ),
                ],
                "edges": _edges("n1>n2 n2>n3 n3>n4 n4:yes>n5 n4:no>n6"),
            },
            {"kind": "clicked", "within_days": 7},
        ),
        "After an order": (
            "Thanks for every order and asks how it was.",
            {
                "nodes": [
                    _node("n1", "on_event", 0, 0, {"event": "order.placed"}),
                    _node("n2", "email", 1, 0, {"template": templates["Thank you for your order"], "name": "Thanks"}),
                    _node("n3", "wait", 2, 0, {"amount": 5, "unit": "days"}),
                    _node("n4", "sms", 3, 0, {"template": templates["Parcel reminder"], "name": "How was it"}),
                ],
                "edges": _edges("n1>n2 n2>n3 n3>n4"),
            },
            {"kind": "event", "event": "review.written", "within_days": 14},
        ),
        "Monthly letter": (
            "Goes to all readers on the first morning of every month.",
            {
                "nodes": [
                    _node(
                        "n1",
                        "repeat",
                        0,
                        0,
                        {
                            "every": 1,
                            "unit": "month",
                            "month_days": ["1"],
                            "time": "09:00",
                            "timezone": "Europe/Paris",
                            "segment": segments["Newsletter readers"],
                        },
                    ),
                    _node("n2", "email", 1, 0, {"template": templates["Monthly letter"], "name": "Letter"}),
                    _node("n3", "end", 2, 0, {}),
                ],
                "edges": _edges("n1>n2 n2>n3"),
            },
            {
                "kind": "event",
                "event": "order.placed",
                "within_days": 14,
                "value_property": "total",
                "currency_property": "currency",
            },
        ),
    }
