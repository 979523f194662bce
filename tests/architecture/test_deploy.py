"""The deployment files are consistent with the program; requires neither Docker nor a Mac."""

from __future__ import annotations

import ast
import configparser
import fnmatch
import json
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from magenta_bridge.cli.main import magenta_bridge
from tests.architecture.sources import ROOT, repository_files

UNIT = ROOT / "deploy" / "magenta-bridge.service"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
INSTALLED = "/usr/local/bin/magenta-bridge"


def _parsed(words: list[str]) -> dict[str, object]:
    """Return the parameters that a command line is parsed into."""
    name, *rest = words
    command = magenta_bridge.get_command(click.Context(magenta_bridge), name)
    assert command is not None, name
    return command.make_context(name, rest).params


def _instruction(name: str) -> str:
    found = re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)
    return str(found[-1])


def _unit() -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # as its documentation says
    parser.read(UNIT, encoding="utf-8")
    return parser["Service"]


def _package_folders() -> set[str]:
    """Return the folders of the packages in setup.py."""
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    (found,) = [
        ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "package_dir"
    ]
    return set(found.values())


def test_the_command_line_of_the_container_is_valid() -> None:
    assert json.loads(_instruction("ENTRYPOINT")) == ["magenta-bridge"]
    serve = _parsed(json.loads(_instruction("CMD")))
    assert serve["host"] == "0.0.0.0"  # noqa: S104 - reachable from outside the container
    assert all(serve[name] for name in ("tls_cert", "tls_key", "token_file"))
    program, *health = json.loads(_instruction("HEALTHCHECK").partition("CMD")[2])
    assert program == "magenta-bridge"
    assert _parsed(health)["tls_ca"]
    assert _instruction("EXPOSE") == str(serve["port"])


def test_the_container_runs_as_an_unprivileged_user() -> None:
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", _instruction("USER"))


def test_the_files_the_container_is_built_from_are_sent() -> None:
    """``.dockerignore`` excludes everything except listed files, and all of these exist."""
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    assert rules[0] == "*"
    listed = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert [name for name in listed if not (ROOT / name).exists()] == []
    required = set(re.findall(r"--requirement (\S+)", DOCKERFILE)) | {"setup.py", "pyproject.toml"}
    assert (required | _package_folders()) - set(listed) == set()
    sent = [f for f in repository_files() if any(f == g or f.startswith(f"{g}/") for g in listed)]
    assert "magenta_bridge/cli/serve.py" in sent
    assert not fnmatch.filter(sent, "*.key")
    assert "**/*.key" in rules
    assert re.search(r"^FROM python:3\.1[0-2]-slim$", DOCKERFILE, re.MULTILINE)


def test_the_image_has_no_large_packages_that_a_server_does_not_need() -> None:
    """The removed packages are in the lock, and generation works without them."""
    removed = re.findall(r"pip uninstall --yes\s+(.+)", DOCKERFILE)[-1].split()
    base = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    assert set(removed) <= set(re.findall(r"^([\w-]+)==", base, re.MULTILINE))
    without = {*removed, "IPython", "sklearn"}
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({without!r}))\n"
        "from magenta_bridge.cli.main import main; main(['doctor'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    bars = re.findall(r"^OK +one bar of (\w+)", result.stdout, re.MULTILINE)
    assert "lstm_melody" in bars, result.stdout + result.stderr
    assert "FAIL" not in result.stdout


def test_the_command_line_of_the_unit_is_valid() -> None:
    service = _unit()
    program, *words = shlex.split(service["ExecStart"])
    assert program == INSTALLED
    serve = _parsed(words)
    assert all(serve[name] for name in ("tls_cert", "tls_key", "token_file"))
    text = UNIT.read_text(encoding="utf-8")
    loaded = set(re.findall(r"^LoadCredential=([\w.]+):/etc/", text, re.MULTILINE))
    assert set(re.findall(r"\$\{CREDENTIALS_DIRECTORY\}/(\S+)", text)) == loaded


def test_the_unit_has_minimal_privileges() -> None:
    service = _unit()
    assert service["Type"] == "simple"
    for name in ("DynamicUser", "NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    """The copy has the path of the program here, because systemd checks that it exists."""
    program = Path(sys.executable).with_name("magenta-bridge")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace(INSTALLED, str(program)))
    result = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False
    )
    complaints = [line for line in result.stderr.splitlines() if UNIT.name in line]
    assert (result.returncode, complaints) == (0, []), result.stderr


def test_the_agent_listens_on_localhost_only() -> None:
    agent = plistlib.loads((ROOT / "deploy" / "magenta-bridge.plist").read_bytes())
    program, *words = agent["ProgramArguments"]
    assert program == INSTALLED
    assert _parsed(words)["host"] == "127.0.0.1"
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["Umask"] == 0o077
    assert agent["Label"] == "magenta-bridge"
