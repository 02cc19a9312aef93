"""Says how mails fare by the domain of their recipients, from counts per day."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from campaigns.models.domain_count import DOMAIN_METRICS

MOST = 200


@dataclass(frozen=True)
class Domain:
    """`counts` has every one of DOMAIN_METRICS; `shares` are of what was sent; of bounces, of both."""

    name: str
    counts: dict[str, int]

    def _share(self, metric: str, *of: str) -> float | None:
        whole = sum(self.counts[name] for name in of)
        return self.counts[metric] / whole if whole > 0 else None

    @property
    def shares(self) -> dict[str, float | None]:
        return {
            "delivered": self._share("delivered", "sent"),
            "opened": self._share("opened", "sent"),
            "clicked": self._share("clicked", "sent"),
            "bounced": self._share("bounced", "sent", "bounced"),
            "complained": self._share("complained", "sent"),
            "unsubscribed": self._share("unsubscribed", "sent"),
        }

    @property
    def is_bad(self) -> bool:
        """Worth a look: mailbox providers begin to turn senders away at about these shares."""
        bounced, complained = self.shares["bounced"] or 0, self.shares["complained"] or 0
        return self.counts["sent"] + self.counts["bounced"] >= 20 and (bounced > 0.05 or complained > 0.003)


def domains(since: date, until: date, provider: int | None = None, words: str = "") -> tuple[list[Domain], Domain]:
    """Those with the most mails first, at most MOST of them, and the sum of all. One query."""
    sums = ", ".join(f"sum({metric})::bigint" for metric in DOMAIN_METRICS)
    asked = "AND provider_id = %s" if provider else ""
    pattern = "%" + words.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT domain, {sums} FROM campaigns_domaincount
            WHERE day BETWEEN %s AND %s AND domain LIKE %s {asked}
            GROUP BY GROUPING SETS ((domain), ()) ORDER BY domain IS NOT NULL, sum(sent) + sum(bounced) DESC, domain
            LIMIT %s""",  # noqa: S608 - our own names
            [since, until, pattern, *([provider] if provider else []), MOST + 1],
        )
        rows = [
            Domain(name or "", dict(zip(DOMAIN_METRICS, (n or 0 for n in counts), strict=True)))
            for name, *counts in cursor.fetchall()
        ]
    return rows[1:], rows[0]
