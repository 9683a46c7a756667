"""The page that prints a briefing: one HTML file that needs nothing else, for screen and A4."""

from __future__ import annotations

from functools import cache

from jinja2 import Template

from negotiation_sim.classroom.briefing import Briefing
from negotiation_sim.classroom.words import points_in_words
from negotiation_sim.pages import templates


def render(briefing: Briefing) -> str:
    """The briefing as one HTML page that needs nothing else, runs no script and prints on A4."""
    numbers = {document.title: at for at, document in enumerate(briefing.documents, start=1)}
    return _template().render(b=briefing, cited_as=numbers)


@cache
def _template() -> Template:
    environment = templates("negotiation_sim.classroom")
    environment.filters["points"] = points_in_words
    return environment.get_template("briefing.html.j2")
