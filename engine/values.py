"""The values that processes carry: JSON, with numbers as exact decimals.

Inside FlowMaster a number is an `int` or a `Decimal`, never a `float`: FEEL's numbers are decimal128
(DMN 1.5, 10.3.2.3.1). Integers stay `int` while they are small, since that is what most numbers are.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

Number: TypeAlias = int | Decimal
Json: TypeAlias = "None | bool | int | Decimal | str | Sequence[Json] | Mapping[str, Json]"
"""A JSON value as it stands in variables: `None`, `bool`, `int`, `Decimal`, `str`, `list` or `dict`."""
