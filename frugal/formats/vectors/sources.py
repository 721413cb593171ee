"""Vector files of the kinds that are read here, told by their content, archives with care.

GDAL opens far more than data: virtual files that name other files and addresses, streamed algorithms. What is handed to
it is therefore recognised first, by its first bytes, and nothing but plain data files is let through.
"""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path, PurePosixPath

from frugal.errors import UnusableInputError

PARQUET = "GeoParquet"
_DRIVERS = {
    "SQLite": frozenset({"GPKG", "SQLite"}),
    "FlatGeobuf": frozenset({"FlatGeobuf"}),
    "Shapefile": frozenset({"ESRI Shapefile"}),
    "GeoJSON": frozenset({"GeoJSON"}),
}
_KINDS = "GeoPackage, SQLite, GeoParquet, Shapefile (also zipped), FlatGeobuf or GeoJSON"
_IN_ARCHIVES = (".shp", ".gpkg", ".sqlite", ".fgb", ".geojson", ".json")
_LARGEST_ARCHIVE_BYTES = 32 * 2**30
_HEAD_BYTES = 65536
_FEATURES = re.compile(rb'"type"\s*:\s*"(FeatureCollection|Feature)"')


def vector_source(path: Path, what: str) -> tuple[str, str]:
    """What to open for a vector file, and of which kind it is.

    Returns
    -------
    source : str
        Path for GDAL or pyarrow.
    kind : str
        "SQLite" (GeoPackage too), "FlatGeobuf", "Shapefile", "GeoJSON" or `PARQUET`.

    Raises
    ------
    UnusableInputError
        If the file is missing or of another kind; or is an archive that is damaged, names files outside itself, or
        holds no such file or several.
    """
    if not path.is_file():
        raise UnusableInputError(f"{what} '{path}' does not exist or is not a file")
    if unreadable_name(path):
        raise UnusableInputError(
            f"{what} '{path}': vector files are not read where a name holds '!' or a line break; rename it"
        )
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as fault:
        raise UnusableInputError(f"{what} '{path}' cannot be read: {fault.strerror}") from fault
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _in_archive(path, what)
    kind = _kind_of(head)
    if kind is None:
        raise UnusableInputError(f"{what} '{path}' is none of the files that are read here: {_KINDS}")
    return str(path.absolute()), kind  # a relative path may look like an address


def unreadable_name(path: Path) -> bool:
    """Whether the reader and writer of vector files would take a path for another one, for what its names hold."""
    return re.search(r"[!\x00-\x1f]", str(path.absolute())) is not None


def check_driver(driver: str, kind: str, path: Path, what: str) -> None:
    """Refuse what GDAL took for something else than it looks like.

    Parameters
    ----------
    driver : str
        What GDAL opened the file with, in its words (``GPKG``, ``ESRI Shapefile``).
    kind : str
        What `vector_source` took it for by its first bytes; not `PARQUET`, which GDAL does not read here.
    path : Path
    what : str
        What the file is, for the message.

    Raises
    ------
    UnusableInputError
        If the driver is none of those for this kind.
    """
    if driver not in _DRIVERS[kind]:
        raise UnusableInputError(f"{what} '{path}' looks like {kind} and is {driver}; allowed: {_KINDS}")


def _kind_of(head: bytes) -> str | None:
    for start, kind in (
        (b"SQLite format 3\0", "SQLite"),
        (b"PAR1", PARQUET),
        (b"fgb\x03", "FlatGeobuf"),
        (b"\0\0\x27\x0a", "Shapefile"),
    ):
        if head.startswith(start):
            return kind
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return "GeoJSON" if text.startswith(b"{") and _FEATURES.search(text) else None


def _in_archive(path: Path, what: str) -> tuple[str, str]:
    """The one vector file of a zip archive; nothing is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                _check_member(member, path, what)
            if sum(member.file_size for member in members) > _LARGEST_ARCHIVE_BYTES:
                limit = _LARGEST_ARCHIVE_BYTES // 2**30
                raise UnusableInputError(f"{what} '{path}' would unpack to more than {limit} GB")
            found = [member.filename for member in members if member.filename.lower().endswith(_IN_ARCHIVES)]
            if len(found) != 1:
                told = ", ".join(found[:5]) or "none"
                raise UnusableInputError(
                    f"{what} '{path}' must hold one vector file ({', '.join(_IN_ARCHIVES)}); found: {told}"
                )
            with archive.open(found[0]) as stream:
                kind = _kind_of(stream.read(_HEAD_BYTES))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError) as fault:
        raise UnusableInputError(f"{what} '{path}' is an archive that cannot be read (damaged or locked)") from fault
    if kind is None:
        raise UnusableInputError(f"'{found[0]}' in {what} '{path}' is none of the files that are read here: {_KINDS}")
    return f"/vsizip/{{{path.resolve()}}}/{found[0]}", kind


def _check_member(member: zipfile.ZipInfo, path: Path, what: str) -> None:
    # The name as it stands in the archive; zipfile itself turns separators and cuts at NUL.
    name = member.orig_filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    link = stat.S_ISLNK(member.external_attr >> 16)
    if name.startswith("/") or ".." in parts or "\0" in name or re.match(r"^[A-Za-z]:", name) or link:
        raise UnusableInputError(
            f"{what} '{path}' names a file outside the archive ('{name[:80]!s}'); it is refused as a whole"
        )
