"""The JSON for protobuf.js says the same as the descriptors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.json_format import ParseDict

from protos.protobufjs import as_protobufjs


@pytest.fixture
def descriptors(repository: Path) -> FileDescriptorSet:
    """What the repository's descriptors say."""
    text = (repository / "protos" / "magenta_bridge.v1.json").read_text(encoding="utf-8")
    return ParseDict(json.loads(text), FileDescriptorSet())


def _find(root: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - JSON
    found = root
    for part in name.split("."):
        found = found["nested"][part]
    return found


def test_a_map_an_optional_field_and_a_stream_are_told(descriptors: FileDescriptorSet) -> None:
    root = as_protobufjs(descriptors)
    options = _find(root, "magenta.GeneratorOptions")
    value = ".magenta.GeneratorOptions.ArgValue"
    assert options["fields"]["args"] == {"keyType": "string", "type": value, "id": 3}
    assert "ArgsEntry" not in options["nested"]
    request = _find(root, "magenta_bridge.v1.GenerateRequest")
    assert request["fields"]["seed"]["options"] == {"proto3_optional": True}
    assert request["oneofs"] == {"_seed": {"oneof": ["seed"]}}
    method = _find(root, "magenta_bridge.v1.GenerationService")["methods"]["StreamGenerate"]
    assert method["responseStream"]
    assert "requestStream" not in method


def test_the_first_value_of_an_enum_is_its_zero(repository: Path) -> None:
    """protobuf.js takes the first for the default, and proto3 the one of number 0."""
    text = (repository / "protos" / "magenta_bridge.v1.js.json").read_text(encoding="utf-8")
    enums: list[dict[str, int]] = []

    def keep(row: dict[str, Any]) -> dict[str, Any]:
        if "values" in row and "fields" not in row:
            enums.append(row["values"])
        return row

    json.loads(text, object_hook=keep)
    assert len(enums) > 3
    assert {next(iter(values.values())) for values in enums} == {0}


def test_another_syntax_is_refused(descriptors: FileDescriptorSet) -> None:
    descriptors.file[0].syntax = "proto2"
    with pytest.raises(ValueError, match="proto3"):
        as_protobufjs(descriptors)
