"""A scenario, loaded and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from negotiation_sim.scenario.layout import Layout
from negotiation_sim.scenario.loading import compose
from negotiation_sim.scenario.parameters import Parameter
from negotiation_sim.scenario.problems import Problem, ScenarioError, from_validation, listed, nearest
from negotiation_sim.scenario.references import check_references
from negotiation_sim.scenario.schema import ScenarioFields
from negotiation_sim.scenario.sources import Source


class Scenario(ScenarioFields):
    """A whole crisis: who negotiates what, where and when, and what is known of it."""

    @classmethod
    def load(cls, name: str, overrides: Sequence[str] = ()) -> Scenario:
        """Load a shipped scenario by name, or one's own by the path of its YAML file.

        Args:
            name: such as `january_2022`, or a path ending in `.yaml`.
            overrides: Hydra overrides such as `scenario.actors.russia.clock_days.value=20`.

        Raises:
            ScenarioError: no such scenario, or a bad one; says file, key, found, allowed, nearest.
        """
        config, source = compose(name, overrides)
        return cls.from_config(config, source)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], source: Source) -> Scenario:
        """Check a composed configuration; `source` knows which file says what."""
        try:
            scenario = cls.model_validate(config)
        except ValidationError as error:
            problems = from_validation(error)
        else:
            problems = check_references(scenario)
        if problems:
            raise ScenarioError(source.name, [source.located(each) for each in problems])
        return scenario

    def as_yaml(self) -> str:
        """The scenario as one file, parents and overrides put in: loads as the same scenario."""
        return yaml.safe_dump(
            self.model_dump(mode="json", exclude_unset=True), sort_keys=False, allow_unicode=True, width=110
        )

    def party_name(self, party: str) -> str:
        """A principal or the alliance by its name."""
        alliance = self.alliance
        return alliance.name if alliance and party == alliance.key else self.actors[party].name

    def outcome_label(self, outcome: str) -> str:
        """An outcome's name on the screen and in pictures."""
        labels = {str(key): label for key, label in self.ending.labels.items()}
        return labels.get(outcome, outcome.replace("_", " "))

    @property
    def week_words(self) -> str:
        """When the documented week has ended, in words."""
        first, last = self.layout.rounds[0].date, self.layout.rounds[self.layout.week - 1].date
        return f"by {last.day} {last:%B %Y}" if first != last else f"on {last.day} {last:%B %Y}"

    @property
    def horizon_words(self) -> str:
        """When the horizon is, in words."""
        return f"at the horizon, {self.calendar.horizon_days} days"

    @cached_property
    def layout(self) -> Layout:
        """The scenario laid out for computing."""
        return Layout(self)

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Every parameter that the scenario states, by its dotted path."""
        stated = set(_stated(self, ()))
        return {".".join(path): each for path, each in _walk(self, ()) if path in stated}

    def parameter(self, path: str) -> Parameter:
        """A parameter by its path, also one that the scenario leaves out.

        Raises:
            ScenarioError: no such parameter; names the nearest.
        """
        found = self._all_parameters.get(path)
        if found is None:
            known = self.parameters
            raise ScenarioError(
                self.name,
                [Problem(path, "no such parameter", repr(path), listed(known), nearest(path, known))],
            )
        return found

    @cached_property
    def _all_parameters(self) -> dict[str, Parameter]:
        return {".".join(path): each for path, each in _walk(self, ())}

    def published_reservation(self, party: str) -> tuple[float, float]:
        """Published range of a party's reservation value, over the challenger's types or the clusters."""
        if self.alliance and party == self.alliance.key:
            ranges = [
                (
                    cluster.reservation.range[0] - cluster.reservation_spread.range[1],
                    cluster.reservation.range[1] + cluster.reservation_spread.range[1],
                )
                for cluster in self.alliance.clusters.values()
            ]
        else:
            actor = self.actors[party]
            types = self.layout.challenger_spec.types.values() if party == self.layout.challenger else []
            ranges = [each.reservation.range for each in types if each.reservation] or [
                actor.reservation.range
            ]
        return min(low for low, _ in ranges), max(high for _, high in ranges)


Path = tuple[str, ...]


def _walk(node: object, path: Path) -> Iterator[tuple[Path, Parameter]]:
    if isinstance(node, Parameter):
        yield path, node
    elif isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from _walk(getattr(node, name), (*path, name))
    elif isinstance(node, dict):
        for name, each in node.items():
            yield from _walk(each, (*path, name))


def _stated(node: object, path: Path) -> Iterator[Path]:
    """Paths of the parameters that a scenario's files state, as against those left out."""
    if isinstance(node, Parameter):
        yield path
    elif isinstance(node, BaseModel):
        for name in node.model_fields_set:
            yield from _stated(getattr(node, name), (*path, name))
    elif isinstance(node, dict):
        for name, each in node.items():
            yield from _stated(each, (*path, name))
