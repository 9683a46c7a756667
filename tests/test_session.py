"""The rules of a session and what its events come to: pure functions, no model, no clock, no network."""

import json
from collections.abc import Callable

import pytest
from helpers import shipped
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiation_sim.classroom import procedure
from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.identity import TOKEN_ISSUED
from negotiation_sim.classroom.log import Event, canonical
from negotiation_sim.classroom.moves import Move
from negotiation_sim.classroom.procedure import Proposal, Refused
from negotiation_sim.classroom.session import SessionState
from negotiation_sim.classroom.settings import Inject, Settings

SEATS = ("us", "russia")
ANN, CLARA = "seat:us:2", "facilitator:3"


class Ledger:
    """A log in memory, with a clock that is set by hand, and a model that asks what it is told to."""

    def __init__(self, **changed: object) -> None:
        self.events: list[Event] = []
        self.keys: set[str] = set()
        self.now = 1000.0
        plan = Settings(title="A class", scenario="january_2022", seats=SEATS, rounds=3, seconds=60)
        plan = plan.model_copy(update=changed)
        data = {"settings": plan.model_dump(mode="json"), "scenario": "abc", "version": "1"}
        self.write("server", Proposal(s.CREATED, data))
        for name, role, seat in (("Ann", "seat", "us"), ("Clara", "facilitator", None)):
            data = {"role": role, "seat": seat, "hash": name, "name": name}
            self.write("server", Proposal(TOKEN_ISSUED, data))

    @property
    def state(self) -> SessionState:
        return SessionState.of(self.events)

    def write(self, by: str, proposal: Proposal) -> Event:
        assert proposal.key is None or proposal.key not in self.keys, f"{proposal.key} twice"
        if proposal.key is not None:
            self.keys.add(proposal.key)
        data = json.loads(canonical(dict(proposal.data)))  # as the log keeps it
        self.events.append(Event(len(self.events) + 1, self.now, proposal.kind, by, data))
        return self.events[-1]

    def open(self, round_: int = 1, kind: str = "signal", asked: tuple[str, ...] = SEATS) -> int:
        """The model opens the next step; if it is of a later round, the one before is complete."""
        state = self.state
        number = state.steps + 1
        done = [{"round": each, "what": "standing"} for each in range(max(state.complete, 0) + 1, round_)]
        moves = {move: choice for each in state.decided.values() for move, choice in each.moves.items()}
        data = {
            "number": number,
            "round": round_,
            "kind": kind,
            "turn": 0,
            "asked": list(asked),
            "deadline": self.now + 60,
            "moves": s.as_data(moves),
            "left": [],
            "account": [*done, *([{"round": round_, "what": "session"}] if asked else [])],
            "ended": not asked,
        }
        self.write("model", Proposal(s.OPENED, data, key=f"opened:{number}"))
        return number

    def begin(self) -> None:
        self.write(CLARA, procedure.begin(self.state))

    def decide(self, seat: str, step: int, option: int = 0, by: str = ANN) -> Event:
        round_ = self.state.step.round if self.state.step else 0
        moves = {Move(round_, seat, "signal", 0): option}
        proposal = procedure.decide(self.state, seat, step, option, moves, "because", self.now)
        return self.write(by, proposal)

    def tick(self) -> list[str]:
        """Do all that is due; gives what it was."""
        done = []
        while (proposal := procedure.due(self.state, self.now)) is not None:
            done.append(self.write("clock", proposal).kind)
        return done


def begun(**changed: object) -> Ledger:
    ledger = Ledger(**changed)
    ledger.begin()
    ledger.open()
    return ledger


# ---- deciding ----------------------------------------------------------------------------------------


def test_a_step_closes_when_all_have_decided_and_their_moves_are_kept() -> None:
    ledger = begun()
    ledger.decide("us", 1)
    assert ledger.tick() == []
    assert ledger.state.waiting_for == ("russia",)
    ledger.decide("russia", 1, 2)
    assert ledger.tick() == [s.CLOSED]
    assert ledger.state.phase == "reckoning"
    ledger.open(2)
    assert dict(ledger.state.moves) == {Move(1, "us", "signal", 0): 0, Move(1, "russia", "signal", 0): 2}
    assert ledger.state.complete == 1 and not ledger.state.decided


def test_a_step_closes_when_its_time_is_over_and_not_a_moment_before() -> None:
    ledger = begun()
    ledger.now += 59.999
    assert ledger.tick() == []
    ledger.now = 1060.0
    assert ledger.tick() == [s.CLOSED]
    assert ledger.state.closed_for == "the time was over"
    assert ledger.state.waiting_for == SEATS  # theirs falls to the simulated agents


@pytest.mark.parametrize(("late", "accepted"), [(-0.1, True), (0.0, True), (0.001, False), (0.1, False)])
def test_a_decision_close_to_the_deadline_is_taken_or_late_but_never_silent(
    late: float, accepted: bool
) -> None:
    ledger = begun()
    ledger.now = 1060.0 + late
    if accepted:
        assert ledger.decide("us", 1).kind == s.DECIDED
    else:
        with pytest.raises(Refused, match="Too late"):
            ledger.decide("us", 1)


