"""What is kept of every world: the trace by round, and what the outcomes are read from."""

from __future__ import annotations

import numpy as np

from negotiation_sim.agents.public import Public
from negotiation_sim.rules.arrays import Bools, Floats, Ints
from negotiation_sim.rules.outcome import classify
from negotiation_sim.scenario.layout import Layout
from negotiation_sim.scenario.schema import Fact

BY_ROUND = ("rung", "answer", "settled", "suspended", "pointless", "walked_out", "cohesion", "credibility")
"""What tables of rounds show, besides the beliefs."""


class Record:
    """Per-round public quantities of all worlds, (rounds, W, ...); worlds that have ended keep their last.

    Attributes:
        rung, answer, settled: small integers; `settled` counts issues bound above the status quo.
        pointless, walked_out: truth values.
        cohesion, credibility: 0 to 1; credibility is the challenger's own belief.
        belief: (rounds, W, T).
        bound, closed: (rounds, W, K).
        suspended: rounds in a row without talks.
        ended: (W,) number of the round after which nothing could change any more, 0 while open.
        reason: (W,) code of `ENDINGS`.
        audience_paid: side -> (W,) audience cost paid.
    """

    def __init__(self, worlds: int, layout: Layout) -> None:
        rounds, issues, types = len(layout.rounds), len(layout.issues), len(layout.types)
        self.layout = layout
        self.rung = np.zeros((rounds, worlds), dtype=np.int8)
        self.answer = np.zeros((rounds, worlds), dtype=np.int8)
        self.settled = np.zeros((rounds, worlds), dtype=np.int16)
        self.suspended = np.zeros((rounds, worlds), dtype=np.int16)
        self.pointless = np.zeros((rounds, worlds), dtype=bool)
        self.walked_out = np.zeros((rounds, worlds), dtype=bool)
        self.cohesion = np.zeros((rounds, worlds))
        self.credibility = np.zeros((rounds, worlds))
        self.belief = np.zeros((rounds, worlds, types))
        self.bound = np.zeros((rounds, worlds, issues), dtype=np.int16)
        self.closed = np.zeros((rounds, worlds, issues), dtype=bool)
        self.ended = np.zeros(worlds, dtype=np.int64)
        self.audience_paid: dict[str, Floats] = {
            "challenger": np.zeros(worlds),
            "defender": np.zeros(worlds),
        }

    def write(
        self,
        round_: int,
        rows: Ints,
        open_: Bools,
        public: Public,
        credibility: Floats,
        paid: dict[str, Floats],
    ) -> None:
        """Record the state after a round (number from 1).

        Args:
            rows: (w) positions in this record of the worlds whose state is given.
            open_: (w) which of them have not ended; the others keep what they had.
        """
        at = round_ - 1
        quantities: dict[str, np.ndarray] = {
            "rung": public.rung,
            "answer": public.answer,
            "settled": (public.bound >= 1).sum(axis=1),
            "suspended": public.suspended,
            "pointless": public.pointless,
            "walked_out": public.walked_out,
            "cohesion": public.cohesion,
            "credibility": credibility,
            "belief": public.belief,
            "bound": public.bound,
            "closed": public.closed,
        }
        for name, values in quantities.items():
            trace = getattr(self, name)
            if at:
                trace[at] = trace[at - 1]
            trace[at, rows[open_]] = values[open_]
        for side, values in paid.items():
            self.audience_paid[side][rows[open_]] = values[open_]

    def fill(self, after: int) -> None:
        """Carry the last state on to the horizon, when no world is open after round `after`."""
        for value in vars(self).values():
            if (
                isinstance(value, np.ndarray)
                and value.shape[:1] == (len(self.layout.rounds),)
                and value.ndim > 1
            ):
                value[after:] = value[after - 1]

    def take(self, rows: Ints) -> None:
        """Keep only the worlds at `rows`, in that order (repeats copy a world)."""
        by_round = {name: each for name, each in vars(self).items() if isinstance(each, np.ndarray)}
        for name, each in by_round.items():
            setattr(self, name, each[rows] if each is self.ended else each[:, rows])
        self.audience_paid = {side: paid[rows] for side, paid in self.audience_paid.items()}

    def outcome(self, round_: int) -> np.ndarray:
        """(W,) outcome class as things stand after a round, number from 1."""
        at, layout = round_ - 1, self.layout
        rung = self.rung[at]
        war_rungs = np.flatnonzero(layout.war)
        top_war = war_rungs[-1] if len(war_rungs) else -1
        ending = layout.scenario.ending
        withdrawn = np.ones(len(rung), dtype=bool)
        if ending.withdrawal and ending.withdrawal.issue in layout.order:
            withdrawn = self.bound[at][:, layout.order[ending.withdrawal.issue]] >= ending.withdrawal.level
        ruptured = layout.breaks_off[rung]
        return classify(
            full_war=rung == top_war,
            limited_war=layout.war[rung] & (rung != top_war),
            ruptured=ruptured,
            broken_off=ruptured | self.walked_out[at] | (self.suspended[at] >= ending.uncured_rounds),
            bound=self.bound[at].astype(np.int64),
            closed=self.closed[at],
            core=layout.core,
            base=layout.base,
            withdrawn=withdrawn,
            pointless=self.pointless[at],
        )

    def outcomes(self) -> np.ndarray:
        """(rounds, W) outcome class as things stand after each round."""
        return np.stack([self.outcome(number) for number in range(1, len(self.layout.rounds) + 1)])

    def reproduces(self, fact: Fact) -> Bools:
        """(W,) True where a world reproduces a documented fact."""
        at = min(fact.after_round, len(self.layout.rounds)) - 1
        traces = {
            "settled_issues": self.settled,
            "walked_out": self.walked_out,
            "declared_pointless": self.pointless,
            "cohesion": self.cohesion,
            "rung": self.rung,
            "answer": self.answer,
        }
        if fact.issue is not None:
            seen = self.bound[at][:, self.layout.order[fact.issue]]
        else:
            seen = traces[fact.measure][at]
        holds = np.ones(len(seen), dtype=bool)
        if fact.at_least is not None:
            holds &= seen >= fact.at_least
        if fact.at_most is not None:
            holds &= seen <= fact.at_most
        return holds

    def rounds(self, rows: Ints) -> dict[str, np.ndarray]:
        """Columns of a table with one row a world and round, world by world, for some of the worlds.

        Returns: round (from 1), outcome (as things stand then), `BY_ROUND`, and belief_<type>; (rows * rounds,) each.
        """
        rounds = len(self.rung)
        table = {
            "round": np.tile(np.arange(1, rounds + 1, dtype=np.int32), len(rows)),
            "outcome": self.outcomes()[:, rows].T.ravel(),
        }
        for name in BY_ROUND:
            table[name] = getattr(self, name)[:, rows].T.ravel()
        for at, type_ in enumerate(self.layout.types):
            table[f"belief_{type_}"] = self.belief[:, rows, at].T.ravel()
        return table

    def concession(self, side: str) -> Ints:
        """(W,) sum of the levels bound at the horizon on issues that a side gives."""
        gives = [issue.given_by in (side, "both") for issue in self.layout.issues.values()]
        return np.asarray(self.bound[-1][:, gives].sum(axis=1), dtype=np.int64)
