"""The place a study is asked for: paths, units and defaults, from ``--set key=value`` or a TOML file."""

from __future__ import annotations

import tomllib
import types
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator

from frugal.errors import UnusableInputError, did_you_mean
from frugal.toml_text import parse_toml


class Site(BaseModel):
    """Base of all sites: unknown keys are refused, lists may be written with commas.

    Relative paths of a site file are taken from the folder of that file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    def plain(self) -> dict[str, Any]:
        """Its settings as plain values, without those that nobody gave."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in values.items() if value != []}

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        split = dict(values)
        for name, value in values.items():
            field = cls.model_fields.get(name)
            if field is None or not _is_sequence(field.annotation):
                continue
            if isinstance(value, str):
                split[name] = [part.strip() for part in value.split(",") if part.strip()]
            elif isinstance(value, Path):
                split[name] = [value]
        return split

    @field_validator("*", mode="after")
    @classmethod
    def _from_folder(cls, value: Any, info: ValidationInfo) -> Any:
        context = info.context or {}
        if info.field_name not in context.get("from_file", ()):
            return value
        folder = context["folder"]
        if isinstance(value, Path):
            return folder / value
        if isinstance(value, tuple):
            return tuple(folder / part if isinstance(part, Path) else part for part in value)
        return value


def build_site(model: type[Site], settings: dict[str, Any], site_file: Path | None = None) -> Site:
    """A validated site from a TOML file, overridden by settings.

    Parameters
    ----------
    model : type of Site
        Its fields are the keys that are allowed.
    settings : dict
        Values as the user writes them (lists with commas) or as Python has them; relative paths are taken from the working
        folder.
    site_file : Path, optional
        TOML; relative paths in it are taken from its folder.

    Returns
    -------
    Site

    Raises
    ------
    UnusableInputError
        If the file cannot be read, a key is unknown, a value is not allowed, or neither gives a setting without default.
    """
    try:
        from_file = {} if site_file is None else parse_toml(site_file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as fault:
        shown = f"0x{fault.object[fault.start]:02x}"
        raise UnusableInputError(
            f"site file '{site_file}' is not encoded in UTF-8 (byte {fault.start}: {shown}); save it as UTF-8"
        ) from fault
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise UnusableInputError(f"site file '{site_file}' cannot be read: {fault}") from fault
    try:
        context = {"from_file": from_file.keys() - settings.keys(), "folder": site_file.parent if site_file else None}
        return model.model_validate({**from_file, **settings}, context=context)
    except ValidationError as fault:
        raise UnusableInputError(_sentence(model, fault)) from fault


def _sentence(model: type[Site], fault: ValidationError) -> str:
    first = fault.errors()[0]
    if not first["loc"]:  # several settings at once
        return str(first["msg"]).removeprefix("Value error, ")
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        fields = _fields_at(model, first["loc"][:-1])
        known = ", ".join(fields) or "none"
        return f"'{name}' is not a setting of this study; allowed: {known}{did_you_mean(str(first['loc'][-1]), fields)}"
    if first["type"] == "missing":
        return f"setting '{name}' is missing; give it with --set {name}=VALUE or in the site file"
    message = first["msg"].removeprefix("Value error, ")
    if _is_table(first["input"]):  # whole tables are not told again; what is said of them names the key
        return f"setting '{name}': {message}"
    return f"setting '{name}' = {first['input']!r}: {message}"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list | tuple) and any(isinstance(part, dict) for part in value)
    )


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Keys of the table at a path of a model: those of the model itself where none is found there."""
    at: Any = model
    for part in (part for part in path if isinstance(part, str)):
        at = _table_within(at.model_fields[part].annotation) if part in at.model_fields else None
        if at is None:
            return list(model.model_fields)
    return list(at.model_fields)


def _table_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_table_within, typing.get_args(annotation))), None)


def _is_sequence(annotation: Any) -> bool:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return any(_is_sequence(part) for part in typing.get_args(annotation))
    return typing.get_origin(annotation) in (tuple, list)


class NoSite(Site):
    """The site of a study that depends on no place."""