def test_the_first_decision_of_a_team_counts_and_the_second_learns_who_made_it() -> None:
    ledger = begun()
    ledger.decide("us", 1)
    with pytest.raises(Refused, match="decided already, by Ann; the first decision counts"):
        ledger.decide("us", 1, by="seat:us:9")


def test_who_is_not_asked_cannot_decide() -> None:
    ledger = Ledger()
    ledger.begin()
    ledger.open(asked=("russia",))
    with pytest.raises(Refused, match="not asked") as refused:
        ledger.decide("us", 1)
    assert refused.value.status == 403


def test_a_decision_for_a_step_that_was_closed_is_late() -> None:
    ledger = begun()
    ledger.write(CLARA, procedure.advance(ledger.state, 1))
    with pytest.raises(Refused, match="Too late"):
        ledger.decide("us", 1)
    ledger.open(2)
    with pytest.raises(Refused, match="Too late"):
        ledger.decide("us", 1)


# ---- the clock ---------------------------------------------------------------------------------------


def test_a_pause_keeps_the_time_that_was_left() -> None:
    ledger = begun()
    ledger.now += 20
    ledger.write(CLARA, procedure.pause(ledger.state, "a question"))
    assert (ledger.state.phase, ledger.state.pause_reason) == ("paused", "a question")
    ledger.now += 500
    assert ledger.tick() == []
    with pytest.raises(Refused, match="paused"):
        ledger.decide("us", 1)
    ledger.write(CLARA, procedure.resume(ledger.state, ledger.now))
    assert ledger.state.step is not None
    assert ledger.state.step.deadline == ledger.now + 40


def test_time_can_be_added_also_during_a_pause() -> None:
    ledger = begun()
    ledger.write(CLARA, procedure.extend(ledger.state, 30))
    assert ledger.state.step is not None and ledger.state.step.deadline == 1090.0
    ledger.write(CLARA, procedure.pause(ledger.state, "x"))
    ledger.write(CLARA, procedure.extend(ledger.state, 10))
    ledger.write(CLARA, procedure.resume(ledger.state, 2000.0))
    assert ledger.state.step.deadline == 2100.0
    with pytest.raises(Refused, match="1 to 3600"):
        procedure.extend(ledger.state, 0)


def test_two_who_advance_the_same_step_advance_it_once_and_the_second_learns_who_did() -> None:
    ledger = begun()
    seen = ledger.state
    ledger.write(CLARA, procedure.advance(seen, 1))
    with pytest.raises(Refused, match="closed already by Clara"):
        procedure.advance(ledger.state, 1)
    ledger.open(2)
    with pytest.raises(Refused, match="closed already"):
        procedure.advance(ledger.state, 1)


def test_a_seat_in_the_hands_of_the_simulation_is_not_waited_for() -> None:
    ledger = begun()
    ledger.write(CLARA, procedure.hand(ledger.state, "russia", "simulation"))
    ledger.decide("us", 1)
    assert ledger.tick() == [s.CLOSED]
    assert ledger.state.waiting_for == ("russia",)
    with pytest.raises(Refused, match="already"):
        procedure.hand(ledger.state, "russia", "simulation")


# ---- practice, rewinding, the end --------------------------------------------------------------------


def test_practice_ends_in_the_lobby_and_the_game_begins_afresh() -> None:
    ledger = Ledger(practice=True)
    ledger.begin()
    assert ledger.state.practice
    ledger.open()
    ledger.decide("us", 1)
    ledger.write(CLARA, procedure.advance(ledger.state, 1))
    ledger.open(2, asked=())
    assert ledger.state.phase == "lobby" and ledger.state.history
    ledger.begin()
    state = ledger.state
    assert (state.phase, state.practice) == ("reckoning", False)
    assert not state.moves and not state.history and not state.account
    assert ledger.open() == 3  # steps go on counting: no key is used twice
    with pytest.raises(Refused):
        procedure.begin(ledger.state)


def test_rewinding_undoes_a_round_and_all_that_came_after_but_not_what_was_read() -> None:
    ledger = begun()
    for round_ in (1, 2, 3):
        step = ledger.state.steps
        ledger.decide("us", step)
        ledger.decide("russia", step)
        ledger.write("us", procedure.state_publicly(ledger.state, "us", f"round {round_}"))
        ledger.tick()
        ledger.open(round_ + 1)
    ledger.write(CLARA, procedure.rewind(ledger.state, 2))
    state = ledger.state
    assert {move.round for move in state.moves} == {1}
    assert {each.round for each in state.history} == {1}
    assert state.complete == 1 and len(state.statements) == 3
    assert not state.waiting_for  # nothing falls to the simulation
    ledger.open(2)
    assert ledger.state.phase == "open"
    with pytest.raises(Refused, match="Rounds 1 to 2"):
        procedure.rewind(ledger.state, 3)


def test_a_session_that_is_over_takes_no_decision_but_can_be_rewound() -> None:
    ledger = begun()
    ledger.write(CLARA, procedure.end(ledger.state, "the bell"))
    with pytest.raises(Refused):
        ledger.decide("us", 1)
    with pytest.raises(Refused, match="over"):
        procedure.state_publicly(ledger.state, "us", "hello")
    ledger.write(CLARA, procedure.rewind(ledger.state, 1))
    assert ledger.state.phase == "reckoning"


