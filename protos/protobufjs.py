"""Convert descriptors to the JSON of protobuf.js, which grpc-js uses.

protobuf.js also reads descriptors, but until its version 8 it reads their maps as lists. Its own
JSON supports maps (see "Reflection vs. static code" and ``Root.fromJSON`` in its documentation).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

Json = dict[str, Any]

_MESSAGES: Final = frozenset({FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_ENUM})


def as_protobufjs(descriptors: FileDescriptorSet) -> Json:
    """Return the types and services of the files, by package.

    Args:
        descriptors: Files in proto3.

    Raises:
        ValueError: A file has another syntax, which protobuf.js would misread.
    """
    root: Json = {"nested": {}}
    for file in descriptors.file:
        if file.syntax != "proto3":
            raise ValueError(f"{file.name} is not in proto3.")
        package = root
        for part in file.package.split("."):
            package = package["nested"].setdefault(part, {"nested": {}})
        package["nested"] |= _types(file.message_type, file.enum_type)
        package["nested"] |= {service.name: _service(service) for service in file.service}
    return root


def _types(messages: Iterable[DescriptorProto], enums: Iterable[EnumDescriptorProto]) -> Json:
    rows = {row.name: _message(row) for row in messages if not row.options.map_entry}
    return rows | {row.name: {"values": {v.name: v.number for v in row.value}} for row in enums}


def _message(message: DescriptorProto) -> Json:
    entries = {row.name: row for row in message.nested_type if row.options.map_entry}
    made: Json = {"fields": {row.name: _field(row, entries) for row in message.field}}
    oneofs: Json = {row.name: {"oneof": []} for row in message.oneof_decl}
    for field in message.field:
        if field.HasField("oneof_index"):
            oneofs[message.oneof_decl[field.oneof_index].name]["oneof"].append(field.name)
    nested = _types(message.nested_type, message.enum_type)
    return made | ({"oneofs": oneofs} if oneofs else {}) | ({"nested": nested} if nested else {})


def _field(field: FieldDescriptorProto, entries: dict[str, DescriptorProto]) -> Json:
    entry = entries.get(field.type_name.rpartition(".")[2])
    if entry is not None:
        key, value = entry.field
        return {"keyType": _type(key), "type": _type(value), "id": field.number}
    made: Json = {"type": _type(field), "id": field.number}
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        made["rule"] = "repeated"
    if field.proto3_optional:
        made["options"] = {"proto3_optional": True}
    return made


def _type(field: FieldDescriptorProto) -> str:
    if field.type in _MESSAGES:
        return field.type_name
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _service(service: ServiceDescriptorProto) -> Json:
    return {"methods": {row.name: _method(row) for row in service.method}}


def _method(method: MethodDescriptorProto) -> Json:
    made: Json = {"requestType": method.input_type, "responseType": method.output_type}
    if method.client_streaming:
        made["requestStream"] = True
    if method.server_streaming:
        made["responseStream"] = True
    return made
