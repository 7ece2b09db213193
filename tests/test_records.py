"""Records that pages read: found from a chapter's folder, and no error where there is none."""

import json

from companion.course import records


def test_a_record_is_found_from_a_folder_below_its_repository(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "axis.json").write_text('{"bits": "2.08 Bit je Zeichen"}')
    (chapter := tmp_path / "chapters" / "07_gpt").mkdir(parents=True)
    monkeypatch.chdir(chapter)
    assert records.load("axis.json") == {"bits": "2.08 Bit je Zeichen"}
    assert json.loads(records.text("axis.json")) == records.load("axis.json")


def test_a_copy_without_records_has_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert records.text("no such record.json") == ""
    assert records.load("no such record.json") == {}
