"""Agreements by both clocks; escalation by Russia's clock and what waiting costs."""

from matplotlib.figure import Figure

from negotiation_sim.analysis.shares import share
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.experiments import Line, Panel, lines_figure, paired, shares_by, told
from negotiation_sim.sweep import Results

CLOCK, WEST, GROWTH = "actors.russia.clock_days", "actors.us.clock_days", "actors.russia.carrying.growth"


def draw(question: str, results: Results) -> tuple[Figure, dict[str, str]]:
    runs = results.to_pandas(["world", CLOCK, WEST, GROWTH, "headline", "outcome"])
    runs["escalation"] = runs["headline"] == "escalation"
    runs["agreement"] = runs["headline"] == "concession"
    runs["core"] = runs["outcome"].isin(["coerced_concession", "full_agreement"])

    def at(**fixed):
        names = {"clock": CLOCK, "west": WEST, "growth": GROWTH}
        table = runs
        for name, value in fixed.items():
            table = table[table[names[name]] == value]
        return table

    blue, red = HEADLINE_COLOURS["concession"], HEADLINE_COLOURS["escalation"]
    panels = [
        Panel(
            "Agreements by day 60",
            "Russia's clock (days)",
            [
                Line(
                    f"Western clock {west:g} days",
                    shares_by(at(west=west, growth=0.15), "agreement", CLOCK),
                    blue,
                )
                for west in (60.0, 240.0)
            ],
        ),
        Panel(
            "Escalation by day 60",
            "Russia's clock (days)",
            [
                Line(said, shares_by(at(west=240.0, growth=growth), "escalation", CLOCK), red)
                for growth, said in (
                    (0.3, "cost of waiting grows (by 0.3)"),
                    (0.0, "cost of waiting stays (0)"),
                )
            ],
            y="",
        ),
    ]
    n = runs["world"].nunique()
    figure = lines_figure(
        question,
        f"Scenario january_2022; n = {n:,} worlds a point, the same luck at all points; all else drawn "
        "over its ranges. A shorter clock is more pressure.",
        panels,
        "Nearly all agreements leave the core issues out. Left: growth of the cost of waiting 0.15. Right: Western "
        "clock 240 days. The clock is the time in which a side comes down to its last offer, and in which Russia's "
        "cost of waiting grows. Experiment time_pressure.",
    )
    long, short = at(clock=60.0, west=240.0, growth=0.3), at(clock=10.0, west=240.0, growth=0.3)
    held, dear = at(clock=10.0, west=240.0, growth=0.0), short
    patient, hurried = at(clock=10.0, west=240.0, growth=0.15), at(clock=10.0, west=60.0, growth=0.15)
    return figure, {
        "agreements, patient West, long to short Russian clock (growth 0.15)": told(
            paired(at(clock=60.0, west=240.0, growth=0.15), patient, "agreement")
        ),
        "agreements, Western clock 60 days, long to short Russian clock (growth 0.15)": told(
            paired(at(clock=60.0, west=60.0, growth=0.15), hurried, "agreement")
        ),
        "core concessions at most (Western clock 60, Russian 10, growth 0.15)": told(
            share(int(hurried["core"].sum()), len(hurried))
        ),
        "escalation, Russian clock 10 days, growth of waiting's cost 0 to 0.3": told(
            paired(held, dear, "escalation")
        ),
        "escalation, growth 0.3, Russian clock 60 to 10 days": told(paired(long, short, "escalation")),
    }