# ---- injects, statements, messages -------------------------------------------------------------------


def test_a_scheduled_inject_is_told_once_in_its_round_and_not_while_it_is_held() -> None:
    planned = (Inject(round=1, text="now"), Inject(round=2, to="us", text="later"))
    ledger = begun(injects=planned)
    ledger.write(CLARA, procedure.hold(ledger.state, 1, held=True))
    assert ledger.tick() == [s.INJECTED]
    ledger.write(CLARA, procedure.advance(ledger.state, 1))
    ledger.open(2)
    assert ledger.tick() == []
    ledger.write(CLARA, procedure.hold(ledger.state, 1, held=False))
    assert ledger.tick() == [s.INJECTED]
    assert ledger.tick() == []
    assert [(each.to, each.text) for each in ledger.state.news] == [(None, "now"), ("us", "later")]
    with pytest.raises(Refused, match="released already"):
        procedure.inject(ledger.state, "", None, 1)


def test_messages_go_to_those_who_sit_in_the_forum_and_to_nobody_else() -> None:
    scenario = shipped("january_2022")  # Geneva first: the United States and Russia
    ledger = begun(seats=("us", "russia", "ukraine", "nato"))
    assert procedure.channels(ledger.state, scenario, "us") == ("russia",)
    assert procedure.channels(ledger.state, scenario, "ukraine") == ()
    with pytest.raises(Refused, match="no channel"):
        procedure.write(ledger.state, scenario, "us", "ukraine", "hello")
    ledger.write(ANN, procedure.write(ledger.state, scenario, "us", "russia", "hello"))
    assert [(each.seat, each.to) for each in ledger.state.messages] == [("us", "russia")]
    ledger.write(CLARA, procedure.advance(ledger.state, 1))
    ledger.open(2)  # Brussels
    assert procedure.channels(ledger.state, scenario, "us") == ("russia", "nato")
    quiet = begun(messages=False)
    assert procedure.channels(quiet.state, scenario, "us") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("   ", "please write something"),
        ("x" * 601, "601 characters; at most 600"),
        ("a\u202eb", r"U\+202E"),
        ("a\x00b", r"U\+0000"),
        ("a\ud800b", r"U\+D800"),
        ("\u2066", r"U\+2066"),
    ],
)
def test_texts_that_cannot_be_read_are_refused(text: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        procedure.state_publicly(begun().state, "us", text)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "text", ["<script>", "Здравствуйте", "می\u200cخواهم", "\u200fשלום\u200e!", "two\nlines", "=1+1"]
)
def test_texts_of_all_scripts_are_kept_as_they_are(text: str) -> None:
    assert procedure.state_publicly(begun().state, "us", text).data["text"] == text


# ---- any order of things -----------------------------------------------------------------------------


def by_clara(rule: Callable[[SessionState], Proposal]) -> Callable[[Ledger], object]:
    return lambda ledger: ledger.write(CLARA, rule(ledger.state))


def wait(ledger: Ledger) -> None:
    ledger.now += 45


def reckon(ledger: Ledger) -> None:
    state = ledger.state
    if state.phase == "reckoning":
        ledger.open(min(state.complete + 2, 4) if state.step else 1)


TRIED: dict[str, Callable[[Ledger], object]] = {
    "us decides": lambda ledger: ledger.decide("us", ledger.state.steps),
    "russia decides": lambda ledger: ledger.decide("russia", ledger.state.steps),
    "begin": Ledger.begin,
    "wait": wait,
    "model": reckon,
    "advance": by_clara(lambda state: procedure.advance(state, state.steps)),
    "pause": by_clara(lambda state: procedure.pause(state, "why")),
    "resume": lambda ledger: ledger.write(CLARA, procedure.resume(ledger.state, ledger.now)),
    "extend": by_clara(lambda state: procedure.extend(state, 30)),
    "rewind": by_clara(lambda state: procedure.rewind(state, 1)),
    "end": by_clara(lambda state: procedure.end(state, "over")),
    "hand": by_clara(lambda state: procedure.hand(state, "us", "simulation")),
    "hand back": by_clara(lambda state: procedure.hand(state, "us", "people")),
}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(sorted(TRIED)), max_size=40), st.booleans())
def test_whatever_is_tried_the_state_stays_sound(actions: list[str], practice: bool) -> None:
    """The rules refuse or give an event that can be folded; no key twice; and folding again gives the same."""
    ledger = Ledger(practice=practice)
    for action in actions:
        before = ledger.state
        try:
            TRIED[action](ledger)
        except Refused:
            assert ledger.state == before
        ledger.tick()
        state = ledger.state
        assert set(state.decided) <= set(state.step.asked if state.step else ())
        assert state.phase == "paused" or not state.paused_left
        assert state.phase not in ("open", "paused") or state.step is not None
        assert all(move.round <= state.round for move in state.moves)
    assert SessionState.of(ledger.events) == ledger.state
