"""Tests of the intake: what comes in is read in memory, bounded, and never believed."""

import datetime
import gzip
import io
import json
import os
import stat
import tarfile
import tracemalloc
import zipfile

import pytest
from class_of import CHAPTER, NAMES, RIGHT, hand_in, notebook, text

from companion.course import intake
from companion.course.intake import IntakeError, Refusal, Submission, names

FILE = f"{CHAPTER.stem}.ipynb"
GOOD = text(notebook()).encode()


def changed(change):
    made = notebook()
    change(made)
    return text(made).encode()


def cell_of(made, name, role="answer"):
    wanted = {"name": name, "role": role}
    return next(c for c in made["cells"] if c["metadata"].get("exercise") == wanted)


def set_source(name, source):
    return changed(lambda made: cell_of(made, name).update(source=source))


def nested(depth):
    return GOOD[:-1] + b', "x": ' + b"[" * depth + b"]" * depth + b"}"


# -- bytes that are no notebook: (bytes, words of the one sentence)
MALFORMED = {
    "empty": (b"", "empty"),
    "only blanks": (b" \n\t ", "empty"),
    "not JSON": (b"answer = 42", "no valid JSON at line 1"),
    "half a file": (GOOD[: len(GOOD) // 2], "no valid JSON"),
    "two documents": (GOOD + GOOD, "no valid JSON"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not UTF-8"),
    "Latin-1": (GOOD.replace(b"mean", b"m\xe9an"), "not UTF-8"),
    "UTF-16": (text(notebook()).encode("utf-16"), "not UTF-8"),
    "a depth bomb": (nested(200_000), "too deeply"),
    "an object bomb": (b'{"a":' * 100_000, "too deeply"),
    "a list": (b"[]", "no object"),
    "a number": (b"7", "no object"),
    "millions of values": (b"[" + b"[]," * 1_100_000 + b"[]]", "more than 1000000 values"),
    "a number of a million digits": (b"7" * 10**6, "too many digits"),
    "NaN": (GOOD[:-1] + b', "x": NaN}', "NaN is not JSON"),
    "one key twice": (GOOD[:-1] + b', "cells": []}', "the key 'cells' twice"),
    "another format": (GOOD.replace(b'"nbformat": 4', b'"nbformat": 3'), "nbformat is 3"),
    "no cells": (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
    "a cell that is a text": (b'{"nbformat": 4, "cells": ["x"]}', "no type"),
    "a cell without source": (
        b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}',
        "no source",
    ),
    "a source that is a number": (
        b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}',
        "no source",
    ),
    "all answers deleted": (changed(lambda made: made.update(cells=[])), "no answer cell"),
    "all answers retyped": (
        changed(lambda made: [c.update(cell_type="raw") for c in made["cells"]]),
        "no answer cell",
    ),
    "half a character": (
        GOOD.replace(b"def add_k(", b"x = '\\ud800'; def add_k("),
        "a surrogate",
    ),
    "too many cells": (
        changed(lambda made: made["cells"].extend([{"cell_type": "raw", "source": ""}] * 3000)),
        "at most 2000",
    ),
    "a megabyte of code": (set_source("add_k", "x = 1\n" * 200_000), "KiB of code"),
    "a file of 17 MiB": (b" " * (17 * 2**20), "larger than 16 MiB"),
    "of another course": (
        b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "x"}]}',
        "no answer cell",
    ),
}


def read(source, **options):
    found = list(intake.read(source, **options))
    return (
        [item for item in found if isinstance(item, Submission)],
        [item for item in found if isinstance(item, Refusal)],
    )


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_notebook_is_refused_in_one_sentence_and_the_next_is_read(tmp_path, case):
    data, words = MALFORMED[case]
    hand_in(tmp_path, "mallory", data)
    hand_in(tmp_path, "zoe")
    taken, (refusal,) = read(tmp_path)
    assert [one.student for one in taken] == ["zoe"]
    assert (refusal.student, refusal.path) == ("mallory", f"mallory/{FILE}")
    assert words in refusal.reason
    assert "\n" not in refusal.reason
    assert len(refusal.reason) < 200


# -- notebooks that are odd but can be graded: (bytes, words of the note, the answers that are left)
def _delete(made):
    made["cells"].remove(cell_of(made, "add_k"))


def _double(made):
    place = made["cells"].index(cell_of(made, "add_k"))
    made["cells"].insert(
        place, json.loads(json.dumps(made["cells"][place])) | {"source": "add_k=1"}
    )


