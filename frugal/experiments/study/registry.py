"""Find a study: one that is installed, or one in a file that the user names."""

from __future__ import annotations

import difflib
import functools
import importlib.util
import inspect
import sys
import typing
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from frugal.errors import EnvironmentFaultError, FrugalError, UnusableInputError, printable, told_fault
from frugal.experiments.study.outputs import FORMER_FIELDS
from frugal.experiments.study.site import NoSite, Site, build_site
from frugal.experiments.study.study import Study

#: Entry-point group through which an installed package adds studies.
GROUP = "frugal.studies"


def installed_studies() -> dict[str, EntryPoint]:
    """Entry points of the installed studies by name."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def load_study(name: str, settings: dict[str, Any] | None = None, site_file: Path | None = None) -> Study:
    """Build an installed study for a site.

    Parameters
    ----------
    name : str
        As it is installed.
    settings : dict, optional
        Of the site, as the user writes them; they override those of the file.
    site_file : Path, optional
        TOML; relative paths in it are taken from its folder.

    Returns
    -------
    Study

    Raises
    ------
    UnusableInputError
        If no installed study has this name, or the site is not usable.
    EnvironmentFaultError
        If the environment was made for another version, in which the study lay elsewhere.
    """
    studies = installed_studies()
    if name not in studies:
        close = difflib.get_close_matches(name, studies, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise UnusableInputError(f"study '{name}' is unknown; installed: {', '.join(studies) or 'none'}{hint}")
    return _build(load_entry_point(studies[name]), settings or {}, site_file)


def load_entry_point(point: EntryPoint) -> Any:
    """What an installed study names: a `Study`, or a function of a site.

    Raises
    ------
    EnvironmentFaultError
        If the environment was made for another version, in which the study lay elsewhere, or the study itself cannot be
        imported.
    """
    try:
        return point.load()
    except (ImportError, AttributeError) as fault:
        if not _names_what_is_gone(point, fault):
            raise EnvironmentFaultError(f"study '{point.name}' ('{point.value}') cannot be loaded: {fault}") from fault
        raise EnvironmentFaultError(
            f"study '{point.name}' is installed as '{point.value}', which is not there: this environment was made for another "
            "version of the program; run 'sh setup.sh', or install it again"
        ) from fault


def _names_what_is_gone(point: EntryPoint, fault: ImportError | AttributeError) -> bool:
    """The entry point itself leads nowhere; what a study in turn fails to import is another matter."""
    if isinstance(fault, ModuleNotFoundError):
        return f"{point.module}.".startswith(f"{fault.name}.")
    return isinstance(fault, AttributeError) and fault.name == point.attr


def load_study_file(path: Path, settings: dict[str, Any] | None = None, site_file: Path | None = None) -> Study:
    """Build the study of a Python file, which is executed: its global ``study`` is a `Study` or a function of a site.

    Parameters
    ----------
    path : Path
        Of the Python file.
    settings : dict, optional
        Of the site, as the user writes them; they override those of the site's file.
    site_file : Path, optional
        TOML; relative paths in it are taken from its folder.

    Returns
    -------
    Study

    Raises
    ------
    UnusableInputError
        If the file cannot be read or run, or holds no study.
    """
    if not path.is_file():
        raise UnusableInputError(f"study file '{path}' does not exist")
    spec = importlib.util.spec_from_file_location(f"frugal_study_file_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UnusableInputError(f"study file '{path}' is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # the solver's source is read through it
    try:
        spec.loader.exec_module(module)
        found = getattr(module, "study", None)  # a module may define how it is asked
    except FrugalError as fault:
        raise type(fault)(f"study file '{path}': {fault}") from fault
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as fault:  # whatever a user's file raises is told in one sentence
        told = told_fault(fault)
        hint = next((f"; '{old}' is now '{new}'" for old, new in FORMER_FIELDS.items() if f"'{old}'" in told), "")
        raise UnusableInputError(f"study file '{path}' fails: {told}{hint}") from fault
    if found is None:
        raise UnusableInputError(f"study file '{path}' has no global named 'study'")
    return _build(found, settings or {}, site_file)


def site_model(factory: Any) -> type[Site]:
    """The site class of a study's function, from the annotation of its first parameter."""
    if isinstance(factory, Study):
        return NoSite
    if not callable(factory):
        raise UnusableInputError(
            f"'study' is a {type(factory).__name__}; a Study or a function that returns one is needed"
        )
    name = type(factory).__name__
    try:
        name = _name_of(factory)
        parameters = list(inspect.signature(factory).parameters)
        annotations = typing.get_type_hints(_annotated(factory)) if parameters else {}
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as fault:  # annotations are code; what is built in may have no signature
        raise UnusableInputError(f"the study function '{name}' cannot be read: {told_fault(fault)}") from fault
    if not parameters:
        return NoSite
    model = annotations.get(parameters[0])
    if not (isinstance(model, type) and issubclass(model, Site)):
        raise UnusableInputError(
            f"the study function '{name}' must take one parameter annotated with a subclass of Site"
        )
    return model


def _name_of(factory: Any) -> str:
    """How to call a function, a part of one, or an object that is called."""
    found = factory.func if isinstance(factory, functools.partial) else factory
    return printable(str(getattr(found, "__name__", None) or type(factory).__name__))


def _annotated(factory: Any) -> Any:
    """Where the annotations of something that is called stand."""
    found = factory.func if isinstance(factory, functools.partial) else factory
    return found if inspect.isroutine(found) or inspect.isclass(found) else type(found).__call__


def _build(factory: Study | Callable[..., Study], settings: dict[str, Any], site_file: Path | None) -> Study:
    model = site_model(factory)
    site = build_site(model, settings, site_file)
    if isinstance(factory, Study):
        return factory
    name = _name_of(factory)
    try:
        study = factory() if model is NoSite else factory(site)
    except (FrugalError, OSError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as fault:  # a study may be anybody's code
        raise UnusableInputError(f"the study function '{name}' fails: {told_fault(fault)}") from fault
    if not isinstance(study, Study):
        if inspect.iscoroutine(study):
            study.close()  # which would be told as never awaited
        raise UnusableInputError(f"the study function '{name}' returned {type(study).__name__}, not a Study")
    return study
