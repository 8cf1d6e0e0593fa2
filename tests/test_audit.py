"""The audit of a change: a vulnerability or a secret fails it, a closed network does not."""

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).parents[1] / ".ci" / "audit.py"


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answering(monkeypatch: pytest.MonkeyPatch, stdout: str, stderr: str = "", code: int = 0) -> None:
    def run(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], code, stdout, stderr)

    monkeypatch.setattr(subprocess, "run", run)


def test_a_known_vulnerability_fails(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hole = {"name": "starlette", "version": "0.20", "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.25"]}]}
    unknown = {"name": "x", "skip_reason": "not found"}
    answering(monkeypatch, json.dumps({"dependencies": [hole, unknown]}), code=1)
    assert audit.holes()
    assert "starlette 0.20: PYSEC-1, mended in 0.25" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stdout", "stderr"),
    [
        ("", "ERROR: could not connect"),
        (json.dumps({"dependencies": [{"name": "x", "skip_reason": "not found"}]}), ""),
    ],
)
def test_a_closed_network_is_reported_and_does_not_fail(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stdout: str, stderr: str
) -> None:
    answering(monkeypatch, stdout, stderr, code=1)
    assert not audit.holes()
    assert "NOT AUDITED" in capsys.readouterr().out


def test_a_tracked_secret_fails_and_an_example_does_not(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    (tmp_path / "a.md").write_text("postgresql://user:password@host/name\n")
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    assert not audit.secrets()
    (tmp_path / "a.md").write_text("postgresql://user:" + "kT9vQ2x" + "@host/name\n")
    assert audit.secrets()
    assert "a.md" in capsys.readouterr().out