ODD = {
    "a deleted answer": (changed(_delete), "", set(NAMES) - {"add_k"}),
    "a duplicated answer": (changed(_double), "defined in 2 cells", set(NAMES)),
    "a retyped answer": (
        changed(lambda made: cell_of(made, "add_k").update(cell_type="markdown")),
        "no code cell any more",
        set(NAMES) - {"add_k"},
    ),
    "a tampered check": (
        changed(lambda made: cell_of(made, "add_k", "check").update(source="print('passed')")),
        "check cell",
        set(NAMES),
    ),
    "a tampered setup": (
        changed(lambda made: cell_of(made, None, "setup").update(source="import random")),
        "setup cell",
        set(NAMES),
    ),
    "a look-alike exercise": (
        changed(lambda made: cell_of(made, "add_k")["metadata"]["exercise"].update(name="аdd_k")),
        "no exercise here",
        set(NAMES) - {"add_k"},
    ),
    "marks that are no marks": (
        changed(lambda made: [c.update(metadata=[1, 2]) for c in made["cells"]]),
        "",
        set(NAMES),
    ),
    "a byte-order mark": (b"\xef\xbb\xbf" + GOOD, "", set(NAMES)),
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_notebook_is_graded_for_what_is_left_and_the_oddity_is_noted(tmp_path, case):
    data, words, left = ODD[case]
    hand_in(tmp_path, "odd", data)
    taken, refused = read(tmp_path, chapter=CHAPTER)
    assert not refused
    assert set(taken[0].answers) == left
    assert any(words in note for note in taken[0].notes) == bool(words)


def test_only_answers_and_cells_that_define_something_are_taken(tmp_path):
    made = notebook()
    first = made["cells"].index(cell_of(made, "add_k"))
    own = ["import this_is_only_defined", "open('/tmp/x', 'w')", "def helper():\n    return 1"]
    for source in own:
        made["cells"].insert(first, {"cell_type": "code", "metadata": {}, "source": source})
    hand_in(tmp_path, "amy", made)
    (one,), _ = read(tmp_path)
    sources = [cell.code for cell in one.cells]
    assert own[0] in sources
    assert own[2] in sources
    assert own[1] not in sources  # it does something: the learner's own check does not run it
    assert not any("check(" in source for source in sources)
    assert one.answers == RIGHT
    assert not any(cell.trusted for cell in one.cells)
    assert all(cell.trusted for cell in intake.setup_cells(CHAPTER))


@pytest.mark.parametrize(
    "source", ["x = " + "(" * 5000 + ")" * 5000, "x=1\n" * 30_000, "%time add_k = 1\n!ls"]
)
def test_an_unmarked_cell_that_is_dangerous_to_parse_is_left_out(tmp_path, source):
    made = notebook()
    made["cells"].append({"cell_type": "code", "metadata": {}, "source": source})
    hand_in(tmp_path, "deep", made)
    (one,), refused = read(tmp_path)
    assert not refused
    assert source not in [cell.code for cell in one.cells]


# -- names and places


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("alice/01_ngram.ipynb", "alice"),
        ("alice/ngram/01_ngram.ipynb", "alice"),  # nbgrader: student, assignment, notebook
        ("alice_01_ngram.ipynb", "alice"),
        ("01_ngram-alice.ipynb", "alice"),
        ("alice.ipynb", "alice"),
        ("Alice Abel_4711_assignsubmission_file_/01_ngram.ipynb", "Alice Abel"),
        ("abelalice_LATE_12_345_01_ngram.ipynb", "abelalice"),
        ("abelalice_12_345_01_ngram.ipynb", "abelalice"),
        ("王小明/01_ngram.ipynb", "王小明"),
    ],
)
def test_the_path_says_whose_notebook_it_is(path, name):
    assert names.checked(names.spelt(path, ["01_ngram", "ngram"])) == name


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../alice/01_ngram.ipynb", "climbs out"),
        ("/etc/01_ngram.ipynb", "absolute"),
        ("C:/alice/01_ngram.ipynb", "absolute"),
        ("alice\\01_ngram.ipynb", "forward slashes"),
        ("01_ngram.ipynb", "names no student"),
        ("alice\u202egpj/01_ngram.ipynb", "U+202E"),
        ("al\x1b[2Jice/01_ngram.ipynb", "U+001B"),
        ("..._/01_ngram.ipynb", "no letter"),
        ("a" * 81 + "/01_ngram.ipynb", "longer than 80"),
    ],
)
def test_a_path_that_deceives_is_refused(path, words):
    with pytest.raises(IntakeError, match="." if words == "U+001B" else words.replace("+", r"\+")):
        names.checked(names.spelt(path, ["01_ngram", "ngram"]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "Alice"),  # case
        ("zo\u00eb", "zoe\u0308"),  # composed and decomposed
        ("alice", "\uff41lice"),  # full width
        ("alice", "\u0430lice"),  # a Cyrillic a
        ("Anna Li", "AnnaLi"),
    ],
)
def test_two_names_that_look_alike_are_both_refused_and_nobody_is_replaced(tmp_path, one, other):
    archive = tmp_path / "in.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for student in (one, other, "bob"):
            made.writestr(f"{student}/{FILE}", GOOD)
    taken, refused = read(archive)
    assert [item.student for item in taken] == ["bob"]
    assert len(refused) == 2
    assert all("look alike" in refusal.reason for refusal in refused)


