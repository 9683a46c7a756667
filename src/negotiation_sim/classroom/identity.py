"""Who may act in a session: tokens of facilitators and seats, join codes, and what wrong codes cost.

A *token* is what a browser holds: 256 random bits that make its holder a facilitator or a seat. The log keeps only its
hash, so nobody becomes anybody by reading the log; whoever issues it must hand it on at once, for it cannot be had
again. A *join code* is what a person types: eight symbols that stand on the projector or on a slip of paper, and that
are good for one thing, to be exchanged for a token of one seat. There are none for facilitators. It is a notice
rather than a secret, so the log keeps it as it is and the facilitator's page can show it again after a restart; like
the hashes, it belongs on no other page.

Who holds what is folded from four kinds of event, and from nothing else:

===================  ====================================  ==================================================
kind                 data                                  effect
===================  ====================================  ==================================================
`TOKEN_ISSUED`       `role`, `seat`, `hash`                a token whose number is that of this event
`TOKEN_REVOKED`      `token`, such a number                it admits nobody any more
`CODE_ISSUED`        `code`, `seat`                        a join code
`CODE_WITHDRAWN`     `code`                                it can no longer be exchanged; tokens stay
===================  ====================================  ==================================================

Wrong codes are not events: a flood of them must not fill the disk. They are counted in memory, and a restart forgets
them, which an attacker cannot bring about.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from hmac import compare_digest
from typing import Any, Literal, TypeVar, get_args

from pydantic import SecretStr

from negotiation_sim.classroom.log import Event

Role = Literal["facilitator", "seat"]
Known = TypeVar("Known")

TOKEN_ISSUED, TOKEN_REVOKED = "token_issued", "token_revoked"
CODE_ISSUED, CODE_WITHDRAWN = "code_issued", "code_withdrawn"

TOKEN_BYTES = 32
ALPHABET = "23456789CFGHJMPQRVWX"
"""Symbols of join codes: those of Open Location Code, chosen so that none looks like another and none spells a word."""
CODE_LENGTH = 8
"""34.6 bits. Guessing for two hours at the overall limit finds one of 60 codes with a chance of 1 in 30,000."""

WINDOW = 60.0
"""Seconds for which a wrong code counts."""
ORIGIN_LIMIT = 30
"""Wrong codes from one origin in a window: a whole class may sit behind one address."""
OVERALL_LIMIT = 120
"""Wrong codes from all origins in a window."""


@dataclass(frozen=True)
class Badge:
    """What a token makes of its holder.

    Attributes:
        number: number of the event that issued it.
        role: facilitator or seat.
        seat: key of the seat; None for a facilitator.
    """

    number: int
    role: Role
    seat: str | None


@dataclass(frozen=True)
class Register:
    """Who may act, as of some event: tokens that are not revoked, codes that are not withdrawn.

    Attributes:
        badges: hash of a token -> what it makes of its holder.
        codes: join code -> key of its seat.
    """

    badges: Mapping[str, Badge] = field(default_factory=dict, repr=False)
    codes: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Register:
        """The register after all these events, in order."""
        return reduce(cls.after, events, cls())

    def after(self, event: Event) -> Register:
        """The register after one more event; the same if the event is of another kind."""
        kind, data = event.kind, event.data
        if kind == TOKEN_ISSUED:
            badge = Badge(event.seq, data["role"], data["seat"])
            return replace(self, badges={**self.badges, data["hash"]: badge})
        if kind == TOKEN_REVOKED:
            kept = {hash_: badge for hash_, badge in self.badges.items() if badge.number != data["token"]}
            return replace(self, badges=kept)
        if kind == CODE_ISSUED:
            return replace(self, codes={**self.codes, data["code"]: data["seat"]})
        if kind == CODE_WITHDRAWN:
            return replace(self, codes={c: seat for c, seat in self.codes.items() if c != data["code"]})
        return self

    def badge(self, token: str) -> Badge | None:
        """What this token makes of its holder; None if it was never issued or is revoked."""
        return _found(self.badges, _hash(token))

    def seat(self, code: str) -> str | None:
        """Key of the seat that a code, as a person typed it, can be exchanged for; None for a wrong code."""
        return _found(self.codes, "".join(each for each in code.upper() if each.isalnum()))


def new_token(role: Role, seat: str | None = None) -> tuple[SecretStr, dict[str, Any]]:
    """A new token, and the data of the event that issues it.

    Raises:
        ValueError: no such role, a seat's token without its seat, or a facilitator's with one.
    """
    if role not in get_args(Role) or (role == "seat") != bool(seat):
        raise ValueError(
            f"a token is for a facilitator or for a seat by its key, not for {role!r} of {seat!r}"
        )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return SecretStr(token), {"role": role, "seat": seat, "hash": _hash(token)}


def new_code(seat: str) -> tuple[str, dict[str, Any]]:
    """A new join code for a seat, and the data of the event that issues it."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return code, {"code": code, "seat": seat}


def spelled(code: str) -> str:
    """A join code as people read it, in two groups; what they type back may have any case, spaces and hyphens."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


@dataclass(frozen=True)
class Throttle:
    """Wrong codes of late. Ask `wait` before a code is looked at; keep what `after_wrong` gives if it was wrong.

    Times are seconds of a clock that never goes back. A code that comes while there is time to wait is not
    looked at, right or wrong, and does not count: the waiting never grows longer by trying.

    Attributes:
        wrong: when and from where, the oldest first, at most `OVERALL_LIMIT` of them.
    """

    wrong: tuple[tuple[float, str], ...] = ()

    def wait(self, origin: str, now: float) -> float:
        """Seconds until a code from `origin` will be looked at; 0 if at once."""
        everywhere = [at for at, _ in self.wrong]
        here = [at for at, where in self.wrong if where == origin]
        counted = ((everywhere, OVERALL_LIMIT), (here, ORIGIN_LIMIT))
        return max([0.0, *(times[-limit] + WINDOW - now for times, limit in counted if len(times) >= limit)])

    def after_wrong(self, origin: str, now: float) -> Throttle:
        """The throttle after a wrong code from `origin`."""
        recent = [each for each in self.wrong if each[0] + WINDOW > now]
        return Throttle((*recent, (now, origin))[-OVERALL_LIMIT:])


def _hash(token: str) -> str:
    # One round of SHA-256 will do: nobody guesses 256 random bits, however fast.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _found(known: Mapping[str, Known], wanted: str) -> Known | None:
    """What stands under a name, in a time that says nothing of the names that are known.

    What a browser sends may hold anything, also half of a surrogate pair: it is compared as bytes.
    """
    match = None
    for name, value in known.items():
        if compare_digest(name.encode(), wanted.encode(errors="surrogatepass")):
            match = value
    return match
