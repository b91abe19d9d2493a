"""What can happen about why a value is what it is: asked, followed, gone back; what the model is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the answers are for who asks
    from lstm_tui.recurrent.first_order import FirstOrder
    from lstm_tui.recurrent.insides import Insides
    from lstm_tui.recurrent.why import Question


@dataclass(frozen=True)
class AskWhy:
    """Why is this value what it is? A trail begins here.

    None: the output at the cursor; where that is asked already, input by input, and back.
    """

    question: Question | None = None


@dataclass(frozen=True)
class FollowShare:
    """Ask the same of the `number`-th cause that can be asked, from 1; the trail grows."""

    number: int


@dataclass(frozen=True)
class GoBack:
    """One question back along the trail."""


@dataclass(frozen=True, eq=False)
class InsidesArrived:
    """What the model is made of, asked for under this key, or why that is not known."""

    key: str
    insides: Insides | str


@dataclass(frozen=True, eq=False)
class FirstOrderArrived:
    """The gradient of one value, asked for under this key, or why it is not known."""

    key: str
    found: FirstOrder | str


AboutWhy = AskWhy | FollowShare | GoBack | InsidesArrived | FirstOrderArrived