def test_a_look_alike_of_a_student_in_the_book_is_refused_and_the_student_is_not(tmp_path):
    hand_in(tmp_path / "1", "alice")
    hand_in(tmp_path / "2", "Alice")
    assert len(read(tmp_path / "1", known=["alice", "bob"])[0]) == 1
    taken, (refusal,) = read(tmp_path / "2", known=["alice", "bob"])
    assert not taken
    assert "'alice'" in refusal.reason


@pytest.mark.parametrize(
    ("paths", "wrapper"),
    [
        (["all/alice/a.ipynb", "all/bob/a.ipynb"], "all/"),
        (["all/alice.ipynb", "all/bob_01_ngram.ipynb"], "all/"),
        (["alice/01_ngram.ipynb"], ""),
        (["alice/01_ngram.ipynb", "alice/01_ngram-2.ipynb"], ""),  # one student, twice
        (["alice/ngram/a.ipynb", "alice/01_ngram/b.ipynb"], ""),  # folders of chapters
        (["alice/a.ipynb", "bob/a.ipynb"], ""),
    ],
)
def test_a_folder_around_all_submissions_is_passed_over(paths, wrapper):
    assert names.wrapper(paths, ["01_ngram", "ngram"]) == wrapper


def test_a_notebook_of_another_chapter_or_of_none_is_refused(tmp_path):
    made = notebook()
    made["metadata"] = {}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "amy.ipynb").write_text(text(made), encoding="utf-8")
    (refusal,) = read(tmp_path / "in")[1]
    assert "--chapter" in refusal.reason
    (one,), _ = read(tmp_path / "in", chapter=CHAPTER)
    assert (one.student, one.chapter) == ("amy", "ngram")


# -- folders and archives


