"""The JSON for protobuf.js is equivalent to the descriptors."""

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
    """The descriptors in the repository."""
    text = (repository / "protos" / "magenta_bridge.v1.json").read_text(encoding="utf-8")
    return ParseDict(json.loads(text), FileDescriptorSet())


def _find(root: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - JSON
    found = root
    for part in name.split("."):
        found = found["nested"][part]
    return found


def test_maps_optional_fields_and_streams_are_converted(descriptors: FileDescriptorSet) -> None:
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


def test_the_first_value_of_each_enum_is_zero(repository: Path) -> None:
    """The default of an enum is its first value in protobuf.js, and number 0 in proto3."""
    text = (repository / "protos" / "magenta_bridge.v1.js.json").read_text(encoding="utf-8")
    enums: list[dict[str, int]] = []

    def keep(row: dict[str, Any]) -> dict[str, Any]:
        if "values" in row and "fields" not in row:
            enums.append(row["values"])
        return row

    json.loads(text, object_hook=keep)
    assert len(enums) > 3
    assert {next(iter(values.values())) for values in enums} == {0}


def test_another_syntax_is_rejected(descriptors: FileDescriptorSet) -> None:
    descriptors.file[0].syntax = "proto2"
    with pytest.raises(ValueError, match="proto3"):
        as_protobufjs(descriptors)
