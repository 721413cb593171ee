"""EPA SWMM 5.2 (dynamic wave) on a network of `estuary_gauges.py`; run by it with an interpreter that has ``swmm-toolkit``.

``PYTHON estuary_swmm.py CASE.json LIMITED`` prints one JSON line: heads at the wanted nodes, CPU seconds, version. LIMITED is
SWMM's ``NORMAL_FLOW_LIMITED``: its usual value, SLOPE, damps the ebb. Nothing of this project is imported here.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

_OPTIONS = """[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
START_DATE 01/01/2020
START_TIME 00:00:00
REPORT_START_DATE 01/01/2020
REPORT_START_TIME 00:00:00
END_DATE {end_date}
END_TIME {end_time}
REPORT_STEP 00:15:00
ROUTING_STEP {step}
INERTIAL_DAMPING NONE
NORMAL_FLOW_LIMITED {limited}
VARIABLE_STEP 0
LENGTHENING_STEP 0
MIN_SURFAREA 0.01
MAX_TRIALS 8
HEAD_TOLERANCE 0.0005
SKIP_STEADY_STATE NO
ALLOW_PONDING NO
THREADS 1
"""


def lines_of(case: dict[str, Any], limited: str) -> str:
    """The input file of SWMM."""
    hours = int(case["end_h"])
    date = time.strftime("%m/%d/%Y", time.gmtime(1_577_836_800 + 3600 * hours))
    told = _OPTIONS.format(end_date=date, end_time=f"{hours % 24:02d}:00:00", limited=limited, step=case["step_s"])
    junctions, outfalls, inflows = [], [], []
    for name, bed in case["nodes"]:
        if name == case["mouth"]:
            outfalls.append(f"{name} {bed:.4f} TIMESERIES STAGE NO")
        else:
            junctions.append(f"{name} {bed:.4f} 80 {max(-bed, 1.0):.4f} 0 0")
    inflows = [f'{name} FLOW "" FLOW 1.0 1.0 {flow}' for name, flow in case["rivers"].items()]
    conduits, sections = [], []
    for k, (lower, upper, length, width, friction) in enumerate(case["links"]):
        conduits.append(f"L{k} {upper} {lower} {length:.3f} {friction:.5f} 0 0 0 0")
        sections.append(f"L{k} RECT_OPEN 60 {width:.3f} 0 0 1")
    stage = [f"STAGE {hour:.6f} {level:.5f}" for hour, level in case["stage"]]
    parts = {
        "JUNCTIONS": junctions, "OUTFALLS": outfalls, "CONDUITS": conduits, "XSECTIONS": sections, "INFLOWS": inflows,
        "TIMESERIES": stage, "REPORT": ["INPUT NO", "CONTROLS NO", "NODES ALL", "LINKS NONE"],
    }  # fmt: skip
    return told + "".join(f"\n[{name}]\n" + "\n".join(rows) + "\n" for name, rows in parts.items())


def run(case: dict[str, Any], limited: str) -> dict[str, Any]:
    """Heads at the wanted nodes, every quarter of an hour."""
    from swmm.toolkit import output, shared_enum, solver

    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / name) for name in ("case.inp", "case.rpt", "case.out")]
        Path(files[0]).write_text(lines_of(case, limited))
        began = time.process_time()
        solver.swmm_run(*files)
        took = time.process_time() - began
        handle = output.init()
        output.open(handle, files[2])
        count = output.get_times(handle, shared_enum.Time.NUM_PERIODS)
        names = [output.get_elem_name(handle, shared_enum.ElementType.NODE, k) for k in range(len(case["nodes"]))]
        heads = {
            name: list(
                output.get_node_series(
                    handle, names.index(name), shared_enum.NodeAttribute.HYDRAULIC_HEAD, 0, count - 1
                )
            )
            for name in case["wanted"]
        }
        output.close(handle)
    return {"cpu_s": took, "version": version("swmm-toolkit"), "heads_m": heads}


if __name__ == "__main__":
    answer = run(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2])
    print("\n" + json.dumps(answer))  # SWMM tells its progress on the line before
