"""Tokens, join codes and the throttle: who is let in, and what is left behind of their secrets."""

import hashlib
import logging
import math
from itertools import islice
from pathlib import Path

import pytest

from negotiation_sim.classroom import identity
from negotiation_sim.classroom.identity import (
    ALPHABET,
    CODE_ISSUED,
    CODE_LENGTH,
    CODE_WITHDRAWN,
    ORIGIN_LIMIT,
    OVERALL_LIMIT,
    TOKEN_ISSUED,
    TOKEN_REVOKED,
    WINDOW,
    Badge,
    Register,
    Throttle,
    new_code,
    new_token,
    spelled,
)
from negotiation_sim.classroom.log import EventLog

HALF_A_PAIR = "\ud83d"


@pytest.fixture
def log(tmp_path: Path):
    with EventLog(tmp_path / "session.log") as opened:
        yield opened


def issue(log: EventLog, role: identity.Role = "seat", seat: str | None = "russia") -> tuple[str, int]:
    """A token in plain text, and its number."""
    token, data = new_token(role, seat)
    return token.get_secret_value(), log.append(TOKEN_ISSUED, "server", data, at=1.0).seq


# ---- tokens ------------------------------------------------------------------------------------------------


def test_tokens_are_long_and_all_different() -> None:
    tokens = {new_token("seat", "russia")[0].get_secret_value() for _ in range(3000)}
    assert len(tokens) == 3000
    assert {len(token) for token in tokens} == {43}  # 256 bits, 6 to a letter
    for at in range(42):  # no letter of it is fixed; the last holds 4 bits only
        assert len({token[at] for token in tokens}) == 64


def test_tokens_come_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(identity.secrets, "token_urlsafe", lambda size: asked.append(size) or "x" * 43)
    monkeypatch.setattr(identity.secrets, "choice", lambda symbols: asked.append(symbols) or "X")
    new_token("facilitator")
    new_code("russia")
    assert asked == [32, *[ALPHABET] * CODE_LENGTH]
    assert 8 * asked[0] >= 128


@pytest.mark.parametrize(
    ("role", "seat"), [("facilitator", None), ("seat", "russia"), ("seat", "facilitator")]
)
def test_token_makes_its_holder_what_it_was_issued_for(
    log: EventLog, role: identity.Role, seat: str | None
) -> None:
    other, _ = issue(log, "seat", "ukraine")
    token, number = issue(log, role, seat)
    register = Register.of(log.events())
    assert register.badge(token) == Badge(number, role, seat)
    assert register.badge(other) == Badge(1, "seat", "ukraine")


@pytest.mark.parametrize(
    ("role", "seat"),
    [("facilitator", "russia"), ("seat", None), ("seat", ""), ("teacher", None), ("", "russia")],
)
def test_token_for_nobody(role: identity.Role, seat: str | None) -> None:
    with pytest.raises(ValueError, match="a token is for"):
        new_token(role, seat)


def test_tokens_that_were_never_issued(log: EventLog) -> None:
    token, _ = issue(log)
    register = Register.of(log.events())
    hash_ = hashlib.sha256(token.encode()).hexdigest()
    near = [token[:-1], token + "=", token.swapcase(), " " + token, token + "\0"]
    for wrong in (*near, "", hash_, "é", HALF_A_PAIR, "x" * 10**6):
        assert register.badge(wrong) is None, wrong[:60]
    assert Register().badge(token) is None
    assert register.badge(token) is not None


def test_revoked_token(log: EventLog) -> None:
    """Only the one that is meant: a seat may be played from two browsers."""
    (first, number), (second, _) = issue(log), issue(log)
    before = Register.of(log.events())
    event = log.append(TOKEN_REVOKED, "facilitator", {"token": number}, at=2.0)
    after = before.after(event)
    assert after.badge(first) is None
    assert after.badge(second) == before.badge(second) is not None
    assert before.badge(first) is not None  # what was folded before has not changed
    assert after == Register.of(log.events()) == after.after(event)


def test_only_the_hash_is_stored(log: EventLog, tmp_path: Path) -> None:
    token, _ = issue(log)
    log.append(TOKEN_REVOKED, "facilitator", {"token": 1}, at=2.0)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # the write-ahead log, too
    assert hashlib.sha256(token.encode()).hexdigest().encode() in written
    assert token.encode() not in written
    assert token.encode()[:12] not in written


def test_no_token_shows_itself(log: EventLog, caplog: pytest.LogCaptureFixture) -> None:
    secret, data = new_token("seat", "russia")
    event = log.append(TOKEN_ISSUED, "server", data, at=1.0)
    register = Register().after(event)
    plain = secret.get_secret_value()
    badge = register.badge(plain)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("class").info("%s %r %s", secret, (secret, data), [register, badge, event])
    for shown in (repr(secret), f"{secret}", repr((secret, data)), repr(register), repr(badge), caplog.text):
        assert plain not in shown
    assert data["hash"] not in repr(register) + repr(badge)
    with pytest.raises(ValueError, match="SecretStr"):  # nor does it get into the log by mistake
        log.append(TOKEN_ISSUED, "server", {**data, "hash": secret}, at=1.0)


