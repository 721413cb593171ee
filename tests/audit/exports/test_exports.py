"""Every export: the same text for the same audit, from the audit alone, without claims."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from frugal.audit.criteria.claims import FORBIDDEN, GRADES, found_words
from frugal.audit.exports.export import FORMATS, export, export_files
from frugal.errors import UnusableInputError


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_audit_gives_the_same_text_and_is_left_alone(any_audit: dict[str, Any], format: str) -> None:
    before = copy.deepcopy(any_audit)
    assert export(any_audit, format) == export(copy.deepcopy(any_audit), format)
    assert any_audit == before


@pytest.mark.parametrize("format", FORMATS)
def test_another_audit_gives_another_document(audit_of: Callable[[str], dict[str, Any]], format: str) -> None:
    assert export(audit_of("mlp_ships"), format) != export(audit_of("table_ships"), format)


@pytest.mark.parametrize("format", FORMATS)
def test_no_claim_and_no_grade(any_audit: dict[str, Any], format: str) -> None:
    text = export(any_audit, format)
    for language in ("en", "fr"):
        assert found_words(text, FORBIDDEN[language]) == []
    assert found_words(text, GRADES["en"]) == []


@pytest.mark.parametrize("format", FORMATS)
def test_what_the_answer_is_and_how_wrong_stands_in_every_export(
    audit_of: Callable[[str], dict[str, Any]], format: str
) -> None:
    audit = audit_of("mlp_ships")
    audit["first_line"]["en"] = "Typical error ±0.8%; 9 in 10 roofs within ±1.6%; worst of 225: 4.6%."
    text = export(audit, format)
    told = [text, json.loads(text) if text.startswith(("{", "[")) else text]
    assert any(audit["first_line"]["en"] in json.dumps(one, ensure_ascii=False) for one in told)


@pytest.mark.parametrize("format", FORMATS)
def test_joules_never_stand_without_their_tier(any_audit: dict[str, Any], format: str) -> None:
    assert f"tier {any_audit['machine']['tier']}" in export(any_audit, format)


def test_files_hold_the_same_as_the_text(any_audit: dict[str, Any]) -> None:
    for format in FORMATS:
        files = export_files(any_audit, format)
        assert all("/" not in name for name in files)
        if format == "boamps":
            assert [json.loads(text) for text in files.values()] == json.loads(export(any_audit, format))
        else:
            assert list(files.values()) == [export(any_audit, format)]


def test_a_study_name_cannot_leave_the_folder(audit_of: Callable[[str], dict[str, Any]]) -> None:
    audit = audit_of("table_ships")
    audit["study"]["name"] = "../../etc/roofs of the coast"
    for format in FORMATS:
        assert all("/" not in name and not name.startswith(".") for name in export_files(audit, format))


@pytest.mark.parametrize(("wrong", "hint"), [("cyclonedx1.7", "did you mean 'cyclonedx'"), ("pdf", "allowed: boamps")])
def test_unknown_format(audit_of: Callable[[str], dict[str, Any]], wrong: str, hint: str) -> None:
    with pytest.raises(UnusableInputError, match=hint):
        export(audit_of("table_ships"), wrong)
