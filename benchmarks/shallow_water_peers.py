"""Other flood codes on the problem of ``shallow_water_speed.py``; run by it with an interpreter that has them.

``PYTHON shallow_water_peers.py anuga|landlab|pyclaw CELLS SECONDS`` prints one JSON line: cells, steps, CPU seconds.
``PYTHON shallow_water_peers.py plain`` runs ANUGA on the flood over a plain and prints depths at its points after 1 h and 3 h.
Nothing of this project is imported here.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

SIZE = 10.0


def bed_and_level(x: np.ndarray, y: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """A swell of 30 cm on about a metre of water over a wavy bed."""
    bed = 0.1 * np.sin(9.0 * x / length) * np.sin(8.0 * y / length)
    level = 1.0 + 0.3 * np.exp(-40.0 * ((x / length - 0.5) ** 2 + (y / length - 0.5) ** 2))
    return bed, level


def anuga(cells: int, seconds: float) -> dict:
    """ANUGA, DE1 (second order in space and time), four triangles in each square of 20 m: one per cell of 10 m."""
    import anuga as code

    squares = cells // 2
    length = squares * 2 * SIZE
    domain = code.rectangular_cross_domain(squares, squares, len1=length, len2=length)
    domain.set_flow_algorithm("DE1")
    domain.set_quantity("elevation", lambda x, y: bed_and_level(x, y, length)[0], location="centroids")
    domain.set_quantity("stage", lambda x, y: bed_and_level(x, y, length)[1], location="centroids")
    domain.set_quantity("friction", 0.03)
    domain.set_store(False)
    domain.set_quantities_to_be_stored(None)
    wall = code.Reflective_boundary(domain)
    domain.set_boundary(dict.fromkeys(("left", "right", "top", "bottom"), wall))
    steps = 0
    start = time.process_time()
    for _ in domain.evolve(yieldstep=seconds, finaltime=seconds):
        steps += domain.number_of_steps
    return {"cells": domain.number_of_elements, "steps": steps, "cpu_seconds": time.process_time() - start}


def landlab(cells: int, seconds: float) -> dict:
    """landlab's OverlandFlow: the local inertial model."""
    from landlab import RasterModelGrid
    from landlab.components import OverlandFlow

    grid = RasterModelGrid((cells, cells), xy_spacing=SIZE)
    bed, level = bed_and_level(grid.x_of_node, grid.y_of_node, cells * SIZE)
    grid.add_field("topographic__elevation", bed + 1.0, at="node")
    grid.add_field("surface_water__depth", level - bed, at="node")
    grid.set_closed_boundaries_at_grid_edges(True, True, True, True)
    flow = OverlandFlow(grid, mannings_n=0.03, steep_slopes=False, alpha=0.45)
    flow.overland_flow(dt=0.1)
    now, steps = 0.0, 0
    start = time.process_time()
    while now < seconds:
        dt = min(flow.calc_time_step(), seconds - now)
        flow.overland_flow(dt=dt)
        now += dt
        steps += 1
    return {"cells": grid.number_of_nodes, "steps": steps, "cpu_seconds": time.process_time() - start}


def pyclaw(cells: int, seconds: float) -> dict:
    """Clawpack's compiled Roe solver, second order with the MC limiter, split by direction.

    Easier than the problem of the others: the bed is flat and there is no friction.
    """
    from clawpack import pyclaw as code
    from clawpack import riemann

    solver = code.ClawSolver2D(riemann.shallow_roe_with_efix_2D)
    solver.limiters = code.limiters.tvd.MC
    solver.dimensional_split = True
    solver.cfl_desired, solver.cfl_max = 0.9, 1.0
    solver.bc_lower, solver.bc_upper = [code.BC.wall] * 2, [code.BC.wall] * 2
    domain = code.Domain([0.0, 0.0], [cells * SIZE, cells * SIZE], [cells, cells])
    state = code.State(domain, solver.num_eqn)
    state.problem_data["grav"] = 9.81
    x, y = state.grid.p_centers
    state.q[0] = bed_and_level(x, y, cells * SIZE)[1]
    state.q[1] = state.q[2] = 0.0
    solution = code.Solution(state, domain)
    solver.setup(solution)
    start = time.process_time()
    status = solver.evolve_to_time(solution, seconds)
    return {"cells": cells * cells, "steps": status["numsteps"], "cpu_seconds": time.process_time() - start}


def plain() -> dict:
    """ANUGA on the flood over a plain: squares of 20 m cut in four, water appears in the first 20 m of the middle."""
    import anuga as code

    domain = code.rectangular_cross_domain(50, 100, len1=1000.0, len2=2000.0)
    domain.set_flow_algorithm("DE1")
    for name, value in (("elevation", 0.0), ("friction", 0.05), ("stage", 0.0)):
        domain.set_quantity(name, value)
    domain.set_store(False)
    domain.set_quantities_to_be_stored(None)
    wall = code.Reflective_boundary(domain)
    domain.set_boundary(dict.fromkeys(("left", "right", "top", "bottom"), wall))
    times, discharge = np.array([0.0, 60.0, 240.0, 300.0]) * 60.0, np.array([0.0, 20.0, 20.0, 0.0])
    inlet = code.Region(domain, polygon=[[0, 990], [20, 990], [20, 1010], [0, 1010]])
    code.Inlet_operator(domain, inlet, Q=lambda now: float(np.interp(now, times, discharge)))
    points = np.array([(50, 1000), (100, 1000), (200, 1000), (300, 1000), (400, 1000), (300, 1300)]) + 0.01
    found = {}
    for now in domain.evolve(yieldstep=60.0, finaltime=10800.0):
        if now in (3600.0, 10800.0):
            depths = domain.get_quantity("stage").get_values(interpolation_points=points)
            found[str(int(now))] = [round(float(depth), 4) for depth in depths]
    return found


if __name__ == "__main__":
    if sys.argv[1] == "plain":
        answer = plain()
    else:
        answer = {"anuga": anuga, "landlab": landlab, "pyclaw": pyclaw}[sys.argv[1]](
            int(sys.argv[2]), float(sys.argv[3])
        )
    print("\n" + json.dumps(answer))
