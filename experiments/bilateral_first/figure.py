"""Who gives ground, and how often it escalates, by the order of the forums."""

from matplotlib.figure import Figure

from negotiation_sim.analysis.shares import share
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.experiments import paired, rows_figure, told
from negotiation_sim.sweep import Results

CALENDAR, WORTH = "calendar.sessions", "forums.geneva.worth"
CALENDARS = {
    "bilateral_first": "bilateral first\n(as it was)",
    "council_first": "Council first",
    "bilateral_last": "bilateral last",
    "bilateral_only": "bilateral only",
    "no_bilateral": "no bilateral",
}
MEASURES = {
    "russia_more": ("Russia gives more by day 60", HEADLINE_COLOURS["concession"]),
    "escalation": ("Escalation by day 60", HEADLINE_COLOURS["escalation"]),
}


def draw(question: str, results: Results) -> tuple[Figure, dict[str, str]]:
    runs = results.to_pandas(
        ["world", CALENDAR, WORTH, "headline", "russian_concession", "western_concession"]
    )
    runs["agreement"] = runs["headline"] == "concession"
    runs["escalation"] = runs["headline"] == "escalation"
    runs["russia_more"] = runs["russian_concession"] > runs["western_concession"]
    runs["alike"] = (runs["russian_concession"] == runs["western_concession"]) & (
        runs["russian_concession"] > 0
    )
    runs["west_more"] = runs["western_concession"] > runs["russian_concession"]
    held = runs[runs[WORTH].notna()]  # the control
    runs = runs[runs[WORTH].isna()]
    by = {name: runs[runs[CALENDAR] == name] for name in CALENDARS}
    equal = paired(
        *(held[held[CALENDAR] == name] for name in ("bilateral_first", "bilateral_only")), "escalation"
    )
    base = by["bilateral_first"]

    def measured(name: str):
        return [share(int(table[name].sum()), len(table)) for table in by.values()]

    changes = [
        [None if name == "bilateral_first" else paired(base, table, measure) for name, table in by.items()]
        for measure in MEASURES
    ]
    n = runs["world"].nunique()
    figure = rows_figure(
        question,
        f"Scenario january_2022 with other calendars; n = {n:,} worlds a row, the same luck in all rows; all else "
        "drawn over its ranges.",
        [(title, colour, measured(name)) for name, (title, colour) in MEASURES.items()],
        list(CALENDARS.values()),
        changes,
        "In print: share (interval), and the change from the first row, paired by world. Given: levels bound on a "
        "side's own issues and on those that both give. Over all rows the West gives more in "
        f"{runs['west_more'].sum():,} of {len(runs):,} worlds, both alike in {runs['alike'].mean():.1%}, nobody "
        "anything in the rest. Where a session is worth the same to Russia in every forum (0.04), bilateral talks only "
        f"change escalation by {told(equal)}. Experiment bilateral_first.",
    )
    return figure, {
        "Russia gives more than the West, bilateral first": told(measured("russia_more")[0]),
        "the West gives more, bilateral first": f"the West more in {base['west_more'].sum():,}",
        "Russia gives more, change with the bilateral last": told(
            paired(base, by["bilateral_last"], "russia_more")
        ),
        "escalation, change with the bilateral last": told(paired(base, by["bilateral_last"], "escalation")),
        "escalation, change with bilateral talks only": told(
            paired(base, by["bilateral_only"], "escalation")
        ),
        "the same, all forums worth the same": told(equal),
        "escalation, change without the bilateral": told(paired(base, by["no_bilateral"], "escalation")),
    }
