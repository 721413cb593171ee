"""What both flood studies are made of, beside their event and their formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from frugal.experiments.needs.file import packaged_need
from frugal.experiments.study import Alternative, Study, Summaries, Variable
from frugal.studies.flood.details import flood_details
from frugal.studies.flood.finer_cells import OtherGrids
from frugal.studies.flood.local_water import LocalWater
from frugal.studies.flood.outputs import flood_outputs
from frugal.studies.flood.solver_alternatives import VOLUMES, Build, cheaper_physics, solver
from frugal.studies.flood.terrain.site import RiverFloodSite, SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain
from frugal.studies.flood.walls import walls_of
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.studies.flood")


def flood_study(
    name: str,
    title: Mapping[str, str],
    site: SubmersionSite | RiverFloodSite,
    terrain: FloodTerrain,
    build: Build,
    *,
    duration_s: float,
    inputs: tuple[Variable, ...],
    formula: Alternative,
    other_formulas: tuple[Alternative, ...] = (),
    summaries: Summaries | None = None,
    remarks: Callable[..., tuple[Text, ...]] | None = None,
    notes: tuple[Text, ...] = (),
    files: str = "",
    arrival: Text | None = None,
    water: LocalWater | None = None,
) -> Study:
    """A study whose events ``build`` makes over a terrain, with its formulas and the cheaper physics as alternatives.

    Parameters
    ----------
    name : str
        Of the study, under which its need is found too.
    title : mapping of str to str
        The question, by language.
    site : SubmersionSite or RiverFloodSite
        Gives the number of runs of a campaign; its settings are told with the study.
    terrain : FloodTerrain
        What the site has been made into.
    build : callable
        ``build(terrain, **inputs) -> FloodCase``, also asked for coarser terrains.
    duration_s : float
        Length of the event [s], what dry cells hold as arrival.
    inputs : tuple of Variable
        Those that ``build`` takes.
    formula : Alternative
        The first on the list of alternatives; the cheaper physics stands at its end.
    other_formulas : tuple of Alternative
        Further ones, next on the list of alternatives.
    summaries : Summaries, optional
        Columns that smooth fits and networks learn from in the place of the inputs.
    remarks : callable, optional
        ``remarks(**inputs)``: sentences on one question.
    notes : tuple of Text
        Sentences on the site, beside those of its terrain.
    files : str
        Hash of further files that the answers depend on.
    arrival : Text, optional
        Label of the time of arrival, which says what its clock counts from.
    water : LocalWater, optional
        Rain, infiltration and links that ``build`` adds: what cannot hold them is left out of the ladder, which is told.

    Returns
    -------
    Study
    """
    grids = OtherGrids(site, terrain, build)
    seeps, linked = water is not None and water.infiltration is not None, water is not None and bool(water.links)
    # Both ends of a link may lie in one wide cell, or one of them in that of a dike.
    left_out = {"subgrid": seeps or linked, "twice_coarser": linked}
    cheaper = [answer for answer in cheaper_physics(terrain, build) if not left_out.get(answer.name)]
    if linked:
        notes = (*notes, _TEXTS.say("note.left_out_for_links"))
    elif seeps:
        notes = (*notes, _TEXTS.say("note.left_out_for_infiltration"))
    # Beside a generated place lies no terrain that could be taken too.
    found = None if site.terrain is None else walls_of(terrain)
    return Study(
        name=name,
        title=title,
        inputs=inputs,
        outputs=flood_outputs(terrain, duration_s, arrival),
        need=packaged_need(__package__, f"{name}.need.toml"),
        solve=solver(terrain, build),
        details=flood_details(terrain, build, site.hazard_classes, found),
        finer=grids.finer(),
        coarser=None if linked else grids.coarser(),
        alternatives=(formula, *other_formulas, *cheaper),
        n_runs=site.n_runs,
        sources=(terrain.source,),
        site=site.plain(),
        definition=terrain.sha256 + files,
        cell_features=terrain.features(),
        summaries=summaries,
        diagnostics=VOLUMES,
        notes=(*terrain.notes, *notes),
        remarks=remarks,
        found=found,
        cases=_TEXTS.say("flood.cases"),
        judged_on=_TEXTS.say("flood.judged_on.generated" if site.terrain is None else "flood.judged_on.given"),
    )