def test_links_pipes_and_archives_in_a_folder_are_named_and_left_alone(tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(GOOD)
    into = tmp_path / "in"
    hand_in(into, "amy")
    for student in ("link", "pipe", "nest"):
        (into / student).mkdir()
    (into / "link" / FILE).symlink_to(secret)
    os.mkfifo(into / "pipe" / FILE)
    (into / "nest" / "all.zip").write_bytes(b"PK")
    (into / "amy" / ".ipynb_checkpoints").mkdir()
    (into / "amy" / ".ipynb_checkpoints" / FILE).write_bytes(GOOD)
    (into / "folder").symlink_to(tmp_path)
    taken, refused = read(into)
    assert [one.path for one in taken] == [f"amy/{FILE}"]
    told = {refusal.path: refusal.reason for refusal in refused}
    assert "symbolic link" in told[f"link/{FILE}"]
    assert "symbolic link" in told["folder"]
    assert "named pipe" in told[f"pipe/{FILE}"]
    assert "archive within" in told["nest/all.zip"]
    assert len(told) == 4


def zipped(path, members):
    """Write members {ZipInfo or name: bytes} and return the path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, data in members:
            archive.writestr(info, data)
    return path


def zip_link(name, target):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target


def test_a_zip_gives_its_notebooks_with_their_times_and_refuses_slips_and_links(tmp_path):
    dated = zipfile.ZipInfo(f"amy/{FILE}", (2026, 5, 4, 3, 2, 2))
    source = zipped(
        tmp_path / "in.zip",
        [
            (dated, GOOD),
            zip_link(f"link/{FILE}", "/etc/passwd"),
            (f"../../up/{FILE}", GOOD),
            (f"__MACOSX/amy/._{FILE}", b"rubbish"),
            ("bob/readme.txt", b"hello"),
        ],
    )
    taken, refused = read(source)
    (one,) = taken
    assert one.student == "amy"
    assert datetime.datetime.fromtimestamp(one.received).day == 4
    assert sorted(r.reason.split(",")[0].split(" with")[0] for r in refused) == [
        "a symbolic link",
        "its path climbs out of the archive",
    ]
    assert not (tmp_path.parent / "up").exists()


def test_a_zip_bomb_is_unpacked_only_as_far_as_a_notebook_may_go(tmp_path):
    # 1 GiB of zeros is 1 MiB in the archive.
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(f"mallory/{FILE}", "w", force_zip64=True) as member:
            for _ in range(128):
                member.write(bytes(2**20))
        archive.writestr(f"zoe/{FILE}", GOOD)
    (tmp_path / "in.zip").write_bytes(bomb.getvalue())
    tracemalloc.start()
    taken, (refusal,) = read(tmp_path / "in.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.student for one in taken] == ["zoe"]
    assert "larger than 16 MiB" in refusal.reason
    assert peak < 64 * 2**20  # not the 128 MiB that it would unpack to


def test_a_zip_with_a_gbk_name_from_a_chinese_windows_is_read(tmp_path):
    info = zipfile.ZipInfo(f"XXXX/{FILE}")
    source = zipped(tmp_path / "in.zip", [(info, GOOD)])
    raw = "小明".encode("gbk")  # four bytes, in place of XXXX in both headers
    source.write_bytes(source.read_bytes().replace(b"XXXX", raw))
    assert [one.student for one in read(source)[0]] == ["小明"]


def tarred(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def tar_info(name, kind=tarfile.REGTYPE, **more):
    info = tarfile.TarInfo(name)
    info.type, info.mtime = kind, 1_700_000_000
    for key, value in more.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_a_tar_gives_its_notebooks_and_refuses_links_and_devices(tmp_path, mode):
    members = [
        (tar_info(f"amy/{FILE}"), GOOD),
        (tar_info(f"link/{FILE}", tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
        (tar_info(f"hard/{FILE}", tarfile.LNKTYPE, linkname=f"amy/{FILE}"), b""),
        (tar_info(f"pipe/{FILE}", tarfile.FIFOTYPE), b""),
        (tar_info(f"/root/{FILE}"), GOOD),
        (tar_info(f"zoe/{FILE}"), GOOD),
    ]
    taken, refused = read(tarred(tmp_path / "in.tar", members, mode))
    assert [(one.student, one.received) for one in taken] == [
        ("amy", 1_700_000_000),
        ("zoe", 1_700_000_000),
    ]
    assert len(refused) == 4


def test_a_tar_that_breaks_in_the_middle_gives_what_came_before_it(tmp_path):
    members = [(tar_info(f"{student}/{FILE}"), os.urandom(9000)) for student in "abcdefgh"]
    whole = tarred(tmp_path / "in.tar.gz", [(tar_info(f"amy/{FILE}"), GOOD), *members])
    whole.write_bytes(whole.read_bytes()[:-2000])
    taken, refused = read(whole)
    assert [one.student for one in taken] == ["amy"]
    assert "could not be read to its end" in refused[-1].reason


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"nothing at all"])
def test_a_file_that_is_no_archive_stops_the_run_with_one_sentence(tmp_path, data):
    (tmp_path / "submissions.zip").write_bytes(data)
    with pytest.raises(IntakeError, match="neither a folder nor a zip"):
        read(tmp_path / "submissions.zip")


@pytest.mark.parametrize("data", [b"PK\x03\x04" + bytes(50), b"\x1f\x8b" + bytes(50), b"PK"])
def test_an_archive_that_is_damaged_from_the_start_is_refused(tmp_path, data):
    (tmp_path / "submissions.zip").write_bytes(data)
    taken, refused = read(tmp_path / "submissions.zip")
    assert not taken
    assert "could not be read to its end" in refused[0].reason


def test_a_header_that_asks_for_gigabytes_is_not_obeyed(tmp_path):
    # A pax header of 1 GiB: tarfile would read it into memory before anybody is asked.
    info = tar_info("././@PaxHeader", b"x")
    info.size = 2**30
    head = info.tobuf(tarfile.USTAR_FORMAT)
    (tmp_path / "in.tar.gz").write_bytes(gzip.compress(head + bytes(10_000)))
    taken, refused = read(tmp_path / "in.tar.gz")
    assert not taken
    assert "too much memory" in refused[0].reason


def test_an_encrypted_member_and_a_wrong_checksum_are_refused_and_the_rest_is_read(tmp_path):
    source = zipped(tmp_path / "in.zip", [(f"amy/{FILE}", GOOD), (f"eve/{FILE}", GOOD)])
    data = bytearray(source.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[6] |= 1  # the first member's local header: encrypted
    data[central + 8] |= 1  # and in the directory
    second = data.index(b"PK\x01\x02", central + 4)
    data[second + 16] ^= 0xFF  # the second member's checksum
    source.write_bytes(bytes(data))
    assert sorted(refusal.reason.split()[0] for refusal in read(source)[1]) == [
        "damaged",
        "encrypted:",
    ]


def test_two_intakes_of_one_notebook_have_one_digest_and_an_edit_has_another(tmp_path):
    hand_in(tmp_path, "amy")
    hand_in(tmp_path, "bob", notebook(add_k="def add_k(*a):\n    return 1"))
    amy, bob = read(tmp_path)[0]
    assert amy.digest == read(tmp_path)[0][0].digest != bob.digest
