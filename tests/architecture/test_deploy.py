"""The files to run a server by name only what there is; neither Docker nor a Mac is needed."""

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


def _understood(words: list[str]) -> dict[str, object]:
    """Has the command line read and returns what was understood."""
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
    """Returns the folders that packages are made of, as setup.py names them."""
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    (found,) = [
        ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "package_dir"
    ]
    return set(found.values())


def test_the_container_serves_by_a_command_line_that_is_understood() -> None:
    assert json.loads(_instruction("ENTRYPOINT")) == ["magenta-bridge"]
    serve = _understood(json.loads(_instruction("CMD")))
    assert serve["host"] == "0.0.0.0"  # noqa: S104 - so that it can be reached from outside
    assert all(serve[name] for name in ("tls_cert", "tls_key", "token_file"))
    program, *health = json.loads(_instruction("HEALTHCHECK").partition("CMD")[2])
    assert program == "magenta-bridge"
    assert _understood(health)["tls_ca"]
    assert _instruction("EXPOSE") == str(serve["port"])


def test_the_container_runs_as_an_unprivileged_user() -> None:
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", _instruction("USER"))


def test_the_container_is_built_from_files_that_it_is_given() -> None:
    """Everything is left out but what is named, and each name stands for something."""
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    assert rules[0] == "*"
    given = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert [name for name in given if not (ROOT / name).exists()] == []
    required = set(re.findall(r"--requirement (\S+)", DOCKERFILE)) | {"setup.py", "pyproject.toml"}
    assert (required | _package_folders()) - set(given) == set()
    sent = [f for f in repository_files() if any(f == g or f.startswith(f"{g}/") for g in given)]
    assert "magenta_bridge/cli/serve.py" in sent
    assert not fnmatch.filter(sent, "*.key")
    assert "**/*.key" in rules
    assert re.search(r"^FROM python:3\.1[0-2]-slim$", DOCKERFILE, re.MULTILINE)


def test_the_image_holds_nothing_large_that_a_server_does_not_need() -> None:
    """What is taken away was there, and generators write without it."""
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


def test_the_unit_serves_by_a_command_line_that_is_understood() -> None:
    service = _unit()
    program, *words = shlex.split(service["ExecStart"])
    assert program == INSTALLED
    serve = _understood(words)
    assert all(serve[name] for name in ("tls_cert", "tls_key", "token_file"))
    text = UNIT.read_text(encoding="utf-8")
    loaded = set(re.findall(r"^LoadCredential=([\w.]+):/etc/", text, re.MULTILINE))
    assert set(re.findall(r"\$\{CREDENTIALS_DIRECTORY\}/(\S+)", text)) == loaded


def test_the_unit_may_do_nothing_but_serve() -> None:
    service = _unit()
    assert service["Type"] == "simple"
    for name in ("DynamicUser", "NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """The program is taken from where it is, since systemd looks whether it is there."""
    program = Path(sys.executable).with_name("magenta-bridge")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace(INSTALLED, str(program)))
    result = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False
    )
    said = [line for line in result.stderr.splitlines() if UNIT.name in line]
    assert (result.returncode, said) == (0, []), result.stderr


def test_the_agent_serves_this_mac_alone() -> None:
    agent = plistlib.loads((ROOT / "deploy" / "magenta-bridge.plist").read_bytes())
    program, *words = agent["ProgramArguments"]
    assert program == INSTALLED
    assert _understood(words)["host"] == "127.0.0.1"
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["Umask"] == 0o077
    assert agent["Label"] == "magenta-bridge"
