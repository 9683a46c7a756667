"""What everybody at the table can see."""

from dataclasses import dataclass, field

import numpy as np

from negotiation_sim.rules.arrays import Bools, Floats, Ints


@dataclass
class Public:
    """The public state of every world.

    Attributes:
        rung, answer: (W,) where challenger and defender stand on their ladders, 0 at the foot.
        furthest_answer: (W,) highest rung that the defender has stood on.
        pointless: (W,) the challenger has declared talks pointless.
        walked_out: (W,) it has walked out.
        talking: (W,) sessions can be held: it has neither walked out nor climbed to where talks stop.
        suspended: (W,) rounds in a row without talks.
        bound: (W, K) bound level of each issue; `bound_sizes` the share of the issue it stands for.
        closed: (W, K) issues settled by a bound package.
        belief: (W, T) common belief over the challenger's type.
        cohesion, blame: (W,) 0 to 1.
        refusals: (W,) sessions in which the challenger's core demands were refused.
        build_ups: (W,) steps up that the challenger has taken.
        held: number of sessions on the calendar so far.
    """

    rung: Ints
    answer: Ints
    furthest_answer: Ints
    pointless: Bools
    walked_out: Bools
    talking: Bools
    suspended: Ints
    bound: Ints
    bound_sizes: Floats
    closed: Bools
    belief: Floats
    cohesion: Floats
    blame: Floats
    refusals: Ints
    build_ups: Ints
    held: int = 0

    @classmethod
    def at_start(cls, worlds: int, issues: int, belief: Floats, cohesion: Floats, blame: Floats) -> "Public":
        """Nothing settled, both ladders at the foot."""

        def none() -> Ints:
            return np.zeros(worlds, dtype=np.int64)

        return cls(
            rung=none(),
            answer=none(),
            furthest_answer=none(),
            pointless=np.zeros(worlds, dtype=bool),
            walked_out=np.zeros(worlds, dtype=bool),
            talking=np.ones(worlds, dtype=bool),
            suspended=none(),
            bound=np.zeros((worlds, issues), dtype=np.int64, order="F"),
            bound_sizes=np.zeros((worlds, issues), order="F"),
            closed=np.zeros((worlds, issues), dtype=bool, order="F"),
            belief=belief,
            cohesion=cohesion,
            blame=blame,
            refusals=none(),
            build_ups=none(),
        )


@dataclass
class RoundEvents:
    """What happened in public this round, (W,) each: the raw material of learning and aftermath.

    Attributes:
        insisted: the challenger tabled core demands.
        refused: they were refused.
        offered: the defender's side tabled something.
        rebuffed: the challenger refused it.
        given: ground was given on a core issue.
        disagreement: spread of ally utilities on wedge issues of what the alliance discussed.
        stepped_up: the challenger stepped up its ladder.
        answer_step: rung that the defender stepped up to for the first time, -1 if none.
        unanswered: war went on without the threatened measures.
    """

    worlds: int
    insisted: Bools = field(init=False)
    refused: Bools = field(init=False)
    offered: Bools = field(init=False)
    rebuffed: Bools = field(init=False)
    given: Bools = field(init=False)
    disagreement: Floats = field(init=False)
    stepped_up: Bools = field(init=False)
    answer_step: Ints = field(init=False)
    unanswered: Bools = field(init=False)

    def __post_init__(self) -> None:
        """Start with nothing having happened."""
        for name in ("insisted", "refused", "offered", "rebuffed", "given", "stepped_up", "unanswered"):
            setattr(self, name, np.zeros(self.worlds, dtype=bool))
        self.disagreement = np.zeros(self.worlds)
        self.answer_step = np.full(self.worlds, -1, dtype=np.int64)
