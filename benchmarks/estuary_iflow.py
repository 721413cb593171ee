"""iFlow on the reference set-ups of estuaries: ``ENV/bin/python benchmarks/estuary_iflow.py CLONE``.

iFlow (github.com/iFlow-Modelling-Framework/iFlow, LGPL-3.0) is a width-averaged model over the depth, of second order in the
tide. CLONE is its working copy and ENV an environment of its own with numpy below 2, scipy and matplotlib; neither is part of
this project. Writes ``build/estuary_iflow.json``, which the part ``peer`` of ``estuary_cases.py`` reads. A minute.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).resolve().parents[1] / "build" / "estuary_iflow.json"
EXAMPLE = "Examples/Dijkstra_DeGoede_2024_JGR129/modulesJGR129"
LOIRE = """
module  hydrodynamics2DV.Geometry2DV
L       147000.
B0      type    functions.Polynomial
        C       -1.411e-12  4.002e-7   -3.419e-2   1.178e3
H0      type    functions.Multipoly
        C       -7.2 -0.000217 17 1.1e4 0.4e4 48e3 4e3
module      modulesJGR129.RoughnessHyperbolicTangent
z0_est      0.01
z0_riv      0.05
xc          55.e3
xl          5.e3
"""
FUNNEL = """
module  hydrodynamics2DV.Geometry2DV
L       150000.
B0      type    functions.Exponential
        C0      3000.
        Lc      40000.
H0      type    functions.Constant
        C0      10.
"""
GRID = """
module	    hydrodynamics2DV.RegularGrid
xgrid		equidistant     300
zgrid	    equidistant     100
fgrid		integer         2
xoutputgrid    equidistant     100
zoutputgrid    equidistant     50
foutputgrid    integer         2
"""
WATER = """
module      hydrodynamics2DV.HydroLead hydrodynamics2DV.HydroFirst {modules}
submodules  river tide adv nostress stokes
A0			0 {m2} 0
A1			0 0 {m4}
phase0		0 0 0
phase1		0 0 {phase}
Q0			0.
Q1          {river}
"""
FITTED = """
roughnessParameter  z0*
{roughness}
n                   0.
profile             uniform
ignoreSubmodule
referenceLevel      True
Avmin               0.0001
lambda              0
truncationOrder     1
"""
UNIFORM = """
Av0amp {viscosity}
Av0phase 0
sf0 {slip}
m 0
n 0
"""
MUD = """
module      turbulence2DV.DiffusivityUndamped
sigma_rho   1.
module      sediment2DV.SedimentCapacity sediment2DV.EquilibriumAvailability
submodules  erosion noflux sedadv
finf        0.03
Kh          100
erosion_formulation Partheniades
sedbc       csea
csea        {sea}
ws0         {settling}
friction    Roughness
"""


def inputs() -> dict[str, tuple[str, float]]:
    """Input files by case, and the length of the channel [m]."""
    given, fitted = "turbulence2DV.TurbulenceUniform hydrodynamics2DV.ReferenceLevel", "turbulence2DV.KEFittedTruncated"
    found: dict[str, tuple[str, float]] = {}

    def funnel(name: str, m2: float, m4: float, river: float, friction: str, modules: str) -> None:
        water = WATER.format(modules=modules, m2=m2, m4=m4, phase=-60, river=river)
        found[name] = FUNNEL + GRID + water + friction, 150e3

    funnel("A1s_lin_small_Q0", 0.3, 0.0, 0, UNIFORM.format(viscosity=1.0, slip=0.004), given)
    for river in (0, 100):
        funnel(f"A1_lin_Q{river}", 1.5, 0.1, river, UNIFORM.format(viscosity=1.0, slip=0.004), given)
        funnel(f"A2_quad_Q{river}", 1.5, 0.1, river, FITTED.format(roughness="z0*   0.001"), fitted)
    for river in (0, 100, 300):
        funnel(f"A3_sed_Q{river}", 1.5, 0.1, river, UNIFORM.format(viscosity=0.05, slip=0.02), given)
        for settling in ("0.5", "1", "3"):
            text = found[f"A3_sed_Q{river}"][0] + MUD.format(sea=0.02, settling=float(settling) * 1e-3)
            found[f"A3_sed_Q{river}_ws{settling}"] = text, 150e3
    for tide, m2, m4, phase, rivers in (
        ("spring", 2.3, 0.24, -148, (100, 250, 500, 1000)),
        ("neap", 1.28, 0.2, -155, (250,)),
    ):
        for river in rivers:
            water = WATER.format(modules=fitted, m2=m2, m4=m4, phase=phase, river=river)
            text = LOIRE + GRID + water + FITTED.format(roughness="")
            found[f"L_{tide}_Q{river}"] = text, 147e3
            for settling in (1, 2, 3) if tide == "spring" else ():
                more = MUD.format(sea=0.05, settling=settling * 1e-3)
                found[f"L1nb_passive_ws{settling}_Q{river}"] = text + more, 147e3
    return found


def read(data: Any, length: float, mud: bool) -> dict[str, Any]:
    """What a run of iFlow says; the set-up of the river stands in its reference level, not twice."""
    x, z = np.linspace(0.0, 1.0, 101), np.linspace(0.0, 1.0, 51)

    def level(name: str, *part: str) -> np.ndarray:
        return np.asarray(np.squeeze(data.v(name, *part, x=x, z=0, f=range(3))))

    both = level("zeta0") + level("zeta1")
    mean = np.real(both[:, 0]) - np.real(level("zeta1", "river")[:, 0]) + np.squeeze(data.v("R", x=x))
    report = {"km": (x * length / 1e3).tolist(), "M0_m": mean.tolist()}
    for k, part in ((1, "M2"), (2, "M4")):
        report[f"{part}_m"] = np.abs(both[:, k]).tolist()
        report[f"{part}_lag_deg"] = (-np.degrees(np.angle(both[:, k]))).tolist()
    if mud:
        c = sum(data.v(f"c{k}", x=x, z=z, f=0) for k in range(3))
        mean_c = np.real(np.trapz(np.squeeze(c), z, axis=1))  # noqa: NPY201  (iFlow needs numpy below 2)
        report["c_kg_m3"] = np.nan_to_num(mean_c, nan=0.0).tolist()
    return report


def main() -> None:
    clone = Path(sys.argv[1]).resolve()
    work = OUT.parent / "estuary_iflow"
    (work / "input").mkdir(parents=True, exist_ok=True)
    shutil.copytree(clone / EXAMPLE, work / "modulesJGR129", dirs_exist_ok=True)
    sys.path.insert(0, str(clone))
    os.chdir(clone)
    import matplotlib

    matplotlib.use("Agg")
    import src.config

    src.config.Profiler, src.config.ConsoleLoggingLevel = False, "error"
    from src import iFlow

    found = {}
    for name, (text, length) in inputs().items():
        mud = "ws" in name
        more = "c0 c1 c2 f" if mud else ""
        (work / "input" / f"{name}.txt").write_text(f"{text}\nrequirements zeta0 zeta1 u0 u1 R {more}\n")
        block = iFlow.iFlow().initialise(f"input/{name}.txt", str(work))
        block.instantiateModule()
        block.run()
        output = block.getOutput()
        found[name] = read(output[0] if isinstance(output, list) else output, length, mud)
        print(name, np.round(found[name]["M2_m"][::20], 3), flush=True)
    OUT.write_text(json.dumps({"cases": found}))


if __name__ == "__main__":
    main()
