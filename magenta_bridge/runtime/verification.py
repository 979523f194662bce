"""Verify that bytes are a program of the kind that this software exports.

LiteRT is native code that trusts a program: an index out of bounds ends the process. A program is
accepted only if it consists of what exported programs consist of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from magenta_bridge.errors import BundleError, MagentaBridgeError
from magenta_bridge.limits import PROGRAM_BYTES, PROGRAM_OPERATORS
from magenta_bridge.runtime.flatbuffer import read_model, write_model

_SIGNATURES: Final = ({"step"}, {"loop", "step"}, {"bar"})
# Numbers of inputs and outputs of each operator; None for any number.
_UNARY: Final = "CAST DEQUANTIZE EXP LOG LOGICAL_NOT LOGISTIC NEG RELU RSQRT SOFTMAX TANH"
_BINARY: Final = (
    "ADD ARG_MAX CUMSUM DIV EQUAL FLOOR_MOD GATHER GREATER GREATER_EQUAL LESS LESS_EQUAL "
    "LOGICAL_AND LOGICAL_OR MAXIMUM MEAN MINIMUM MUL NOT_EQUAL REDUCE_ALL REDUCE_ANY REDUCE_MAX "
    "REDUCE_MIN RESHAPE SQUARED_DIFFERENCE SUB SUM TILE TRANSPOSE"
)
_TERNARY: Final = "CONV_2D FULLY_CONNECTED SCATTER_ND SELECT SELECT_V2 SLICE"
_ARITIES: Final[dict[str, tuple[int | None, int | None]]] = {
    **dict.fromkeys(_UNARY.split(), (1, 1)),
    **dict.fromkeys(_BINARY.split(), (2, 1)),
    **dict.fromkeys(_TERNARY.split(), (3, 1)),
    "TOPK_V2": (2, 2),
    "ONE_HOT": (4, 1),
    "STRIDED_SLICE": (4, 1),
    "CONCATENATION": (None, 1),
    "PACK": (None, 1),
    "SPLIT": (2, None),
    "SPLIT_V": (3, None),
    "IF": (None, None),
    "WHILE": (None, None),
}
# Operators whose last input may be missing, which the index -1 says.
_OPTIONAL: Final = ("CONV_2D", "FULLY_CONNECTED")
# Names of the options' classes, where not the operator's own name.
_OPTIONS: Final = {
    "CONV_2D": "Conv2DOptionsT",
    "TOPK_V2": "TopKV2OptionsT",
    **dict.fromkeys(
        ("MEAN", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MAX", "REDUCE_MIN", "SUM"), "ReducerOptionsT"
    ),
}
_BITS: Final = {"FLOAT32": 32, "INT32": 32, "INT64": 64, "INT8": 8, "INT4": 4, "BOOL": 8}
_LARGEST_AXIS: Final = 1 << 24


def verify_program(flatbuffer: bytes) -> None:
    """Verify a program before LiteRT reads it.

    Bytes can be made that take any amount of memory and time; limit both.

    Args:
        flatbuffer: The program.

    Raises:
        BundleError: It is not a program that this software exports.
    """
    try:
        model = read_model(flatbuffer)
        # Exported programs are written by the same function. Equal bytes have no bad offset.
        _require(write_model(model) == flatbuffer, "its parts overlap or are out of bounds")
        _Verifier(model).verify()
    except MagentaBridgeError:
        raise
    except MemoryError:
        raise
    except Exception as error:  # flatbuffers raises many types for damaged offsets
        raise BundleError("The bundle's LiteRT program is damaged; download it again.") from error


def _require(condition: bool, fault: str) -> None:
    if not condition:
        raise BundleError(
            f"The bundle's LiteRT program is not one that this software exports ({fault}); "
            "download it again, or load it with the version that made it."
        )


class _Verifier:
    """Verifies a ``schema.ModelT``."""

    def __init__(self, model: Any) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema = schema
        self._model = model
        self._graphs: Sequence[Any] = model.subgraphs or []
        self._operators = _names(schema.BuiltinOperator)
        self._types = _names(schema.TensorType)
        self._callers: dict[int, int] = {}

    def verify(self) -> None:
        """Raise ``BundleError`` for the first fault."""
        model = self._model
        self._require_defaults(
            model, "version operatorCodes subgraphs description buffers metadata signatureDefs"
        )
        for buffer in model.buffers:
            self._require_defaults(buffer, "data")
        _require(model.buffers[0].data is None, "its buffer 0 is not empty")
        for code in model.operatorCodes:
            self._require_defaults(code, "builtinCode deprecatedBuiltinCode version")
        for number, graph in enumerate(self._graphs):
            self._require_defaults(
                graph, "tensors inputs outputs operators name debugMetadataIndex"
            )
            size = sum(self._verify_tensor(each) for each in graph.tensors or []) // 8
            _require(size <= PROGRAM_BYTES.value, f"its tensors take {size:,} bytes")
            self._verify_order(graph)
            for operator in graph.operators or []:
                self._verify_operator(number, operator)
        count = sum(len(graph.operators or []) for graph in self._graphs)
        _require(count <= PROGRAM_OPERATORS.value, f"it has {count:,} operators")
        self._verify_signatures()

    def _require_defaults(self, part: Any, used: str) -> None:
        """Require that a part has values only in the fields that exported programs use."""
        default = vars(type(part)())
        unused = {name: value for name, value in vars(part).items() if name not in used.split()}
        changed = [name for name, value in unused.items() if value != default[name]]
        _require(not changed, f"{type(part).__name__[:-1]} has {', '.join(changed)}")

    def _verify_tensor(self, tensor: Any) -> int:
        """Return the size of a tensor in bits."""
        self._require_defaults(tensor, "shape type buffer name quantization hasRank")
        kind = self._types.get(tensor.type, "")
        _require(kind in _BITS, f"a tensor has the type {kind or tensor.type}")
        shape = [int(size) for size in _items(tensor.shape)]
        _require(
            all(0 <= size <= _LARGEST_AXIS for size in shape), f"a tensor has the shape {shape}"
        )
        bits = math.prod(shape) * _BITS[kind]
        _require(0 <= tensor.buffer < len(self._model.buffers), "a tensor has no buffer")
        data = self._model.buffers[tensor.buffer].data
        _require(data is None or len(data) == -(-bits // 8), "a constant has another size")
        if tensor.quantization is not None:
            self._verify_quantization(tensor.quantization, shape)
        return bits

    def _verify_quantization(self, quantization: Any, shape: Sequence[int]) -> None:
        self._require_defaults(quantization, "scale zeroPoint quantizedDimension")
        axis, scales = quantization.quantizedDimension, len(_items(quantization.scale))
        _require(scales == len(_items(quantization.zeroPoint)), "scales lack zero points")
        _require(
            scales in (0, 1) or (0 <= axis < len(shape) and scales == shape[axis]),
            "a tensor has another number of scales",
        )

    def _verify_order(self, graph: Any) -> None:
        """Require that each operator reads what is there when it runs."""
        count = len(graph.tensors or [])
        constants = {
            index for index, each in enumerate(graph.tensors or []) if self._is_constant(each)
        }
        inputs = _items(graph.inputs)
        computed = set(inputs)
        _require(
            len(computed) == len(inputs) and computed <= set(range(count)) - constants,
            "a subgraph has another input",
        )
        for operator in graph.operators or []:
            read, written = _items(operator.inputs), _items(operator.outputs)
            optional = (
                read[:-1] if self._name(operator) in _OPTIONAL and read[-1:] == [-1] else read
            )
            _require(set(optional) <= computed | constants, "an operator reads an unknown tensor")
            _require(
                len(set(written)) == len(written)
                and set(written) <= set(range(count)) - constants - computed,
                "an operator writes another tensor",
            )
            computed.update(written)
        _require(
            set(_items(graph.outputs)) <= computed | constants, "a subgraph has an unknown output"
        )

    def _is_constant(self, tensor: Any) -> bool:
        is_empty = 0 in _items(tensor.shape)
        return is_empty or self._model.buffers[tensor.buffer].data is not None

    def _name(self, operator: Any) -> str:
        codes = self._model.operatorCodes
        _require(0 <= operator.opcodeIndex < len(codes), "an operator has no code")
        code = codes[operator.opcodeIndex]
        return self._operators.get(max(code.builtinCode, code.deprecatedBuiltinCode), "")

    def _verify_operator(self, number: int, operator: Any) -> None:
        """Verify an operator of the subgraph of that number."""
        name = self._name(operator)
        self._require_defaults(
            operator,
            "opcodeIndex inputs outputs builtinOptions builtinOptionsType debugMetadataIndex",
        )
        _require(name in _ARITIES, f"it has the operator {name or 'of an unknown kind'}")
        reads, writes = _ARITIES[name]
        read, written = len(_items(operator.inputs)), len(_items(operator.outputs))
        _require(read == reads if reads else read > 0, f"{name} has {read} inputs")
        _require(written == writes if writes else written > 0, f"{name} has {written} outputs")
        options = operator.builtinOptions
        expected = _OPTIONS.get(name, "".join(map(str.capitalize, name.split("_"))) + "OptionsT")
        _require(
            options is None or type(options).__name__ == expected,
            f"{name} has options of another operator",
        )
        graph = self._graphs[number]
        if name == "WHILE":
            _require(options is not None, "WHILE has no options")
            self._verify_call(number, options.condSubgraphIndex, read, 1)
            self._verify_call(number, options.bodySubgraphIndex, read, read)
            _require(written == read, f"WHILE has {written} outputs")
            self._verify_loop(graph, operator)
        elif name == "IF":
            _require(options is not None, "IF has no options")
            self._verify_call(number, options.thenSubgraphIndex, read - 1, written)
            self._verify_call(number, options.elseSubgraphIndex, read - 1, written)

    def _verify_call(self, caller: int, called: int, inputs: int, outputs: int) -> None:
        """Require a subgraph that no other operator calls, with those numbers of tensors."""
        _require(0 <= called < len(self._graphs), "a called subgraph is missing")
        _require(called not in self._callers, "a subgraph is called twice")
        self._callers[called] = caller
        graph = self._graphs[called]
        found = len(_items(graph.inputs)), len(_items(graph.outputs))
        _require(found == (inputs, outputs), "a called subgraph has other inputs or outputs")

    def _verify_loop(self, graph: Any, operator: Any) -> None:
        """Require a loop that ends: it counts by ones up to an input that it does not change."""
        condition = self._graphs[operator.builtinOptions.condSubgraphIndex]
        body = self._graphs[operator.builtinOptions.bodySubgraphIndex]
        first, *others = condition.operators or [None]
        _require(
            first is not None
            and self._name(first) == "LESS"
            and [self._name(each) for each in others] == ["RESHAPE"]
            and others[0].inputs[0] == first.outputs[0]
            and condition.outputs[0] == others[0].outputs[0]
            and set(_items(first.inputs)) <= set(_items(condition.inputs)),
            "a loop has another condition",
        )
        step, count = (_items(condition.inputs).index(each) for each in _items(first.inputs))
        inputs, outputs = _items(body.inputs), _items(body.outputs)
        _require(inputs[count] == outputs[count], "a loop changes its number of steps")
        (advance,) = [
            each for each in body.operators or [] if outputs[step] in _items(each.outputs)
        ] or [None]
        _require(
            advance is not None
            and self._name(advance) == "ADD"
            and inputs[step] == advance.inputs[0]
            and self._constant(body, advance.inputs[1]) == b"\1\0\0\0",
            "a loop does not count by ones",
        )
        start = _items(operator.inputs)[step]
        given = _items(operator.inputs)[count]
        _require(
            self._constant(graph, start) == bytes(4) and given in _items(graph.inputs),
            "a loop has another number of steps",
        )
        _require(
            all(
                self._types.get(body.tensors[inputs[each]].type) == "INT32"
                for each in (step, count)
            ),
            "a loop counts other numbers",
        )

    def _constant(self, graph: Any, index: int) -> bytes:
        data = self._model.buffers[graph.tensors[index].buffer].data
        return b"" if data is None else bytes(data)

    def _verify_signatures(self) -> None:
        signatures = {each.signatureKey.decode(): each for each in self._model.signatureDefs}
        _require(
            set(signatures) in _SIGNATURES and len(signatures) == len(self._model.signatureDefs),
            f"its signatures are {', '.join(sorted(signatures)) or 'missing'}",
        )
        roots = [each.subgraphIndex for each in signatures.values()]
        _require(
            sorted([*roots, *self._callers]) == list(range(len(self._graphs))),
            "a subgraph has no use, or two",
        )
        for signature in signatures.values():
            graph = self._graphs[signature.subgraphIndex]
            for named, there in (
                (signature.inputs, graph.inputs),
                (signature.outputs, graph.outputs),
            ):
                indexes, names = [each.tensorIndex for each in named], {each.name for each in named}
                _require(
                    sorted(indexes) == sorted(_items(there)) and len(names) == len(indexes),
                    "a signature has other inputs or outputs than its subgraph",
                )
        for caller in self._callers:
            self._require_root(caller, roots)

    def _require_root(self, graph: int, roots: Iterable[int]) -> None:
        """Require that a chain of calls begins at a signature, so that none calls itself."""
        for _ in self._graphs:
            if graph in roots:
                return
            graph = self._callers[graph]
        _require(False, "a subgraph calls itself")


def _names(enumeration: Any) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _items(vector: Any) -> list[int]:
    return [] if vector is None else [int(each) for each in vector]