def test_all_names_are_compared_in_constant_time(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one, to its end, wherever the match stands and whether there is one."""
    tokens = [issue(log)[0] for _ in range(5)]
    log.append(CODE_ISSUED, "facilitator", new_code("russia")[1], at=1.0)
    register = Register.of(log.events())
    compared = []
    plain = identity.compare_digest
    monkeypatch.setattr(identity, "compare_digest", lambda a, b: compared.append(a) or plain(a, b))
    for token in (tokens[0], tokens[-1], "wrong"):
        compared.clear()
        register.badge(token)
        assert len(compared) == 5
    compared.clear()
    register.seat("wrong")
    assert len(compared) == 1


# ---- join codes --------------------------------------------------------------------------------------------


def test_alphabet_has_no_look_alikes() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 20
    for group in ("0OQD", "1IL", "2Z", "5S", "8B", "UV"):
        assert len(set(group) & set(ALPHABET)) <= 1, group
    assert not set("AEIOU") & set(ALPHABET)  # no words
    assert ALPHABET.isupper()


def test_codes_use_the_whole_alphabet_at_every_place() -> None:
    codes = [new_code("russia")[0] for _ in range(1000)]
    assert len(set(codes)) > 990
    for place in zip(*codes, strict=True):
        assert set(place) == set(ALPHABET)
    assert {len(code) for code in codes} == {CODE_LENGTH}


def test_a_code_is_good_for_its_seat_until_withdrawn(log: EventLog) -> None:
    code, data = new_code("russia")
    log.append(CODE_ISSUED, "facilitator", data, at=1.0)
    log.append(CODE_ISSUED, "facilitator", new_code("ukraine")[1], at=1.0)
    token, _ = issue(log)
    register = Register.of(log.events())
    for typed in (code, spelled(code), code.lower(), f" {code[:4]} - {code[4:]}\n"):
        assert register.seat(typed) == "russia"
    for wrong in (
        code[:-1],
        code + code[-1],
        "",
        "-",
        code[::-1] + "X",
        HALF_A_PAIR,
        "é",
        "x" * 10**6,
        token,
    ):
        assert register.seat(wrong) is None, wrong[:60]
    assert register.badge(code) is None  # it opens nothing by itself
    withdrawn = register.after(log.append(CODE_WITHDRAWN, "facilitator", {"code": code}, at=2.0))
    assert withdrawn.seat(code) is None
    assert withdrawn.badge(token) is not None  # whoever is in stays in
    assert set(withdrawn.codes.values()) == {"ukraine"}


def test_spelling() -> None:
    assert spelled("CFGH2345") == "CFGH-2345"


def test_other_events_change_nothing(log: EventLog) -> None:
    issue(log)
    register = Register.of(log.events())
    assert register.after(log.append("submitted", "russia", {"hash": "", "token": 1}, at=3.0)) is register


# ---- the throttle ------------------------------------------------------------------------------------------


def after(throttle: Throttle, number: int, origin: str, now: float) -> Throttle:
    for _ in range(number):
        throttle = throttle.after_wrong(origin, now)
    return throttle


def test_one_origin_waits_and_the_others_do_not() -> None:
    throttle = after(Throttle(), ORIGIN_LIMIT - 1, "10.0.0.1", now=100.0)
    assert throttle.wait("10.0.0.1", now=100.0) == 0.0
    throttle = throttle.after_wrong("10.0.0.1", now=110.0)
    assert throttle.wait("10.0.0.1", now=110.0) == WINDOW - 10.0
    assert throttle.wait("10.0.0.1", now=130.0) == WINDOW - 30.0
    assert throttle.wait("10.0.0.2", now=110.0) == 0.0
    assert throttle.wait("10.0.0.1", now=100.0 + WINDOW) == 0.0


def test_many_origins_wait_together() -> None:
    throttle = Throttle()
    for number in range(OVERALL_LIMIT):
        assert throttle.wait(f"10.0.0.{number}", now=100.0) == 0.0
        throttle = throttle.after_wrong(f"10.0.0.{number}", now=100.0)
    assert throttle.wait("10.0.1.1", now=100.0) == WINDOW
    assert throttle.wait("10.0.1.1", now=100.0 + WINDOW) == 0.0


def test_a_window_slides() -> None:
    """One wrong code every two and a half seconds is never too many; a little faster is, and then only so fast."""
    slow, now = Throttle(), 0.0
    for _ in range(500):
        assert slow.wait("a", now) == 0.0
        slow, now = slow.after_wrong("a", now), now + 2.5
    tried, fast = 0, Throttle()
    for now in islice((0.1 * step for step in range(10**6)), 6000):  # ten minutes, ten a second
        if fast.wait("a", now) == 0.0:
            fast, tried = fast.after_wrong("a", now), tried + 1
    assert tried == 10 * ORIGIN_LIMIT


def test_trying_while_told_to_wait_makes_it_no_longer_and_no_bigger() -> None:
    throttle = after(Throttle(), ORIGIN_LIMIT, "a", now=0.0)
    assert [throttle.wait("a", now) for now in (10.0, 20.0, 59.0, 60.0)] == [50.0, 40.0, 1.0, 0.0]
    flooded = after(throttle, 10 * OVERALL_LIMIT, "b", now=1.0)  # by a caller who does not ask
    assert len(flooded.wrong) == OVERALL_LIMIT
    assert len(flooded.after_wrong("a", now=1000.0).wrong) == 1


def test_guessing_is_hopeless() -> None:
    guesses = 2 * 3600 / WINDOW * OVERALL_LIMIT
    assert 60 * guesses / len(ALPHABET) ** CODE_LENGTH < 1 / 29_000
    assert math.log2(len(ALPHABET)) * CODE_LENGTH == pytest.approx(34.6, abs=0.05)
