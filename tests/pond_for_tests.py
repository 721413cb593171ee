"""A small estuary of two reaches, a mouth, a brook and a gauge, as values and as a site file."""

from pathlib import Path
from typing import Any

SITE: dict[str, Any] = {
    "name": "pond",
    "title": {"en": "Pond", "fr": "Étang"},
    "cell_m": 1000.0,
    "reach": [
        {
            "name": "lower",
            "seaward": "sea",
            "landward": "fork",
            "distance_km": [0, 4],
            "depth_m": [9.0, 9.0],
            "width_m": [600.0, 600.0],
            "friction": 0.02,
            "navigation_depth_m": [12.0, 10.0],
            "line": [[0.0, 45.0], [0.0, 45.04]],
        },
        {
            "name": "upper",
            "seaward": "fork",
            "landward": "weir",
            "distance_km": [0, 3],
            "depth_m": [8.0, 8.0],
            "width_m": [300.0, 300.0],
            "friction": 0.02,
            "line": [[0.0, 45.04], [0.0, 45.07]],
        },
    ],
    "mouth": [{"place": "sea", "tide": {"M2": [1.5, 0.0]}}],
    "river": [{"place": "weir", "name": "brook", "flow_m3_s": [5.0, 100.0], "mean_flow_m3_s": 20.0}],
    "gauge": [{"name": "Quay", "reach": "upper", "km": 2.0}],
}


def pond_file(folder: Path) -> Path:
    """The site as a file."""
    path = folder / "pond.toml"
    parts = ['name = "pond"', 'title = {en = "Pond", fr = "Étang"}', "cell_m = 1000.0"]
    for kind in ("reach", "mouth", "river", "gauge"):
        for part in SITE[kind]:
            parts.append(f"[[{kind}]]")
            parts += [f"{key} = {_toml(value)}" for key, value in part.items()]
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    return repr(value).replace("'", '"')
