"""Unity and spread, each along its range with the other in the middle; and from one corner to the other."""

from matplotlib.figure import Figure

from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.experiments import (
    Line,
    Panel,
    lines_figure,
    paired,
    shares_by,
    told,
)
from negotiation_sim.figures.style import GREY, INK
from negotiation_sim.sweep import Results

UNITY, SPREAD = "alliance.cohesion.start", "alliance.spread"
MEASURES = {
    "fact_unity_kept": ("week: unity kept (cohesion at least 0.6)", INK),
    "pointless": ("week: declared pointless by Russia", GREY),
    "escalation": ("day 60: escalation", HEADLINE_COLOURS["escalation"]),
    "concession": ("day 60: an agreement", HEADLINE_COLOURS["concession"]),
}


def draw(question: str, results: Results) -> tuple[Figure, dict[str, str]]:
    runs = results.to_pandas(
        ["world", UNITY, SPREAD, "headline", "week_outcome", "fact_unity_kept", "cohesion"]
    )
    runs["pointless"] = runs["week_outcome"] == "declared_pointless"
    for headline in ("escalation", "concession"):
        runs[headline] = runs["headline"] == headline
    levels = {path: sorted(runs[path].unique()) for path in (UNITY, SPREAD)}
    panels = []
    for path, other, title, x in (
        (UNITY, SPREAD, "Unity (spread 0.35)", "cohesion at the start (0 to 1)"),
        (SPREAD, UNITY, "Spread (cohesion 0.77)", "spread: how far allies' numbers differ"),
    ):
        table = runs[runs[other] == levels[other][2]]
        lines = [
            Line(said, shares_by(table, name, path), colour) for name, (said, colour) in MEASURES.items()
        ]
        panels.append(Panel(title, x, lines, y="Share of worlds (%)" if path == UNITY else "", top=103))
    n = runs["world"].nunique()

    def corner(unity: int, spread: int):
        return runs[(runs[UNITY] == levels[UNITY][unity]) & (runs[SPREAD] == levels[SPREAD][spread])]

    loose, tight = corner(0, -1), corner(-1, 0)
    changes = {name: told(paired(loose, tight, name)) for name in MEASURES}
    figure = lines_figure(
        question,
        f"Scenario january_2022; n = {n:,} worlds a point, the same luck at all points; all else drawn over its "
        "ranges. Week: after the third forum.",
        panels,
        "From the loosest alliance (0.62, spread 0.6) to the tightest (0.92, 0.1), paired by world: escalation "
        f"{changes['escalation']}, declared pointless {changes['pointless']}. Experiment allied_unity.",
    )
    numbers = {f"{MEASURES[name][0]}, loosest to tightest": said for name, said in changes.items()}
    return figure, numbers | {
        "mean cohesion on day 60, loosest to tightest": told(paired(loose, tight, "cohesion"))
    }
