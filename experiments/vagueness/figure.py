"""Escalation and the standing of the West's words by vagueness, for several lessons of a refusal."""

from matplotlib.figure import Figure

from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.experiments import (
    Line,
    Panel,
    lines_figure,
    means_by,
    paired,
    shares_by,
    told,
)
from negotiation_sim.figures.style import GREY, INK
from negotiation_sim.sweep import Results

VAGUE, LESSON = "actors.us.vagueness", "actors.russia.outlook.lesson"
LESSONS = {0.65: "a clear refusal ends hope fast (0.65)", 0.15: "slowly (0.15)", 0.0: "never (0)"}


def draw(question: str, results: Results) -> tuple[Figure, dict[str, str]]:
    runs = results.to_pandas(["world", VAGUE, LESSON, "headline", "cohesion", "credibility"])
    runs["escalation"] = runs["headline"] == "escalation"
    by = {lesson: runs[runs[LESSON] == lesson] for lesson in sorted(runs[LESSON].unique())}
    panels = [
        Panel(
            "Escalation by day 60",
            "vagueness of refusals (0 to 1)",
            [
                Line(said, shares_by(by[lesson], "escalation", VAGUE), HEADLINE_COLOURS["escalation"])
                for lesson, said in LESSONS.items()
            ],
            span=(0.0, 0.4, "base range"),
            top=45,
        ),
        Panel(
            "What vagueness costs, by day 60",
            "vagueness of refusals (0 to 1)",
            [
                Line("allied cohesion", means_by(by[0.4], "cohesion", VAGUE), INK),
                Line("credibility of threats", means_by(by[0.4], "credibility", VAGUE), GREY),
            ],
            y="Mean over worlds (%)",
            span=(0.0, 0.4, "base range"),
            top=100,
        ),
    ]
    n = runs["world"].nunique()

    def change(lesson: float, low: float, high: float, column: str = "escalation") -> str:
        table = by[lesson]
        return told(paired(table[table[VAGUE] == low], table[table[VAGUE] == high], column))

    figure = lines_figure(
        question,
        f"Scenario january_2022; n = {n:,} worlds a point, the same luck at all points; all else drawn over its "
        "ranges.",
        panels,
        "Left: by how fast refusals end Russia's hope; 0 is a control outside the scenario's range, where vagueness "
        "cannot keep hope alive. Right: hope ends at 0.4 a refusal. The fall on the left comes from how the model "
        "treats hope and is no finding about the world. Experiment vagueness.",
    )
    return figure, {
        "escalation, vagueness 0 to 0.4, lesson 0.15": change(0.15, 0.0, 0.4),
        "escalation, vagueness 0 to 0.4, lesson 0.65": change(0.65, 0.0, 0.4),
        "escalation, vagueness 0 to 1, lesson 0.65": change(0.65, 0.0, 1.0),
        "escalation, vagueness 0 to 1, lesson 0": change(0.0, 0.0, 1.0),
        "credibility, vagueness 0 to 0.4, lesson 0.4": change(0.4, 0.0, 0.4, "credibility"),
    }
