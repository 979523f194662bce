"""What the matrices of an exported program are multiplied with while it hears music."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from magenta_bridge.runtime.signature import open_signature
from magenta_bridge.training.flatbuffer import Product, read_model, step_of, write_model

# So many factors are multiplied with themselves at a time.
_ROWS: Final = 1024


def factor_moments(
    flatbuffer: bytes, wanted: Collection[Product], pieces: Iterable[Sequence[int]]
) -> dict[int, NDArray[np.float64]]:
    """Lets a program hear pieces and sums up what matrices are multiplied with.

    Args:
        flatbuffer: A step program.
        wanted: Products of it.
        pieces: Ids, from a start id on.

    Returns:
        For the buffer of each product the sum over its factors ``x`` of ``x x^T``,
        ``(inputs, inputs)``.
    """
    taps = {product.buffer: f"factor_{product.factor}" for product in wanted}
    rows: dict[str, list[NDArray[np.float32]]] = {name: [] for name in taps.values()}
    sums: dict[str, NDArray[np.float64]] = {}
    for heard, factors in enumerate(_hear(_tap(flatbuffer, wanted), sorted(rows), pieces), 1):
        for name, factor in factors.items():
            rows[name].append(factor)
        if heard % _ROWS == 0:
            _add(sums, rows)
    _add(sums, rows)
    return {buffer: sums[name] for buffer, name in taps.items()}


def _tap(flatbuffer: bytes, wanted: Collection[Product]) -> bytes:
    """Returns the program with the factors of products among the results of its step."""
    model = read_model(flatbuffer)
    signature, index = step_of(model)
    results = {int(each.tensorIndex) for each in signature.outputs}
    graph = model.subgraphs[index]
    for factor in sorted({product.factor for product in wanted}):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = f"factor_{factor}".encode(), factor
        signature.outputs.append(entry)
        if factor not in results:
            graph.outputs = np.append(graph.outputs, np.int32(factor))
    return write_model(model)


def _hear(
    flatbuffer: bytes, names: Sequence[str], pieces: Iterable[Sequence[int]]
) -> Iterator[dict[str, NDArray[np.float32]]]:
    _, index = step_of(read_model(flatbuffer))
    step = open_signature(flatbuffer, "step", subgraph=index)
    states = [name for name in step.blanks if name != "ids"]
    for piece in pieces:
        for name in states:
            step.set(name, step.blanks[name])
        for value in piece:
            step.set("ids", np.array([value], dtype=np.int32))
            step.invoke()
            for name in states:
                step.set(name, step.get(name))
            yield {name: step.get(name) for name in names}


def _add(
    sums: dict[str, NDArray[np.float64]], waiting: dict[str, list[NDArray[np.float32]]]
) -> None:
    for name, rows in waiting.items():
        if rows:
            width = rows[0].shape[-1]
            block = np.concatenate([each.reshape(-1, width) for each in rows]).astype(np.float64)
            sums[name] = sums.get(name, 0.0) + block.T @ block
            rows.clear()
