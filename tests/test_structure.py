"""The house: imports run one way, help is light, files stay small, the wheel holds what it should."""

import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "frugal").rglob("*.py"))
HEAVY = {
    "numpy", "scipy", "pandas", "numba", "sklearn", "lightgbm", "onnx", "onnxruntime", "mlflow", "codecarbon",
    "matplotlib", "zarr", "xarray", "rasterio", "pvlib", "pint", "pydantic", "jinja2", "exactextract", "networkx", "geopandas",
}  # fmt: skip


def loaded_by(*arguments: str) -> set[str]:
    code = (
        "import sys; sys.argv = ['frugal', *sys.argv[1:]]\n"
        "from frugal.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    answer = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(answer.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("train", "--help"), ("predict", "--help"), ("--lang", "fr", "train", "-h"), ("--version",)],
)
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    loaded = loaded_by(*arguments)
    assert not loaded & (HEAVY - {"pydantic"})
    assert ("tomllib" in loaded) == ("fr" in arguments), "only French is read from a file"


def test_prediction_needs_only_numpy_and_onnxruntime() -> None:
    code = "import sys, frugal.surrogates.bundle.predictor; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {
        "sklearn",
        "lightgbm",
        "mlflow",
        "numba",
        "onnx",
        "pandas",
        "scipy",
        "codecarbon",
        "matplotlib",
    }


def test_files_can_be_held_in_one_head() -> None:
    large = {str(path.relative_to(ROOT)): path.stat().st_size for path in SOURCES if path.stat().st_size > 30_000}
    assert not large


@pytest.mark.parametrize("word", ["pickle", "joblib", "eval(", "exec(", "except:", "__import__"])
def test_nothing_is_unpickled_and_nothing_supplied_is_executed(word: str) -> None:
    for path in SOURCES:
        code = "\n".join(line for line in path.read_text().splitlines() if not line.strip().startswith(("#", '"""')))
        assert word not in code.replace("_eval(", "").replace('"eval"', ""), f"{path.name} holds {word}"


def test_every_public_function_and_class_is_documented() -> None:
    import ast

    bare = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and ast.get_docstring(node) is None and node.col_offset == 0:
                bare.append(f"{path.name}:{node.name}")
    assert not bare


def test_a_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    import zipfile

    from hatchling.builders.wheel import WheelBuilder

    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = zipfile.ZipFile(path).namelist()
    assert {name.split("/")[0] for name in names} == {"frugal", f"{Path(path).name.split('-py3')[0]}.dist-info"}
    assert "frugal/formats/weather/data/vendee_coast.csv" in names
    assert "frugal/audit/evidence/audit_schema.json" in names
    assert any(name.startswith("frugal/audit/report/templates/") for name in names)
    assert any(name.startswith("frugal/reporting/pages/templates/") for name in names)
    data = {str(path.relative_to(ROOT)) for path in (ROOT / "frugal").rglob("*.toml")}
    assert len(data) >= 20 and data <= set(names)  # texts, needs, sites of estuaries, French


def test_no_file_is_found_by_counting_folders_upwards() -> None:
    """A file that moves would then look elsewhere, and find nothing or something else, without a word."""
    for path in SOURCES:
        assert ".parents[" not in path.read_text(), f"{path.name} counts folders"


def test_functions_of_three_parameters_and_more_say_what_these_are() -> None:
    """Meaning, unit and shape, which neither a name nor a type tells."""
    import ast

    said, told_nothing = 0, []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            parameters = [a for a in node.args.args + node.args.kwonlyargs if a.arg not in ("self", "cls")]
            if len(parameters) < 3:
                continue
            if "Parameters\n---" in (ast.get_docstring(node) or ""):
                said += 1
            else:
                told_nothing.append(f"{path.relative_to(ROOT)}:{node.name}")
    share = said / (said + len(told_nothing))
    assert share >= 0.70, f"{share:.0%} have a Parameters section; without one are {', '.join(told_nothing)}"


MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in SOURCES
}  # fmt: skip
ROOMS = {name for name, path in MODULES.items() if path.name == "__init__.py"}
MOST_MODULES, MOST_LINES = 16, 420


@functools.cache
def imports() -> dict[str, set[str]]:
    """Modules that each module imports, anywhere in it, for types alone too."""
    import ast

    found: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                named = [f"{node.module}.{alias.name}" for alias in node.names]
                found[name] |= {module if module in MODULES else node.module for module in named}
            elif isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names}
        found[name] &= set(MODULES) - {name}
    return found


def circles(arrows: dict[str, set[str]]) -> list[str]:
    """Names that lie on a circle of arrows."""
    import graphlib

    left = dict(arrows)
    try:
        graphlib.TopologicalSorter(left).prepare()
    except graphlib.CycleError as fault:
        return list(map(str, fault.args[1]))
    return []


def test_no_circle_of_files() -> None:
    assert not circles(imports())


@pytest.mark.parametrize("room", sorted(ROOMS - {"frugal"}))
def test_no_circle_of_rooms(room: str) -> None:
    """Inside a room, its sub-rooms and the files beside them import one way; these files count as one."""

    def part(module: str) -> str:
        first = ".".join(module.split(".")[: room.count(".") + 2])
        return first if first in ROOMS else f"{room} (own files)"

    arrows: dict[str, set[str]] = {}
    for module, imported in imports().items():
        if module.startswith(f"{room}."):
            inside = {part(other) for other in imported if other.startswith(f"{room}.")}
            arrows.setdefault(part(module), set()).update(inside - {part(module)})
    assert not circles(arrows)


def test_rooms_can_be_taken_in_at_a_glance() -> None:
    held = {room: sum(name.rpartition(".")[0] == room and name not in ROOMS for name in MODULES) for room in ROOMS}
    assert not {room: number for room, number in held.items() if number > MOST_MODULES}


def test_files_end_before_one_gets_lost() -> None:
    lines = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert not {name: number for name, number in lines.items() if number > MOST_LINES}


def test_every_folder_of_programs_is_a_room_that_says_what_it_holds() -> None:
    import ast

    for folder in {path.parent for path in SOURCES} | {path.parent.parent for path in SOURCES} - {ROOT}:
        text = (folder / "__init__.py").read_text() if (folder / "__init__.py").is_file() else ""
        assert ast.get_docstring(ast.parse(text)), f"{folder.relative_to(ROOT)} does not say what it holds"


def test_no_two_classes_have_the_same_name() -> None:
    import ast
    from collections import Counter

    names = Counter(
        node.name for path in SOURCES for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)
    )
    assert not [name for name, number in names.items() if number > 1]
