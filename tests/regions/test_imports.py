"""The loader: every fault with its row and column, nothing half done, repeatable; on both engines."""

import gzip
import io

import pytest
from sqlalchemy import func, select

from marketplace.core.actor import PUBLIC, SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Forbidden, Many, Refused
from marketplace.regions import imports, services
from marketplace.regions.models import Division

HEADER = "code,name,level,parent_code\n"
GOOD = (
    HEADER
    + "430000000000,湖南省,province,\n"
    + "430200000000,株洲市,prefecture,430000000000\n"
    + "430225000000,炎陵县,county,430200000000\n"
    + "430225100000,霞阳镇,township,430225000000\n"
)


def load(text, **options):
    content = text if isinstance(text, bytes) else text.encode()
    with transaction():
        return imports.load(SYSTEM, io.BytesIO(content), **options)


def held():
    return db.session.scalar(select(func.count()).select_from(Division))


def test_a_load_repeated_changes_nothing(app):
    first, second = load(GOOD), load(GOOD)
    assert (first.added, first.same) == (4, 0)
    assert (second.added, second.changed, second.same) == (0, 0, 4)
    assert held() == 4


def test_a_gzip_with_a_byte_order_mark_loads_and_progress_ends_at_all(app):
    seen = []
    result = load(gzip.compress(GOOD.encode("utf-8-sig")), progress=lambda done, total: seen.append((done, total)))
    assert result.added == 4
    assert seen[-1] == (4, 4)


def test_a_new_name_replaces_the_old_and_is_seen_at_once(app):
    load(GOOD)
    assert services.division("430225100000").name == "霞阳镇"
    result = load(GOOD.replace("霞阳镇", "新霞阳镇"))
    assert (result.changed, result.same) == (1, 3)
    assert services.division("430225100000").name == "新霞阳镇"


def test_days_and_households_that_a_file_does_not_know_stay(app):
    load(GOOD)
    with transaction():
        db.session.get(Division, "430225100000").has_households = False
    load(GOOD.replace("霞阳镇", "新霞阳镇"))
    assert not services.division("430225100000").has_households


def test_a_file_of_villages_stands_on_divisions_loaded_before(app):
    load(GOOD)
    assert load(HEADER + "430225100001,某村,village,430225100000\n").added == 1


def test_parents_may_come_after_their_children(app):
    lines = GOOD.splitlines()
    assert load("\n".join([lines[0], *reversed(lines[1:])])).added == 4


def test_invisible_characters_are_dropped_and_rare_ones_of_private_use_kept(app):
    load(GOOD.replace("霞阳镇", "\u200b霞\ue004阳镇 "))
    assert services.division("430225100000").name == "霞\ue004阳镇"


FAULTS = [
    ("43022510000,霞阳镇,township,430225000000", "division_code", "code"),
    ("430225100001,霞阳镇,township,430225000000", "division_code_level", "code"),
    ("430225100000,霞阳镇,town,430225000000", "division_level", "level"),
    ("430225100000,,township,430225000000", "division_name", "name"),
    ("430225100000,霞\x00阳镇,township,430225000000", "division_name", "name"),
    (f"430225100000,{'镇' * 81},township,430225000000", "division_name", "name"),
    ("430225100000,霞阳镇,township", "division_columns", "row"),
    ("430225100000,霞阳镇,township,430225000000,x", "division_columns", "row"),
    ("430225100000,霞阳镇,township,", "division_parent_unknown", "parent_code"),
    ("430225100000,霞阳镇,township,430226000000", "division_parent_unknown", "parent_code"),
    ("430225100000,霞阳镇,township,430200000000", "division_parent_level", "parent_code"),
    ("430000000000,湖南省,province,", "division_twice", "code"),
]


@pytest.mark.parametrize(("line", "code", "field"), FAULTS)
@pytest.mark.engine("sqlite")
def test_a_fault_names_its_row_and_column_and_nothing_is_loaded(app, line, code, field):
    text = "\n".join(GOOD.splitlines()[:4]) + "\n" + line + "\n"
    with pytest.raises(Many) as caught:
        load(text)
    (fault,) = caught.value.errors
    assert (fault.code, fault.row, fault.field) == (code, 5, field)
    assert held() == 0


def test_all_faults_are_told_in_the_order_of_the_file(app):
    with pytest.raises(Many) as caught:
        load(GOOD + "x,甲,county,430200000000\n430299000000,乙,county,440100000000\ny,丙,county,430200000000\n")
    assert [(fault.row, fault.code) for fault in caught.value.errors] == [
        (6, "division_code"),
        (7, "division_parent_unknown"),
        (8, "division_code"),
    ]
    assert held() == 0


def test_good_rows_load_when_asked_for_but_never_below_a_bad_one(app):
    result = load(GOOD.replace("430225000000,炎陵县,county", "430225000000,炎陵县,country"), good_rows=True)
    assert (result.rows, result.added, held()) == (4, 2, 2)
    assert [(fault.row, fault.code) for fault in result.errors] == [
        (4, "division_level"),
        (5, "division_parent_unknown"),
    ]


WRONG_FILES = [
    (b"", "division_header"),
    (b"code;name;level;parent_code\n", "division_header"),
    (b"code,name,level\n1,2,3\n", "division_header"),
    (HEADER.encode() + "430000000000,湖南省,province,\n".encode("gb18030"), "division_file_encoding"),
    (HEADER.encode() + b'430000000000,"x,province,\n', "division_file_csv"),
    (b"\x1f\x8bnot a gzip", "division_file_gzip"),
    (gzip.compress(GOOD.encode())[:-9], "division_file_gzip"),
]


@pytest.mark.parametrize(("content", "code"), WRONG_FILES)
@pytest.mark.engine("sqlite")
def test_a_file_that_is_not_one_is_refused_whole(app, content, code):
    with pytest.raises(Refused) as caught:
        load(content)
    assert caught.value.code == code
    assert held() == 0


@pytest.mark.engine("sqlite")
def test_a_file_that_unpacks_beyond_the_limit_is_refused(app, monkeypatch):
    monkeypatch.setattr(imports, "MAX_BYTES", 1000)
    with pytest.raises(Refused) as caught:
        load(gzip.compress(HEADER.encode() + b"0" * 100_000))
    assert caught.value.code == "division_file_size"


@pytest.mark.engine("sqlite")
def test_only_who_may_load_regions_loads_them(app):
    with pytest.raises(Forbidden):
        imports.load(PUBLIC, io.BytesIO(GOOD.encode()))


def test_the_command_tells_what_it_did_and_fails_on_faults(app, tmp_path):
    from marketplace.cli.regions import regions

    runner = app.test_cli_runner()
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(GOOD)
    bad.write_text(GOOD + "x,甲,county,430200000000\n")
    refused = runner.invoke(regions, ["load", str(bad)])
    assert refused.exit_code == 1
    assert "row 6, code: division_code" in refused.output
    assert held() == 0
    assert "4 added" in runner.invoke(regions, ["load", str(good)]).output
    partly = runner.invoke(regions, ["load", "--good-rows", str(bad)])
    assert (partly.exit_code, "1 rows were left out" in partly.output) == (0, True)
