"""Write a profile as the YAML file that ``simulator.workload.profiles`` reads."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from simulator.atomic import write_text
from simulator.workload.profiles import Profile


def profile_yaml(profile: Profile) -> str:
    """The text of the file; reading it gives the same spec."""
    import yaml

    spec = profile.spec
    content: dict[str, Any] = {
        "description": profile.description,
        "source": profile.source,
        "num_requests": spec.num_requests,
        "arrival": _part(spec.arrival),
        "spearman": spec.spearman,
        "prefix": _part(spec.prefix),
        "prompt_tokens": _part(spec.prompt_tokens),
        "output_tokens": _part(spec.output_tokens),
        "samples_per_request": spec.samples_per_request,
        "fit": dict(profile.fit),
    }
    # None leaves the choice to the dumper: mappings below each other, lists of numbers in rows.
    return yaml.safe_dump(content, sort_keys=False, width=110, default_flow_style=None)


def write_profile(profile: Profile, path: Path) -> None:
    """Write the file, whole or not at all."""
    write_text(path, profile_yaml(profile))


def _part(part: Any) -> dict[str, Any]:
    """Kind and fields of an arrival process, a length or a prefix scheme."""
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {"kind": part.kind} | {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }
