"""What a message costs."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from contacts.models.consent import Channel


class Price(models.Model):
    """The price of one email, or of one part of an SMS, to a country, in the installation's currency.

    An empty country stands for all that have no price of their own.
    """

    channel = models.CharField(max_length=8, choices=Channel.choices)
    country = models.CharField(
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"\A([A-Z]{2})?\Z", "Write two capital letters, such as FR.")],
        help_text="Two letters, such as FR. Empty: all other countries.",
    )
    amount = models.DecimalField(max_digits=12, decimal_places=6, validators=[MinValueValidator(0)])

    class Meta:
        ordering = ["channel", "country"]
        constraints = [models.UniqueConstraint(fields=["channel", "country"], name="price_unique")]

    def __str__(self) -> str:
        return f"{self.channel} {self.country or '*'}: {self.amount}"
