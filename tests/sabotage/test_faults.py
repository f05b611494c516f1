"""The table of faults fits the checkout, so that a stale fault is seen before anybody sabotages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sabotage.faults import FAULTS
from tests.sabotage.plant import Fault, plant
from tests.suites import ROOT, SUITES


def test_every_suite_has_a_fault():
    assert {suite.name for suite in SUITES} == {fault.suite for fault in FAULTS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_fits_the_code(fault: Fault):
    text = (ROOT / fault.file).read_text(encoding="utf-8")

    assert plant(fault, text) != text


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_faults_tests_are_those_of_its_suite(fault: Fault):
    suite = next(suite for suite in SUITES if suite.name == fault.suite)
    paths = [Path("tests", path) for path in suite.paths]

    for test in fault.tests:
        file = Path(test.partition("::")[0])
        assert (ROOT / file).exists()
        assert any(path == file or path in file.parents for path in paths)


def test_no_two_faults_share_a_name():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
