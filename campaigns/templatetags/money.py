"""Amounts of money as people read them."""

from decimal import Decimal

from django import template
from django.template.defaultfilters import floatformat

register = template.Library()


@register.filter
def money(amount: Decimal) -> str:
    """“−24.12”, “+1,500.00”; with all its digits, “−0.0065”, where it is less than one."""
    digits = "2g" if abs(amount) >= 1 else "-6g"
    return ("−" if amount < 0 else "+") + floatformat(abs(amount), digits)
