"""Writes the JSON schema of scenario files, for editors: `make schema`."""

import json
from pathlib import Path
from typing import Any

from negotiation_sim.data import shipped
from negotiation_sim.scenario.schema import ScenarioFields


def scenario_schema() -> dict[str, Any]:
    """The JSON schema of a scenario file.

    A variant names its parent under `defaults` and states only what differs, so nothing is required here;
    what a composed scenario lacks is said when it is loaded.
    """
    schema = ScenarioFields.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        part.pop("required", None)
    schema["properties"]["defaults"] = {"type": "array", "description": "The parent scenario, then _self_."}
    return schema


def schema_file() -> Path:
    """Where the schema is shipped."""
    return shipped("schema") / "scenario.schema.json"


def main() -> None:
    """Write the file."""
    path = schema_file()
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(scenario_schema(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
